"""Practices within funnel limits, and their shrunken ratios in order; without and with diagnoses."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from casemix_risk.figure_style import GREY, PALETTE, count_ticks, new_figure
from casemix_risk.practices.expected import ALL_YEARS

STEPS = {"deprivation": "need without diagnoses", "earlier_diagnoses": "need with diagnoses"}
MEASURES = {"admissions": ("Emergency admissions", "expected", 1), "cost": ("Cost", "expected, £m", 1e6)}
SIGNALS = {
    "": ("within the usual", GREY, "o", 12),
    "high": ("high", PALETTE[1], "^", 46),
    "low": ("low", PALETTE[0], "v", 46),
}
LIMITS = {"95": ("95 % limits", "--"), "998": ("99.8 % limits", "-")}
LEGIBLE = 80  # practices whose codes can be read along an axis


def draw_funnel(ratios: pd.DataFrame, year: str = ALL_YEARS) -> Figure:
    """Observed over expected against expected, admissions and cost, within overdispersed funnel limits.

    Args:
        ratios: table ``practice_ratios``.
        year: of it.
    """
    figure, panels = new_figure(
        width=10.0, height=7.4, nrows=len(MEASURES), ncols=len(STEPS), sharex="row", sharey="row"
    )
    for axes_of_measure, (measure, (title, unit, divisor)) in zip(panels, MEASURES.items(), strict=True):
        axes_of_measure[0].set_ylabel("observed / expected")
        for axes, (step, words) in zip(axes_of_measure, STEPS.items(), strict=True):
            rows = _of(ratios, year, measure, step).sort_values("expected")
            _draw_funnel(axes, rows.assign(place=rows["expected"] / divisor))
            axes.set_title(f"{title}: {words}", fontsize=10.5)
            axes.set_xlabel(f"{title.lower()} {unit}")
    shown = ratios[(ratios["year"] == year) & ratios["step"].isin(STEPS)]
    marked = shown.loc[shown["signal"] != "", "practice"].nunique()
    figure.suptitle(
        f"{marked:,} of {shown['practice'].nunique():,} practices stand out from the usual differences",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def draw_caterpillar(ratios: pd.DataFrame, year: str = ALL_YEARS) -> Figure:
    """Shrunken ratios of admissions with their limits, in the order that they have without diagnoses.

    Args:
        ratios: table ``practice_ratios``, or of it what may be published, whose limits are rounded: so the
            figure counts nobody.
        year: of it.
    """
    by_step = {step: _of(ratios, year, "admissions", step).set_index("practice") for step in STEPS}
    order = by_step["deprivation"]["shrunken"].sort_values(kind="stable").index
    place = np.arange(len(order))
    figure, panels = new_figure(width=10.0, height=6.4, nrows=len(STEPS), sharex=True, sharey=True)
    for axes, (step, words) in zip(panels, STEPS.items(), strict=True):
        rows = by_step[step].reindex(order)
        axes.axhline(1, color=GREY, linewidth=1)
        axes.vlines(
            place, rows["shrunken_lower"], rows["shrunken_upper"], color=PALETTE[0], label="its 95 % limits"
        )
        axes.scatter(place, rows["ratio"], color=PALETTE[1], marker="_", s=60, label="as observed")
        axes.scatter(place, rows["shrunken"], color=PALETTE[0], s=14, label="shrunken", zorder=3)
        axes.set_title(f"Expected by {words}", fontsize=10.5)
        axes.set_ylabel("observed / expected")
        axes.grid(axis="x", visible=False)
    panels[-1].set_xlabel("practices, in the order that they have without diagnoses")
    if len(order) <= LEGIBLE:
        panels[-1].set_xticks(place, order, rotation=90, fontsize=7)
    panels[-1].set_xlim(-1, len(order))
    figure.suptitle(
        f"Emergency admissions of {len(order):,} practices, with chance taken off",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _of(ratios: pd.DataFrame, year: str, measure: str, step: str) -> pd.DataFrame:
    return ratios[(ratios["year"] == year) & (ratios["measure"] == measure) & (ratios["step"] == step)]


def _draw_funnel(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axhline(1, color=GREY, linewidth=1)
    for level, (words, line) in LIMITS.items():
        for number, side in enumerate(("lower", "upper")):
            label = "_" * number + words
            axes.plot(
                rows["place"], rows[f"{side}_{level}"], line, color=PALETTE[4], linewidth=1, label=label
            )
    for signal, (words, colour, marker, size) in SIGNALS.items():
        points = rows[rows["signal"] == signal]
        axes.scatter(
            points["place"], points["ratio"], s=size, color=colour, marker=marker, label=words, zorder=3
        )
    for row in rows[rows["signal"] != ""].nlargest(LEGIBLE // 10, "expected").itertuples():
        axes.annotate(
            row.practice, (row.place, row.ratio), xytext=(6, 3), textcoords="offset points", fontsize=8
        )
    count_ticks(axes.xaxis)
    axes.yaxis.set_major_formatter("{x:.2f}")
