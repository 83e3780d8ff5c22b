"""Savings if all practices matched the best, against how many are called the best."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from casemix_risk.figure_style import GREY, PALETTE, new_figure
from casemix_risk.practices.savings import recommended_saving

MARKS = {  # words, colour, marker
    "naive": ("ratios as observed (naive)", PALETTE[1], "^"),
    "shrunken": ("the same practices, chance taken off", PALETTE[2], "D"),
    "next_year": ("best of the year before, measured this year", PALETTE[3], "s"),
    "bootstrap": ("truly best, chance taken off (use this)", PALETTE[0], "o"),
}
_APART = 0.18  # of the distance between two numbers of best practices


def savings_figure(savings: pd.DataFrame, step: str) -> Figure:
    """The four estimators with their 95 % intervals, not truncated.

    Args:
        savings: table ``practice_savings``, with rows of the step.
        step: of expected.
    """
    figure, axes = new_figure(height=5.2)
    rows = savings[(savings["step"] == step) & ~savings["truncated"]]
    numbers = rows["best"].drop_duplicates()
    between = numbers.diff().median() if len(numbers) > 1 else 1
    for place, (estimator, (words, colour, marker)) in enumerate(MARKS.items()):
        of_one = rows[rows["estimator"] == estimator]
        if of_one.empty:
            continue
        saving = of_one["saving_gbp"]
        axes.errorbar(
            of_one["best"] + (place - 1.5) * _APART * between,
            saving / 1e6,
            [(saving - of_one["lower_gbp"]) / 1e6, (of_one["upper_gbp"] - saving) / 1e6],
            color=colour,
            marker=marker,
            markersize=5,
            linestyle="none",
            elinewidth=1.2,
            label=words,
        )
    axes.axhline(0, color=GREY, linewidth=1)
    axes.set_xlim(numbers.min() - between, numbers.max() + between)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(_in_millions))
    axes.set_xlabel("practices called the best, which all others match")
    axes.set_ylabel("saving a year, with its 95 % interval")
    axes.set_title(_title(rows, step))
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _in_millions(million: float, _: int) -> str:
    return f"−£{-million:g}M" if million < 0 else f"£{million:g}M"


def _title(rows: pd.DataFrame, step: str) -> str:
    """What the figure shows: the naive saving beside the one to use."""
    use = recommended_saving(rows, step)
    naive = rows[(rows["estimator"] == "naive") & (rows["best"] == use.best)]["saving_gbp"].item()
    saving, lower, upper, plain = (gbp / 1e6 for gbp in (*use[-3:], naive))
    return (
        f"Matching the best {use.best:,} of {use.practices:,}: £{saving:,.1f}M a year "
        f"({lower:,.1f} to {upper:,.1f})\nif the difference is causal; ratios as observed show £{plain:,.1f}M"
    )
