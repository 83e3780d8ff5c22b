"""The reserve against list size, with the floor a shock puts under it, and over several years together."""

import pandas as pd
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from casemix_risk.figure_style import GREY, PALETTE, count_ticks, new_figure, percent_ticks

SHOWN = (0.95, 0.99)
SHOCK_MARKS = {  # colour, marker, line
    "none": (PALETTE[0], "o", "-"),
    "independent": (PALETTE[1], "^", "--"),
    "persistent": (PALETTE[3], "s", "-."),
}
WORDS = {"none": "chance alone", "independent": "shock anew each year", "persistent": "one lasting shock"}


def reserve_by_size_figure(reserves: pd.DataFrame) -> Figure:
    """The reserve of one year with nothing pooled, by list size: chance alone, with the shock, and its floor.

    Args:
        reserves: table ``reserves``.
    """
    year = reserves[(reserves["pool"] == "none") & (reserves["years"] == 1)]
    shocked = "persistent" in set(year["shock"])
    figure, panels = new_figure(10.0, ncols=len(SHOWN), sharey=True)
    for axes, probability in zip(panels, SHOWN, strict=True):
        cells = year[year["probability"] == probability]
        for shock in ("none", "persistent")[: 1 + shocked]:
            rows = cells[cells["shock"] == shock]
            colour, marker, line = SHOCK_MARKS[shock]
            label = WORDS["none"] if shock == "none" else "chance and the shock"
            axes.plot(
                rows["list_size"],
                rows["reserve_pct"],
                color=colour,
                marker=marker,
                linestyle=line,
                label=label,
            )
        if shocked:
            floor = cells.loc[cells["shock"] == "persistent", "floor_pct"].iloc[0]
            axes.axhline(floor, color=GREY, linestyle=":", linewidth=1.5)
            axes.annotate(
                f"the shock's floor: {floor:.1f} % at any size",
                (cells["list_size"].max(), floor),
                xytext=(0, -13),
                textcoords="offset points",
                ha="right",
                color=GREY,
            )
        axes.set_title(f"Enough in {100 * probability:.0f} years of 100")
        people_axis(axes.xaxis)
        axes.set_xlabel("people on the list")
        percent_ticks(axes.yaxis)
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("reserve, % of the budget")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def reserve_by_years_figure(reserves: pd.DataFrame, list_size: int) -> Figure:
    """The reserve of one, three and five years together with nothing pooled, by what drives the years.

    Args:
        reserves: table ``reserves``.
        list_size: heads.
    """
    rows = reserves[(reserves["pool"] == "none") & (reserves["list_size"] == list_size)]
    figure, panels = new_figure(10.0, ncols=len(SHOWN), sharey=True)
    for axes, probability in zip(panels, SHOWN, strict=True):
        cells = rows[rows["probability"] == probability]
        for shock, (colour, marker, line) in SHOCK_MARKS.items():
            values = cells[cells["shock"] == shock]
            if values.empty:
                continue
            axes.plot(
                values["years"], values["reserve_pct"], line, color=colour, marker=marker, label=WORDS[shock]
            )
            last = values.iloc[-1]
            axes.annotate(
                f"{last['reserve_pct']:.1f} %",
                (last["years"], last["reserve_pct"]),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=colour,
            )
        axes.set_title(f"Enough with {100 * probability:.0f} % probability")
        axes.set_xticks(sorted(cells["years"].unique()))
        axes.set_xlim(right=cells["years"].max() + 0.7)
        axes.set_xlabel("years taken together")
        percent_ticks(axes.yaxis)
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("reserve, % of those years' budget")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def people_axis(axis: Axis) -> None:
    """A logarithmic axis of people, labelled at 1, 2 and 5 of each decade."""
    axis.axes.set_xscale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    count_ticks(axis)
    axis.set_tick_params(rotation=35)
