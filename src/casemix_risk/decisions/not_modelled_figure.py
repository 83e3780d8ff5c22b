"""What is not modelled, as a picture beside chance."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from casemix_risk.figure_style import GREY, PALETTE, new_figure

CHANCE_AT = (10_000, 100_000, 1_000_000)
LEAST_SHOWN_PCT = 0.01


def not_modelled_figure(table: pd.DataFrame) -> Figure:
    """The size of each source, with one standard deviation of chance at a small, a large and a huge list.

    Args:
        table: table ``not_modelled``.
    """
    figure, axes = new_figure(width=9.5, height=4.4)
    sizes = table[table["list_size"] == table["list_size"].min()]
    sized = sizes.dropna(subset="size_pct").iloc[::-1]
    shown = sized["size_pct"].clip(lower=LEAST_SHOWN_PCT)
    axes.hlines(sized["description"], LEAST_SHOWN_PCT, shown, color=PALETTE[1], linewidth=2)
    axes.plot(shown, sized["description"], linestyle="none", marker="o", color=PALETTE[1], markersize=8)
    for size, description in zip(sized["size_pct"], sized["description"], strict=True):
        words = f"{size:.2g} %" if size >= LEAST_SHOWN_PCT else f"under {LEAST_SHOWN_PCT} %"
        place = (max(size, LEAST_SHOWN_PCT), description)
        axes.annotate(
            words,
            place,
            xytext=(9, -4),
            textcoords="offset points",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    chance = table.drop_duplicates("list_size").set_index("list_size")["chance_pct"]
    for size in (size for size in CHANCE_AT if size in chance.index):
        axes.axvline(chance[size], color=PALETTE[0], linestyle="--", linewidth=1.2)
        axes.annotate(
            f"{size:,}",
            (chance[size], 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=PALETTE[0],
        )
    axes.set_xscale("log")
    axes.set_xlim(LEAST_SHOWN_PCT * 0.8, max(40.0, 3 * shown.max()))
    axes.xaxis.set_major_locator(LogLocator(subs=(1,)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g} %"))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("of a year's budget (each step ten times the last)")
    unknown = len(sizes) - len(sized)
    axes.text(
        0,
        1.1,
        "Dashed: one standard deviation of chance at a list of so many people",
        transform=axes.transAxes,
        color=PALETTE[0],
        fontsize=9,
    )
    axes.set_title("Chance is not the whole risk", pad=42)
    figure.supxlabel(
        f"{unknown} more cannot be sized from these data; the table names them.", fontsize=9, color=GREY
    )
    return figure
