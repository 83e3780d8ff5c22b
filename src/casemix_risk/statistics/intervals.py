"""Confidence limits of the mean of a Poisson count."""

import numpy as np
from scipy.special import betaincinv, gammaincinv
from scipy.stats import norm

CONFIDENCE = 0.95
EXACT_BELOW = 10  # events


def byar_limits(count: np.ndarray, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """Byar's limits of the mean: nearly exact from 10 events on.

    With O events and t the normal quantile, O (1 - 1 / (9 O) - t / (3 sqrt(O)))^3, and above it, with
    Q = O + 1, Q (1 - 1 / (9 Q) + t / (3 sqrt(Q)))^3 (Breslow and Day 1987, *Statistical Methods in Cancer
    Research* II, IARC, equation 2.13).

    Args:
        count: events, above 0.
        confidence: two-sided.
    """
    t = norm.isf((1 - confidence) / 2)
    more = count + 1
    lower = count * (1 - 1 / (9 * count) - t / (3 * np.sqrt(count))) ** 3
    return lower, more * (1 - 1 / (9 * more) + t / (3 * np.sqrt(more))) ** 3


def exact_poisson_limits(count: np.ndarray, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """The means at which a count as large, or as small, has half of 1 - confidence as its probability.

    Quantiles of Gamma laws of shape O and O + 1 (Garwood 1936, Biometrika 28, 437-442); the lower limit of
    no event is 0.

    Args:
        count: events, at least 0. Need not be whole: see `practices.effective_counts`.
        confidence: two-sided.
    """
    tail = (1 - confidence) / 2
    lower = np.where(count > 0, gammaincinv(np.where(count > 0, count, 1), tail), 0.0)
    return lower, gammaincinv(count + 1, 1 - tail)


def poisson_limits(count: np.ndarray, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits below 10 events and Byar's from there on, as public health tables have them.

    Args:
        count: events, at least 0.
        confidence: two-sided.
    """
    few = count < EXACT_BELOW
    exact = exact_poisson_limits(np.where(few, count, 0), confidence)
    byar = byar_limits(np.where(few, EXACT_BELOW, count), confidence)
    return np.where(few, exact[0], byar[0]), np.where(few, exact[1], byar[1])


def rate_ratio_limits(
    first: np.ndarray, second: np.ndarray, confidence: float = CONFIDENCE
) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits of the second Poisson mean over the first, from one count of each.

    Given their sum the second count is Binomial; Clopper and Pearson's limits p of its share (1934,
    Biometrika 26, 404-413) give the ratio p / (1 - p) (Przyborowski and Wilenski 1940, Biometrika 31,
    313-323).

    Args:
        first: events, at least 0; the upper limit is infinite where there is none.
        second: events, at least 0.
        confidence: two-sided.
    """
    tail = (1 - confidence) / 2
    some = second > 0
    lower = np.where(some, betaincinv(np.where(some, second, 1), first + 1, tail), 0.0)
    none = first == 0
    upper = np.where(none, 1.0, betaincinv(second + 1, np.where(none, 1, first), 1 - tail))
    return lower / (1 - lower), np.divide(upper, 1 - upper, out=np.full_like(upper, np.inf), where=~none)
