import numpy as np
import pandas as pd
import pytest
from examples import lines_of

from casemix_risk.errors import InputError
from casemix_risk.risk.figures import price_and_volume_cells
from casemix_risk.risk.summary import (
    banding,
    contributions,
    exact_quantiles,
    exact_summary,
    simulated_quantiles,
    simulated_summary,
)
from casemix_risk.risk.tables import risk_tables
from casemix_risk.tariff.prices import FLAT

RISK = {
    "price_cuts_gbp": [500],
    "combined_price_cuts_gbp": [3_000],
    "volume_ceilings": [1, 2, 3, 50],
    "quantiles": [0.05, 0.5, 0.95],
    "list_size": 10_000,
    "simulated_years": 3_000,
    "shared_pool": {"hrgs": [], "otherwise_dearest_share": 0.1},
    "always_pooled": [],
    "never_pooled": [],
}
KEY = pd.DataFrame({"hrg": ["A01", "B02", "C03", "D04"], "admission_type": "emergency"})
NATIONAL = KEY.assign(admissions=[2_000.0, 800.0, 100.0, 8.0], variance_factor=[1.0, 3.0, 1.0, 1.0])
PRICES = KEY.assign(
    description="a line", price_gbp=[300.0, 900.0, 4_000.0, 20_000.0], source="published", **FLAT
)


@pytest.fixture(scope="module")
def tables():
    return risk_tables(
        NATIONAL,
        PRICES,
        population=50_000,
        list_sizes=[20_000, 10_000],
        seed=5,
        cost_line_settings={"individual_price_gbp": 3_000, "individual_admissions": 1_000, "bands": 1},
        risk=RISK,
    )


def cell(tables, pool, method, size=10_000):
    return (
        tables["risk_summary"].query("pool == @pool and method == @method and list_size == @size").squeeze()
    )


def test_budget_shares_and_risk_by_hand(tables):
    # at 10,000 heads: 400, 160, 20 and 1.6 admissions
    whole = cell(tables, "none", "exact")
    assert whole["budget_gbp"] == pytest.approx(400 * 300 + 160 * 900 + 20 * 4_000 + 1.6 * 20_000)
    variance = 400 * 300**2 + 160 * 900**2 * 3 + 20 * 4_000**2 + 1.6 * 20_000**2
    assert whole["cv_pct"] == pytest.approx(100 * np.sqrt(variance) / 376_000)
    assert whole["tolerance_pct"] == pytest.approx(3 * whole["cv_pct"])
    cut = cell(tables, "price_above_3000", "exact")
    assert cut["pooled_budget_share"] == pytest.approx(112_000 / 376_000)
    assert cut["pooled_admissions_share"] == pytest.approx(21.6 / 581.6)


def test_simulation_agrees_with_the_closed_form(tables):
    for pool in ("none", "price_above_3000", "price_above_500"):
        exact, simulated = cell(tables, pool, "exact"), cell(tables, pool, "simulated")
        assert abs(simulated["cv_pct"] - exact["cv_pct"]) < 4 * simulated["cv_se_pct"]


def test_the_papers_model_has_bands_and_no_clustering(tables):
    banded = tables["banding"].query("pool == 'none' and list_size == 10_000").set_index("model")["cv_pct"]
    paper = cell(tables, "none", "paper")
    variance = 400 * 300**2 + 160 * 900**2 + 20 * 4_000**2 + 1.6 * 20_000**2
    assert banded["unbanded_poisson"] == pytest.approx(100 * np.sqrt(variance) / 376_000)
    assert banded["banded_poisson"] == pytest.approx(
        banded["unbanded_poisson"]
    )  # the only band holds one line
    assert abs(paper["cv_pct"] - banded["banded_poisson"]) < 4 * paper["cv_se_pct"]


def test_banding_two_prices_loses_their_spread():
    lines = lines_of([0.01, 0.01], [100, 300], bands=[1, 1])
    table = banding(lines, ["none"], np.ones((1, 2), bool), [10_000]).set_index("model")["cv_pct"]
    assert table["unbanded_poisson"] == pytest.approx(100 * np.sqrt(100 * (100**2 + 300**2)) / 40_000)
    assert table["banded_poisson"] == pytest.approx(100 * np.sqrt(200 * 200**2) / 40_000)


def test_table_2_dashes_mark_ceilings_that_change_nothing(tables):
    cells = price_and_volume_cells(tables["risk_summary"], tables["pool_rules"], 10_000)
    assert cells["volume_ceiling"].tolist() == [1, 2, 3, 50]
    assert cells["changes"].tolist() == [True, True, False, True]  # D04 has 1.6 admissions, C03 20


def test_the_error_of_a_quantile_by_brute_force():
    generator = np.random.default_rng(4)

    def quantile_of(years):
        frame = pd.DataFrame({"list_size": 1, "pool": "none", "method": "simulated", "cost_gbp": years})
        return simulated_quantiles(frame, [0.95]).squeeze()

    rows = [quantile_of(generator.gamma(3.0, 100.0, 2_000)) for _ in range(150)]
    spread = np.std([row["cost_gbp"] for row in rows], ddof=1)
    assert np.mean([row["cost_se_gbp"] for row in rows]) == pytest.approx(spread, rel=0.15)


def test_quantiles_and_simulated_summary_by_hand():
    simulated = pd.DataFrame(
        {
            "list_size": 1,
            "pool": "none",
            "method": "simulated",
            "simulated_year": range(1, 6),
            "cost_gbp": [5.0, 1, 2, 4, 3],
        }
    )
    found = simulated_quantiles(simulated, [0.5, 0.25]).set_index("probability")
    assert found["cost_gbp"].to_dict() == {0.25: 2, 0.5: 3}
    exact = exact_summary(lines_of([3.0], [1.0]), ["none"], np.ones((1, 1), bool), [1])
    row = simulated_summary(exact, simulated[["cost_gbp"]].to_numpy(), 1, "simulated").squeeze()
    assert row["cv_pct"] == pytest.approx(100 * np.sqrt(2.5) / 3)


def test_exact_quantiles_and_tails_lie_within_the_simulated_ones_errors(tables):
    rows = tables["risk_quantiles"].set_index(["list_size", "pool", "probability", "method"])
    exact, simulated = (
        rows.xs(method, level="method")[rows.xs(method, level="method").index.isin(["none"], level="pool")]
        for method in ("exact", "simulated")
    )
    distance = (exact["cost_gbp"] - simulated["cost_gbp"]) / simulated["cost_se_gbp"]
    assert distance.abs().max() < 4
    assert (exact["tail_mean_gbp"] > exact["cost_gbp"]).all()
    assert set(exact["computed_by"]) <= {"inversion", "lattice"}


def test_contributions_add_up_to_the_whole(tables):
    shares = tables["contributions"][["budget_share", "deviation_share", "tail_95_share", "tail_99_share"]]
    assert shares.sum().to_numpy() == pytest.approx(np.ones(4))


def test_what_is_fixed_stays_in_the_budget_and_out_of_the_risk(tables):
    """All lines 60 % fixed: the same budgets and shares, 40 % of every distance from the budget."""
    fixed = risk_tables(
        NATIONAL,
        PRICES.assign(fixed_share=0.6),
        population=50_000,
        list_sizes=[20_000, 10_000],
        seed=5,
        cost_line_settings={"individual_price_gbp": 3_000, "individual_admissions": 1_000, "bands": 1},
        risk=RISK,
    )
    whole, part = (found["risk_summary"] for found in (tables, fixed))
    assert part["budget_gbp"].tolist() == pytest.approx(whole["budget_gbp"].tolist())
    assert part["pooled_budget_share"].tolist() == pytest.approx(whole["pooled_budget_share"].tolist())
    assert part["cv_pct"].tolist() == pytest.approx((0.4 * whole["cv_pct"]).tolist())
    cut, fixed_cut = tables["pool_optimum"], fixed["pool_optimum"]
    assert fixed_cut["cut_gbp"].tolist() == pytest.approx((0.16 * cut["cut_gbp"]).tolist())
    assert fixed_cut["tolerance_pct"].tolist() == pytest.approx((0.4 * cut["tolerance_pct"]).tolist())
    assert fixed["banding"]["cv_pct"].tolist() == pytest.approx((0.4 * tables["banding"]["cv_pct"]).tolist())
    budget = whole[whole["method"] == "exact"].set_index(["list_size", "pool"])["budget_gbp"]
    own = tables["risk_quantiles"].set_index(["list_size", "pool"])
    expected = 0.6 * budget.reindex(own.index) + 0.4 * own["cost_gbp"]
    assert fixed["risk_quantiles"]["cost_gbp"].tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    tail_means = 0.6 * budget.reindex(own.index) + 0.4 * own["tail_mean_gbp"]
    assert fixed["risk_quantiles"]["tail_mean_gbp"].tolist() == pytest.approx(tail_means.tolist(), rel=1e-5)
    shares = [found["contributions"].set_index("hrg") for found in (tables, fixed)]
    assert shares[1]["budget_share"].tolist() == pytest.approx(shares[0]["budget_share"].tolist())
    assert shares[1]["deviation_share"].tolist() == pytest.approx(shares[0]["deviation_share"].tolist())
    assert shares[1]["tail_95_share"].sum() == pytest.approx(1)


def test_the_lists_of_the_configuration_reach_the_best_pool():
    found = risk_tables(
        NATIONAL,
        PRICES,
        population=50_000,
        list_sizes=[10_000],
        seed=5,
        cost_line_settings={"individual_price_gbp": 3_000, "individual_admissions": 1_000, "bands": 1},
        risk=RISK | {"simulated_years": 10, "always_pooled": ["A"], "never_pooled": ["C03 emergency", "D"]},
    )
    members = found["pool_lines"].set_index("hrg")
    assert members["choice"].to_dict() == {"A01": "always", "B02": "free", "C03": "never", "D04": "never"}
    # Of 160 admissions at £900 with factor 3, 20 at £4,000 and 1.6 at £20,000: with B02 1.35e9 / 256,000^2,
    # without it 0.96e9 / 112,000^2.
    assert members["pooled"].to_dict() == {"A01": True, "B02": False, "C03": False, "D04": False}
    variance = 160 * 900**2 * 3 + 20 * 4_000**2 + 1.6 * 20_000**2
    assert found["pool_optimum"]["tolerance_pct"].item() == pytest.approx(300 * np.sqrt(variance) / 256_000)


def test_the_share_of_bad_years_has_what_is_fixed_in_it():
    """A tail mean T of the part that varies and a block F: of the bad years the block is F / (F + T)."""
    lines = lines_of([0.01, 0.02], [500, 1_000], fixed_shares=[0.0, 1.0])
    found = contributions(lines, 100_000)
    alone = exact_quantiles(lines[:1], ["none"], np.ones((1, 1), bool), [100_000], [0.95])
    block = 2_000 * 1_000
    assert found["tail_95_share"].iloc[1] == pytest.approx(
        block / (block + alone["tail_mean_gbp"].item()), rel=1e-4
    )
    assert found["deviation_share"].tolist() == [1, 0]


def test_a_budget_without_any_risk_is_an_error():
    with pytest.raises(InputError, match="every cost line that is paid by activity"):
        exact_summary(lines_of([0.1], [10], fixed_shares=1.0), ["none"], np.ones((1, 1), bool), [10])
