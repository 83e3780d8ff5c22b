"""What each line contributes to the risk of the cost: Euler shares, which add up to the whole."""

import numpy as np

from casemix_risk.risk.lines import NO_SHOCKS, Lines, Shocks, any_pools
from casemix_risk.risk.moments import line_cumulants
from casemix_risk.risk.spectrum import quantiles, spectra

LARGEST_ERROR_GBP = 100.0


def deviation_shares(
    lines: Lines, kept: np.ndarray, list_size: float, shocks: Shocks = NO_SHOCKS
) -> np.ndarray:
    """Each line's share of the standard deviation: its covariance with the whole over the variance.

    The shares of a group of lines add up, and all of them to 1 (Tasche 2008, *Capital allocation to business
    units and sub-portfolios: the Euler principle*).

    Args:
        lines: the lines.
        kept: booleans over the lines.
        list_size: heads.
        shocks: shared by lines.

    Returns:
        A share a line; 0 for lines not kept.
    """
    covariance = _covariances(lines, kept, list_size, shocks)
    return covariance / covariance.sum()


def _covariances(lines: Lines, kept: np.ndarray, list_size: float, shocks: Shocks) -> np.ndarray:
    mean, variance = np.where(kept[:, None], list_size * line_cumulants(lines, 2), 0.0).T
    covariance = variance + shocks.common * mean * mean.sum()
    for shock, inside in shocks.groups:
        covariance += np.where(inside, shock * mean * mean[inside].sum(), 0.0)
    return covariance


def tail_shares(
    lines: Lines,
    kept: np.ndarray,
    list_size: float,
    probability: float,
    shocks: Shocks = NO_SHOCKS,
    fixed: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Each line's share of the mean cost of the worst years, those beyond a quantile (TVaR).

    E(X_i e^{itX}) is phi(t) times L p e^{itp}, divided by 1 - (d - 1)(e^{itp} - 1) for a Negative Binomial
    line and by 1 - s u for each shock of variance s above it, u being the exponent that it acts on. Inverted
    as a law of mass E(X_i) it gives E(X_i; X > x).

    Args:
        lines: the lines.
        kept: booleans over the lines.
        list_size: heads.
        probability: of the quantile.
        shocks: shared by lines.
        fixed: GBP per head that each line is paid whatever its admissions, in bad years as in others.

    Returns:
        A share a line, together 1; 0 for lines not kept; not numbers where the law is too coarse to invert.
    """
    found = spectra(lines, any_pools(kept[None]), np.array([list_size]), shocks)
    if found.error_gbp[0, 0] > LARGEST_ERROR_GBP:
        return np.full(len(kept), np.nan)
    away = quantiles(found, np.array([probability]))[0, 0, 0] - found.cumulants[0, 0, 0]
    used, step = found.used[0, 0], found.step[0]
    times = step * np.arange(1, used + 1)
    mean = np.where(kept, list_size * lines.volume * lines.price, 0.0)
    turn = np.expm1(1j * lines.price[:, None] * times)
    excess = (lines.factor - 1)[:, None]
    weights = (
        mean[:, None] * (turn + 1) / (1 - excess * turn) / _shock_slopes(lines, kept, list_size, shocks, turn)
    )
    values = (
        (found.real[0, 0, :used] + 1j * found.imaginary[0, 0, :used]) * np.exp(-1j * times * away) / times
    )
    window = 2 * np.pi / step
    waves = (weights * values).imag.sum(axis=1)
    covariance = _covariances(lines, kept, list_size, shocks)
    beyond = mean / 2 - (mean * away - covariance) / window + 2 / window * waves
    beyond += np.where(kept, list_size * fixed * (1 - probability), 0.0)
    return beyond / beyond.sum()


def _shock_slopes(
    lines: Lines, kept: np.ndarray, list_size: float, shocks: Shocks, turn: np.ndarray
) -> np.ndarray:
    """The product of 1 - s u over the shocks above each line, lines x frequencies."""
    excess = (lines.factor - 1)[:, None]
    clustered = -np.log1p(-excess * turn) / np.where(excess > 0, excess, 1.0)
    expected = np.where(kept, list_size * lines.volume, 0.0)[:, None]
    exponents = expected * np.where(excess > 0, clustered, turn)
    slopes = np.ones(turn.shape, dtype=complex)
    total, rest = 0.0, kept.copy()
    for variance, inside in shocks.groups:
        group = exponents[inside].sum(axis=0)
        slopes[inside] = 1 - variance * group
        total = total - np.log1p(-variance * group) / variance
        rest &= ~inside
    return slopes * (1 - shocks.common * (total + exponents[rest].sum(axis=0)))
