"""Funnel plots of units that differ beyond chance: their limits, and who stands out of them."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from casemix_risk.statistics.overdispersion import (
    WINSORISED_EFFICIENCY,
    between_variance,
    winsorised_phi,
)

FALSE_DISCOVERY_RATE = 0.05
FEWEST_UNITS = 10
MOMENT_STEPS = 10


class Judged(NamedTuple):
    """What `judged` finds; everything but the signals is NaN where there are too few units."""

    tau: float
    """Standard deviation of true differences between units."""
    z: np.ndarray
    q: np.ndarray
    signal: np.ndarray
    """``high``, ``low`` or empty."""


def shmi_limits(variance: np.ndarray, tau: float, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of observed over expected: exp(-+ z sqrt(variance + tau^2)).

    NHS Digital, *Summary Hospital-level Mortality Indicator: indicator specification*; z is 1.96 for 95 % and
    3.09 for 99.8 %.

    Args:
        variance: of ln(O / E) by chance, 1 / E for Poisson counts.
        tau: standard deviation of true differences.
        z: normal quantile.
    """
    reach = z * np.sqrt(variance + tau**2)
    return np.exp(-reach), np.exp(reach)


def cqc_limits(reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits of observed over expected on the scale of square roots: (1 -+ reach / 2)^2, at least 0.

    As 2 sqrt(O / E) has the variance 1 / E, reach is z sqrt(1 / E + tau^2) (Care Quality Commission's
    method; Spiegelhalter and others 2012, J. R. Stat. Soc. A 175, 1-47).

    Args:
        reach: how far the limit is from no difference, in units of 2 sqrt(O / E).
    """
    return (1 - reach / 2).clip(0) ** 2, (1 + reach / 2) ** 2


def judged(difference: np.ndarray, variance: np.ndarray) -> Judged:
    """Which units differ from the others by more than chance and their usual differences explain.

    tau^2 is `between_variance` with winsorised z, so that those who are far out do not hide themselves;
    z = difference / sqrt(variance + tau^2). Probabilities are Student's, as tau^2 is estimated, with the
    estimate's efficiency times (units - 1) degrees of freedom. Benjamini and Hochberg (1995, J. R. Stat. Soc.
    B 57, 289-300) hold the share of false signals among all signals at 5 %.

    Args:
        difference: of each unit from its expectation, such as 2 (sqrt(O / E) - 1).
        variance: its variance by chance, above 0.

    Returns:
        With no signal where there are fewer than 10 units: how much units differ is then not known.
    """
    units = len(difference)
    if units < FEWEST_UNITS:
        return Judged(np.nan, np.full(units, np.nan), np.full(units, np.nan), np.full(units, ""))
    tau_squared = between_variance(difference, variance, winsorised_phi, MOMENT_STEPS)
    z = difference / np.sqrt(variance + tau_squared)
    law = stats.t(WINSORISED_EFFICIENCY * (units - 1))
    q = stats.false_discovery_control(2 * law.sf(np.abs(z)))
    signal = np.select([q > FALSE_DISCOVERY_RATE, z > 0], ["", "high"], "low")
    return Judged(np.sqrt(tau_squared), z, q, signal)
