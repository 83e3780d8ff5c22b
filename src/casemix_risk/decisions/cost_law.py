"""The yearly cost as probabilities on a grid, so that the mean of any function of it is a dot product."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import fft, sparse
from scipy.special import gammaincinv, xlogy

from casemix_risk.risk.distribution import chances
from casemix_risk.risk.lines import any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import cumulants

CELLS = 1_024
REACH_DEVIATIONS = 9.5  # inversion gives the law within 10
LEAST_WINTER = 1e-6  # probability of winters too mild or too hard to count
CHANCE_GAP, SHOCK_GAP = 1.5, 0.5  # most between two winters, in standard deviations of what moves the cost


class CostLaw(NamedTuple):
    """The cost of one list size in each of several winters.

    Attributes:
        amounts: GBP, equally spaced.
        winters: probability of each value of the common shock; one of 1 without a shock.
        probability: of each amount, winters x amounts.
    """

    amounts: np.ndarray
    winters: np.ndarray
    probability: np.ndarray

    def mean(self, values: np.ndarray) -> float:
        """The mean of a function of the cost, given at the amounts."""
        return float(self.winters @ self.probability @ values)


def cost_laws(
    lines: pd.DataFrame, list_sizes: np.ndarray, common_shock: float = 0.0, copies: int = 1
) -> list[CostLaw]:
    """The yearly cost of everything, by list size, in 1,024 cells over 19 standard deviations.

    A cell's probability is the difference of the exact distribution function at its ends, its amount the
    middle, at most a 107th of a standard deviation from any cost in it. In a winter whose shock is c a list
    is one of c times the heads. Winters are equally spaced and weighted with the shock's Gamma density, so
    close that chance smooths what lies between them (the trapezium rule is then as good as exact) or, of a
    list so large that there is next to no chance, as close as the cells.

    Args:
        lines: table ``cost_lines``.
        list_sizes: heads.
        common_shock: variance of the shock that moves every line.
        copies: groups whose payments will be added up; the more, the less chance there is to smooth.
    """
    arrays, everything = lines_from(lines), any_pools(np.ones((1, len(lines)), dtype=bool))
    sizes = np.asarray(list_sizes, dtype=float)
    mean, chance = cumulants(arrays, everything, sizes, orders=2)[:, 0].T
    reach = np.linspace(-REACH_DEVIATIONS, REACH_DEVIATIONS, CELLS + 1)
    ends = mean[:, None] + np.sqrt(chance + common_shock * mean**2)[:, None] * reach
    shocks = [_winters(common_shock, np.sqrt(share / copies)) for share in chance / mean**2]
    counts = [len(factors) for factors, _ in shocks]
    below, above = chances(
        arrays,
        np.ones((1, len(lines)), dtype=bool),
        np.repeat(sizes, counts) * np.concatenate([factors for factors, _ in shocks]),
        np.repeat(ends, counts, axis=0)[:, None],
    )
    mass = np.maximum(np.diff((1 + below - above)[:, 0] / 2), 0.0)
    mass /= mass.sum(axis=1, keepdims=True)
    amounts = (ends[:, 1:] + ends[:, :-1]) / 2 + np.outer(sizes, fixed_costs(lines).sum())
    by_size = np.split(mass, np.cumsum(counts)[:-1])
    return [
        CostLaw(row, winters, by_winter)
        for row, (_, winters), by_winter in zip(amounts, shocks, by_size, strict=True)
    ]


def _winters(variance: float, chance: float) -> tuple[np.ndarray, np.ndarray]:
    """Values of a Gamma shock of mean 1 and their probabilities; `chance` is a coefficient of variation."""
    if not variance:
        return np.ones(1), np.ones(1)
    low, high = variance * gammaincinv(1 / variance, [LEAST_WINTER, 1 - LEAST_WINTER])
    cell = 2 * REACH_DEVIATIONS / CELLS
    gap = max(min(CHANCE_GAP * chance, SHOCK_GAP * np.sqrt(variance)), cell * np.sqrt(variance))
    factors = np.linspace(low, high, int(np.ceil((high - low) / gap)) + 1)
    density = np.exp(xlogy(1 / variance - 1, factors) + (1 - factors) / variance)
    return factors, density / density.sum()


def sum_quantiles(
    law: CostLaw, payment: np.ndarray, copies: int, probabilities: Sequence[float]
) -> np.ndarray:
    """Quantiles of what several groups of one size are paid together, in GBP.

    Given the winter their payments are independent, so the law of one, on a grid as fine as the law's, is
    taken to a power by FFT and the winters are mixed. A payment between two points counts at both so that its
    mean stays (Klugman, Panjer and Willmot, *Loss Models*, 9.6); the transform is as long as the sum, so
    nothing wraps round.

    Args:
        law: of the cost of one group.
        payment: GBP to one group, at the amounts.
        copies: groups.
        probabilities: between 0 and 1.
    """
    step, first = law.amounts[1] - law.amounts[0], payment.min()
    place = (payment - first) / step
    lower = np.floor(place + 1e-9).astype(int)
    upper_share = np.maximum(place - lower, 0.0)
    cells = np.arange(len(payment))
    to_grid = sparse.coo_array(
        (
            np.concatenate([1 - upper_share, upper_share]),
            (np.tile(cells, 2), np.concatenate([lower, lower + 1])),
        )
    )
    single = law.probability @ to_grid
    points = fft.next_fast_len(copies * single.shape[1], real=True)
    spectrum = law.winters @ _power(fft.rfft(single, points), copies)
    up_to = np.cumsum(np.maximum(fft.irfft(spectrum, points), 0.0))
    return copies * first + step * np.searchsorted(up_to, np.asarray(probabilities) * up_to[-1])


def _power(values: np.ndarray, exponent: int) -> np.ndarray:
    """By squaring; numpy's own power of complex numbers takes several times as long."""
    if exponent == 1:
        return values
    half = _power(values, exponent // 2)
    return half * half * values if exponent % 2 else half * half
