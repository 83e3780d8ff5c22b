"""Coding of practices beside their admissions, and recorded beside expected prevalence."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from casemix_risk.figure_style import GREY, PALETTE, new_figure
from casemix_risk.practices.prevalence import condition_in_words
from casemix_risk.practices.published import ALL_YEARS

SIDES = {
    "age_sex": "expected by age and sex:\nno coding moves it",
    "earlier_diagnoses": "expected with earlier diagnoses:\nwho codes more is expected more",
}
COLUMNS = 4
_DOTS = {"s": 14, "alpha": 0.6, "linewidths": 0, "rasterized": True}  # thousands of practices


def draw_coding_and_ratio(ratios: pd.DataFrame, completeness: pd.Series, association: pd.DataFrame) -> Figure:
    """Ratios of all years over completeness of recording, without and with diagnoses, and the association.

    Args:
        ratios: `casemix_risk.practices.published.published_ratios`.
        completeness: of each practice, recorded over expected cases.
        association: table ``practice_association``; the line is the factor for completeness with the other
            terms held, the band its 95 % interval. None is drawn where it has no rows.
    """
    figure, panels = new_figure(width=9.0, height=4.8, ncols=len(SIDES), sharey=True)
    of_all = ratios[(ratios["year"] == ALL_YEARS) & (ratios["measure"] == "admissions")]
    for axes, (step, words) in zip(panels, SIDES.items(), strict=True):
        rows = of_all[(of_all["step"] == step) & (of_all["ratio"] > 0)]
        place = rows["practice"].map(completeness)
        axes.scatter(place, rows["ratio"], color=PALETTE[0], label="a practice", **_DOTS)
        found = association[(association["step"] == step) & (association["term"] == "completeness")]
        said = "too few practices for an association"
        for row in found.itertuples():
            across = np.linspace(place.min(), place.max(), 50)
            away = (across - place.mean()) / row.standard_deviation
            ends = np.array([row.lower, row.upper])[:, None] ** away
            axes.fill_between(across, *ends, color=PALETTE[1], alpha=0.25, label="95 % interval", linewidth=0)
            axes.plot(
                across, row.rate_ratio**away, "--", color=PALETTE[3], label="association, other terms held"
            )
            said = f"factor {row.rate_ratio:.3f} ({row.lower:.3f} to {row.upper:.3f}) for one SD more"
        axes.axhline(1, color=GREY, linewidth=1)
        axes.set_title(f"{words}\n{said}", fontsize=10, fontweight="normal")
        axes.set_xlabel("completeness: recorded over expected cases")
    _ratio_ticks(panels[0])
    panels[0].set_ylabel("observed over expected admissions")
    figure.suptitle("Recording and emergency admissions of practices", x=0.01, ha="left", fontweight="bold")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _ratio_ticks(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 7, 8, 9)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))


def draw_prevalence(prevalence: pd.DataFrame) -> Figure:
    """Recorded over expected prevalence of each condition, a dot a practice.

    Args:
        prevalence: `casemix_risk.practices.published.published_prevalence`.
    """
    conditions = sorted(prevalence["condition"].unique())
    rows = -(-len(conditions) // COLUMNS)
    figure, panels = new_figure(width=9.0, height=1.0 + 2.1 * rows, nrows=rows, ncols=COLUMNS, squeeze=False)
    for axes, condition in zip(panels.flat, conditions, strict=False):
        of_one = prevalence[prevalence["condition"] == condition]
        axes.scatter(of_one["expected_pct"], of_one["recorded_pct"], color=PALETTE[0], **_DOTS)
        both = of_one[["expected_pct", "recorded_pct"]]
        ends = [both.min(axis=None), both.max(axis=None)]
        axes.plot(ends, ends, color=PALETTE[3], linewidth=1)
        axes.set_title(condition_in_words(condition), fontsize=10)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(4))
    for axes in panels.flat[len(conditions) :]:
        axes.set_visible(False)
    figure.supxlabel("expected by age and sex, % of the list", fontsize=10.5)
    figure.supylabel("recorded, % of the list", fontsize=10.5)
    title = "Recorded prevalence beside expected; on the line both are equal"
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return figure
