"""Improving a set of lines by exchanging lines, as far as that goes."""

from collections.abc import Callable

import numpy as np

NEAREST = 64
LEAST_GAIN = 1e-9  # of the value: less is rounding


def exchanged(
    kept: np.ndarray, free: np.ndarray, columns: np.ndarray, value: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """The lines kept, improved until no exchange of one or two lines lowers a value: a local search.

    Tried are every line, kept or pooled instead, and every two of the lines that do best by themselves; the
    best of these exchanges is made, as long as there is one.

    Args:
        kept: the lines kept at first, as booleans.
        free: numbers of the lines that may be exchanged.
        columns: what adds up over lines, lines x columns.
        value: of sums of `columns`, any shape x columns; infinity where a set may not be.

    Returns:
        Booleans, one a line.
    """
    kept = kept.copy()
    while len(free):
        sums = columns[kept].sum(axis=0)
        moves = np.where(kept, -1.0, 1.0)[:, None] * columns
        of_one = value(sums + moves[free])
        nearest = free[np.argsort(of_one, kind="stable")[:NEAREST]]
        one, other = (nearest[chosen] for chosen in np.triu_indices(len(nearest), 1))
        of_two = value(sums + moves[one] + moves[other])
        if min(of_one.min(), of_two.min(initial=np.inf)) >= value(sums) * (1 - LEAST_GAIN):
            break
        if of_one.min() <= of_two.min(initial=np.inf):
            best = [free[np.argmin(of_one)]]
        else:
            best = [one[np.argmin(of_two)], other[np.argmin(of_two)]]
        kept[best] = ~kept[best]
    return kept
