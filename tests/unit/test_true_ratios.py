"""Chance told apart from true differences: against scipy, root finding, and known truths."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2, chi2_contingency

from casemix_risk.statistics.true_ratios import spread_profile, true_ratio_draws, variance_factor

SEED = 12


def test_the_variance_factor_is_pearsons_statistic_over_its_degrees_of_freedom():
    observed = np.array([[90, 130, 70], [40, 70, 75], [160, 120, 210]])
    pearson = chi2_contingency(observed)
    assert variance_factor(observed, np.full((3, 3), 50.0)) == pytest.approx(
        pearson.statistic / pearson.dof, rel=1e-12
    )


def test_the_variance_factor_is_that_of_chance_whatever_lasts():
    generator = np.random.default_rng(SEED)
    expected = generator.lognormal(6, 0.5, (2_000, 1)) * [1.0, 1.2]
    mean = expected * generator.normal(1, 0.2, (2_000, 1)).clip(0.3) * [1.0, 0.9]
    clustered = generator.negative_binomial(mean / 0.5, 1 / 1.5)
    # X^2 over 1,999 degrees of freedom has a standard deviation of sqrt(2 / 1,999), 3 % of its mean.
    assert variance_factor(clustered, expected) == pytest.approx(1.5, rel=0.1)
    assert variance_factor(generator.poisson(mean), expected) == pytest.approx(1, abs=0.1)


def test_the_variance_factor_is_at_least_that_of_poisson():
    steady = np.array([[100, 100], [200, 200], [50, 50]])
    assert variance_factor(steady, steady / 2) == 1
    assert variance_factor(np.array([[90], [10]]), np.array([[50.0], [50.0]])) == 1


def test_ratios_that_vary_less_than_by_chance_are_all_one():
    expected = np.array([100.0, 200.0, 50.0, 400.0])
    draws = true_ratio_draws(1.1 * expected, expected, 1, 500, np.random.default_rng(SEED))
    assert (draws == draws[:, :1]).all()
    # The mean has the variance m / sum E.
    assert draws[:, 0].mean() == pytest.approx(1.1, abs=0.01)
    assert draws[:, 0].std() == pytest.approx((1.1 / 750) ** 0.5, rel=0.1)


@pytest.mark.parametrize("factor", [1, 1.6])
def test_the_spread_is_that_of_the_q_profile(factor):
    generator = np.random.default_rng(SEED)
    expected = np.full(40, 1e6)
    observed = generator.normal(1, 0.1, 40) * expected
    ratio = observed / expected

    def beyond(variance, quantile):
        chance = factor * observed.sum() / expected.sum() / 1e6
        return ((ratio - ratio.mean()) ** 2).sum() / (chance + variance) - quantile

    wanted = [brentq(beyond, 0, 1, args=(chi2.isf(level, 39),)) for level in (0.025, 0.5, 0.975)]
    spread = spread_profile(observed, expected, factor, 2_000)[0]
    assert np.quantile(spread, [0.025, 0.5, 0.975]) == pytest.approx(wanted, rel=2e-3)
    # Counts of a million tell the true ratios, however much these differ.
    draws = true_ratio_draws(observed, expected, factor, 200, generator)
    assert draws.mean(axis=0) == pytest.approx(ratio, abs=2e-3)


def test_draws_shrink_as_the_gamma_law_says_where_many_units_tell_its_spread():
    generator = np.random.default_rng(SEED)
    expected = generator.lognormal(5, 0.5, 3_000)
    true = generator.gamma(50, 1 / 50, 3_000)
    observed = generator.poisson(true * expected)
    draws = true_ratio_draws(observed, expected, 1, 1_000, generator)
    shrunken = (observed + 50) / (expected + 50)
    deviation = np.sqrt(shrunken / (expected + 50))
    # 1,000 draws know a mean to 3 % of a standard deviation, and the law's own spread is known to about 3 %.
    assert np.abs((draws.mean(axis=0) - shrunken) / deviation).mean() < 0.06
    assert draws.std(axis=0) == pytest.approx(deviation, rel=0.15)
    lower, upper = np.quantile(draws, [0.025, 0.975], axis=0)
    assert ((lower <= true) & (true <= upper)).mean() == pytest.approx(0.95, abs=0.015)


def test_a_variance_factor_is_so_many_fewer_counts():
    generator = np.random.default_rng(SEED)
    expected = generator.lognormal(6, 0.5, 30)
    observed = generator.poisson(expected * generator.normal(1, 0.2, 30).clip(0.3)).astype(float)
    whole, of_half = (
        true_ratio_draws(observed / part, expected / part, 2 / part, 100, np.random.default_rng(SEED))
        for part in (1, 2)
    )
    assert whole == pytest.approx(of_half, rel=1e-9)
