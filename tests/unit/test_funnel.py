"""Funnel limits by hand, and how many of the signals are false."""

import numpy as np
import pytest
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from casemix_risk.statistics.funnel import cqc_limits, judged, shmi_limits
from casemix_risk.statistics.overdispersion import between_variance
from casemix_risk.streams import stream


def test_limits_of_the_shmi_method_by_hand():
    # domain: six units with tau^2 0.01948; sqrt(1 / 100 + 0.01948) is 0.1716974.
    observed, expected = np.array([[100, 150, 180, 80, 120, 225], [108, 112, 165, 95, 100, 220.0]])
    tau = np.sqrt(between_variance(np.log(observed / expected), 1 / expected))
    lower, upper = shmi_limits(1 / expected, tau, 1.96)
    assert upper[4] == pytest.approx(np.exp(1.96 * 0.1716974), rel=1e-4)
    assert lower * upper == pytest.approx(1)


def test_limits_of_the_cqc_method_by_hand():
    # (1 -+ (1.96 / 2) sqrt(1 / 100 + 0.03))^2 = (1 -+ 0.196)^2
    lower, upper = cqc_limits(1.96 * np.sqrt([1 / 100 + 0.03]))
    assert (lower[0], upper[0]) == pytest.approx((0.804**2, 1.196**2))
    assert cqc_limits(np.array([2.5]))[0] == 0


def test_q_is_benjamini_and_hochbergs():
    difference = stream(1, "funnel").normal(0, 0.1, 60)
    found = judged(difference, np.full(60, 0.01))
    order = np.argsort(-np.abs(found.z))
    assert (np.diff(found.q[order]) >= 0).all()
    p_value = 2 * t.sf(np.abs(found.z), 0.71 * 59)
    assert found.q == pytest.approx(multipletests(p_value, method="fdr_bh")[1])


def test_few_units_are_not_judged():
    found = judged(np.array([0.0, 9.0]), np.array([0.01, 0.01]))
    assert np.isnan(found.tau)
    assert np.isnan(found.z).all()
    assert (found.signal == "").all()


@pytest.mark.parametrize("units", [57, 1_000])
@pytest.mark.parametrize("tau", [0.0, 0.1])
def test_among_units_of_one_kind_hardly_ever_any_is_called(units, tau):
    # The false discovery rate is then the share of runs with any signal. The median unit expects 150.
    runs = 300
    draw = stream(3, "funnel", units, tau)
    anyone = 0
    for _ in range(runs):
        expected = 150 * draw.lognormal(0, 0.6, units)
        observed = draw.poisson(expected * np.exp(tau * draw.standard_normal(units)))
        signal = judged(2 * (np.sqrt(observed / expected) - 1), 1 / expected).signal
        anyone += (signal != "").any()
    assert anyone / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_with_outliers_among_units_that_differ_few_signals_are_false_and_most_outliers_are_found():
    draw = stream(4, "funnel outliers")
    shares, found = [], []
    for _ in range(200):
        expected = 600 * draw.lognormal(0, 0.4, 200)
        true = np.exp(0.1 * draw.standard_normal(200))
        true[:10] *= 1.8
        observed = draw.poisson(expected * true)
        signal = judged(2 * (np.sqrt(observed / expected) - 1), 1 / expected).signal
        false = (signal[10:] != "").sum()
        shares.append(false / max((signal != "").sum(), 1))
        found.append((signal[:10] == "high").mean())
    assert np.mean(shares) <= 0.05
    assert np.mean(found) >= 0.9
