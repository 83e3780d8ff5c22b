"""The frontier drawn: risk kept against the share of the budget that may be pooled."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from casemix_risk.figure_style import GREY, PALETTE, new_figure

# Rule -> words, colour, line style, line width, marker; curves that coincide show through one another.
KINDS = {
    "price_cut": ("price cut", PALETTE[5], "-", 5.0, "s"),
    "price_and_volume": ("price and volume", PALETTE[3], "--", 1.6, "^"),
    "best_cut": ("best cut", PALETTE[2], "-", 3.4, "o"),
    "best_set": ("best set of lines", PALETTE[0], ":", 1.8, "D"),
}
LEAST_RANGE_POINTS = 0.05  # smaller differences than this are drawn as what they are: none
LABEL_GAP = 0.06  # of the height of the axes
LABEL_SPACE = 3.0  # percentage points between the end of a curve, its mark and its words


def frontier_figure(table: pd.DataFrame, list_size: int) -> Figure:
    """The lowest tolerance of each kind of rule within each share, and how far each is above the best set.

    Args:
        table: table ``frontier``.
        list_size: heads.
    """
    rows = table[table["list_size"] == list_size]
    curves = rows.pivot(index="share_limit", columns="rule", values="tolerance_pct")[list(KINDS)]
    above = curves.sub(curves["best_set"], axis=0)
    figure, (left, right) = new_figure(width=11.0, height=4.8, ncols=2, width_ratios=[1.25, 1])
    for axes, values in ((left, curves), (right, above)):
        for rule, (_, colour, style, width, marker) in KINDS.items():
            axes.plot(
                100 * values.index,
                values[rule],
                color=colour,
                linestyle=style,
                linewidth=width,
                marker=marker,
                markersize=4.5,
                markevery=(5, 15),
            )
        axes.set_xlabel("share of the budget that may be pooled")
        axes.xaxis.set_major_formatter(PercentFormatter(decimals=0))
    lowest, highest = above.min().min(), max(above.max().max(), LEAST_RANGE_POINTS)
    right.set_ylim(lowest - 0.05 * (highest - lowest), highest + 0.15 * (highest - lowest))
    for axes, values in ((left, curves), (right, above)):
        _label_ends(axes, values)
    best = rows[rows["rule"] == "best_set"].sort_values(["tolerance_pct", "share_limit"]).iloc[0]
    share = 100 * best["pooled_budget_share"]
    left.plot(share, best["tolerance_pct"], "*", color=PALETTE[1], markersize=14)
    left.annotate(
        f"best set of all: {best['tolerance_pct']:.2f} %\nwith {share:.1f} % pooled",
        (share, best["tolerance_pct"]),
        xytext=(0.62, 0.78),
        textcoords="axes fraction",
        ha="center",
        arrowprops={"arrowstyle": "-", "color": GREY},
    )
    left.set_title(f"Risk kept by a list of {list_size:,} people")
    left.set_ylabel("budget tolerance (3 × CV of what is kept)")
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{np.round(value, 2):g} %"))
    right.set_title("How far above the best set of lines")
    right.set_ylabel("percentage points of tolerance")
    return figure


def _label_ends(axes, values: pd.DataFrame) -> None:
    """A label at the end of each curve, pushed upwards where it would cover the one below it."""
    low, high = axes.get_ylim()
    gap, place = LABEL_GAP * (high - low), -np.inf
    ends = values.iloc[-1].sort_values(kind="stable")
    for rule, end in ends.items():
        place = max(end, place + gap)
        words, colour, _, _, marker = KINDS[rule]
        beside = 100 * values.index[-1] + LABEL_SPACE
        axes.plot(beside, place, marker, color=colour, markersize=5, clip_on=False)
        axes.text(beside + LABEL_SPACE, place, words, va="center", fontsize=9)
    axes.set_xlim(right=100 * values.index[-1] + LABEL_SPACE / 2)
