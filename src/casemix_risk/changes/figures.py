"""The account of a budget's change as a picture."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from casemix_risk.changes.account import TERMS
from casemix_risk.figure_style import GREY, PALETTE, new_figure, pound_ticks

TERM_NAMES = {name: name.replace("_", "\n") for name in TERMS}
CHAPTERS_SHOWN = 10
NAME_WIDTH = 11
ROOM_FOR_LABELS = 0.36  # beside the bars, as a share of their range
MORE, LESS = PALETTE[1], PALETTE[2]


def change_figure(account: pd.DataFrame, before: str, after: str, list_size: int) -> Figure:
    """A waterfall from the budget before to the budget after, and what it is by chapter.

    Args:
        account: table ``change_account``.
        before: name of the edition or run before, for the axis.
        after: likewise.
        list_size: heads.
    """
    lines = account[account["list_size"] == list_size]
    figure, (steps, chapters) = new_figure(width=10.5, ncols=2, width_ratios=[3, 2])
    _waterfall(steps, lines, before, after)
    steps.set_title(f"Budget of {list_size:,} people")
    _chapters(chapters, lines)
    chapters.set_title("The change by HRG chapter")
    return figure


def _waterfall(axes: Axes, lines: pd.DataFrame, before: str, after: str) -> None:
    sums = lines[["before_gbp", *TERMS, "after_gbp"]].sum()
    shown = [term for term in TERMS if abs(sums[term]) >= 0.5] or ["price"]
    level, levels = sums["before_gbp"], [sums["before_gbp"], sums["after_gbp"]]
    for place, term in enumerate(shown, 1):
        axes.bar(place, sums[term], bottom=level, color=MORE if sums[term] > 0 else LESS, width=0.7)
        axes.plot([place - 1.35, place + 0.35], [level, level], color=GREY, linewidth=0.8)
        level += sums[term]
        levels.append(level)
        _say(axes, place, max(level, level - sums[term]), f"{sums[term]:+,.0f}")
    low, high = min(levels), max(levels)
    floor = max(0.0, low - 0.6 * (high - low or high))
    for place, column, colour in ((0, "before_gbp", PALETTE[0]), (len(shown) + 1, "after_gbp", PALETTE[0])):
        axes.bar(place, sums[column] - floor, bottom=floor, color=colour, width=0.7)
        _say(axes, place, sums[column], f"£{sums[column]:,.0f}")
    axes.plot([len(shown) - 0.35, len(shown) + 1.35], [level, level], color=GREY, linewidth=0.8)
    names = [_wrapped(before), *(TERM_NAMES[term] for term in shown), _wrapped(after)]
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(floor, high + 0.15 * (high - floor))
    axes.grid(axis="x", visible=False)
    pound_ticks(axes.yaxis)
    axes.set_ylabel("a year" if floor == 0 else f"a year (the axis begins at £{floor:,.0f})")


def _wrapped(name: str) -> str:
    return "\n".join(textwrap.wrap(name, NAME_WIDTH))


def _say(axes: Axes, place: float, height: float, text: str) -> None:
    axes.annotate(text, (place, height), (0, 3), textcoords="offset points", ha="center", fontsize=9)


def _chapters(axes: Axes, lines: pd.DataFrame) -> None:
    change = (lines["after_gbp"] - lines["before_gbp"]).groupby(lines["hrg"].str[0]).sum()
    largest = change.loc[change.abs().sort_values(ascending=False, kind="stable").index[:CHAPTERS_SHOWN]]
    rest = change.drop(largest.index)
    if len(rest):
        largest[f"the other {len(rest)}"] = rest.sum()
    places = range(len(largest), 0, -1)
    axes.barh(places, largest, color=[MORE if value > 0 else LESS for value in largest], height=0.7)
    for place, value in zip(places, largest, strict=True):
        side = 1 if value >= 0 else -1
        axes.annotate(
            f"{value:+,.0f}",
            (value, place),
            (4 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=9,
        )
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(list(places), largest.index)
    low, high = min(largest.min(), 0.0), max(largest.max(), 0.0)
    room = ROOM_FOR_LABELS * (high - low or 1.0)
    axes.set_xlim(low - (room if low < 0 else 0), high + room)
    axes.grid(axis="y", visible=False)
    pound_ticks(axes.xaxis)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("change a year")
