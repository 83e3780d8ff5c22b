"""The smallest group for a tolerance: by three coefficients of variation, and with a stated confidence."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from casemix_risk.decisions.shock import shock_floor_pct, with_and_without
from casemix_risk.risk.distribution import chances
from casemix_risk.risk.lines import NO_SHOCKS, Shocks, any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import TOLERANCE_CVS, cumulants
from casemix_risk.risk.spectrum import quantiles, spectra

TOLERANCES_PCT = (1.0, 2.0, 3.0, 5.0, 10.0)
CONFIDENCES = (0.90, 0.95, 0.99)
STEPS = 8
FIRST_GUESS = 10_000.0  # heads
WIDEST_STEP = 100.0
MOST_PEOPLE = 1e8
KEY = ["pool", "shock", "criterion", "tolerance_pct"]


def smallest_group(
    lines: pd.DataFrame, pools: Mapping[str, np.ndarray], shocks: Shocks = NO_SHOCKS
) -> pd.DataFrame:
    """How many people a group needs for its cost to stay within a tolerance.

    Criterion ``three_cv``: 3 x the coefficient of variation is the tolerance. The variance of N heads is
    a N + c N^2, c from the shocks alone, so N = a / ((t b / 3)^2 - c) with b the budget per head, in closed
    form. Criterion ``one_sided_95`` (and 90, 99): P(cost <= (1 + t) budget) is at least the confidence.

    Args:
        lines: table ``cost_lines``.
        pools: by name, booleans over the lines: True where the group keeps the line.
        shocks: the scenario; without one there are no rows with a shock.

    Returns:
        Table ``smallest_group``; `people` is rounded up to three significant figures, and empty where the
        shock alone is more than the tolerance, whatever the size (or leaves so little of it that a hundred
        million people are not enough).

    Raises:
        InputError: a pool takes every line that is paid by activity.
    """
    parts = [
        rows(lines, kept, scenario).assign(pool=pool, shock=shock)
        for pool, kept in pools.items()
        for shock, scenario in with_and_without(shocks).items()
        for rows in (_three_cv, _one_sided)
    ]
    table = pd.concat(parts).sort_values(KEY, ignore_index=True)
    return table[[*KEY, "confidence", "people"]]


def _three_cv(lines: pd.DataFrame, kept: np.ndarray, shocks: Shocks) -> pd.DataFrame:
    arrays, pool, one_head = lines_from(lines), any_pools(kept[None]), np.ones(1)
    own = cumulants(arrays, pool, one_head, orders=2)[0, 0, 1]
    shared = cumulants(arrays, pool, one_head, shocks, orders=2)[0, 0, 1] - own
    budget = kept @ (arrays.volume * arrays.price + fixed_costs(lines))
    allowed = (np.array(TOLERANCES_PCT) / 100 * budget / TOLERANCE_CVS) ** 2 - shared
    people = own / np.where(allowed > 0, allowed, np.nan)
    return pd.DataFrame(
        {
            "criterion": "three_cv",
            "tolerance_pct": TOLERANCES_PCT,
            "confidence": np.nan,
            "people": [_three_figures(size, np.ceil) for size in people],
        }
    )


def _one_sided(lines: pd.DataFrame, kept: np.ndarray, shocks: Shocks) -> pd.DataFrame:
    tolerance, confidence = (values.ravel() for values in np.meshgrid(TOLERANCES_PCT, CONFIDENCES))
    floor = shock_floor_pct(shocks, lines, kept, confidence)
    possible = floor < tolerance
    people = np.full(len(tolerance), np.nan)
    if possible.any():
        cells = (values[possible] for values in (tolerance, confidence, floor))
        people[possible] = _size_that_holds(lines, kept, shocks, *cells)
    return pd.DataFrame(
        {
            "criterion": [f"one_sided_{100 * level:.0f}" for level in confidence],
            "tolerance_pct": tolerance,
            "confidence": confidence,
            "people": people,
        }
    )


def _size_that_holds(
    lines: pd.DataFrame,
    kept: np.ndarray,
    shocks: Shocks,
    tolerance: np.ndarray,
    confidence: np.ndarray,
    floor: np.ndarray,
) -> np.ndarray:
    """By Newton's method on the square of the reserve, which is its floor's and nearly a constant / N.

    The last answers are rounded down, looked up exactly and raised, a unit of the third figure at a time,
    until they hold or are more people than any health system has. So what is given holds; of a group so small
    that single admissions decide, a smaller size may hold too, since its cost comes in steps.
    """

    arrays, pool = lines_from(lines), any_pools(kept[None])
    at_risk = kept @ (arrays.volume * arrays.price)
    budget = at_risk + kept @ fixed_costs(lines)

    def reserve_pct(people: np.ndarray) -> np.ndarray:
        costs = quantiles(spectra(arrays, pool, people, shocks), CONFIDENCES)[:, 0]
        own = costs[np.arange(len(people)), np.searchsorted(CONFIDENCES, confidence)]
        return 100 * (own / people - at_risk) / budget

    def too_small(people: np.ndarray) -> np.ndarray:
        allowed = people * (at_risk + tolerance / 100 * budget)
        above = chances(arrays, kept[None], people, allowed[:, None, None], shocks)[1]
        return (above[:, 0, 0] > 1 - confidence) & (people <= MOST_PEOPLE)

    people = np.full(len(tolerance), FIRST_GUESS)
    for _ in range(STEPS):
        ratio = (reserve_pct(people) ** 2 - floor**2) / (tolerance**2 - floor**2)
        people = np.maximum(people * ratio.clip(1 / WIDEST_STEP, WIDEST_STEP), 1.0)
    people = np.array([_three_figures(size, np.floor) for size in people])
    while (short := too_small(people)).any():
        people[short] = [_three_figures(size * (1 + 1e-6), np.ceil) for size in people[short]]
    return np.where(people <= MOST_PEOPLE, people, np.nan)


def _three_figures(people: float, rounding: np.ufunc) -> float:
    """Rounded up or down to three significant figures, at least one person; a hair's breadth is no person."""
    if np.isnan(people):
        return people
    unit = 10.0 ** max(np.floor(np.log10(people)) - 2, 0)
    slack = -1e-9 if rounding is np.ceil else 1e-9
    return max(float(rounding(people / unit + slack)) * unit, 1.0)
