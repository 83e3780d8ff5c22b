"""The frontier: the lowest risk kept for each share of the budget pooled, by kind of pool rule."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.risk.lines import Lines, kept_sums, pool_grid
from casemix_risk.risk.named_lines import forced_lines
from casemix_risk.risk.optimum import (
    BUDGET,
    VARIANCE,
    all_cuts,
    line_sums,
    squared_cv,
    tolerance_pct,
    variance_per_pound,
    what_is_pooled,
)

SHARE_LIMITS = np.arange(81) / 100
GRID_STEPS = 250
ROUNDING = 1e-9  # of a share of the budget: sums in another order differ by less


def frontier(
    lines: pd.DataFrame,
    list_sizes: Sequence[int],
    always_pooled: Sequence[str] = (),
    never_pooled: Sequence[str] = (),
) -> pd.DataFrame:
    """The lowest tolerance that each kind of rule reaches without pooling more than a share of the budget.

    Kinds: every price as a cut (``price_cut``); a fine grid of price cuts and volume ceilings, and every
    price alone (``price_and_volume``); every cut on the variance per pound (``best_cut``); and any set of
    whole lines (``best_set``). The coefficient of variation falls with the square root of the list, so one
    search serves every list size.

    The best set at a limit is a knapsack: keep at least so much of the budget with the least A / B^2. A line
    larger than the limit is kept. Cut into parts of lines, the rest keeps its lines in order of a / b and a
    part of the next one (Dantzig 1957, *Operations Research* 5, 266-277); A / B^2 is quasi-concave along each
    part, so that relaxation is best at the limit itself or at a cut, which bounds every set of whole lines.
    The set reported is the best found: a cut, the pool filled up to the limit by greatest variance per pound
    or by greatest variance, or, where there are no lists, what the other kinds pool.

    Args:
        lines: table ``cost_lines``.
        list_sizes: heads.
        always_pooled: names of lines (`casemix_risk.risk.named_lines.named_lines`) that ``best_cut`` and
            ``best_set`` pool. The two other kinds know prices and volumes only and heed no list, so where
            there are lists they can come out below the best set.
        never_pooled: names of lines that those two keep.

    Returns:
        Table ``frontier``; a kind has no row at limits below what the lists make it pool. `gap_points` is
        the tolerance of ``best_set`` less the bound.

    Raises:
        InputError: a name means no line, a line is in both lists, or the lists pool more than every limit.
    """
    always, never = forced_lines(lines, always_pooled, never_pooled)
    slope, sums = variance_per_pound(lines).to_numpy(), line_sums(lines)
    whole, nobody = sums.sum(axis=0), np.zeros(len(lines), dtype=bool)
    cuts = all_cuts(slope, sums, always, never)
    by_price = all_cuts(lines["price_gbp"].to_numpy(), sums, nobody, nobody).kept
    by_volume = np.vstack([by_price, _price_and_volume(lines, sums)])
    bounds, sets = {}, [cuts.kept] if (always | never).any() else [cuts.kept, by_volume]
    for limit, filled, bound in _sets(slope, sums, always, never):
        sets.append(filled)
        bounds[limit] = bound
    if not bounds:
        raise InputError(
            f"risk.always_pooled takes more than {SHARE_LIMITS[-1]:.0%} of the budget: leave lines out of it."
        )
    kinds = {
        "best_cut": cuts.kept,
        "best_set": np.vstack(sets),
        "price_and_volume": by_volume,
        "price_cut": by_price,
    }
    best = pd.concat([_lowest(kept, whole).assign(rule=rule) for rule, kept in kinds.items()])
    best["bound"] = best["share_limit"].map(bounds).where(best["rule"] == "best_set")
    table = best.merge(pd.Series(np.sort(list_sizes), name="list_size"), how="cross")
    table["tolerance_pct"] = tolerance_pct(table["squared_cv"], table["list_size"])
    bound_pct = tolerance_pct(table["bound"], table["list_size"])
    table["gap_points"] = (table["tolerance_pct"] - bound_pct).clip(lower=0)  # rounding aside it is not below
    key = ["list_size", "rule", "share_limit"]
    measures = [
        "pooled_budget_share",
        "pooled_admissions_share",
        "pooled_lines",
        "tolerance_pct",
        "gap_points",
    ]
    return table.sort_values(key, ignore_index=True)[[*key, *measures]]


def _price_and_volume(lines: pd.DataFrame, sums: np.ndarray) -> np.ndarray:
    """`line_sums` of what each rule of the grid keeps; a price cut of 0 leaves the volume to decide."""
    listed = Lines(
        *(lines[name].to_numpy() for name in ("admissions_per_head", "price_gbp", "variance_factor"))
    )
    cuts = np.append(0.0, _steps(listed.price))
    kept = kept_sums(pool_grid(listed, cuts, _steps(listed.volume)), sums)
    return kept[kept[:, BUDGET] > 0]


def _steps(values: np.ndarray) -> np.ndarray:
    """The values, or that many of them at even ranks."""
    distinct = np.unique(values)
    return distinct[np.unique(np.linspace(0, len(distinct) - 1, GRID_STEPS).astype(int))]


def _sets(
    slope: np.ndarray, sums: np.ndarray, always: np.ndarray, never: np.ndarray
) -> Iterator[tuple[float, np.ndarray, float]]:
    """Each limit that the lists can keep, `line_sums` of what sets keep there, and the bound for any set."""
    budget, variance = sums[:, BUDGET], sums[:, VARIANCE]
    for limit in SHARE_LIMITS:
        least = (1 - limit - ROUNDING) * budget.sum()
        if budget[~always].sum() < least:
            continue
        free = ~(always | never) & (budget <= budget.sum() - least)
        cuts = all_cuts(slope, sums, always, ~(always | free))
        within = np.searchsorted(cuts.kept[:, BUDGET], least)
        filled = [_filled(worth, sums, free, ~always, least) for worth in (slope, variance)]
        yield limit, np.array([sums[kept].sum(axis=0) for kept in filled]), _bound(cuts.kept, least, within)


def _filled(
    worth: np.ndarray, sums: np.ndarray, free: np.ndarray, kept: np.ndarray, least: float
) -> np.ndarray:
    """The lines kept when a pool is filled, those worth most first, with all that fit and lower the risk."""
    kept = kept.copy()
    budget, variance = sums[kept].sum(axis=0)[[BUDGET, VARIANCE]].tolist()
    lines = np.flatnonzero(free)
    for line in lines[np.argsort(-worth[lines], kind="stable")]:
        budget_without, variance_without = budget - sums[line, BUDGET], variance - sums[line, VARIANCE]
        if budget_without >= least and variance_without * budget**2 < variance * budget_without**2:
            kept[line], budget, variance = False, budget_without, variance_without
    return kept


def _bound(cuts: np.ndarray, least: float, within: int) -> float:
    """The smallest squared coefficient of variation of parts of lines that keep the least budget."""
    at_limit = np.interp(least, cuts[:, BUDGET], cuts[:, VARIANCE]) / least**2
    return min(at_limit, squared_cv(cuts[within:]).min())


def _lowest(kept: np.ndarray, whole: np.ndarray) -> pd.DataFrame:
    """The pool with the smallest coefficient of variation within each limit; `kept` are `line_sums`."""
    pools = what_is_pooled(kept, whole).assign(squared_cv=squared_cv(kept))
    pools = pools.sort_values(["pooled_budget_share", "squared_cv"], ignore_index=True)
    lowest_so_far = pools[pools["squared_cv"] < pools["squared_cv"].cummin().shift(fill_value=np.inf)]
    shares = lowest_so_far["pooled_budget_share"].to_numpy()
    within = np.searchsorted(shares, SHARE_LIMITS + ROUNDING, side="right")
    found = lowest_so_far.iloc[within[within > 0] - 1]
    return found.assign(share_limit=SHARE_LIMITS[within > 0])
