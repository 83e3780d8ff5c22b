"""Savings if all matched the best: by hand, by brute force, and against known truths."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import norm

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.practices.matched import Year, saving_if_matched, standard_error
from casemix_risk.practices.savings import COLUMNS, practice_savings, recommended_saving
from casemix_risk.practices.savings_figure import savings_figure
from casemix_risk.practices.savings_simulation import Truth, errors_of_savings, simulated_district
from casemix_risk.streams import stream

CONTRACT = Path(__file__).parents[2] / "workflow/schemas/practice_savings.yaml"
SEED = 101
RUNS = 100
BEST = 8
YEAR = Year(np.array([80.0, 210, 90, 60]), np.array([100.0, 200, 100, 50]), np.array([1e5, 4e5, 1e5, 2e5]))


def of(savings, estimator, best=BEST, truncated=False):
    rows = savings[(savings["estimator"] == estimator) & (savings["best"] == best)]
    return rows[rows["truncated"] == truncated].squeeze()


@pytest.fixture(scope="module")
def district():
    return simulated_district(Truth(0.1), SEED, 0)


@pytest.fixture(scope="module")
def savings(district):
    return practice_savings(district.expected, SEED)


@pytest.fixture(scope="module")
def errors():
    return {spread: errors_of_savings(Truth(spread), SEED, RUNS) for spread in (0.0, 0.1)}


def test_saving_by_hand():
    ratio = YEAR.observed / YEAR.expected  # 0.8, 1.05, 0.9, 1.2
    whole, truncated = saving_if_matched(ratio[None], np.array([[0, 2, 1, 3]]), np.array([1, 2, 3]), YEAR)
    # Of the first two: 170 / 200 = 0.85. Above it: 0.2 x 400,000 + 0.05 x 100,000 + 0.35 x 200,000.
    assert whole[0, 1] == pytest.approx(150_000)
    assert truncated[0, 1] == pytest.approx(155_000)
    # Of the first alone, which nobody is below: 0.25 x 400,000 + 0.1 x 100,000 + 0.4 x 200,000.
    assert (whole[0, 0], truncated[0, 0]) == pytest.approx((190_000, 190_000))
    # Of the first three: 380 / 400 = 0.95.
    assert whole[0, 2] == pytest.approx(-15_000 + 40_000 - 5_000 + 50_000)
    assert truncated[0, 2] == pytest.approx(90_000)


def test_saving_by_brute_force():
    generator = stream(SEED, "brute force")
    expected, cost = generator.uniform(50, 500, 12), generator.uniform(1e3, 3e3, 12)
    ratio = generator.uniform(0.5, 1.5, (5, 12))
    order = np.stack([generator.permutation(12) for _ in range(5)])
    found = saving_if_matched(ratio, order, np.array([3, 4]), Year(expected, expected, expected * cost))
    for draw in range(5):
        for place, best in enumerate((3, 4)):
            first = order[draw, :best]
            level = sum(ratio[draw, i] * expected[i] for i in first) / sum(expected[i] for i in first)
            each = [(ratio[draw, i] - level) * expected[i] * cost[i] for i in range(12)]
            assert found[0, draw, place] == pytest.approx(sum(each))
            assert found[1, draw, place] == pytest.approx(sum(max(0, gbp) for gbp in each))


def test_standard_error_is_the_delta_methods():
    order, best = np.array([0, 2, 1, 3]), np.array([1, 2, 3])

    def saving(observed):
        ratio = (observed / YEAR.expected)[None]
        return saving_if_matched(ratio, order[None], best, YEAR)[:, 0]

    slopes = np.stack(
        [(saving(YEAR.observed + step) - saving(YEAR.observed)) / 1e-3 for step in np.eye(4) * 1e-3]
    )
    variance = 1.5 * (slopes**2 * YEAR.observed[:, None, None]).sum(axis=0)
    assert standard_error(order, best, YEAR, 1.5) == pytest.approx(np.sqrt(variance), rel=1e-4)


def mean_of_lowest(best, practices):
    """Mean of the lowest of so many standard Normal values, from the law of each order statistic."""

    def mean(rank):
        scale = -betaln(rank, practices - rank + 1)
        return quad(
            lambda z: (
                z
                * np.exp(
                    scale + (rank - 1) * norm.logcdf(z) + (practices - rank) * norm.logsf(z) + norm.logpdf(z)
                )
            ),
            -8,
            8,
        )[0]

    return np.mean([mean(rank) for rank in range(1, best + 1)])


def naive_savings(truth):
    for run in range(200):
        year = simulated_district(truth, SEED, run).year
        ratio = (year.observed / year.expected)[None]
        yield saving_if_matched(ratio, np.argsort(ratio), np.array([BEST]), year)[0, 0, 0]


@pytest.mark.parametrize("admissions_per_head, gbp", [(0.07, 1_500), (0.09, 1_800), (0.12, 2_400)])
def test_no_true_difference_still_shows_three_to_seven_million(admissions_per_head, gbp):
    truth = Truth(0.0, admissions_per_head=admissions_per_head, gbp=gbp, list_spread=0.0)
    admissions = truth.people * admissions_per_head
    by_chance = (truth.practices / admissions) ** 0.5
    expected = -mean_of_lowest(BEST, truth.practices) * by_chance * admissions * gbp
    naive = np.mean(list(naive_savings(truth)))
    assert naive == pytest.approx(expected, rel=0.03)
    assert 2.5e6 < naive < 7e6


def test_a_tenth_of_true_spread_shows_a_quarter_more_than_the_named_would_give():
    # Lists of one size, chance 5 %: the named are expected at spread^2 / (spread^2 + chance^2) of what shows.
    truth = Truth(0.1, factor=1.5, admissions_per_head=0.0977, list_spread=0.0)
    rows = errors_of_savings(truth, SEED, RUNS)
    naive = of(rows, "naive")
    assert naive["saving_gbp"] / naive["true_named"] == pytest.approx(1.25, abs=0.05)


def test_naive_is_too_large_and_claims_a_saving_where_there_is_none(errors):
    naive = of(errors[0.0], "naive")
    assert 3e6 < naive["saving_gbp"] < 7e6
    assert naive["covers_zero"] < 0.05
    of_tenth = of(errors[0.1], "naive")
    assert of_tenth["saving_gbp"] > 1.05 * of_tenth["true_best"] > 1.05 * of_tenth["true_named"]


@pytest.mark.parametrize("best", [3, BEST, 19])
@pytest.mark.parametrize("truncated", [False, True])
def test_the_recommended_interval_holds_the_truth(errors, best, truncated):
    none, tenth = (of(errors[spread], "bootstrap", best, truncated) for spread in (0.0, 0.1))
    assert none["covers_zero"] >= 0.9
    assert none["saving_gbp"] < 0.2 * of(errors[0.0], "naive", best, truncated)["saving_gbp"]
    assert tenth["covers_best"] >= 0.9
    assert tenth["saving_gbp"] == pytest.approx(tenth["true_best"], rel=0.05)
    assert tenth["covers_zero"] == 0


def test_the_named_give_what_shrunken_and_next_year_say(errors):
    for spread, table in errors.items():
        for estimator in ("shrunken", "next_year"):
            row = of(table, estimator)
            assert row["covers_named"] >= 0.9
            # Of the mean of 100 districts the standard error is 0.1 million; true ratios here are nearly
            # Normal and not Gamma, which takes 3 % off ``shrunken``.
            assert row["saving_gbp"] == pytest.approx(row["true_named"], abs=5e5), (spread, estimator)
    # Truncated, what chance adds to a practice above counts and what it takes from one below does not.
    assert of(errors[0.0], "next_year", truncated=True)["saving_gbp"] > 5e5


def test_table_keeps_its_contract(savings):
    contract = read_contract(CONTRACT)
    table = pa.Table.from_pandas(savings, schema=contract.schema, preserve_index=False)
    check_domain(table, contract)
    check_key(table.select(contract.key), contract)
    assert list(savings) == COLUMNS == list(contract.columns)
    assert sorted(savings["best"].unique()) == list(range(3, 20))
    assert len(savings) == 17 * 4 * 2
    assert (savings["lower_gbp"] <= savings["saving_gbp"]).all()
    assert (savings["saving_gbp"] <= savings["upper_gbp"]).all()


def test_naive_and_next_year_from_the_expected_table(district, savings):
    rows = district.expected.pivot(
        index="practice", columns=["year", "measure"], values=["observed", "expected"]
    )
    observed, expected = rows["observed"], rows["expected"]
    cost = observed["2004-05"]["cost"] / observed["2004-05"]["admissions"]
    for estimator, year in (("naive", "2004-05"), ("next_year", "2003-04")):
        counts, means = observed["2004-05"]["admissions"], expected["2004-05"]["admissions"]
        chosen = (observed[year]["admissions"] / expected[year]["admissions"]).nsmallest(BEST).index
        level = counts[chosen].sum() / means[chosen].sum()
        excess = (counts - level * means) * cost
        assert of(savings, estimator)["saving_gbp"] == pytest.approx(excess.sum(), abs=0.01)
        assert of(savings, estimator, truncated=True)["saving_gbp"] == pytest.approx(
            excess.clip(lower=0).sum(), abs=0.01
        )


def test_recommended_is_the_bootstrap_at_the_studys_share(savings):
    use, row = recommended_saving(savings, "age_sex"), of(savings, "bootstrap")
    assert (use.best, use.practices, use.year) == (BEST, 57, "2004-05")
    assert (use.lower_gbp, use.saving_gbp, use.upper_gbp) == tuple(
        row[["lower_gbp", "saving_gbp", "upper_gbp"]]
    )
    assert recommended_saving(savings, "morbidity") is None


def test_order_of_rows_and_sum_over_years_change_nothing(district, savings):
    summed = (
        district.expected.groupby(["practice", "measure", "step"], as_index=False).sum().assign(year="all")
    )
    shuffled = pd.concat([summed, district.expected]).sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(practice_savings(shuffled, SEED), savings)


def test_one_year_has_no_next_year(district):
    latest = district.expected[district.expected["year"] == "2004-05"]
    assert set(practice_savings(latest, SEED)["estimator"]) == {"naive", "shrunken", "bootstrap"}


def test_fewer_than_nine_practices_have_no_best(district):
    few = district.expected[district.expected["practice"] < 8]
    table = practice_savings(few, SEED)
    assert table.empty
    assert list(table) == COLUMNS
    assert recommended_saving(table, "age_sex") is None


def test_practices_without_a_profile_or_a_year_before_are_left_out(district):
    fuller = district.expected[district.expected["practice"] < 20].assign(step="morbidity")
    few = district.expected[district.expected["practice"] < 8].assign(step="deprivation")
    new = fuller[(fuller["practice"] >= 8) | (fuller["year"] == "2004-05")]
    table = practice_savings(pd.concat([district.expected, new, few]), SEED)
    assert set(table["step"]) == {"age_sex", "morbidity"}
    counts = table[table["step"] == "morbidity"].groupby("estimator")["practices"].unique()
    assert counts["naive"] == [20]
    assert counts["next_year"] == [12]


def test_many_practices_show_twenty_numbers_of_best():
    savings = practice_savings(simulated_district(Truth(0.1, practices=300), SEED, 0).expected, SEED, 50)
    numbers = sorted(savings["best"].unique())
    assert (len(numbers), numbers[0], numbers[-1]) == (20, 3, 100)
    assert recommended_saving(savings, "age_sex").best == 44  # nearest to 300 x 8 / 57 = 42.1


def test_a_practice_without_admissions_has_the_cost_of_all(district):
    expected = district.expected.copy()
    expected.loc[expected["practice"] == 0, "observed"] = 0.0
    naive = of(practice_savings(expected, SEED), "naive")
    latest = expected[expected["year"] == "2004-05"].pivot(
        index="practice", columns="measure", values=["observed", "expected"]
    )
    counts, means = latest["observed"]["admissions"], latest["expected"]["admissions"]
    cost = latest["observed"]["cost"] / counts
    cost[0] = latest["observed"]["cost"].sum() / counts.sum()
    chosen = (counts / means).nsmallest(BEST).index
    level = counts[chosen].sum() / means[chosen].sum()
    assert naive["saving_gbp"] == pytest.approx(((counts - level * means) * cost).sum(), abs=0.01)


def test_the_figure_says_which_saving_to_use(savings):
    figure = savings_figure(savings, "age_sex")
    use, naive = recommended_saving(savings, "age_sex"), of(savings, "naive")
    title = figure.axes[0].get_title(loc="left")
    assert f"£{use.saving_gbp / 1e6:.1f}M" in title
    assert f"as observed show £{naive['saving_gbp'] / 1e6:.1f}M" in title
    assert len(figure.axes[0].containers) == 4
