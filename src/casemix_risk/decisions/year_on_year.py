"""What two years' counts can prove on one line: the second against the first, both subject to chance."""

import numpy as np
from numba import njit, prange

from casemix_risk.decisions.known_baseline import LEVEL, POWER, Detectable

HALVINGS = 45


def detectable(mean: np.ndarray, factor: np.ndarray) -> Detectable:
    """What shows when a year's count is tested against the year before's.

    Given their sum the second of two Poisson counts of equal means is Binomial(sum, 1/2) (Przyborowski
    and Wilenski 1940, Biometrika 31, 313-323), of two Negative Binomial ones of equal size k negative
    hypergeometric, or beta-binomial (Johnson, Kemp and Kotz 2005, *Univariate Discrete Distributions*,
    6.2.2); k = mean / (factor - 1). Exact for every mean: no Normal approximation is used. The observed
    fall is for a first year that came out at its expectation, rounded; the true fall has 80 % power over
    all first years.

    Args:
        mean: expected admissions a year, above 0.
        factor: variance factors, at least 1.
    """
    return Detectable(*_detectable(mean, factor, LEVEL, POWER).T)


@njit(cache=True, parallel=True)
def power(mean, factor, fall, level):
    """Probability that a true fall is significant at a level, whatever the first year's count.

    Args:
        mean: expected admissions a year without the fall, above 0.
        factor: variance factors, at least 1.
        fall: share of the admissions that is saved.
        level: of the one-sided test.
    """
    result = np.empty(len(mean))
    for line in prange(len(mean)):
        first, weights = _law(mean[line], factor[line])
        critical = _critical_counts(first + len(weights), mean[line], factor[line], level)
        result[line] = _power(first, weights, critical, mean[line] * (1 - fall), factor[line])
    return result


@njit(cache=True, parallel=True)
def _detectable(mean, factor, level, wanted):
    """Columns observed fall, true fall and false alarm."""
    result = np.full((len(mean), 3), np.nan)
    for line in prange(len(mean)):
        m, d = mean[line], factor[line]
        first, weights = _law(m, d)
        critical = _critical_counts(first + len(weights), m, d, level)
        expected = int(m + 0.5)
        if critical[expected] >= 0:
            result[line, 0] = 1 - critical[expected] / expected
        result[line, 2] = _power(first, weights, critical, m, d)
        if _power(first, weights, critical, 0.0, d) >= wanted:
            enough, too_little = 1.0, 0.0
            for _ in range(HALVINGS):
                middle = 0.5 * (enough + too_little)
                if _power(first, weights, critical, m * (1 - middle), d) >= wanted:
                    enough = middle
                else:
                    too_little = middle
            result[line, 1] = enough
    return result


@njit(cache=True, nogil=True)
def _law(mean, d):
    """The first count and the probabilities from it on, up to where less than 1e-17 is left on either side.

    p(x + 1) / p(x) = (mean + x (d - 1)) / (d (x + 1)). A count of variance v = mean d is more than
    sqrt(2 v t) + d t above its mean, or sqrt(2 v t) below it, with probability at most e^-t (sub-gamma;
    Boucheron, Lugosi and Massart 2013, *Concentration Inequalities*, 2.4); t = 40.
    """
    reach = np.sqrt(80 * mean * d)
    first, last = max(0, int(mean - reach)), int(mean + reach + 40 * d) + 1
    mode = max(0, int(mean - d + 1))
    weights = np.zeros(last - first + 1)
    weights[mode - first] = 1.0
    for x in range(mode, first, -1):
        weights[x - 1 - first] = weights[x - first] * (d * x) / (mean + (x - 1) * (d - 1))
    for x in range(mode, last):
        weights[x + 1 - first] = weights[x - first] * (mean + x * (d - 1)) / (d * (x + 1))
    return first, weights / weights.sum()


@njit(cache=True, nogil=True)
def _critical_counts(firsts, mean, d, level):
    """For first years of 0, 1, 2... the largest second count that is significant; -1 where none is.

    Admissions are dealt to the two years one at a time (Polya's urn): with c of n in the second year the
    next goes there with probability (k + c) / (2 k + n), for Poisson counts 1/2. So P(second <= c | n)
    follows from its neighbours, and one walk along the 5 % line gives every critical count.
    """
    critical = np.full(firsts, -1)
    clustering = (d - 1) / mean
    # P(second <= count | n), P(second = count | n) and P(second = 0 | n); n = first + count.
    count, below, here, none = -1, 0.0, 0.0, 1.0
    for first in range(1, firsts):
        n = first - 1 + count
        none *= (1 + (first - 1) * clustering) / (2 + (first - 1) * clustering)
        if count >= 0:
            to_second = (1 + count * clustering) / (2 + n * clustering)
            below -= here * to_second
            here *= (1 - to_second) * (n + 1) / first
        while True:
            n = first + count
            if count >= 0:
                to_second = (1 + count * clustering) / (2 + n * clustering)
                following = here * to_second * (n + 1) / (count + 1)
                raised = below - here * to_second + following
            else:
                raised = following = none
            if raised > level:
                break
            count, below, here = count + 1, raised, following
        critical[first] = count
    return critical


@njit(cache=True, nogil=True)
def _power(first, weights, critical, mean, d):
    """P(second count <= its critical count) over the first year's counts."""
    start, second = _law(mean, d)
    total, below, place = 0.0, 0.0, 0
    for number in range(len(weights)):
        last = critical[first + number] - start
        while place <= last and place < len(second):
            below += second[place]
            place += 1
        total += weights[number] * below
    return total
