import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.decisions.cost_law import CostLaw, cost_laws, sum_quantiles
from casemix_risk.decisions.pool_fees import pool_fees
from casemix_risk.decisions.stop_loss import corridor_payment, stop_loss, stop_loss_payment
from casemix_risk.risk.lines import Shocks, any_pools, lines_from
from casemix_risk.risk.spectrum import mean_excess, spectra

GENERATOR = np.random.default_rng(21)
PRICES = np.array([130, 260, 455, 790, 1_210, 2_430, 4_900, 9_150])
VOLUMES = np.array([0.1, 0.08, 0.05, 0.03, 0.01, 0.004, 0.001, 0.0003])
LINES = lines_of(VOLUMES, PRICES)
POOLS = {"none": np.ones(8, dtype=bool), "dearest": PRICES < 4_000}
SIZE, GROUPS, YEARS = 5_000, 10, 60_000
BUDGET = float(SIZE * VOLUMES @ PRICES)


def rows(shocks=None, sizes=(SIZE,), pools=POOLS):
    table = stop_loss(LINES, pools, sizes, *([shocks] if shocks else []))
    return table.set_index(["shock", "cover"])


def simulated_groups(common=None):
    """Yearly costs of ten groups, years x groups, whose years share a factor."""
    factor = np.ones((YEARS, 1)) if common is None else common[:, None]
    cost = np.zeros((YEARS, GROUPS))
    for volume, price in zip(VOLUMES, PRICES, strict=True):
        cost += price * GENERATOR.poisson(SIZE * volume * factor, (YEARS, GROUPS))
    return cost


def test_payments_by_hand():
    costs = np.array([80.0, 95, 97, 103, 105, 110])
    assert stop_loss_payment(costs, 100, 103.0).tolist() == [0, 0, 0, 0, 2, 7]
    # 80: half of 5 and 80 % of 12; 95: half of 2; 110: half of 5 and 80 % of 2
    assert corridor_payment(costs, 100) == pytest.approx([-12.1, -1, 0, 0, 1, 4.1])


def test_sums_of_two_point_payments_by_hand():
    law = CostLaw(np.array([0.0, 100.0]), np.ones(1), np.array([[0.9, 0.1]]))
    # two groups: 0, 100, 200 with 0.81, 0.18, 0.01
    assert sum_quantiles(law, law.amounts, 2, [0.8, 0.82, 0.98, 0.995]).tolist() == [0, 100, 100, 200]
    assert sum_quantiles(law, law.amounts - 50, 2, [0.8, 0.82, 0.995]).tolist() == [-100, 0, 100]
    # mild and hard winters alike often: (0.81 + 0.49) / 2 and (0.18 + 0.42) / 2
    mixed = CostLaw(np.array([0.0, 100.0]), np.full(2, 0.5), np.array([[0.9, 0.1], [0.7, 0.3]]))
    assert sum_quantiles(mixed, law.amounts, 2, [0.64, 0.66, 0.94, 0.96]).tolist() == [0, 100, 100, 200]
    # a payment half way counts half at either point: 0, 100, 200 with 0.25, 0.5, 0.25
    certain = CostLaw(np.array([0.0, 100.0]), np.ones(1), np.array([[0.0, 1.0]]))
    assert sum_quantiles(certain, np.array([0.0, 50.0]), 2, [0.2, 0.7, 0.8]).tolist() == [0, 100, 200]


@pytest.mark.parametrize("shock", [0.0, 0.03**2])
def test_the_law_on_the_grid_has_the_moments_of_the_lines(shock):
    law = cost_laws(LINES, np.array([SIZE]), shock)[0]
    mean = law.mean(law.amounts)
    variance = SIZE * VOLUMES @ PRICES**2.0 + shock * BUDGET**2
    assert law.winters.sum() == pytest.approx(1)
    assert mean == pytest.approx(BUDGET, rel=1e-6)
    assert law.mean((law.amounts - mean) ** 2) == pytest.approx(variance, rel=1e-3)


@pytest.mark.parametrize("shocks", [None, Shocks(0.03**2)])
def test_the_premium_is_the_mean_excess(shocks):
    found = spectra(
        lines_from(LINES), any_pools(POOLS["none"][None]), np.array([SIZE]), *([shocks] if shocks else [])
    )
    table = rows(shocks).loc["with" if shocks else "none"]
    for attachment in (101, 102, 103, 105):
        expected = mean_excess(found, np.array([[[attachment / 100 * BUDGET]]])).item()
        assert table.loc[f"stop_loss_{attachment}", "premium_gbp"] == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("shocks", [None, Shocks(0.03**2)])
def test_covers_agree_with_simulated_groups(shocks):
    table = rows(shocks).loc["with" if shocks else "none"]
    common = GENERATOR.gamma(1 / 0.03**2, 0.03**2, YEARS) if shocks else None
    cost = simulated_groups(common)
    payments = {"corridor": corridor_payment(cost, BUDGET)}
    for attachment in (101, 103, 105):
        payments[f"stop_loss_{attachment}"] = stop_loss_payment(cost, BUDGET, attachment)
    for cover, paid in payments.items():
        row = table.loc[cover]
        by_year = paid.mean(axis=1)
        assert abs(row["premium_gbp"] - by_year.mean()) < 4 * by_year.std() / np.sqrt(YEARS)
        for name, probability in (("premium_95_gbp", 0.95), ("premium_995_gbp", 0.995)):
            error = np.sqrt(probability * (1 - probability) / YEARS)
            assert abs((by_year <= row[name]).mean() - probability) < 4 * error
        borne = (cost - paid)[:, 0]
        assert row["kept_cv_pct"] == pytest.approx(100 * borne.std() / BUDGET, rel=0.02)
        # Covers with a cap sit at it with a large probability: no year is above.
        over = 100 * ((borne + row["premium_gbp"]) / BUDGET - 1)
        for name, probability in (("kept_95_pct", 0.95), ("kept_99_pct", 0.99)):
            error = np.sqrt(probability * (1 - probability) / YEARS)
            assert (over <= row[name] + 1e-6).mean() > probability - 4 * error
            assert (over < row[name] - 1e-6).mean() < probability + 4 * error


def test_of_a_list_so_large_that_the_winter_is_all_a_cover_pays_for_winters():
    """Ten groups are then as one: each is paid the shock's own quantile less the attachment."""
    shock = 0.03**2
    row = rows(Shocks(shock), sizes=(5_000_000,)).loc[("with", "stop_loss_101")]
    for name, probability in (("premium_95_gbp", 0.95), ("premium_995_gbp", 0.995)):
        excess = stats.gamma.ppf(probability, 1 / shock, scale=shock) - 1.01
        assert row[name] / row["budget_gbp"] == pytest.approx(excess, abs=8e-4)


def test_without_cover_the_cost_is_borne_whole():
    row = rows().loc[("none", "none")]
    assert row["premium_gbp"] == row["premium_95_gbp"] == row["premium_995_gbp"] == 0
    assert row["kept_cv_pct"] == pytest.approx(100 * np.sqrt(SIZE * VOLUMES @ PRICES**2.0) / BUDGET, rel=1e-4)


def test_one_line_of_poisson_admissions():
    """GBP 1,000 at 30 a year: what is borne above 105 % is never more than 31,500 and the premium."""
    lines = lines_of([0.003], [1_000])
    table = stop_loss(lines, {"none": np.array([True])}, [10_000]).set_index("cover")
    counts = np.arange(200)
    excess = np.maximum(1_000 * counts - 31_500, 0) @ stats.poisson.pmf(counts, 30)
    row = table.loc["stop_loss_105"]
    assert row["premium_gbp"] == pytest.approx(excess, rel=0.01)  # cells are a 54th of a deviation wide
    assert row["kept_99_pct"] == pytest.approx(5 + 100 * row["premium_gbp"] / 30_000)
    assert table.loc["none", "kept_99_pct"] == pytest.approx(100 * (stats.poisson.ppf(0.99, 30) / 30 - 1))


def test_a_pool_is_its_fee_and_what_is_left():
    row = rows().loc[("none", "pool_dearest")]
    fee = pool_fees(LINES, POOLS, [SIZE]).query("list_size == @SIZE and groups == 10").squeeze()
    assert row["premium_gbp"] == pytest.approx(SIZE * fee["fee_gbp"])
    assert row["premium_95_gbp"] == pytest.approx(SIZE * fee["fee_95_gbp"])
    kept = PRICES < 4_000
    assert row["budget_gbp"] == pytest.approx(BUDGET)
    assert row["kept_cv_pct"] == pytest.approx(
        100 * np.sqrt(SIZE * VOLUMES[kept] @ PRICES[kept] ** 2.0) / BUDGET
    )


def test_what_is_fixed_counts_towards_the_budget_that_a_cover_looks_at():
    """Half fixed: the cost moves half as far from the same budget."""
    half = stop_loss(LINES.assign(fixed_share=0.5), POOLS, [SIZE]).set_index("cover")
    full = rows().loc["none"]
    assert half["budget_gbp"].to_numpy() == pytest.approx(BUDGET)
    assert half.loc["none", "kept_cv_pct"] == pytest.approx(full.loc["none", "kept_cv_pct"] / 2, rel=1e-6)
    assert half.loc["stop_loss_101", "premium_gbp"] == pytest.approx(
        full.loc["stop_loss_102", "premium_gbp"] / 2, rel=1e-3
    )


def test_shocks_on_groups_of_lines_have_no_rows():
    shocks = Shocks(0.01, ((0.01, PRICES < 300),))
    assert set(rows(shocks).index.get_level_values("shock")) == {"none"}
