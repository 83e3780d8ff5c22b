"""The demonstration's truth at a glance."""

import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import GREY, TYPE_MARKS, count_ticks, new_figure, pound_ticks

DEAR_GBP = 3_000
RARE_ADMISSIONS = 5_100
LABELLED = [
    ("H04", "elective"),
    ("H81", "emergency"),
    ("L01", "elective"),
    ("S22", "elective"),
    ("D33", "emergency"),
]


def truth_figure(lines: pd.DataFrame) -> Figure:
    """Price against national admissions of every line, with the paper's two thresholds.

    Args:
        lines: table ``truth_lines``.
    """
    figure, axes = new_figure()
    for admission_type, (colour, marker) in TYPE_MARKS.items():
        part = lines[lines["admission_type"] == admission_type]
        axes.scatter(
            part["admissions"],
            part["price_gbp"],
            s=9,
            color=colour,
            marker=marker,
            alpha=0.55,
            label=admission_type,
        )
    axes.set(xscale="log", yscale="log")
    axes.axhline(DEAR_GBP, color=GREY, linestyle="--", linewidth=1)
    axes.axvline(RARE_ADMISSIONS, color=GREY, linestyle="--", linewidth=1)
    axes.annotate(
        f"£{DEAR_GBP:,}", (lines["admissions"].min(), DEAR_GBP), xytext=(0, 3), textcoords="offset points"
    )
    axes.annotate(
        "1 a year at 10,000 people",
        (RARE_ADMISSIONS, lines["price_gbp"].max()),
        xytext=(4, 0),
        textcoords="offset points",
    )
    named = lines.set_index(["hrg", "admission_type"])
    for hrg, admission_type in LABELLED:
        line = named.loc[(hrg, admission_type)]
        axes.annotate(
            f"{hrg} {admission_type}",
            (line["admissions"], line["price_gbp"]),
            xytext=(10, 10),
            textcoords="offset points",
            fontweight="bold",
            fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": GREY},
        )
    axes.set_title(f"The invented country: {len(lines):,} cost lines")
    axes.set_xlabel("national admissions a year")
    axes.set_ylabel("price of an admission")
    count_ticks(axes.xaxis)
    pound_ticks(axes.yaxis)
    axes.legend(loc="lower left")
    return figure
