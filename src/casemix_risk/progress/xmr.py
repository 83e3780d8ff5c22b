"""XmR charts and the rules of NHS England's 'Making Data Count' for what is out of control."""

from typing import NamedTuple

import numpy as np

RANGES_TO_LIMIT = 2.66  # 3 / 1.128, three standard deviations in mean moving ranges
SCREENED_RANGES = 3.267  # upper limit of a moving range in mean moving ranges
NEAR_LIMIT = 2 / 3  # of the way from the mean
RUN = 7
OF_THREE = 2
ROUNDING = 1e-9  # a series that never varies is on its mean, whatever the last digits of a sum


class Limits(NamedTuple):
    """Mean of a series and its process limits."""

    centre: float
    lower: float
    upper: float


def process_limits(values: np.ndarray) -> Limits:
    """The limits of an XmR chart: mean +- 2.66 x mean moving range.

    Moving ranges of 3.267 times their mean or more are left out of it, once (Wheeler 1993, *Understanding
    Variation*; screened as in NHSRplotthedots, the NHS-R Community's implementation of 'Making Data Count').

    Args:
        values: a series in order of time, of at least two.
    """
    ranges = np.abs(np.diff(values))
    kept = ranges[ranges < SCREENED_RANGES * ranges.mean()]
    away = RANGES_TO_LIMIT * kept.mean() if len(kept) else 0.0
    centre = values.mean()
    return Limits(centre, centre - away, centre + away)


def signals(values: np.ndarray, limits: Limits) -> dict[str, np.ndarray]:
    """Which points each rule of 'Making Data Count' marks as special cause variation.

    Rules and numbers are those of NHS England, *Making Data Count*, as NHSRplotthedots has them.

    Args:
        values: a series in order of time.
        limits: `process_limits`.

    Returns:
        Booleans over the points by rule. ``beyond_limit``: outside a process limit. ``shift``: one of seven
        or more in a row on one side of the mean. ``trend``: one of seven or more in a row that all rise or
        all fall. ``near_limit``: in the outer third between mean and limit, in three in a row on one side of
        the mean of which two or more are.
    """
    on_mean = np.isclose(values, limits.centre, rtol=ROUNDING, atol=0)
    away, to_limit = np.where(on_mean, 0.0, values - limits.centre), limits.upper - limits.centre
    beyond = np.abs(away) > to_limit
    near = ~beyond & (np.abs(away) > NEAR_LIMIT * to_limit)
    steps = np.diff(values)
    above, below = away > 0, away < 0
    three_alike = _windows(above, 3).all(axis=1) | _windows(below, 3).all(axis=1)
    two_near = _windows(near, 3).sum(axis=1) >= OF_THREE
    return {
        "beyond_limit": beyond,
        "shift": _in_runs(above, RUN) | _in_runs(below, RUN),
        "trend": _ends_of_steps(steps > 0) | _ends_of_steps(steps < 0),
        "near_limit": near & _covered(three_alike & two_near, 3, len(values)),
    }


def _windows(marked: np.ndarray, length: int) -> np.ndarray:
    """Every stretch of so many neighbours, stretches x length; none of a shorter series."""
    if len(marked) < length:
        return np.zeros((0, length), dtype=bool)
    return np.lib.stride_tricks.sliding_window_view(marked, length)


def _covered(starts: np.ndarray, length: int, points: int) -> np.ndarray:
    """The points within the stretches of this length that begin where `starts` is True."""
    inside = np.zeros(points, dtype=bool)
    for place in range(length):
        inside[place : place + len(starts)] |= starts
    return inside


def _in_runs(marked: np.ndarray, length: int) -> np.ndarray:
    return _covered(_windows(marked, length).all(axis=1), length, len(marked))


def _ends_of_steps(marked: np.ndarray) -> np.ndarray:
    """The points of runs of steps: seven points have six steps between them."""
    in_run = _in_runs(marked, RUN - 1)
    return np.append(in_run, False) | np.insert(in_run, 0, False)
