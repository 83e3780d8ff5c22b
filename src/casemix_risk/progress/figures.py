"""Where the year will end, narrowing month by month; and control charts with what is out of control."""

from datetime import date

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from casemix_risk.figure_style import GREY, PALETTE, new_figure
from casemix_risk.formats import about_pounds
from casemix_risk.progress.control import RULES
from casemix_risk.progress.season import LINE

BANDS = ((0.05, 0.95, 0.18, "9 in 10 years"), (0.25, 0.75, 0.3, "half of all years"))
CHANCES = {  # column, words, colour, marker
    "chance_over_0": ("over budget at all", PALETTE[0], "o"),
    "chance_over_1": ("over by more than 1 %", PALETTE[1], "s"),
    "chance_over_3": ("over by more than 3 %", PALETTE[2], "^"),
    "chance_over_5": ("over by more than 5 %", PALETTE[3], "D"),
}
SIGNALS = {  # the first that holds is drawn
    "beyond_limit": ("beyond a limit", PALETTE[3], "D"),
    "shift": ("7 or more on one side", PALETTE[1], "^"),
    "trend": ("7 or more rising or falling", PALETTE[2], "s"),
    "near_limit": ("2 of 3 near a limit", PALETTE[5], "P"),
}
COLUMNS_OF_CHARTS = 2


def year_end_figure(year_end: pd.DataFrame, by_month: pd.DataFrame, year: str) -> Figure:
    """The cost of the whole year as it looked after each month, above the chances of an overspend.

    Args:
        year_end: table ``year_end``.
        by_month: table ``year_end_by_month``.
        year: the financial year in progress.
    """
    figure, (fan, chances) = new_figure(
        height=6.6, nrows=2, sharex=True, gridspec_kw={"height_ratios": [1.5, 1]}
    )
    months = by_month["months_known"]
    cost = year_end.pivot(index="months_known", columns="probability", values="cost_gbp") / 1e6
    for low, high, alpha, words in BANDS:
        fan.fill_between(months, cost[low], cost[high], color=PALETTE[0], alpha=alpha, lw=0, label=words)
    fan.plot(months, cost[0.5], color=PALETTE[0], marker="o", label="as likely above as below")
    latest = by_month.iloc[-1]
    fan.axhline(latest["budget_gbp"] / 1e6, color=PALETTE[1], linestyle="--", label="budget")
    if len(by_month) == 1:
        fan.errorbar(months, cost[0.5], [cost[0.5] - cost[0.05], cost[0.95] - cost[0.5]], color=PALETTE[0])
    fan.yaxis.set_major_formatter(FuncFormatter(lambda cost, _: f"£{cost:,.4g}m"))
    fan.set_ylabel("cost of the whole year")
    fan.set_title(
        f"{year} after {latest['months_known']} months: a {100 * latest['chance_over_0']:.0f} in 100 chance "
        f"of an overspend\n(budget {about_pounds(latest['budget_gbp'])}, expected "
        f"{about_pounds(latest['year_end_mean_gbp'])})"
    )
    fan.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=4)
    for column, (words, colour, marker) in CHANCES.items():
        chances.plot(months, 100 * by_month[column], color=colour, marker=marker, label=words)
    chances.set_ylim(0, 100)
    chances.set_ylabel("chance, in 100")
    chances.set_xticks(months, months.astype(str) + "\n" + by_month["month"].map(_short))
    chances.set_xlabel("months known, and the last of them")
    figure.legend(*chances.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def control_figure(charts: pd.DataFrame, year: str) -> Figure:
    """A control chart for each line; points out of control by colour and shape.

    Args:
        charts: table ``control_chart``.
        year: the financial year in progress, shaded.
    """
    names = charts[LINE].drop_duplicates()
    rows = max(1, -(-len(names) // COLUMNS_OF_CHARTS))
    figure, axes = new_figure(
        width=10, height=1.2 + 2.3 * rows, nrows=rows, ncols=COLUMNS_OF_CHARTS, sharex=True, squeeze=False
    )
    used = iter(axes.flat)
    for name in names.itertuples(index=False):
        line = charts[(charts["hrg"] == name.hrg) & (charts["admission_type"] == name.admission_type)]
        _draw(next(used), line.reset_index(drop=True), year)
    for empty in used:
        empty.set_axis_off()
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.suptitle("Admissions a month, season apart", x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def _draw(axes, line: pd.DataFrame, year: str) -> None:
    place = np.arange(len(line))
    axes.plot(place, line["adjusted"], color=GREY, marker="o", markersize=3, linewidth=1, label="in control")
    axes.axhline(line["centre"].iloc[0], color=PALETTE[4], linewidth=1, label="mean")
    axes.axhline(line["lower"].iloc[0], color=PALETTE[4], linestyle="--", linewidth=1, label="process limits")
    axes.axhline(line["upper"].iloc[0], color=PALETTE[4], linestyle="--", linewidth=1)
    marked = np.zeros(len(line), dtype=bool)
    for rule in RULES:
        words, colour, marker = SIGNALS[rule]
        points = line[rule].to_numpy(dtype=bool) & ~marked
        marked |= points
        axes.plot(place[points], line["adjusted"][points], marker, color=colour, markersize=7, label=words)
    axes.axvspan(
        (line["month"] < f"{year[:4]}-04").sum() - 0.5, len(line) - 0.5, color=PALETTE[5], alpha=0.15
    )
    first = line.iloc[0]
    axes.set_title(f"{first['hrg']} {first['admission_type']}", fontsize=10.5)
    axes.set_ylim(0, 1.1 * max(line["adjusted"].max(), line["upper"].max(), 1))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    step = max(1, len(line) // 5)
    axes.set_xticks(place[::step], [_short(month) for month in line["month"][::step]])


def _short(month: str) -> str:
    """2007-04 as Apr 07."""
    return date.fromisoformat(f"{month}-01").strftime("%b %y")
