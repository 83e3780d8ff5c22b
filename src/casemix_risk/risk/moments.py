"""Moments of the yearly cost in closed form, for Poisson and Negative Binomial lines and shared shocks."""

import numpy as np

from casemix_risk.errors import InputError
from casemix_risk.risk.lines import NO_SHOCKS, Lines, Pools, Shocks, kept_sums

TOLERANCE_CVS = 3.0
READABLE_TOLERANCE_PCT = 3.0
ORDERS = 4


def line_cumulants(lines: Lines, orders: int = ORDERS) -> np.ndarray:
    """The first cumulants of each line's cost per head.

    A count of mean L and variance factor d, Negative Binomial or, for d = 1, Poisson, has the cumulants
    L, L d, L d (2 d - 1) and L d (6 d^2 - 6 d + 1) (Johnson, Kemp and Kotz 2005, *Univariate Discrete
    Distributions*, 5.3); its cost has these times the powers of the price.

    Returns:
        GBP^k per head, lines x orders; cumulants of a list are these times its heads.
    """
    d = lines.factor
    of_count = [np.ones_like(d), d, d * (2 * d - 1), d * (6 * d**2 - 6 * d + 1)][:orders]
    cost = np.empty((len(d), orders))
    scale = lines.volume
    for order, polynomial in enumerate(of_count):
        scale = scale * lines.price
        cost[:, order] = scale * polynomial
    return cost


def cumulants(
    lines: Lines,
    pools: Pools,
    list_sizes: np.ndarray,
    shocks: Shocks = NO_SHOCKS,
    orders: int = ORDERS,
) -> np.ndarray:
    """Cumulants of the yearly cost that a group keeps: mean, variance, third and fourth cumulant.

    Args:
        lines: the lines.
        pools: `casemix_risk.risk.lines.any_pools` or `pool_grid`.
        list_sizes: heads.
        shocks: shared by lines.
        orders: how many cumulants.

    Returns:
        GBP^k, list sizes x pools x orders.

    Raises:
        InputError: a pool takes every line, so that no budget that varies is left.
    """
    per_head = line_cumulants(lines, orders)
    heads = np.asarray(list_sizes, dtype=float)[:, None, None]
    rest = np.ones(len(lines.price), dtype=bool)
    total = 0.0
    for variance, inside in shocks.groups:
        rest &= ~inside
        total = total + _shocked(heads * kept_sums(pools, per_head * inside[:, None]), variance)
    own = per_head if rest.all() else per_head * rest[:, None]
    total = _shocked(total + heads * kept_sums(pools, own), shocks.common)
    if not (total[..., 0] > 0).all():
        raise InputError(
            "A pool rule takes every cost line that is paid by activity; raise its price cut so that a "
            "budget at risk is left."
        )
    return total


def _shocked(u: np.ndarray, variance: float) -> np.ndarray:
    """Cumulants after a Gamma shock of mean 1 and variance s: its generating function -log(1 - s u) / s of u.

    Faà di Bruno's formula with the derivatives 1, s, 2 s^2, 6 s^3 at 0.
    """
    if not variance:
        return u
    s, orders = variance, u.shape[-1]
    u1, u2, u3, u4 = (u[..., order] if order < orders else 0.0 for order in range(ORDERS))
    shocked = [
        u1,
        u2 + s * u1**2,
        u3 + 3 * s * u1 * u2 + 2 * s**2 * u1**3,
        u4 + s * (4 * u1 * u3 + 3 * u2**2) + 12 * s**2 * u1**2 * u2 + 6 * s**3 * u1**4,
    ]
    return np.stack(shocked[:orders], axis=-1)


def coefficient_of_variation(
    lines: Lines,
    pools: Pools,
    list_sizes: np.ndarray,
    shocks: Shocks = NO_SHOCKS,
    fixed: np.ndarray | None = None,
) -> np.ndarray:
    """Coefficient of variation of the yearly cost kept, as a fraction of the budget kept.

    Args and errors: as `cumulants`.
        fixed: GBP per head that each line is paid whatever its admissions; None for nothing.

    Returns:
        List sizes x pools.
    """
    moments = cumulants(lines, pools, list_sizes, shocks, orders=2)
    budget = moments[..., 0]
    if fixed is not None:
        budget = budget + np.outer(list_sizes, kept_sums(pools, fixed[:, None]))
    return np.sqrt(moments[..., 1]) / budget


def skewness_and_kurtosis(cost_cumulants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skewness and excess kurtosis from `cumulants` (the last axis)."""
    variance = cost_cumulants[..., 1]
    return cost_cumulants[..., 2] / variance**1.5, cost_cumulants[..., 3] / variance**2


def list_size_for(tolerance_pct: float, list_size: int, wanted_pct: float = READABLE_TOLERANCE_PCT) -> int:
    """People needed for a tolerance, from the tolerance at one list size: it falls with the square root.

    Returns:
        Heads, rounded up to the next 1,000.
    """
    return int(np.ceil(list_size * (tolerance_pct / wanted_pct) ** 2 / 1_000) * 1_000)
