"""How the risk of a budget changed between two tariff editions or runs, and which lines did it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from casemix_risk.risk.moments import TOLERANCE_CVS, list_size_for

LINE = ["hrg", "admission_type"]
RESERVES = {0.95: "reserve_95_gbp", 0.99: "reserve_99_gbp"}
# Measure -> what it says to a reader, in the order of the table.
MEASURES = {
    "budget_gbp": "Budget a year, nothing pooled",
    "tolerance_pct": "Tolerance (3 x CV), nothing pooled",
    "reserve_95_gbp": "Reserve that 19 years in 20 do not exceed",
    "reserve_99_gbp": "Reserve that 99 years in 100 do not exceed",
    "best_cut_gbp": "Best cut, on price x variance factor",
    "best_tolerance_pct": "Tolerance with the best cut pooled",
    "best_pooled_budget_share": "Share of the budget that it pools",
    "smallest_group_unpooled": "People for a tolerance of 3\u00a0%, nothing pooled",
    "smallest_group": "People for a tolerance of 3\u00a0%, the best cut pooled",
}


def risk_measures(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The measures of one tariff edition.

    Args:
        tables: its ``risk_summary``, ``risk_quantiles`` and ``pool_optimum``.

    Returns:
        List sizes x `MEASURES`. A reserve is the quantile of the yearly cost less the budget; it is missing
        where the run has no such quantile.
    """
    whole = {"method": "exact", "pool": "none"}
    summary, quantiles = (
        table[(table[list(whole)] == pd.Series(whole)).all(axis=1)]
        for table in (tables["risk_summary"], tables["risk_quantiles"])
    )
    measures = summary.set_index("list_size")[["budget_gbp", "tolerance_pct"]]
    for probability, name in RESERVES.items():
        costs = quantiles[quantiles["probability"] == probability].set_index("list_size")["cost_gbp"]
        measures[name] = costs - measures["budget_gbp"]
    optimum = tables["pool_optimum"].set_index("list_size")
    measures["best_cut_gbp"] = optimum["cut_gbp"]
    measures["best_tolerance_pct"] = optimum["tolerance_pct"]
    measures["best_pooled_budget_share"] = optimum["pooled_budget_share"]
    for name, tolerance in (
        ("smallest_group_unpooled", "tolerance_pct"),
        ("smallest_group", "best_tolerance_pct"),
    ):
        measures[name] = [float(list_size_for(pct, size)) for size, pct in measures[tolerance].items()]
    return measures[list(MEASURES)]


def risk_change(before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Table ``change_risk``: each measure before and after, for the list sizes that both have.

    Args:
        before: as in `risk_measures`.
        after: likewise.
    """
    sides = {
        side: risk_measures(tables)
        .melt(var_name="measure", value_name=side, ignore_index=False)
        .set_index("measure", append=True)
        for side, tables in (("before", before), ("after", after))
    }
    both = sides["before"].join(sides["after"], how="inner").reset_index()
    both["position"] = both["measure"].map(list(MEASURES).index) + 1
    columns = ["list_size", "position", "measure", "before", "after"]
    return both.sort_values(columns[:2], ignore_index=True)[columns]


def risk_change_by_line(
    before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame], list_size: int
) -> pd.DataFrame:
    """Table ``change_risk_lines``: what each line adds to the change of the tolerance, and if it is pooled.

    CV^2 is the sum over the lines of variance / budget^2, so the change of the tolerance T = 3 CV is the sum
    of the lines' changes times 9 / (T before + T after): exactly additive, and 0 on every line where all
    prices change by one factor. `slope` is the variance per pound of budget.

    Args:
        before: its tables ``cost_lines`` and ``pool_lines``.
        after: likewise.
        list_size: heads.

    Returns:
        A row for each line of either. `risk_share` is that of the variance, nothing pooled.
    """
    sides = [
        tables["cost_lines"][[*LINE, "admissions_per_head", "price_gbp"]]
        .merge(tables["pool_lines"], on=LINE, validate="one_to_one")
        .set_index(LINE)
        for tables in (before, after)
    ]
    lines = sides[1].join(sides[0], how="outer", suffixes=("_after", "_before")).sort_index()
    found = pd.DataFrame(index=lines.index)
    found["description"] = lines["description_after"].fillna(lines["description_before"])
    squares = {}
    for side in ("before", "after"):
        volume, price, slope = (
            lines[f"{name}_{side}"] for name in ("admissions_per_head", "price_gbp", "variance_per_pound_gbp")
        )
        variance = (volume * price * slope).fillna(0.0)
        squares[side] = variance / (volume * price).sum() ** 2 / list_size
        found[f"slope_{side}"] = slope
        found[f"pooled_{side}"] = lines[f"pooled_{side}"].eq(True)  # False where the line is missing
        found[f"risk_share_{side}"] = variance / variance.sum()
    both = sum(TOLERANCE_CVS * np.sqrt(square.sum()) for square in squares.values())
    found["tolerance_points"] = 100 * TOLERANCE_CVS**2 * (squares["after"] - squares["before"]) / both
    columns = [
        "description",
        *(f"{name}_{side}" for name in ("slope", "pooled", "risk_share") for side in ("before", "after")),
        "tolerance_points",
    ]
    return found[columns].reset_index()


def why_the_cut_moved(lines: pd.DataFrame, cut_before: float, cut_after: float) -> str:
    """A sentence on the best cut: which lines it pools, and what moved it.

    Args:
        lines: table ``change_risk_lines``.
        cut_before: GBP, on price x variance factor; not a number where nothing is pooled.
        cut_after: likewise.
    """
    if np.isnan(cut_before) or np.isnan(cut_after):
        sides = [("before", cut_before), ("after", cut_after)]
        return " ".join(
            f"Pooling nothing is best {side}." if np.isnan(cut) else f"The best cut is £{cut:,.0f} {side}."
            for side, cut in sides
        )
    moved = (
        f"The best cut goes from £{cut_before:,.0f} to £{cut_after:,.0f} ({cut_after / cut_before - 1:+.1%})."
    )
    joined = lines[lines["pooled_after"] & ~lines["pooled_before"]]
    left = lines[lines["pooled_before"] & ~lines["pooled_after"]]
    groups = [
        (joined[joined["slope_before"].notna()], "joined it"),
        (joined[joined["slope_before"].isna()], "are new in the budget"),
        (left[left["slope_after"].notna()], "left it"),
        (left[left["slope_after"].isna()], "are no longer in the budget"),
    ]
    stayed = int((lines["pooled_before"] & lines["pooled_after"]).sum())
    if joined.empty and left.empty:
        return f"{moved} It pools the same {stayed:,} lines: it moved only as far as their own prices did."
    changes = [f"{len(some):,} {verb} ({_names(some)})" for some, verb in groups if len(some)]
    return (
        f"{moved} {stayed:,} lines stay in the pool; {'; '.join(changes)}. A line belongs in it when its "
        "price x variance factor is at least about twice the cost-weighted mean of what is kept, and that "
        "mean moved with the prices and volumes of every line kept."
    )


def _names(lines: pd.DataFrame, shown: int = 3) -> str:
    share = lines[["risk_share_before", "risk_share_after"]].max(axis=1)
    largest = lines.loc[share.sort_values(ascending=False, kind="stable").index[:shown]]
    names = [f"{hrg} {kind}" for hrg, kind in zip(largest["hrg"], largest["admission_type"], strict=True)]
    return ", ".join(names) + (f" and {len(lines) - shown:,} more" if len(lines) > shown else "")
