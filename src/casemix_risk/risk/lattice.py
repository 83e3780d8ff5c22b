"""The whole distribution of the yearly cost on a lattice of amounts, for where inversion is not safe."""

from typing import NamedTuple

import numpy as np
from scipy import fft

from casemix_risk.risk.lines import NO_SHOCKS, Lines, Shocks, any_pools
from casemix_risk.risk.moments import cumulants

DEVIATIONS = 24.0  # of the window
LEAST_JUMP = 1e-18
MOST_POINTS = 2**20


class Lattice(NamedTuple):
    """Probabilities of the amounts first, first + step, first + 2 step... in GBP."""

    first: float
    step: float
    probability: np.ndarray


def lattice(
    lines: Lines,
    kept: np.ndarray,
    list_size: float,
    shocks: Shocks = NO_SHOCKS,
    most_points: int = MOST_POINTS,
) -> Lattice:
    """The distribution of the cost of the lines that a group keeps.

    A Negative Binomial line is compound Poisson with logarithmic jumps (Klugman, Panjer and Willmot, *Loss
    Models*, ch. 7), so the logarithm of the characteristic function is one Fourier transform of the expected
    jumps by amount. The step is the greatest common divisor of the prices in pence; where that would take
    more than `most_points` it is coarser, and a price between two points counts at both so that its mean
    stays.

    Args:
        lines: the lines.
        kept: booleans over the lines.
        list_size: heads.
        shocks: shared by lines.
        most_points: longest transform.

    Returns:
        Probabilities over 24 standard deviations around the mean; what lies beyond wraps round.
    """
    mean, variance = cumulants(lines, any_pools(kept[None]), np.array([list_size]), shocks, 2)[0, 0]
    window = DEVIATIONS * np.sqrt(variance) + 2 * lines.price[kept].max()
    step = np.gcd.reduce(np.rint(100 * lines.price[kept & (lines.price > 0)]).astype(np.int64)) / 100
    step *= max(1.0, np.ceil(window / most_points / step))
    points = fft.next_fast_len(int(np.ceil(window / step)), real=True)
    total, rest = 0.0, kept
    for shock, inside in shocks.groups:
        total = total + _shocked(_exponent(lines, kept & inside, list_size, step, points), shock)
        rest = rest & ~inside
    exponent = _shocked(total + _exponent(lines, rest, list_size, step, points), shocks.common)
    wrapped = fft.irfft(np.exp(exponent), points)
    first = max(0, int(np.floor((mean - window / 2) / step)))
    return Lattice(first * step, step, np.maximum(np.roll(wrapped, -(first % points)), 0.0))


def _exponent(lines: Lines, kept: np.ndarray, list_size: float, step: float, points: int) -> np.ndarray:
    """log characteristic function of some lines at the frequencies of a transform of so many points."""
    jumps = np.zeros(points)
    for volume, price, d in zip(*(values[kept] for values in lines), strict=True):
        expected = volume * list_size
        if d > 1:
            ratio = (d - 1) / d
            most = int(np.ceil(np.log(LEAST_JUMP) / np.log(ratio))) + 1
            sizes = np.arange(1, most + 1)
            rates = expected / (d - 1) * ratio**sizes / sizes
        else:
            sizes, rates = np.ones(1), np.array([expected])
        place = sizes * price / step
        below = np.floor(place + 1e-9)
        above = np.maximum(place - below, 0.0)
        np.add.at(jumps, below.astype(np.int64) % points, rates * (1 - above))
        np.add.at(jumps, (below.astype(np.int64) + 1) % points, rates * above)
    return fft.rfft(jumps) - jumps.sum()


def _shocked(exponent: np.ndarray, variance: float) -> np.ndarray:
    return -np.log1p(-variance * exponent) / variance if variance else exponent


def lattice_quantiles(found: Lattice, probabilities: np.ndarray) -> np.ndarray:
    """The smallest amounts that are not exceeded with at least these probabilities, in GBP."""
    below = np.cumsum(found.probability)
    return found.first + found.step * np.searchsorted(below, np.asarray(probabilities) * below[-1])


def lattice_tail_means(found: Lattice, probabilities: np.ndarray) -> np.ndarray:
    """Mean of the worst costs beyond each probability, in GBP; an atom at the quantile counts in part."""
    amounts = found.first + found.step * np.arange(len(found.probability))
    below = np.cumsum(found.probability)
    excess = np.cumsum((found.probability * amounts)[::-1])[::-1]
    beyond = lattice_quantiles(found, probabilities)
    place = np.rint((beyond - found.first) / found.step).astype(int)
    above = np.append(excess, 0.0)[place + 1]
    at_quantile = beyond * (below[place] - np.asarray(probabilities))
    return (above + at_quantile) / (1 - np.asarray(probabilities))
