"""Ratios of observed to expected drawn in to their mean, by how much they differ beyond chance."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaincinv, gammaln

from casemix_risk.statistics.intervals import CONFIDENCE

LEAST_SPREAD, MOST_SPREAD = 1e-3, 3.0  # coefficient of variation of true ratios
_COARSE = 40
_FINE = 60
_MEAN_STEPS = 100
_CLOSE = 1e-10


class Shrunken(NamedTuple):
    """Ratios drawn in to their mean, with the limits of the true ones."""

    ratio: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def gamma_poisson(observed: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Shape alpha and rate beta of the Gamma law of true ratios, by marginal maximum likelihood.

    A count is Poisson about its true ratio times its expectation, so without knowing the ratio it is Negative
    Binomial (Clayton and Kaldor 1987, Biometrics 43, 671-681). The shrunken ratio is
    (O + alpha) / (E + beta); true ratios have the mean alpha / beta and the coefficient of variation
    1 / sqrt(alpha).

    Args:
        observed: counts, at least 0; not all 0.
        expected: their expectations, above 0.

    Returns:
        alpha is at most 1,000,000 (true ratios that differ by 0.1 %): counts that vary less than by chance
        would have it infinite.
    """
    grid = np.geomspace(LEAST_SPREAD, MOST_SPREAD, _COARSE)
    best = int(np.argmax(_profile(observed, expected, grid)[0]))
    between = grid[max(best - 1, 0)], grid[min(best + 1, _COARSE - 1)]

    def loss(log_spread: float) -> float:
        return -_profile(observed, expected, np.exp([log_spread]))[0][0]

    found = minimize_scalar(loss, bounds=np.log(between), method="bounded", options={"xatol": 1e-7})
    likelihood, mean = _profile(observed, expected, spread := np.array([np.exp(found.x), LEAST_SPREAD]))
    chosen = int(np.argmax(likelihood))
    alpha = spread[chosen] ** -2
    return float(alpha), float(alpha / mean[chosen])


def shrunken_ratios(observed: np.ndarray, expected: np.ndarray) -> Shrunken:
    """Shrunken ratios, and limits of the true ones that own up to not knowing how much units differ.

    The ratio is (O + alpha) / (E + beta) of `gamma_poisson`. Limits with alpha as if it were known are too
    narrow where it is uncertain: without true differences they cover half of the true ratios, not 95 %. So
    they are the quantiles of a Gamma law with the mean and the variance of the true ratio over all spreads,
    each weighted by its marginal likelihood, with any spread as likely as another beforehand (Kass and
    Steffey 1989, J. Am. Stat. Assoc. 84, 717-726; Gelman 2006, Bayesian Analysis 1, 515-533, on that prior).

    Args:
        observed: counts, at least 0; not all 0.
        expected: their expectations, above 0.
    """
    alpha, beta = gamma_poisson(observed, expected)
    # Beyond it the likelihood is next to nothing: at no spread, its square has the error sqrt(2 / sum E^2).
    highest = 3 * alpha**-0.5 + 4 * (2 / (expected**2).sum()) ** 0.25
    spread = np.linspace(LEAST_SPREAD, highest, _FINE)
    likelihood, mean = _profile(observed, expected, spread)
    weight = np.exp(likelihood - likelihood.max())
    weight /= weight.sum()
    first = second = np.zeros(len(observed))
    for share, shape, rate in zip(weight, spread**-2, spread**-2 / mean, strict=True):
        ratio = (observed + shape) / (expected + rate)
        first = first + share * ratio
        second = second + share * (ratio**2 + ratio / (expected + rate))
    variance = second - first**2
    shape, scale = first**2 / variance, variance / first
    tail = (1 - CONFIDENCE) / 2
    lower, upper = (gammaincinv(shape, level) * scale for level in (tail, 1 - tail))
    return Shrunken((observed + alpha) / (expected + beta), lower, upper)


def _profile(observed: np.ndarray, expected: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At each spread the greatest log likelihood, less what no spread changes, and the mean that gives it.

    The likelihood's slope is nought where the mean m is that of the ratios weighted by E / (alpha + m E).
    """
    ratio = observed / expected
    likelihood, means = np.empty(len(spread)), np.empty(len(spread))
    mean = observed.sum() / expected.sum()
    for place, alpha in enumerate(spread**-2.0):
        for _ in range(_MEAN_STEPS):
            weight = expected / (alpha + mean * expected)
            before, mean = mean, (weight @ ratio) / weight.sum()
            if abs(mean - before) <= _CLOSE * mean:
                break
        part = gammaln(observed + alpha) - gammaln(alpha)
        part = part - alpha * np.log1p(mean * expected / alpha)
        part = part - observed * np.log(alpha / mean + expected)
        likelihood[place], means[place] = part.sum(), mean
    return likelihood, means
