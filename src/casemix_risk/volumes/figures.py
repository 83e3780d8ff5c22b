"""Projections: what they say of the target year, and what they would have said of years that are known."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import GREY, PALETTE, new_figure
from casemix_risk.volumes.activity_figure import by_chapter
from casemix_risk.volumes.back_test import METHODS
from casemix_risk.volumes.national import chapter_errors

INTERVAL_STANDARD_ERRORS = 1.96
HIGHEST_SCORE_SHOWN = 10
METHOD_NAMES = {
    "last_year": "last year",
    "mean": "mean",
    "pooled_trend": "pooled trend",
    "log_linear": "log-linear trend",
}


def chapter_projections(
    activity: pd.DataFrame, national: pd.DataFrame, target_year: str, scale: float
) -> pd.DataFrame:
    """Each chapter's mean of the base years, its projection, and the change with its 95 % margin.

    Args:
        activity: table ``activity``.
        national: table ``national``.
        target_year: the year projected to.
        scale: population / population covered.

    Returns:
        ``base`` and ``projected`` in admissions a year, ``change_pct`` and ``margin_pct``, by chapter.
    """
    years = activity["year"].nunique()
    base = by_chapter(activity).groupby("chapter")["admissions"].sum() * scale / years
    level = by_chapter(national).groupby("chapter")["admissions"].sum()
    error = chapter_errors(activity, national, target_year)
    return pd.DataFrame(
        {
            "base": base,
            "projected": level,
            "change_pct": 100 * (level / base - 1),
            "margin_pct": 100 * INTERVAL_STANDARD_ERRORS * error / base,
        }
    ).rename_axis("chapter")


def projection_figure(
    activity: pd.DataFrame, national: pd.DataFrame, target_year: str, scale: float
) -> Figure:
    """Change of each chapter from the mean of the base years to the target year, with its 95 % interval.

    The interval is the projection's own: chance in the counts and in the growth of the chapter.

    Args:
        activity: table ``activity``.
        national: table ``national``.
        target_year: the year projected to, for the title.
        scale: population / population covered.
    """
    chapters = chapter_projections(activity, national, target_year, scale)
    level, change, margin = (chapters[name] for name in ("projected", "change_pct", "margin_pct"))
    figure, axes = new_figure(width=9.5)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.errorbar(change.index, change, yerr=margin, fmt="o", color=PALETTE[0], capsize=3)
    for chapter in change.index:
        axes.annotate(
            f"{level[chapter] / 1e3:,.0f}k",
            (chapter, change[chapter] + margin[chapter]),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.grid(axis="x", visible=False)
    axes.margins(y=0.15)
    axes.set_title(f"Projected to {target_year}: {level.sum() / 1e6:.2f} million admissions")
    axes.set_xlabel("HRG chapter (labels: admissions in the target year, thousands)")
    axes.set_ylabel("change from the mean of the base years, %\n(95 % interval)")
    return figure


def back_test_figure(tested: pd.DataFrame, chosen: str) -> Figure:
    """Error of each method, and how often its 95 % interval held, over all target years.

    Args:
        tested: table ``back_test``.
        chosen: the method of the run, which is named.
    """
    whole = tested[tested["chapter"] == "all"]
    sums = whole.groupby(["method", "codes"])[["absolute_error", "admissions"]].sum().unstack()
    common = 100 * sums["absolute_error", "in every year"] / sums["admissions", "all"]
    changing = 100 * sums["absolute_error", "all"] / sums["admissions", "all"] - common
    held = 100 * whole[whole["codes"] == "in every year"].groupby("method")["inside_95"].mean()
    order = METHODS[::-1]
    names = [f"{METHOD_NAMES[method]}{' (this run)' if method == chosen else ''}" for method in order]
    figure, (error, coverage) = new_figure(width=9.5, height=3.6, ncols=2, sharey=True)
    error.barh(names, common[order], color=PALETTE[0], label="HRGs in every year")
    error.barh(names, changing[order], left=common[order], color=PALETTE[1], label="HRGs that began or ended")
    error.set_xlabel("error, % of the admissions that came")
    error.set_title("What was missed", pad=14)
    coverage.axvline(95, color=GREY, linewidth=1)
    coverage.plot(held[order], names, "o", color=PALETTE[0], markersize=8)
    coverage.annotate("promised", (95, 1), xycoords=("data", "axes fraction"), ha="center", fontsize=8)
    coverage.set_xlim(0, 104)
    coverage.set_xlabel("lines inside their 95 % interval, %\n(HRGs in every year)")
    coverage.set_title("How honest the intervals were", pad=14)
    for axes in (error, coverage):
        axes.grid(axis="y", visible=False)
    figure.legend(*error.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def year_on_year_figure(changes: pd.DataFrame) -> Figure:
    """z-scores of the lines against chance, and each chapter's change beside its own chance.

    Args:
        changes: table ``year_on_year``; the last pair of years is drawn.
    """
    last = changes[changes["to_year"] == changes["to_year"].max()]
    lines = last[(last["level"] == "line") & (last["lines"] > 0)]
    chapters = last[(last["level"] == "chapter") & last["change_pct"].notna()]
    figure, (scores, moves) = new_figure(width=9.5, height=4.2, ncols=2)
    edges = np.linspace(-HIGHEST_SCORE_SHOWN, HIGHEST_SCORE_SHOWN, 41)
    shown = lines["z"].clip(edges[0], edges[-1])
    scores.hist(shown, edges, density=True, color=PALETTE[0], label=f"{len(lines):,} lines")
    grid = np.linspace(edges[0], edges[-1], 201)
    normal = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    scores.plot(grid, normal, color=PALETTE[1], linewidth=2, label="chance alone")
    scores.set_title("Lines: change over its chance")
    scores.set_xlabel(f"z-score (beyond ±{HIGHEST_SCORE_SHOWN} at the edge)")
    scores.set_ylabel("share of lines per unit of z")
    scores.legend()
    moves.axhline(0, color=GREY, linewidth=1)
    moves.bar(
        chapters["code"],
        2 * INTERVAL_STANDARD_ERRORS * chapters["chance_pct"],
        bottom=-INTERVAL_STANDARD_ERRORS * chapters["chance_pct"],
        color=PALETTE[1],
        alpha=0.6,
        label="chance alone, 19 years in 20",
    )
    moves.plot(chapters["code"], chapters["change_pct"], "o", color=PALETTE[0], label="change seen")
    moves.grid(axis="x", visible=False)
    moves.tick_params(axis="x", labelsize=8)
    moves.set_title(f"Chapters, {last['from_year'].iloc[0]} to {last['to_year'].iloc[0]}")
    moves.set_xlabel("HRG chapter")
    moves.set_ylabel("change of admissions, %")
    moves.margins(y=0.1)
    figure.legend(*moves.get_legend_handles_labels(), loc="outside lower right", ncols=2)
    return figure
