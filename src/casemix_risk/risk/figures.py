"""The paper's Figure 1, Figure 2 and Table 2: closed form, with simulated points and their error bars."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator, PercentFormatter

from casemix_risk.figure_style import GREY, PALETTE, count_ticks, new_figure, percent_ticks, pound_ticks
from casemix_risk.risk.moments import TOLERANCE_CVS
from casemix_risk.risk.pools import shared_pool_of

ERROR_BAR_STANDARD_ERRORS = 2


def price_cut_curve(summary: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``risk_summary`` behind Figure 1: rules with a price cut and no volume ceiling."""
    cuts = rules[rules["price_cut_gbp"].notna() & rules["volume_ceiling"].isna()]
    return summary.merge(cuts[["pool", "price_cut_gbp"]], on="pool").sort_values(
        ["list_size", "method", "price_cut_gbp"], ignore_index=True
    )


def figure_1(summary: pd.DataFrame, rules: pd.DataFrame, list_size: int) -> Figure:
    """Budget tolerance of what is kept against the price above which lines are pooled.

    Args:
        summary: table ``risk_summary``.
        rules: table ``pool_rules``.
        list_size: heads.
    """
    curve = price_cut_curve(summary, rules).query("list_size == @list_size")
    exact, simulated, paper = (curve[curve["method"] == name] for name in ("exact", "simulated", "paper"))
    unpooled = summary.query("list_size == @list_size and pool == 'none' and method == 'exact'")
    figure, axes = new_figure()
    axes.axhline(unpooled["tolerance_pct"].item(), color=GREY, linestyle="--", linewidth=1)
    axes.annotate(
        f"nothing pooled: {unpooled['tolerance_pct'].item():.1f} %",
        (exact["price_cut_gbp"].max(), unpooled["tolerance_pct"].item()),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        color=GREY,
    )
    axes.plot(exact["price_cut_gbp"], exact["tolerance_pct"], color=PALETTE[0], label="exact (closed form)")
    _points(axes, simulated, "price_cut_gbp", PALETTE[1], "o", "simulated, ± 2 standard errors")
    _points(axes, paper, "price_cut_gbp", PALETTE[2], "s", "the paper's simulation (banded)", offset=45)
    best = exact.loc[exact["tolerance_pct"].idxmin()]
    axes.annotate(
        f"lowest of these cuts: {best['tolerance_pct']:.2f} % at £{best['price_cut_gbp']:,.0f}",
        (best["price_cut_gbp"], best["tolerance_pct"]),
        xytext=(30, 62),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": GREY},
    )
    axes.margins(y=0.2)
    axes.set_title(f"Where to cut: risk kept by a list of {list_size:,} people")
    axes.set_xlabel("lines priced above this are pooled")
    axes.set_ylabel("budget tolerance (3 × CV of what is kept)")
    percent_ticks(axes.yaxis)
    pound_ticks(axes.xaxis)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def figure_2(summary: pd.DataFrame, optimum: pd.DataFrame, rules: pd.DataFrame) -> Figure:
    """Budget tolerance against list size: nothing pooled, the shared pool, and the best single cut.

    Args:
        summary: table ``risk_summary``.
        optimum: table ``pool_optimum``.
        rules: table ``pool_rules``.
    """
    figure, axes = new_figure()
    shared_pool = shared_pool_of(rules)
    share = summary.loc[summary["pool"] == shared_pool, "pooled_budget_share"].iloc[0]
    best_share = optimum["pooled_budget_share"].iloc[0]
    wide_line, thin_line = 5.0, 1.5  # the two curves can coincide
    series = [
        ("none", "nothing pooled", PALETTE[5], "o", wide_line),
        (
            shared_pool,
            f"{_pool_words(shared_pool)} pooled ({100 * share:.1f} % of the budget)",
            PALETTE[1],
            "s",
            thin_line,
        ),
    ]
    for pool, label, colour, marker, width in series:
        cells = summary[summary["pool"] == pool]
        exact, simulated = (cells[cells["method"] == name] for name in ("exact", "simulated"))
        axes.plot(exact["list_size"], exact["tolerance_pct"], color=colour, linewidth=width, label=label)
        _points(axes, simulated, "list_size", colour, marker)
    axes.plot(
        optimum["list_size"],
        optimum["tolerance_pct"],
        color=PALETTE[0],
        linestyle="--",
        label=f"best cut pooled ({100 * best_share:.1f} % of the budget)",
    )
    axes.axhline(3, color=GREY, linestyle=":", linewidth=1.2)
    axes.annotate(
        "± 3 %", (optimum["list_size"].min(), 3), xytext=(0, 3), textcoords="offset points", color=GREY
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())
    count_ticks(axes.xaxis)
    axes.set_title("How large a group must be")
    axes.set_xlabel("people on the list")
    axes.set_ylabel("budget tolerance (3 × CV of what is kept)")
    percent_ticks(axes.yaxis)
    axes.legend(loc="upper right")
    return figure


def price_and_volume_cells(summary: pd.DataFrame, rules: pd.DataFrame, list_size: int) -> pd.DataFrame:
    """Table 2: every price cut and volume ceiling at one list size.

    Args:
        summary: table ``risk_summary``.
        rules: table ``pool_rules``.
        list_size: heads.

    Returns:
        `price_cut_gbp, volume_ceiling, pool, exact, simulated, simulated_se, pooled_budget_share, changes`:
        tolerances in %; `changes` is False where the ceiling pools the same lines as the one below it.
    """
    combined = rules.dropna(subset=["price_cut_gbp", "volume_ceiling"])
    cells = summary[summary["list_size"] == list_size].merge(
        combined[["pool", "price_cut_gbp", "volume_ceiling"]], on="pool"
    )
    key = ["price_cut_gbp", "volume_ceiling"]
    exact = cells[cells["method"] == "exact"].set_index(key)
    simulated = cells[cells["method"] == "simulated"].set_index(key)
    table = pd.DataFrame(
        {
            "pool": exact["pool"],
            "exact": exact["tolerance_pct"],
            "simulated": simulated["tolerance_pct"],
            "simulated_se": TOLERANCE_CVS * simulated["cv_se_pct"],
            "pooled_budget_share": exact["pooled_budget_share"],
            "admissions": exact["pooled_admissions_share"],
        }
    ).sort_index()
    step = table.groupby(level="price_cut_gbp")["admissions"].diff()
    table["changes"] = step.isna() | (step > 0)
    return table.drop(columns="admissions").reset_index()


def table_2(cells: pd.DataFrame, list_size: int) -> Figure:
    """Table 2 drawn as a grid: darker is riskier; a dash where the ceiling changes nothing.

    Args:
        cells: `price_and_volume_cells`.
        list_size: heads.
    """
    grid = cells.pivot(index="price_cut_gbp", columns="volume_ceiling", values="exact")
    figure, axes = new_figure(width=11.5, height=0.62 * len(grid) + 1.6)
    axes.grid(False)
    image = axes.imshow(grid, cmap="Blues", aspect="auto", alpha=0.75)
    best = cells.loc[cells["exact"].idxmin()]
    middle = (grid.to_numpy().min() + grid.to_numpy().max()) / 2
    for cell in cells.itertuples():
        x, y = grid.columns.get_loc(cell.volume_ceiling), grid.index.get_loc(cell.price_cut_gbp)
        words = f"{cell.exact:.2f}\n({cell.simulated:.2f} ± {cell.simulated_se:.2f})" if cell.changes else "–"
        is_best = cell.Index == best.name
        axes.text(
            x,
            y,
            words,
            ha="center",
            va="center",
            fontsize=7.6,
            fontweight="bold" if is_best else "normal",
            color="white" if cell.exact > middle + (grid.to_numpy().max() - middle) / 2 else "black",
        )
        if is_best:
            edge = {"fill": False, "edgecolor": PALETTE[1], "linewidth": 2.5}
            axes.add_patch(Rectangle((x - 0.49, y - 0.48), 0.98, 0.96, **edge))
    axes.set_xticks(range(len(grid.columns)), [f"{ceiling:g}" for ceiling in grid.columns])
    axes.set_yticks(range(len(grid.index)), [f"£{cut:,.0f}" for cut in grid.index])
    axes.set_xlabel("and expecting fewer than this many admissions a year at 10,000 people")
    axes.set_ylabel("lines priced above")
    axes.set_title(
        f"Tolerance in % of a list of {list_size:,}: exact (simulated ± 1 standard error); "
        "– means as the cell to its left"
    )
    figure.colorbar(image, ax=axes, format=PercentFormatter(decimals=2), label="exact tolerance")
    return figure


def _pool_words(pool: str) -> str:
    return {"table1": "the paper's Table 1", "dearest": "the dearest lines"}[pool]


def _points(
    axes, rows: pd.DataFrame, x: str, colour: str, marker: str, label: str | None = None, offset: float = 0
):
    axes.errorbar(
        rows[x] + offset,
        rows["tolerance_pct"],
        yerr=ERROR_BAR_STANDARD_ERRORS * TOLERANCE_CVS * rows["cv_se_pct"],
        color=colour,
        marker=marker,
        markersize=4,
        linestyle="none",
        capsize=2,
        linewidth=1,
        label=label,
    )
