"""Limits of Poisson means: published values, scipy's, and how often they cover."""

import numpy as np
import pytest
from scipy import stats

from casemix_risk.statistics.intervals import (
    byar_limits,
    exact_poisson_limits,
    poisson_limits,
    rate_ratio_limits,
)


@pytest.mark.parametrize(
    ("count", "lower", "upper"), [(65, 50.16318771, 82.84913855), (1_045, 982.5932018, 1_110.331213)]
)
def test_published_values_of_byars_limits(count, lower, upper):
    found = byar_limits(np.array([float(count)]))
    assert found[0][0] == pytest.approx(lower, abs=1e-7 * lower)
    assert found[1][0] == pytest.approx(upper, abs=1e-8 * upper)


def test_at_exact_limits_the_count_has_half_of_the_error_as_its_probability():
    count = np.array([0, 1, 4, 9, 30])
    lower, upper = exact_poisson_limits(count, 0.9)
    assert lower[0] == 0
    assert upper[0] == pytest.approx(-np.log(0.05))
    assert stats.poisson.sf(count[1:] - 1, lower[1:]) == pytest.approx(0.05)
    assert stats.poisson.cdf(count, upper) == pytest.approx(0.05)


def test_limits_are_exact_below_ten_events():
    count = np.array([0.0, 9.0, 10.0])
    for found, exact, byar in zip(
        poisson_limits(count), exact_poisson_limits(count), byar_limits(np.array([10.0])), strict=True
    ):
        assert found[:2] == pytest.approx(exact[:2])
        assert found[2] == byar[0]


@pytest.mark.parametrize("mean", [0.5, 3, 8, 12, 40, 150, 700])
def test_limits_cover_the_mean(mean):
    count = np.arange(stats.poisson.isf(1e-12, mean) + 1)
    lower, upper = poisson_limits(count)
    covered = stats.poisson.pmf(count, mean) @ ((lower <= mean) & (mean <= upper))
    assert 0.947 <= covered <= 0.9999  # counts come in steps: near 95 % from a dozen on, more below
    assert mean < 10 or covered < 0.97


def test_limits_of_a_rate_ratio_are_those_of_the_binomial_share():
    lower, upper = rate_ratio_limits(np.array([12, 0, 7]), np.array([20, 5, 0]))
    for place, (second, total) in enumerate([(20, 32), (5, 5), (0, 7)]):
        share = stats.binomtest(second, total).proportion_ci(0.95, "exact")
        assert lower[place] == pytest.approx(share.low / (1 - share.low))
        wanted = share.high / (1 - share.high) if share.high < 1 else np.inf
        assert upper[place] == pytest.approx(wanted)
