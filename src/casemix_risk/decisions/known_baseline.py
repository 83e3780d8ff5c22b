"""What a year's count can prove on one line when the expected admissions are known."""

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, btdtria, gammaincc, gammainccinv, nbdtrik, pdtrik

LEVEL = 0.05
POWER = 0.80


class Detectable(NamedTuple):
    """What a one-sided test at 5 % can show on each line, as arrays over the lines.

    Attributes:
        observed_fall: the smallest observed fall that is significant, as a share of the expectation; NaN
            where even a count of nought is not.
        true_fall: the true fall with 80 % power, a share likewise; NaN where a fall to nought has less.
        false_alarm: probability of a significant fall when nothing has changed, at most 0.05.
    """

    observed_fall: np.ndarray
    true_fall: np.ndarray
    false_alarm: np.ndarray


def probability_at_most(count: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """P(X <= count) of a Poisson count, or for a variance factor above 1 of a Negative Binomial one.

    The size k = mean / (factor - 1) grows with the mean, so the success probability is 1 / factor
    whatever the mean, and P is the incomplete beta function I_{1 / factor}(k, count + 1) (Johnson, Kemp
    and Kotz 2005, *Univariate Discrete Distributions*, ch. 4 and 5). A count of -1 has probability 0.
    """
    excess = np.where(factor > 1, factor - 1, 1.0)
    clustered = betainc(mean / excess, count + 1, 1 / factor)
    return np.where(factor > 1, clustered, gammaincc(count + 1, mean))


def critical_count(mean: np.ndarray, factor: np.ndarray, level: float) -> np.ndarray:
    """The largest count c with P(X <= c) <= level; -1 where even a count of nought is likelier than that."""
    size = mean / np.where(factor > 1, factor - 1, 1.0)
    count = np.floor(np.where(factor > 1, nbdtrik(level, size, 1 / factor), pdtrik(level, mean)))
    # The inverses know no count below nought, and are rounded.
    count -= probability_at_most(count, mean, factor) > level
    count += probability_at_most(count + 1, mean, factor) <= level
    return count


def detectable(mean: np.ndarray, factor: np.ndarray) -> Detectable:
    """What shows when a year's count is tested against expected admissions that are known exactly.

    A count of at most c, the critical count at the mean, is significant. The true fall is to the mean under
    which such a count has probability 0.80; the variance factor stays. Exact.

    Args:
        mean: expected admissions a year, above 0.
        factor: variance factors, at least 1.
    """
    count = critical_count(mean, factor, LEVEL)
    fallen = np.where(
        factor > 1, (factor - 1) * btdtria(POWER, count + 1, 1 / factor), gammainccinv(count + 1, POWER)
    )
    possible = count >= 0
    return Detectable(
        np.where(possible, 1 - count / mean, np.nan),
        np.where(possible, 1 - fallen / mean, np.nan),
        probability_at_most(count, mean, factor),
    )


def power(mean: np.ndarray, factor: np.ndarray, fall: float, level: float) -> np.ndarray:
    """Probability that a true fall is significant at a level.

    Args:
        mean: expected admissions a year without the fall, above 0.
        factor: variance factors, at least 1.
        fall: share of the admissions that is saved, below 1.
        level: of the one-sided test.
    """
    return probability_at_most(critical_count(mean, factor, level), mean * (1 - fall), factor)
