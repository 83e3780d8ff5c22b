import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.decisions.external_checks import external_checks
from casemix_risk.decisions.smallest_group import CONFIDENCES, TOLERANCES_PCT, smallest_group
from casemix_risk.risk.lines import Shocks

CHEAP = lines_of([2.0], [1])  # two admissions of a pound a head: 2 N is the budget and the variance
ALL = {"none": np.array([True])}


def people(table, criterion, shock="none"):
    return table.query("criterion == @criterion and shock == @shock").set_index("tolerance_pct")["people"]


def test_three_coefficients_of_variation_by_hand():
    """CV = 1 / sqrt(2 N), so N = 4.5 / t^2, to three figures."""
    found = people(smallest_group(CHEAP, ALL), "three_cv")
    assert found.to_dict() == {1.0: 45_000, 2.0: 11_300, 3.0: 5_000, 5.0: 1_800, 10.0: 450}


def test_a_shock_raises_three_cv_and_can_rule_a_tolerance_out():
    """CV^2 = 1 / (2 N) + s, so N = 4.5 / (t^2 - 9 s); 3 sqrt(s) is 3 %."""
    found = people(smallest_group(CHEAP, ALL, Shocks(0.01**2)), "three_cv", "with")
    assert found.loc[[1.0, 2.0]].isna().all()
    assert found.loc[5.0] == 2_820  # 4.5 / (0.0025 - 0.0009) = 2,812.5
    assert found.loc[10.0] == 495  # 4.5 / (0.01 - 0.0009) = 494.5


def test_what_is_fixed_makes_groups_smaller_by_its_square():
    half = smallest_group(lines_of([2.0], [1], fixed_shares=0.5), ALL)
    assert people(half, "three_cv").loc[3.0] == 1_250


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_one_sided_sizes_hold_and_smaller_ones_do_not(confidence):
    table = smallest_group(CHEAP, ALL).query("confidence == @confidence")
    for row in table.itertuples():
        allowed = (1 + row.tolerance_pct / 100) * 2

        def holds(size, allowed=allowed):
            return stats.poisson.cdf(np.floor(allowed * size + 1e-9), 2 * size) >= confidence

        assert holds(row.people)
        assert not holds(0.9 * row.people)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_under_a_shock_one_sided_sizes_are_those_of_the_negative_binomial(confidence):
    shock = 0.02**2
    table = smallest_group(CHEAP, ALL, Shocks(shock)).query("confidence == @confidence and shock == 'with'")
    floor = 100 * (stats.gamma.ppf(confidence, 1 / shock, scale=shock) - 1)
    for row in table.itertuples():
        if row.tolerance_pct < floor:
            assert np.isnan(row.people)
            continue
        allowed = (1 + row.tolerance_pct / 100) * 2

        def within(size, allowed=allowed):
            return stats.nbinom.cdf(np.floor(allowed * size + 1e-9), 1 / shock, 1 / (1 + shock * 2 * size))

        assert within(row.people) >= confidence
        assert within(0.9 * row.people) < confidence


def test_few_dear_admissions_still_give_a_size_that_holds():
    lines = lines_of([0.003], [9_000])
    for row in smallest_group(lines, ALL).dropna(subset=["confidence"]).itertuples():
        mean = 0.003 * row.people
        allowed = np.floor((1 + row.tolerance_pct / 100) * mean + 1e-9)
        assert stats.poisson.cdf(allowed, mean) >= row.confidence


def test_a_shock_can_rule_every_tolerance_out():
    table = smallest_group(CHEAP, ALL, Shocks(0.2**2)).query("shock == 'with'")
    assert table["people"].isna().all()


def test_a_tolerance_hardly_above_the_floor_has_no_size_that_anyone_has():
    """A variance found by bisection so that at 95 % the floor is 3 % but for a millionth."""
    low, high = 1e-5, 1e-2
    for _ in range(60):
        variance = (low + high) / 2
        above = 100 * (stats.gamma.ppf(0.95, 1 / variance, scale=variance) - 1) > 3 - 3e-6
        low, high = (low, variance) if above else (variance, high)
    found = people(smallest_group(CHEAP, ALL, Shocks(low)), "one_sided_95", "with")
    assert found.isna().tolist() == [True, True, True, False, False]


def test_rows_are_complete():
    table = smallest_group(CHEAP, {"none": np.array([True]), "best": np.array([True])}, Shocks(0.01))
    assert len(table) == 2 * 2 * len(TOLERANCES_PCT) * (1 + len(CONFIDENCES))


def test_published_limits_imply_what_the_normal_law_says():
    table = external_checks(CHEAP).set_index(["list_size", "limit_pct"])
    assert table.loc[(5_000, 3.9), "normal_cv_pct"] == pytest.approx(3.04, abs=0.005)
    # 1 / sqrt(people) from there: 3.04 sqrt(5 / 60) = 0.878, and 2 / 0.878 = 2.277 deviations
    assert table.loc[(60_000, 2.0), "normal_cv_pct"] == pytest.approx(0.878, abs=0.001)
    assert table.loc[(60_000, 2.0), "normal_within_pct"] == pytest.approx(98.86, abs=0.01)
    assert table.loc[(7_000, 3.4), "normal_within_pct"] == pytest.approx(90.7, abs=0.05)
    # 20 % above 1 %: 1 / 0.8416; 4 % above 2 %: 2 / 1.7507
    assert table.loc[(100_000, 1.0), "normal_cv_pct"] == pytest.approx(1.188, abs=0.001)
    assert table.loc[(100_000, 2.0), "normal_cv_pct"] == pytest.approx(1.142, abs=0.001)


def test_the_lines_own_probabilities_are_exact():
    """GBP 500 at 0.1 admissions a head: steps coarse enough to count on which side an amount is."""
    table = external_checks(lines_of([0.1], [500])).set_index(["list_size", "limit_pct"])
    assert table.loc[(5_000, 3.9), "here_cv_pct"] == pytest.approx(100 / np.sqrt(500))
    # 3.9 % below 500 admissions is 480.5: a saving as large is 480 or fewer
    assert table.loc[(5_000, 3.9), "here_within_pct"] == pytest.approx(100 * stats.poisson.sf(480, 500))
    # 1 % above 10,000 is 10,100 exactly, still within
    assert table.loc[(100_000, 1.0), "here_within_pct"] == pytest.approx(
        100 * stats.poisson.cdf(10_100, 10_000)
    )
