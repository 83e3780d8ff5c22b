from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from casemix_risk.decisions import known_baseline, year_on_year

DESIGNS = [known_baseline, year_on_year]
CASES = [
    (0.4, 1.0),
    (3.0, 1.0),
    (22.0, 1.0),
    (61.7, 1.0),
    (7.5, 4.0),
    (40.0, 2.5),
    (90.0, 9.0),
    (30.0, 1.01),
]


def law(mean, factor):
    """The count's law in scipy's terms; its nbinom takes size and success probability."""
    return stats.poisson(mean) if factor == 1 else stats.nbinom(mean / (factor - 1), 1 / factor)


def of_one(design, mean, factor=1.0):
    return design.Detectable(
        *(values[0] for values in design.detectable(np.array([mean]), np.array([factor])))
    )


@lru_cache
def year_on_year_p_values(mean, factor, counts):
    """P(second year <= its count | both years' sum), first years x second years."""
    first, second = np.arange(counts)[:, None], np.arange(counts)
    if factor == 1:
        return stats.binom.cdf(second, first + second, 0.5)
    size = mean / (factor - 1)
    at_most = stats.betabinom.pmf(second, np.arange(2 * counts)[:, None], size, size).cumsum(axis=1)
    return at_most[first + second, second]


def brute_force_power(design, mean, factor, fall, level):
    """Over every pair of counts that matters, each with its p-value from scipy."""
    counts = int(mean + 12 * np.sqrt(mean * factor) + 40 * factor)
    before, after = (law(m, factor).pmf(np.arange(counts)) for m in (mean, mean * (1 - fall)))
    if design is known_baseline:
        return after @ (law(mean, factor).cdf(np.arange(counts)) <= level)
    return before @ (year_on_year_p_values(mean, factor, counts) <= level) @ after


@pytest.mark.parametrize(
    ("mean", "observed_pct", "true_pct"),
    [(22, 36, 47), (100, 17, 24), (223, 11, 16), (500, 7, 11), (1_000, 5, 8)],
)
def test_reference_values_of_a_known_baseline(mean, observed_pct, true_pct):
    found = of_one(known_baseline, mean)
    assert round(100 * found.observed_fall) == observed_pct
    assert round(100 * found.true_fall) == true_pct


def test_a_count_of_nought_by_hand():
    """e^-3 is 0.0498: only a count of 0 shows, and has probability 0.8 at a mean of -log 0.8."""
    found = of_one(known_baseline, 3.0)
    assert found.observed_fall == 1
    assert found.true_fall == pytest.approx(1 + np.log(0.8) / 3)
    assert found.false_alarm == pytest.approx(np.exp(-3))


def test_clustered_counts_by_hand():
    """Size 5 and factor 2: P(0) = 1 / 32, P(1) = 5 / 64; a size of log2(1.25) gives P(0) = 0.8."""
    found = of_one(known_baseline, 5.0, 2.0)
    assert found.observed_fall == 1
    assert found.false_alarm == pytest.approx(1 / 32)
    assert found.true_fall == pytest.approx(1 - np.log2(1.25) / 5)


def test_the_second_year_by_hand():
    """Of 13 coins at most 3 heads: 378 / 8192 = 0.046; of 14 at most 4: 1471 / 16384 = 0.090."""
    assert of_one(year_on_year, 10.2).observed_fall == pytest.approx(0.7)
    # 5 then 0: 1 / 32; 5 then 1: 7 / 64; 4 then 0: 1 / 16.
    assert of_one(year_on_year, 5.0).observed_fall == 1
    assert np.isnan(of_one(year_on_year, 4.4).observed_fall)


def test_where_nothing_can_show():
    below = of_one(known_baseline, 2.9)  # e^-2.9 = 0.055
    assert np.isnan([below.observed_fall, below.true_fall]).all()
    assert below.false_alarm == 0
    # Nothing shows unless the first year has five or more: probability 0.56 at a mean of 5.
    assert np.isnan(of_one(year_on_year, 5.0).true_fall)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("mean", "factor"), CASES)
def test_power_by_brute_force(design, mean, factor):
    for fall, level in [(0.0, 0.05), (0.3, 0.05), (0.6, 0.004)]:
        found = design.power(np.array([mean]), np.array([factor]), fall, level)[0]
        assert found == pytest.approx(brute_force_power(design, mean, factor, fall, level), abs=1e-11)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("mean", "factor"), CASES)
def test_the_true_fall_has_80_per_cent_power(design, mean, factor):
    found = of_one(design, mean, factor)
    assert found.false_alarm == pytest.approx(brute_force_power(design, mean, factor, 0.0, 0.05), abs=1e-11)
    if np.isnan(found.true_fall):
        assert brute_force_power(design, mean, factor, 1 - 1e-12, 0.05) < 0.8
    else:
        assert brute_force_power(design, mean, factor, found.true_fall, 0.05) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("factor", [1.0, 9.0])
def test_large_counts_are_normal(design, factor):
    """Over its standard deviation: the sum of the 95 and 80 % points; two years have twice the variance."""
    years = 1 if design is known_baseline else 2
    mean = 4e6
    expected = (stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) * np.sqrt(years * factor / mean)
    assert of_one(design, mean, factor).true_fall == pytest.approx(expected, rel=0.005)


@given(st.floats(0.01, 400), st.floats(1, 30), st.floats(0, 0.9), st.floats(1e-5, 0.2))
def test_power_grows_with_the_fall_and_the_level_and_a_test_keeps_its_level(mean, factor, fall, level):
    mean, factor = np.array([mean]), np.array([factor])
    for design in DESIGNS:
        power = design.power(mean, factor, fall, level)
        assert power <= design.power(mean, factor, fall + 0.09, level) + 1e-12
        assert power <= design.power(mean, factor, fall, 1.5 * level) + 1e-12
        assert 0 <= design.power(mean, factor, 0.0, level) <= level + 1e-12


@pytest.mark.parametrize("design", DESIGNS)
def test_hardly_clustered_counts_are_poisson_counts(design):
    means = np.array([0.7, 5.2, 33.0, 410.0])
    poisson, clustered = (design.power(means, np.full(4, factor), 0.2, 0.05) for factor in (1, 1 + 1e-9))
    assert clustered == pytest.approx(poisson, abs=1e-6)
