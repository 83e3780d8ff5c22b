"""Shrunken ratios: statsmodels' Negative Binomial, the posterior by brute force, and coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq

from casemix_risk.statistics.shrinkage import gamma_poisson, shrunken_ratios
from casemix_risk.streams import stream


def simulated(tau, median=600, units=57, name="shrinkage", run=0):
    draw = stream(5, name, tau, run)
    expected = median * draw.lognormal(0, 0.5, units)
    true = np.exp(tau * draw.standard_normal(units))
    return draw.poisson(expected * true), expected, true


@pytest.mark.parametrize("tau", [0.08, 0.3, 1.0])
def test_alpha_and_beta_are_those_of_statsmodels(tau):
    observed, expected, _ = simulated(tau)
    model = sm.NegativeBinomial(observed, np.ones((57, 1)), offset=np.log(expected))
    mean, inverse = model.fit(start_params=[0, tau**2], method="newton", disp=False).params
    alpha, beta = gamma_poisson(observed, expected)
    assert alpha == pytest.approx(1 / inverse, rel=1e-4)
    assert alpha / beta == pytest.approx(np.exp(mean), rel=1e-6)
    ratio = shrunken_ratios(observed, expected).ratio
    assert ratio == pytest.approx((observed + alpha) / (expected + beta))


def test_units_that_differ_less_than_by_chance_are_all_the_mean():
    expected = np.array([50.0, 100.0, 200.0, 400.0])
    observed = np.array([51, 99, 201, 399])
    assert gamma_poisson(observed, expected)[0] == pytest.approx(1e6, rel=1e-3)
    shrunken = shrunken_ratios(observed, expected)
    assert shrunken.ratio == pytest.approx(1, abs=1e-4)
    assert ((shrunken.lower < 1) & (shrunken.upper > 1)).all()


def test_limits_are_the_quantiles_of_the_posterior_by_brute_force():
    observed, expected, _ = simulated(0.06, median=150, units=20)
    spread = np.linspace(1e-3, 0.6, 1_200)
    centre = observed.sum() / expected.sum()
    means = centre * np.linspace(0.9, 1.1, 81)  # the best mean at each spread, by a fine search
    likelihood = np.array(
        [
            stats.nbinom.logpmf(observed, s**-2, 1 / (1 + expected * means[:, None] * s**2)).sum(axis=1)
            for s in spread
        ]
    )
    weight = np.exp(likelihood.max(axis=1) - likelihood.max())
    weight /= weight.sum()
    shape, mean = spread**-2, means[likelihood.argmax(axis=1)]
    found = shrunken_ratios(observed, expected)
    for place in range(20):
        posterior = stats.gamma(observed[place] + shape, scale=1 / (expected[place] + shape / mean))
        for tail, limit in ((0.025, found.lower), (0.975, found.upper)):
            wanted = brentq(lambda x, law=posterior, tail=tail: weight @ law.cdf(x) - tail, 0.3, 3)
            assert limit[place] == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize(("tau", "least"), [(0.0, 0.99), (0.05, 0.92), (0.1, 0.935), (0.15, 0.94)])
def test_limits_cover_true_ratios(tau, least):
    # 57 practices of 6,000 people; lognormal truths, though the method takes them as Gamma.
    covered = []
    for run in range(100):
        observed, expected, true = simulated(tau, run=run)
        found = shrunken_ratios(observed, expected)
        covered.append(((found.lower <= true) & (true <= found.upper)).mean())
    assert np.mean(covered) >= least


def test_shrunken_ratios_are_nearer_to_the_truth_than_observed_ones():
    observed, expected, true = simulated(0.1, median=200, units=500)
    shrunken = shrunken_ratios(observed, expected).ratio
    raw = observed / expected
    # tau^2 / (tau^2 + 1 / E) of the error is left: about two thirds at E = 200.
    assert np.mean((shrunken - true) ** 2) < 0.8 * np.mean((raw - true) ** 2)
