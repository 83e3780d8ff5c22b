"""Activity in the base years, and its projection."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import GREY, PALETTE, TYPE_MARKS, count_ticks, new_figure
from casemix_risk.volumes.national import chapter_errors

INTERVAL_STANDARD_ERRORS = 1.96


def activity_figure(activity: pd.DataFrame) -> Figure:
    """Activity by chapter, admission type and base year; a chapter's years stand side by side.

    Args:
        activity: table ``activity``.
    """
    years = sorted(activity["year"].unique())
    sums = _by_chapter(activity).groupby(["chapter", "admission_type", "year"])["admissions"].sum()
    wide = sums.unstack(["admission_type", "year"])
    wide = wide.reindex(columns=pd.MultiIndex.from_product([TYPE_MARKS, years]))
    figure, axes = new_figure(width=9.5)
    for admission_type, (colour, marker) in TYPE_MARKS.items():
        for position, counts in enumerate(wide[admission_type].to_numpy()):
            axes.plot(
                position + np.linspace(-0.25, 0.25, len(years)),
                counts,
                color=colour,
                marker=marker,
                markersize=4,
                linewidth=1,
                label=admission_type if position == 0 else None,
            )
    axes.set_xticks(range(len(wide)), wide.index)
    axes.grid(axis="x", visible=False)
    axes.set_ylim(bottom=0)
    axes.set_title(f"Activity in the extract by HRG chapter, {years[0]} to {years[-1]}")
    axes.set_xlabel(f"HRG chapter (from left to right within each: {', '.join(years)})")
    axes.set_ylabel("admissions in the extract")
    count_ticks(axes.yaxis)
    axes.legend()
    return figure


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
    years = activity["year"].nunique()
    base = _by_chapter(activity).groupby("chapter")["admissions"].sum() * scale / years
    level = _by_chapter(national).groupby("chapter")["admissions"].sum()
    error = chapter_errors(activity, national, target_year)
    change, margin = 100 * (level / base - 1), 100 * INTERVAL_STANDARD_ERRORS * error / base
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


def _by_chapter(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.assign(chapter=lines["hrg"].str[0])
