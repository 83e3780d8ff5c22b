"""The best pool: over all subsets of lines, one cut on price x variance factor (x the square of 1 - f)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.risk.moments import TOLERANCE_CVS
from casemix_risk.risk.named_lines import forced_lines

FLAT_PERCENTAGE_POINTS = 0.1
LINES, ADMISSIONS, BUDGET, VARIANCE = range(4)


class Cuts(NamedTuple):
    """Every cut on a measure of the lines, from the one that pools most to the one that pools least.

    Attributes:
        cut_gbp: free lines with at least this measure are pooled; not a number where none is.
        kept: `line_sums` over the lines kept, cuts x 4.
    """

    cut_gbp: np.ndarray
    kept: np.ndarray


def variance_per_pound(lines: pd.DataFrame) -> pd.Series:
    """Variance over budget of each line of a table ``cost_lines``, in GBP: what the best cut is a cut on."""
    return lines["price_gbp"] * lines["variance_factor"] * (1 - lines["fixed_share"]) ** 2


def line_sums(lines: pd.DataFrame) -> np.ndarray:
    """What adds up over lines: 1, admissions, GBP of budget and GBP^2 of variance per head, lines x 4."""
    budget = lines["admissions_per_head"] * lines["price_gbp"]
    return np.column_stack(
        [np.ones(len(lines)), lines["admissions_per_head"], budget, budget * variance_per_pound(lines)]
    )


def squared_cv(sums: np.ndarray) -> np.ndarray:
    """Squared coefficient of variation for one head, from sums of `line_sums`; 1 / N of it for N."""
    return sums[..., VARIANCE] / sums[..., BUDGET] ** 2


def tolerance_pct(squared: np.ndarray, list_sizes: np.ndarray | int) -> np.ndarray:
    """Budget tolerance in % of list sizes, from `squared_cv`."""
    return 100 * TOLERANCE_CVS * np.sqrt(squared / list_sizes)


def all_cuts(measure: np.ndarray, sums: np.ndarray, always: np.ndarray, never: np.ndarray) -> Cuts:
    """Every cut on a measure of the lines that are free.

    Args:
        measure: of each line in GBP, for the best pool `variance_per_pound`.
        sums: `line_sums`.
        always: the lines pooled by every cut, as booleans.
        never: the lines kept by every cut.

    Raises:
        InputError: the lists leave no budget.
    """
    free = np.flatnonzero(~(always | never))
    free = free[np.argsort(measure[free], kind="stable")]
    kept = sums[never].sum(axis=0) + np.vstack([np.zeros(sums.shape[1]), np.cumsum(sums[free], axis=0)])
    # Lines of equal measure are on the same side of any cut.
    is_cut = np.append(np.diff(measure[free], prepend=-np.inf) > 0, True) & (kept[:, BUDGET] > 0)
    if not is_cut.any():
        raise InputError("risk.always_pooled takes the whole budget: leave at least one cost line out of it.")
    return Cuts(np.append(measure[free], np.nan)[is_cut], kept[is_cut])


def best_cut(cuts: Cuts) -> int:
    """Number of the cut with the smallest coefficient of variation; of equal ones the smallest pool."""
    squared = squared_cv(cuts.kept)
    return int(np.flatnonzero(squared == squared.min())[-1])


def pool_optimum(
    lines: pd.DataFrame,
    list_sizes: Sequence[int],
    always_pooled: Sequence[str] = (),
    never_pooled: Sequence[str] = (),
) -> pd.DataFrame:
    """The cut with the smallest coefficient of variation of what is kept, and how flat that minimum is.

    With b = L p and a = L p^2 d the sums (B, A) of every subset of lines lie in the zonotope of the segments
    (b, a); A / B^2 is quasi-concave on it, so its minimum is at a vertex, and the vertices that matter keep
    the lines with the smallest a / b = p d. Every such prefix is scanned, because the first-order condition
    p d = 2 A / B can have several roots. Both sums grow with the list, so the cut is the same for every size.
    A line paid a fixed share f has b = L p still and a = L p^2 d (1 - f)^2; nothing above asks more of a than
    not to be negative, so the same cut is best with a / b = p d (1 - f)^2. Lines that are never pooled move
    the zonotope's corner, which is then a vertex too; lines that are always pooled leave the problem.

    Args:
        lines: table ``cost_lines``.
        list_sizes: heads.
        always_pooled: names of lines (`casemix_risk.risk.named_lines.named_lines`) that every pool takes.
        never_pooled: names of lines that no pool takes.

    Returns:
        Table ``pool_optimum``. `cut_gbp` is empty where the best pool takes no line that is free to be
        pooled; `flat_to_gbp` and `cheapest_cut_gbp` where the cheapest does. Every cut from `flat_from_gbp`
        to `flat_to_gbp` has a tolerance within 0.1 percentage points of the smallest; the cheapest is the
        pool within 0.1 points that takes the smallest share of the budget.

    Raises:
        InputError: a name means no line, a line is in both lists, or no budget is left.
    """
    always, never = forced_lines(lines, always_pooled, never_pooled)
    sums = line_sums(lines)
    cuts = all_cuts(variance_per_pound(lines).to_numpy(), sums, always, never)
    best = best_cut(cuts)
    pooled = what_is_pooled(cuts.kept, sums[always].sum(axis=0) + cuts.kept[-1])
    squared = squared_cv(cuts.kept)
    rows = []
    for size in np.sort(np.asarray(list_sizes)):
        tolerance = tolerance_pct(squared, size)
        near = tolerance <= tolerance[best] + FLAT_PERCENTAGE_POINTS
        far = np.flatnonzero(~near)
        after_best = np.searchsorted(far, best)
        first = far[after_best - 1] + 1 if after_best else 0
        last = far[after_best] - 1 if after_best < len(far) else len(near) - 1
        cheapest = np.flatnonzero(near)[-1]
        rows.append(
            {
                "list_size": size,
                "cut_gbp": cuts.cut_gbp[best],
                **pooled.loc[best],
                "tolerance_pct": tolerance[best],
                "flat_from_gbp": cuts.cut_gbp[first],
                "flat_to_gbp": cuts.cut_gbp[last],
                "cheapest_cut_gbp": cuts.cut_gbp[cheapest],
                "cheapest_pooled_lines": pooled["pooled_lines"][cheapest],
                "cheapest_pooled_budget_share": pooled["pooled_budget_share"][cheapest],
                "cheapest_tolerance_pct": tolerance[cheapest],
            }
        )
    return pd.DataFrame(rows).astype({"pooled_lines": int, "cheapest_pooled_lines": int})


def pool_lines(
    lines: pd.DataFrame, always_pooled: Sequence[str] = (), never_pooled: Sequence[str] = ()
) -> pd.DataFrame:
    """Table ``pool_lines``: which lines are in the best pool, and how much each weighs.

    Args and errors: as `pool_optimum`.

    Returns:
        A row for each line, in the order of `lines`; shares are of the whole, nothing pooled.
    """
    always, never = forced_lines(lines, always_pooled, never_pooled)
    shares = line_sums(lines) / line_sums(lines).sum(axis=0)
    return lines[["hrg", "admission_type", "description"]].assign(
        variance_per_pound_gbp=variance_per_pound(lines),
        choice=np.select([always, never], ["always", "never"], "free"),
        pooled=best_pool(lines, always, never),
        admissions_share=shares[:, ADMISSIONS],
        budget_share=shares[:, BUDGET],
        variance_share=shares[:, VARIANCE],
    )


def best_pool(lines: pd.DataFrame, always: np.ndarray, never: np.ndarray) -> np.ndarray:
    """The lines that the best cut pools, as booleans; lists and errors as `all_cuts`."""
    slope = variance_per_pound(lines).to_numpy()
    cuts = all_cuts(slope, line_sums(lines), always, never)
    return always | ((slope >= cuts.cut_gbp[best_cut(cuts)]) & ~never)


def what_is_pooled(kept: np.ndarray, whole: np.ndarray) -> pd.DataFrame:
    """Lines, share of the admissions and share of the budget pooled, from `line_sums` of what is kept."""
    shares = np.clip(1 - kept[:, [ADMISSIONS, BUDGET]] / whole[[ADMISSIONS, BUDGET]], 0, 1)
    return pd.DataFrame(
        {
            "pooled_lines": np.round(whole[LINES] - kept[:, LINES]).astype(int),
            "pooled_admissions_share": shares[:, 0],
            "pooled_budget_share": shares[:, 1],
        }
    )
