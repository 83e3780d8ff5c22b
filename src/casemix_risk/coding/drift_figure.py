"""Providers' coding within control limits: funnels of level and change, with those that signal named."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from casemix_risk.figure_style import GREY, PALETTE, new_figure

MEASURES = {  # title, what is expected, its divisor
    "complication_share": ("Complications", "episodes with complications expected", 1),
    "depth": ("Depth of coding", "secondary diagnoses expected", 1),
    "price_index": ("Price an admission", "price expected, £m", 1e6),
}
KINDS = {
    "level": "ratio to all providers",
    "change": "ratio to its own year before",
}
SIGNALS = {
    "none": ("within limits", GREY, "o", 9),
    "above": ("above its upper limit", PALETTE[1], "^", 46),
    "below": ("below its lower limit", PALETTE[0], "v", 46),
}
NAMES = 6  # of a panel


def draw_drift(drift: pd.DataFrame, year: str) -> Figure:
    """A year's providers with their limits, by measure and kind; those beyond are named.

    Args:
        drift: table ``coding_drift``. Providers that are too small have no place.
        year: financial year, the latest as a rule.
    """
    of_year = drift[drift["year"] == year]
    rows = of_year[of_year["signal"] != "too_few"]
    figure, panels = new_figure(width=11.0, height=7.2, nrows=len(KINDS), ncols=len(MEASURES))
    for axes_of_kind, (kind, words) in zip(panels, KINDS.items(), strict=True):
        axes_of_kind[0].set_ylabel(words)
        for axes, (measure, (title, unit, divisor)) in zip(axes_of_kind, MEASURES.items(), strict=True):
            shown = rows[(rows["measure"] == measure) & (rows["kind"] == kind)]
            _draw(axes, shown.assign(place=shown["expected"] / divisor))
            axes.set_title(f"{title}: {kind}", fontsize=10.5)
            axes.set_xlabel(unit)
    marked, judged, all_providers = (
        each["provider"].nunique() for each in (rows[rows["signal"] != "none"], rows, of_year)
    )
    figure.suptitle(
        f"Coding at constant case mix, {year}: {marked} of {judged} providers beyond a limit "
        f"({all_providers - judged} with too few cases to judge)",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axhline(1, color=GREY, linewidth=1)
    axes.yaxis.set_major_formatter("{x:.2f}")
    limits = {"color": PALETTE[4], "marker": "_", "s": 14, "linewidths": 0.8}
    axes.scatter(rows["place"], rows["lower"], label="each provider's limits", **limits)
    axes.scatter(rows["place"], rows["upper"], **limits)
    for signal, (words, colour, marker, size) in SIGNALS.items():
        points = rows[rows["signal"] == signal]
        look = {"s": size, "color": colour, "marker": marker, "zorder": 3}
        axes.scatter(points["place"], points["ratio"], label=words, **look)
    if len(rows):  # an empty axis cannot be a logarithmic one
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.7g}"))
    marked = rows[rows["signal"] != "none"]
    farthest = marked.loc[marked["z"].abs().nlargest(NAMES).index].sort_values("place")
    for number, row in enumerate(farthest.itertuples()):
        side, align = ((-6, "right"), (6, "left"))[
            number % 2
        ]  # neighbours on two sides, so as not to overlap
        where = {"xytext": (side, 0), "textcoords": "offset points", "ha": align, "va": "center"}
        axes.annotate(row.provider, (row.place, row.ratio), fontsize=8.5, **where)
