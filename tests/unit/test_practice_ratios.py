"""Ratios and changes of practices: published values, closed forms, known truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from practice_examples import practice_tables
from scipy import stats
from test_practice_expected import published_counts

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.practices.change import practice_change
from casemix_risk.practices.effective_counts import effective_counts
from casemix_risk.practices.expected import practice_expected
from casemix_risk.practices.ratio_figures import draw_caterpillar, draw_funnel
from casemix_risk.practices.ratios import practice_ratios
from casemix_risk.practices.standardisation import standardised
from casemix_risk.streams import stream

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"


@pytest.fixture(scope="module")
def tables():
    return practice_tables(seed=5)


@pytest.fixture(scope="module")
def expected(tables):
    return practice_expected(tables.practice_counts, tables.practice_profile)


@pytest.fixture(scope="module")
def ratios(tables, expected):
    return practice_ratios(expected, tables.practice_counts)


@pytest.fixture(scope="module")
def change(tables, expected):
    return practice_change(expected, tables.practice_counts)


@pytest.mark.parametrize(
    ("observed", "ratio", "lower", "upper"),
    [(895, 1.0707233, 1.0017148, 1.1432332), (9, 0.0107671, 0.0049234, 0.0204392)],
)
@pytest.mark.parametrize("measure", ["admissions", "cost"])
def test_published_ratios_and_limits(observed, ratio, lower, upper, measure):
    counts = published_counts(observed)
    expected = standardised(counts, ["OTHER"]).assign(step="age_sex")
    found = practice_ratios(expected, counts).set_index(["practice", "measure"]).loc[("LOCAL", measure)]
    assert found["ratio"] == pytest.approx(ratio, abs=1e-7)
    assert found["lower"] == pytest.approx(lower, abs=1e-7)
    assert found["upper"] == pytest.approx(upper, abs=1e-7)


@pytest.mark.parametrize(("name", "table"), [("practice_ratios", "ratios"), ("practice_change", "change")])
def test_tables_keep_their_contracts(name, table, request):
    contract = read_contract(SCHEMAS / f"{name}.yaml")
    found = pa.Table.from_pandas(request.getfixturevalue(table), preserve_index=False)
    assert found.column_names == list(contract.columns)
    found = found.cast(contract.schema)
    check_domain(found, contract)
    check_key(found.select(contract.key), contract)


def test_an_effective_event_is_worth_squares_over_cost(tables, expected):
    rows = effective_counts(expected, tables.practice_counts)
    own = tables.practice_counts.filter((pl.col("practice") == "P00004") & (pl.col("year") == "2003-04"))
    of_year = tables.practice_counts.filter(pl.col("year") == "2003-04")
    found = rows[(rows["practice"] == "P00004") & (rows["year"] == "2003-04") & (rows["step"] == "age_sex")]
    found = found.set_index("measure")[["own_unit", "unit"]]
    assert found.loc["admissions"].tolist() == [1, 1]
    wanted = [table["cost_squared"].sum() / table["cost_gbp"].sum() for table in (own, of_year)]
    assert found.loc["cost"].to_numpy() == pytest.approx(wanted)


def test_funnel_limits_are_shmis(ratios):
    row = ratios[(ratios["measure"] == "admissions") & (ratios["year"] == "all")].iloc[5]
    reach = np.sqrt(1 / row["expected"] + row["tau"] ** 2)
    for level, z in (("95", 1.959964), ("998", 3.090232)):
        assert row[f"upper_{level}"] == pytest.approx(np.exp(z * reach))
        assert row[f"lower_{level}"] == pytest.approx(np.exp(-z * reach))
    assert row["z"] == pytest.approx(2 * (np.sqrt(row["ratio"]) - 1) / reach)


def test_a_practice_far_out_is_a_signal_and_no_other(tables):
    far = pl.col("practice") == "P00009"
    counts = tables.practice_counts.with_columns(
        pl.when(far).then(2 * pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in ("admissions", "cost_gbp", "cost_squared")
    )
    expected = practice_expected(counts, tables.practice_profile)
    found = practice_ratios(expected, counts)
    of_all = found[found["year"] == "all"]
    assert set(of_all.loc[of_all["signal"] != "", "practice"]) == {"P00009"}
    assert (of_all.loc[of_all["practice"] == "P00009", "signal"] == "high").all()
    title = draw_funnel(found).get_suptitle()
    assert title.startswith("1 of 57 practices")


def test_ratios_find_true_effects():
    tables = practice_tables(200, 1_200_000, deprivation_effect=0, morbidity_effect=0, seed=8)
    found = practice_ratios(
        practice_expected(tables.practice_counts, tables.practice_profile), tables.practice_counts
    )
    truth = tables.practice_truth.to_pandas().set_index("practice")["effect"]
    rows = found[(found["year"] == "2004-05") & (found["step"] == "age_sex")].set_index("practice")
    for measure in ("admissions", "cost"):
        of_measure = rows[rows["measure"] == measure]
        # Rates are those of all practices together, whose own effects are in them.
        true = truth * of_measure["observed"].sum() / (truth * of_measure["expected"]).sum()
        assert of_measure["tau"].iloc[0] == pytest.approx(0.1, abs=0.02)
        for lower, upper, least in (("lower", "upper", 0.9), ("shrunken_lower", "shrunken_upper", 0.9)):
            covered = (of_measure[lower] <= true) & (true <= of_measure[upper])
            assert covered.mean() >= least
        error = ((of_measure["ratio"] - true) ** 2).mean()
        assert ((of_measure["shrunken"] - true) ** 2).mean() < error


def test_limits_of_cost_cover_the_mean_of_a_compound_poisson_cost():
    # Prices of 500, 1,500 and 5,000 GBP as in the example, 60 admissions and 6 to expect.
    prices, shares = np.array([500.0, 1_500, 5_000]), [0.5, 0.35, 0.15]
    draw = stream(11, "cost limits")
    for mean, least in ((600, 0.94), (60, 0.92), (6, 0.85)):
        number = draw.poisson(mean * np.array(shares), (4_000, 3))
        codes = [f"P{place:04}" for place in range(4_000)]
        counts = pl.DataFrame(
            {
                "practice": codes,
                "year": "2004-05",
                "cost_squared": number @ prices**2,
            }
        )
        true = mean * (prices @ shares)
        expected = pd.DataFrame(
            {
                "practice": codes,
                "year": "2004-05",
                "measure": "cost",
                "step": "age_sex",
                "observed": number @ prices,
                "expected": true,
            }
        )
        found = practice_ratios(expected, counts)
        assert ((found["lower"] <= 1) & (found["upper"] >= 1)).mean() >= least


def test_a_change_by_hand(change, expected):
    key = ["practice", "measure", "step", "year"]
    by_year = expected.set_index(key).sort_index()
    case = ("P00011", "admissions", "deprivation")
    before, after = by_year.loc[(*case, "2003-04")], by_year.loc[(*case, "2004-05")]
    found = change.set_index(key).loc[(*case, "2004-05")]
    wanted = after["observed"] / after["expected"] / (before["observed"] / before["expected"])
    assert found["change"] == pytest.approx(wanted)
    # Without a change the second count is Binomial with the share of what is expected.
    total = before["observed"] + after["observed"]
    share = stats.binomtest(int(after["observed"]), int(total)).proportion_ci(0.95, "exact")
    scale = before["expected"] / after["expected"]
    assert found["lower"] == pytest.approx(scale * share.low / (1 - share.low))
    assert found["upper"] == pytest.approx(scale * share.high / (1 - share.high))
    assert set(change["year"]) == {"2003-04", "2004-05"}


def test_effects_that_stay_are_no_change(change):
    # The example's effects are the same in every year.
    of_step = change[(change["measure"] == "admissions") & (change["step"] == "age_sex")]
    covered = (of_step["lower"] <= 1) & (of_step["upper"] >= 1)
    assert covered.mean() > 0.9
    assert (change["tau"] < 0.06).all()
    assert (change["signal"] == "").all()


def test_one_year_has_no_change():
    tables = practice_tables(12, 60_000, years=("2004-05",))
    expected = practice_expected(tables.practice_counts, tables.practice_profile)
    found = practice_change(expected, tables.practice_counts)
    assert found.empty
    assert list(found) == list(read_contract(SCHEMAS / "practice_change.yaml").columns)


def test_no_admission_at_all_has_limits_and_no_log():
    expected = pd.DataFrame(
        {
            "practice": ["A", "B"] * 2,
            "year": ["2003-04"] * 2 + ["2004-05"] * 2,
            "measure": "admissions",
            "step": "age_sex",
            "observed": [0.0, 8.0, 3.0, 0.0],
            "expected": [4.0, 4.0, 5.0, 5.0],
        }
    )
    counts = pl.DataFrame({"practice": ["A"], "year": ["2003-04"], "cost_squared": [0.0]})
    found = practice_ratios(expected, counts)
    # P(0) = 2.5 % at a mean of -ln(0.025)
    assert found.loc[0, ["lower", "upper"]].tolist() == pytest.approx([0, -np.log(0.025) / 4])
    change = practice_change(expected, counts).set_index("practice")
    assert change.loc["A", ["change", "upper"]].isna().all()
    assert change.loc["B", "change"] == change.loc["B", "lower"] == 0


def test_the_caterpillar_shows_every_practice_in_the_order_without_diagnoses(ratios):
    figure = draw_caterpillar(ratios)
    rows = ratios[(ratios["year"] == "all") & (ratios["measure"] == "admissions")]
    order = rows[rows["step"] == "deprivation"].sort_values("shrunken")["practice"]
    assert figure.get_suptitle().startswith(f"Emergency admissions of {len(order)} practices")
    for axes, step in zip(figure.axes, ("deprivation", "earlier_diagnoses"), strict=True):
        shrunken = rows[rows["step"] == step].set_index("practice")["shrunken"].reindex(order)
        *_, points = axes.collections
        assert points.get_offsets()[:, 1].tolist() == pytest.approx(shrunken.tolist())
