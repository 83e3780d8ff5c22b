"""Exact quantiles and tails of the yearly cost: by inversion where that is safe, else on a lattice."""

from typing import NamedTuple

import numpy as np

from casemix_risk.risk.lattice import lattice, lattice_quantiles, lattice_tail_means
from casemix_risk.risk.lines import NO_SHOCKS, Lines, Shocks, any_pools
from casemix_risk.risk.spectrum import Spectra, mean_excess, quantiles, spectra

LARGEST_ERROR_GBP = 0.25
COARSEST_STEP_GBP = 1.0  # the curve through coarser stairs is no measure of their tail
CELLS_AT_A_TIME = 8_000


class Tails(NamedTuple):
    """What a group's cost does not exceed, and what it costs on average when it does.

    Attributes:
        quantile_gbp: list sizes x pools x probabilities.
        tail_mean_gbp: mean cost beyond the quantile (TVaR); the same shape.
        method: ``inversion`` or ``lattice``, list sizes x pools.
        error_gbp: bound of the error of a quantile, list sizes x pools: the inversion's, or the lattice's
            step where that is coarser than the prices'.
    """

    quantile_gbp: np.ndarray
    tail_mean_gbp: np.ndarray
    method: np.ndarray
    error_gbp: np.ndarray


def tails(
    lines: Lines,
    kept: np.ndarray,
    list_sizes: np.ndarray,
    probabilities: np.ndarray,
    shocks: Shocks = NO_SHOCKS,
) -> Tails:
    """Quantiles and tail means of the yearly cost of each list size under each pool rule.

    Costs lie on a lattice whose step is the greatest common divisor of the prices kept. Inversion gives the
    curve through the middle of its stairs, so the quantile is the first point of the lattice at or above the
    curve's value less half a step.

    Args:
        lines: the lines.
        kept: booleans, pools x lines.
        list_sizes: heads.
        probabilities: between 0 and 1.
        shocks: shared by lines.
    """
    sizes, probabilities = np.asarray(list_sizes, dtype=float), np.asarray(probabilities, dtype=float)
    pools = any_pools(kept)
    pence = np.rint(100 * lines.price).astype(np.int64)
    steps = np.array([np.gcd.reduce(pence[row]) for row in kept])[None, :, None] / 100
    at_a_time = max(1, CELLS_AT_A_TIME // len(kept))
    parts = [
        _inverted(spectra(lines, pools, sizes[start : start + at_a_time], shocks), probabilities, steps)
        for start in range(0, len(sizes), at_a_time)
    ]
    found = Tails(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    coarse = steps[:, :, 0] > COARSEST_STEP_GBP
    for size, pool in np.argwhere((found.error_gbp > LARGEST_ERROR_GBP) | coarse):
        whole = lattice(lines, kept[pool], sizes[size], shocks)
        found.quantile_gbp[size, pool] = lattice_quantiles(whole, probabilities)
        found.tail_mean_gbp[size, pool] = lattice_tail_means(whole, probabilities)
        found.method[size, pool] = "lattice"
        found.error_gbp[size, pool] = whole.step if whole.step > steps[0, pool, 0] else 0.0
    return found


def _inverted(found: Spectra, probabilities: np.ndarray, steps: np.ndarray) -> Tails:
    curve = quantiles(found, probabilities)
    quantile = steps * np.ceil(np.round(curve / steps - 0.5, 6))
    tail_mean = curve + mean_excess(found, curve) / (1 - probabilities)
    return Tails(quantile, tail_mean, np.full(curve.shape[:2], "inversion", dtype=object), found.error_gbp)
