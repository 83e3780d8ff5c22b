"""Exact quantiles and tails of the yearly cost: by inversion where that is safe, else on a lattice."""

from typing import NamedTuple

import numpy as np

from casemix_risk.risk.lattice import lattice, lattice_quantiles, lattice_tail_means
from casemix_risk.risk.lines import NO_SHOCKS, Lines, Shocks, any_pools
from casemix_risk.risk.spectrum import Spectra, distribution_function, mean_excess, quantiles, spectra

LARGEST_ERROR_GBP = 0.25
COARSEST_STEP_GBP = 1.0  # the curve through coarser stairs is no measure of their tail
CELLS_AT_A_TIME = 8_000
COARSEST_STEP_DEVIATIONS = 2e-3  # the curve is then within 4e-8 of the stairs: (step / sd)^2 sd^2 |f'| / 24
ROUNDING_GBP = 1e-3  # amounts nearer than this are the same amount


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
    steps = _price_steps(lines, kept)[None, :, None]
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


def chances(
    lines: Lines, kept: np.ndarray, list_sizes: np.ndarray, costs: np.ndarray, shocks: Shocks = NO_SHOCKS
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that the yearly cost of each list size under each pool rule is below and above amounts.

    Costs lie on a lattice, and the inverted curve goes through its stairs half way between its points: the
    probability below an amount is the curve's half a step before the first point at or above it. Where
    inversion is not safe, or the steps are coarse beside the standard deviation, the whole distribution says.
    An amount on a point counts on neither side.

    Args:
        lines: the lines.
        kept: booleans, pools x lines.
        list_sizes: heads.
        costs: GBP, list sizes x pools x amounts.
        shocks: shared by lines.

    Returns:
        P(cost < amount) and P(cost > amount), each list sizes x pools x amounts.
    """
    found = spectra(lines, any_pools(kept), list_sizes, shocks)
    steps = _price_steps(lines, kept)[None, :, None]
    first = steps * (np.ceil((costs - ROUNDING_GBP) / steps) - 0.5)
    last = steps * (np.floor((costs + ROUNDING_GBP) / steps) + 0.5)
    below = distribution_function(found, first).clip(0.0, 1.0)
    above = 1 - distribution_function(found, last).clip(0.0, 1.0)
    coarse = steps[..., 0] > COARSEST_STEP_DEVIATIONS * np.sqrt(found.cumulants[..., 1])
    for size, pool in np.argwhere((found.error_gbp > LARGEST_ERROR_GBP) | coarse):
        whole = lattice(lines, kept[pool], list_sizes[size], shocks)
        up_to = np.append(0.0, np.cumsum(whole.probability))
        up_to /= up_to[-1]
        cheaper, not_dearer = (
            np.ceil((costs[size, pool] + rounding - whole.first) / whole.step).astype(int)
            for rounding in (-ROUNDING_GBP, ROUNDING_GBP)
        )
        below[size, pool] = up_to[cheaper.clip(0, len(up_to) - 1)]
        above[size, pool] = 1 - up_to[not_dearer.clip(0, len(up_to) - 1)]
    return below, above


def _price_steps(lines: Lines, kept: np.ndarray) -> np.ndarray:
    """Greatest common divisor of the prices kept under each pool rule, in GBP."""
    pence = np.rint(100 * lines.price).astype(np.int64)
    return np.array([np.gcd.reduce(pence[row]) for row in kept]) / 100
