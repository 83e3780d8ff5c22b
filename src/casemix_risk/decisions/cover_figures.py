"""What a pool asks beyond its cost, and what each cover costs against the risk still borne."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from casemix_risk.decisions.group_figure import POOL_MARKS
from casemix_risk.decisions.reserve_figures import people_axis
from casemix_risk.figure_style import PALETTE, new_figure, percent_ticks

SUFFICIENT = {  # column, words, colour, marker, line
    "loading_95_pct": ("enough in 95 years of 100", PALETTE[0], "o", "-"),
    "loading_995_pct": ("enough in 995 years of 1,000", PALETTE[1], "^", "--"),
}
KEPT = {
    "kept_95_pct": ("1 year in 20", PALETTE[0], "o"),
    "kept_99_pct": ("1 year in 100", PALETTE[1], "^"),
}
COVER_WORDS = {
    "none": "no cover",
    "corridor": "risk corridor, 3 and 8 %",
    **{f"pool_{pool}": marks[0] for pool, marks in POOL_MARKS.items()},
}


def pool_fee_figure(fees: pd.DataFrame, list_size: int) -> Figure:
    """What the pool must ask beyond its expected cost, against the people it serves, by chance alone.

    Args:
        fees: table ``pool_fees``.
        list_size: heads of each group that shares.
    """
    cells = fees[(fees["list_size"] == list_size) & (fees["shock"] == "none")]
    pools = sorted(cells["pool"].unique())
    figure, panels = new_figure(10.0, ncols=len(pools), squeeze=False)
    for axes, pool in zip(panels[0], pools, strict=True):
        rows = cells[cells["pool"] == pool]
        for column, (label, colour, marker, line) in SUFFICIENT.items():
            axes.plot(rows["heads"], rows[column], line, color=colour, marker=marker, label=label)
            axes.annotate(
                f"{rows[column].iloc[-1]:.1f} %",
                (rows["heads"].iloc[-1], rows[column].iloc[-1]),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                color=colour,
            )
        people_axis(axes.xaxis)
        axes.set_xlim(right=1.9 * rows["heads"].max())
        axes.set_ylim(bottom=0)
        percent_ticks(axes.yaxis)
        fee = rows["fee_gbp"].iloc[0]
        words = COVER_WORDS.get(f"pool_{pool}", pool)
        axes.set_title(f"{words[:1].upper()}{words[1:]}: £{fee:,.2f} a head")
        axes.set_xlabel(f"people served, in groups of {list_size:,}")
    panels[0, 0].set_ylabel("loading on the fee, % of the cost pooled")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def cover_figure(covers: pd.DataFrame, list_size: int) -> Figure:
    """What each cover takes from the budget, what makes it safe, and how far over the group can still be.

    Args:
        covers: table ``stop_loss``; the rows of chance alone are drawn.
        list_size: heads.
    """
    rows = covers[(covers["list_size"] == list_size) & (covers["shock"] == "none")]
    rows = rows.sort_values("kept_99_pct", ascending=False, ignore_index=True)
    names = [
        COVER_WORDS.get(row.cover, f"stop-loss above {row.attachment_pct:g} %") for row in rows.itertuples()
    ]
    loading_pct = 100 * (rows["premium_95_gbp"] - rows["premium_gbp"]) / rows["budget_gbp"]
    figure, (moved, safe, kept) = new_figure(11.0, ncols=3, sharey=True)
    _labelled_bars(moved, rows["premium_pct"])
    _labelled_bars(safe, loading_pct)
    moved.set_yticks(rows.index, names)
    moved.set_title("Goes to the cover")
    moved.set_xlabel("premium or cost pooled, of the budget")
    safe.set_title("More, to be safe")
    safe.set_xlabel("if ten share: enough in 95 years of 100")
    kept.hlines(rows.index, rows["kept_95_pct"], rows["kept_99_pct"], color=PALETTE[5])
    for column, (label, colour, marker) in KEPT.items():
        kept.scatter(rows[column], rows.index, color=colour, marker=marker, s=50, label=label, zorder=3)
    kept.set_xlim(left=0)
    kept.set_title("The group still bears")
    kept.set_xlabel("over the budget, premium paid")
    for axes in (moved, safe, kept):
        percent_ticks(axes.xaxis)
    figure.legend(loc="outside lower right", ncols=2)
    return figure


def _labelled_bars(axes: Axes, values: pd.Series) -> None:
    axes.barh(values.index, values, color=PALETTE[5], height=0.55)
    axes.set_xlim(0, 1.3 * values.max())
    for place, value in values.items():
        axes.annotate(
            f"{value:.1f} %" if value >= 10 else f"{value:.2f} %",
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
