import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from casemix_risk.statistics.overdispersion import (
    WINSORISED_EFFICIENCY,
    between_variance,
    mean_square,
    winsorised_phi,
)

OBSERVED = np.array([100, 150, 180, 80, 120, 225.0])
EXPECTED = np.array([108, 112, 165, 95, 100, 220.0])


def test_published_values_of_the_shmi_method():
    # FunnelPlotR's worked example of six units, without truncation.
    difference = np.log(OBSERVED / EXPECTED)
    assert mean_square(difference * np.sqrt(EXPECTED)) == pytest.approx(2.948, abs=5e-4)
    assert between_variance(difference, 1 / EXPECTED) == pytest.approx(0.01948, abs=5e-6)


def test_units_that_differ_less_than_by_chance_have_none():
    assert between_variance(np.full(20, 0.1), np.full(20, 0.04), steps=10) == 0


def test_one_step_is_exact_for_units_of_one_size():
    difference = np.array([-0.3, -0.1, 0.0, 0.1, 0.3])
    # (5 phi - 4) / (5 w - w) with w = 100 and 5 phi = 100 x 0.2
    for steps in (1, 5):
        assert between_variance(difference, np.full(5, 0.01), steps=steps) == pytest.approx(16 / 400)


def test_steps_end_at_paules_and_mandels_estimate():
    generator = np.random.default_rng(7)
    variance = generator.lognormal(-6, 1, 150)
    difference = generator.normal(0, np.sqrt(variance + 0.01))
    for phi in (mean_square, winsorised_phi):
        root = brentq(
            lambda tau_squared, phi=phi: 150 * phi(difference / np.sqrt(variance + tau_squared)) - 149, 0, 1
        )
        assert between_variance(difference, variance, phi, steps=10) == pytest.approx(root, rel=1e-6)


def test_winsorised_phi_is_one_for_chance_and_ignores_who_is_far_out():
    z = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    assert winsorised_phi(z) == pytest.approx(1, abs=1e-3)
    assert winsorised_phi(3 * z) == pytest.approx(9, abs=1e-2)
    z[-1_000:] = 50
    assert winsorised_phi(z) == pytest.approx(1, abs=1e-3)
    assert mean_square(z) > 20


def test_the_efficiency_of_winsorised_phi():
    z = np.random.default_rng(8).standard_normal((20_000, 150))
    phi = [winsorised_phi(row) for row in z]
    # The mean square of n normal z has the variance 2 / n. Of 20,000 draws a variance errs by 1 %.
    assert 2 / 150 / np.var(phi) == pytest.approx(WINSORISED_EFFICIENCY, rel=0.03)
