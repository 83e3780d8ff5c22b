"""The best pool under shocks on groups of lines, where no single cut need be best."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.risk.exchange import exchanged
from casemix_risk.risk.lines import Shocks
from casemix_risk.risk.moments import TOLERANCE_CVS
from casemix_risk.risk.named_lines import forced_lines
from casemix_risk.risk.optimum import best_pool, variance_per_pound

ROUNDING = 1e-9  # of the budget: a smaller one is none
CHANCE, BUDGET, AT_RISK, GROUPS = range(4)  # columns of `_columns`; from GROUPS on one for each group


class Path(NamedTuple):
    """The free lines in the order in which a growing budget takes them up, in parts.

    A group of shock s takes its lines in order of a / b, and the next pound of a line adds a / b + 2 s C to
    the variance, C being the cost of the group's lines before it: from `start` to `end` as it is taken up.
    """

    line: np.ndarray
    shock: np.ndarray
    start: np.ndarray
    end: np.ndarray


def shocked_pool(
    lines: pd.DataFrame,
    list_sizes: Sequence[int],
    shocks: Shocks,
    always_pooled: Sequence[str] = (),
    never_pooled: Sequence[str] = (),
) -> pd.DataFrame:
    """The best set of lines under shocks, beside the best single cut, which heeds none.

    For N heads CV^2 = (A / N + sum s_g C_g^2 + s_0 C^2) / B^2, with sums a head over the lines kept: A of
    L p^2 d (1 - f)^2, C of the cost at risk, C_g of that of group g, B of the budget. The shock that all
    lines share adds a constant where nothing is fixed, and leaves the best cut best. A group's makes the best
    pool depend on the list size and on how much of the group is kept.

    Allow parts of lines: the least numerator q(B) of a budget B is convex and piecewise quadratic, and its
    slope is the multiplier at which every group stops taking up lines (Everett 1963, *Operations Research*
    11, 399-417). On each piece q / B^2 has one minimum at most, in closed form; the lowest of all is a bound
    for every set. The set is the best prefix of that path or the best cut, improved by exchanges until none
    helps: a search, whose distance from the bound the table tells. Where parts of payments are fixed the path
    is only where the search starts, and there is no bound.

    Args:
        lines: table ``cost_lines``.
        list_sizes: heads.
        shocks: of the lines, row by row.
        always_pooled: names of lines (`casemix_risk.risk.named_lines.named_lines`) that both pools take.
        never_pooled: names of lines that neither takes.

    Returns:
        Table ``shocked_pool``.

    Raises:
        InputError: a name means no line, a line is in both lists, or no budget is left.
    """
    always, never = forced_lines(lines, always_pooled, never_pooled)
    by_cut = ~best_pool(lines, always, never)
    columns, shock = _columns(lines, shocks)
    variances = np.array([shocks.common, *(variance for variance, _ in shocks.groups)])
    whole = columns[:, BUDGET].sum()
    nothing_fixed = not lines["fixed_share"].any()
    rows = []
    for size in np.sort(np.asarray(list_sizes)):

        def squared_cv(sums, size=size):
            shared = (sums[..., AT_RISK:] ** 2 * variances).sum(axis=-1)
            budget = np.maximum(sums[..., BUDGET], ROUNDING * whole)
            squared = (sums[..., CHANCE] / size + shared) / budget**2
            return np.where(sums[..., BUDGET] > ROUNDING * whole, squared, np.inf)

        path = _path(lines, columns, shock, size, ~(always | never), never)
        start = min(
            (_best_prefix(path, columns, never, squared_cv), by_cut),
            key=lambda kept: squared_cv(columns[kept].sum(axis=0)),
        )
        by_set = exchanged(start, path.line, columns, squared_cv)
        bound = _bound(path, columns, never, size, variances) if nothing_fixed else np.nan
        for pool, kept in (("best_cut", by_cut), ("best_set", by_set)):
            rows.append(
                {
                    "list_size": size,
                    "pool": pool,
                    "pooled_lines": int((~kept).sum()),
                    "pooled_budget_share": columns[~kept, BUDGET].sum() / whole,
                    "tolerance_pct": 100 * TOLERANCE_CVS * np.sqrt(squared_cv(columns[kept].sum(axis=0))),
                    "bound_pct": 100 * TOLERANCE_CVS * np.sqrt(bound),
                }
            )
    return pd.DataFrame(rows)


def _columns(lines: pd.DataFrame, shocks: Shocks) -> tuple[np.ndarray, np.ndarray]:
    """What adds up over lines, a head: chance variance, budget, cost at risk, and that of each group.

    Also the variance of the shock of each line's group; 0 where it has none.
    """
    budget = (lines["admissions_per_head"] * lines["price_gbp"]).to_numpy()
    at_risk = budget * (1 - lines["fixed_share"].to_numpy())
    chance = budget * variance_per_pound(lines).to_numpy()
    groups = [at_risk * inside for _, inside in shocks.groups]
    shock = sum((variance * inside for variance, inside in shocks.groups), np.zeros(len(lines)))
    return np.column_stack([chance, budget, at_risk, *groups]), shock


def _path(
    lines: pd.DataFrame,
    columns: np.ndarray,
    shock: np.ndarray,
    size: int,
    free: np.ndarray,
    kept: np.ndarray,
) -> Path:
    """The path of the free lines of a list of a size, from those that are kept."""
    slope = variance_per_pound(lines).to_numpy() / size
    line = np.flatnonzero(free)
    line = line[np.argsort(slope[line], kind="stable")]
    at_risk = columns[line, AT_RISK]
    before = np.zeros(len(line))
    for of_group in columns[:, GROUPS:].T:
        taken = of_group[line]
        before += (taken > 0) * (of_group[kept].sum() + np.cumsum(taken) - taken)
    per_pound = 2 * shock[line] * (1 - lines["fixed_share"].to_numpy()[line])
    start = slope[line] + per_pound * before
    path = Path(line, shock[line], start, start + per_pound * at_risk)
    order = np.argsort(path.start + path.end, kind="stable")
    return Path(*(values[order] for values in path))


def _best_prefix(path: Path, columns: np.ndarray, kept: np.ndarray, value: Callable) -> np.ndarray:
    """The lines kept, those of a path up to where a value is lowest."""
    sums = columns[kept].sum(axis=0) + np.vstack(
        [np.zeros(columns.shape[1]), np.cumsum(columns[path.line], axis=0)]
    )
    kept = kept.copy()
    kept[path.line[: np.argmin(value(sums))]] = True
    return kept


def _bound(path: Path, columns: np.ndarray, kept: np.ndarray, size: int, variances: np.ndarray) -> float:
    """The smallest q(B) / B^2 along a path from the lines kept, plus what the common shock adds.

    The multiplier grows from event to event. A line without a shock is taken up at one value of it, one with
    a shock s at the rate 1 / 2 s from its start to its end. Between events d(q / B^2) has the sign of
    multiplier x B - 2 q, which is linear in the multiplier.
    """
    kept_sums = columns[kept].sum(axis=0)
    q_kept = kept_sums[CHANCE] / size + (kept_sums[GROUPS:] ** 2 * variances[1:]).sum()
    budget, shocked = columns[path.line, BUDGET], (path.shock > 0) & (path.end > path.start)
    multiplier = np.concatenate([path.start, path.end[shocked]])
    order = np.argsort(multiplier, kind="stable")
    multiplier = multiplier[order]
    gain = np.concatenate([np.where(shocked, 0.0, budget), np.zeros(shocked.sum())])[order]
    rate = np.zeros(len(order))
    for variance in np.unique(path.shock[shocked]):
        begins = shocked & (path.shock == variance)
        taking_up = np.cumsum(np.concatenate([1 * begins, -1 * begins[shocked]])[order])
        rate += taking_up / (2 * variance)

    until = np.append(multiplier[1:], multiplier[-1:])
    rise, area = rate * (until - multiplier), rate * (until**2 - multiplier**2) / 2
    at = kept_sums[BUDGET] + np.cumsum(gain) + np.cumsum(rise) - rise
    q = q_kept + np.cumsum(gain * multiplier) + np.cumsum(area) - area
    steepness = at - rate * multiplier
    turns = steepness > 0
    lowest = np.where(turns, 2 * q - rate * multiplier**2, np.inf) / np.where(turns, steepness, 1)
    lowest = np.clip(lowest, multiplier, until)
    at_lowest = at + rate * (lowest - multiplier)
    q_lowest = q + rate * (lowest**2 - multiplier**2) / 2
    budgets = np.concatenate([kept_sums[[BUDGET]], at, at_lowest])
    numerators = np.concatenate([[q_kept], q, q_lowest])
    some = budgets > ROUNDING * columns[:, BUDGET].sum()
    return (numerators[some] / budgets[some] ** 2).min() + variances[0]
