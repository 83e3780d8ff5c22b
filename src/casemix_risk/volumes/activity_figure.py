"""Activity of the base years by chapter; apart from the projections, which change without a recount."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import TYPE_MARKS, count_ticks, new_figure


def activity_figure(activity: pd.DataFrame) -> Figure:
    """Activity by chapter, admission type and base year; a chapter's years stand side by side.

    Args:
        activity: table ``activity``.
    """
    years = sorted(activity["year"].unique())
    sums = by_chapter(activity).groupby(["chapter", "admission_type", "year"])["admissions"].sum()
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


def by_chapter(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines with their ``chapter``, the first letter of the HRG."""
    return lines.assign(chapter=lines["hrg"].str[0])
