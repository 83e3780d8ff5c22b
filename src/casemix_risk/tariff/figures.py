"""The price list against length of stay."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import PALETTE, new_figure, pound_ticks

MARKS = {
    "published": (PALETTE[0], "o", "published price"),
    "uplifted": (PALETTE[0], "o", "uplifted price"),
    "estimated": (PALETTE[1], "^", "estimated from length of stay"),
}


def price_figure(prices: pd.DataFrame, national: pd.DataFrame, edition: str) -> Figure:
    """Price against mean length of stay of every line with admissions, estimated prices told apart.

    Args:
        prices: table ``prices``.
        national: table ``national``.
        edition: its name, for the title.
    """
    lines = prices.merge(national, on=["hrg", "admission_type"])
    figure, axes = new_figure()
    for source, (colour, marker, words) in MARKS.items():
        part = lines[lines["source"] == source]
        if len(part):
            axes.scatter(
                part["mean_los"],
                part["price_gbp"],
                s=4 + 0.16 * np.sqrt(part["admissions"]),
                color=colour,
                marker=marker,
                alpha=0.55,
                label=f"{words} ({len(part):,} lines)",
            )
    axes.set_xscale("symlog", linthresh=1)
    axes.set_yscale("log")
    axes.set_xlim(left=0)
    ticks = [tick for tick in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500) if tick <= lines["mean_los"].max()]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    pound_ticks(axes.yaxis)
    axes.set_title(f"Tariff {edition}: price and length of stay")
    axes.set_xlabel("mean length of stay, days (linear below 1, logarithmic above)")
    axes.set_ylabel("price of an admission")
    axes.legend(loc="upper left", title="larger marks: more admissions", alignment="left")
    return figure
