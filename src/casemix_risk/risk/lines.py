"""Cost lines as the arrays that the risk engine works on, and the sums over the lines that a group keeps."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from casemix_risk.errors import InputError


class Lines(NamedTuple):
    """Expected admissions per head, price in GBP that one more costs, and variance factor of each line."""

    volume: np.ndarray
    price: np.ndarray
    factor: np.ndarray


class Shocks(NamedTuple):
    """Multiplicative shocks to the volumes of a year: Gamma variables of mean 1.

    A winter moves every line's expected admissions by one factor, an epidemic those of a group of lines by
    another: common variance s (0.05^2 for 'a 5 % shock') and, by group, a variance and its lines. In a year
    whose common shock is c a group's has mean c and variance c times its own.
    """

    common: float = 0.0
    groups: tuple[tuple[float, np.ndarray], ...] = ()  # variance, booleans over the lines; no line in two


NO_SHOCKS = Shocks()
COLUMNS = ("admissions_per_head", "price_gbp", "variance_factor")


def lines_from(table: pd.DataFrame) -> Lines:
    """The arrays of a table ``cost_lines``; `fixed_costs` has the part of the cost that is not in them.

    Raises:
        InputError: a volume or price is negative or not a number, or a variance factor is below 1.
    """
    lines = Lines(*(table[name].to_numpy(dtype=float) for name in COLUMNS))
    for name, values, least in zip(COLUMNS, lines, (0.0, 0.0, 1.0), strict=True):
        if not (np.isfinite(values) & (values >= least)).all():
            raise InputError(
                f"The cost lines have a {name} that is not a number of at least {least:g}; mend the table."
            )
    return lines._replace(price=lines.price * (1 - table["fixed_share"].to_numpy()))


def fixed_costs(table: pd.DataFrame) -> np.ndarray:
    """What each line of a table ``cost_lines`` is paid whatever the admissions, in GBP per head."""
    return (table["admissions_per_head"] * table["price_gbp"] * table["fixed_share"]).to_numpy()


def line_names(table: pd.DataFrame) -> list[str]:
    """A name for each line of a table ``cost_lines``: HRG and admission type."""
    return (table["hrg"] + " " + table["admission_type"]).tolist()


class Pools(NamedTuple):
    """Pool rules over the lines, which are sorted into classes that every rule treats alike.

    Attributes:
        order: the lines, class by class.
        starts: where each class starts in `order`.
        kept: from sums of the classes (classes x columns) to sums of what is kept (pools x columns).
    """

    order: np.ndarray
    starts: np.ndarray
    kept: Callable[[np.ndarray], np.ndarray]


def any_pools(kept: np.ndarray) -> Pools:
    """Any pool rules, given as booleans, pools x lines: True where a line stays with the group."""
    memberships, line_class = np.unique(np.packbits(kept, axis=0).T, axis=0, return_inverse=True)
    order = np.argsort(line_class.ravel(), kind="stable")
    starts = np.searchsorted(line_class.ravel()[order], np.arange(len(memberships)))
    of_classes = kept[:, order[starts]].astype(float)
    return Pools(order, starts, lambda sums: of_classes @ sums)


def pool_grid(lines: Lines, price_cuts: np.ndarray, volume_ceilings: np.ndarray) -> Pools:
    """A whole grid of rules 'priced above a cut with fewer admissions than a ceiling is pooled'.

    Such a rule takes a block from the corner of the table of price class by volume class, so every cell of
    the grid is the total less one entry of a two-dimensional cumulative sum.

    Args:
        lines: the lines.
        price_cuts: GBP, ascending.
        volume_ceilings: admissions per head, ascending.

    Returns:
        Pools in the order cuts x ceilings, the ceiling changing fastest.
    """
    # A line of price class a is above the cuts 0 to a - 1, one of volume class b under ceilings b and above.
    price_class = np.searchsorted(price_cuts, lines.price, side="left")
    volume_class = np.searchsorted(volume_ceilings, lines.volume, side="right")
    shape = (len(price_cuts) + 1, len(volume_ceilings) + 1)
    cell = price_class * shape[1] + volume_class
    order = np.argsort(cell, kind="stable")
    occupied, starts = np.unique(cell[order], return_index=True)

    return Pools(order, starts, lambda sums: _less_corners(sums, occupied, *shape))


@njit(cache=True, nogil=True)
def _less_corners(sums, occupied, price_classes, volume_classes):
    """The total less what lies above each price cut and below each volume ceiling, cuts x ceilings."""
    columns = sums.shape[1]
    table = np.zeros((price_classes, volume_classes, columns))
    total = np.zeros(columns)
    for number in range(len(occupied)):
        table[occupied[number] // volume_classes, occupied[number] % volume_classes] = sums[number]
        total += sums[number]
    kept = np.empty(((price_classes - 1) * (volume_classes - 1), columns))
    above = np.zeros((volume_classes, columns))
    for cut in range(price_classes - 2, -1, -1):
        above += table[cut + 1]
        pooled = np.zeros(columns)
        for ceiling in range(volume_classes - 1):
            pooled += above[ceiling]
            kept[cut * (volume_classes - 1) + ceiling] = total - pooled
    return kept


def kept_sums(pools: Pools, values: np.ndarray) -> np.ndarray:
    """Sums over the lines kept under each rule, pools x columns, of values, lines x columns."""
    return pools.kept(np.add.reduceat(values[pools.order], pools.starts, axis=0))
