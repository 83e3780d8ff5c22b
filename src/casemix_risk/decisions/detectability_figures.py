"""What can be proved, drawn: the fall that shows on a line, and the lines on which a saving shows."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from casemix_risk.decisions.detectability import DESIGNS, SAVINGS_PCT
from casemix_risk.decisions.known_baseline import Detectable
from casemix_risk.figure_style import GREY, PALETTE, TYPE_MARKS, count_ticks, new_figure

DESIGN_WORDS = {
    "known_baseline": "a year against a known baseline",
    "year_on_year": "a year against the year before",
}
SAVING_MARKS = dict(zip(SAVINGS_PCT, zip(PALETTE, "osD", strict=False), strict=True))
DRAWN_MEANS = np.geomspace(1, 10_000, 401)


def falls_that_show(detectable: pd.DataFrame, list_size: int) -> Figure:
    """The fall in admissions that shows against chance, by expected admissions: curves, and a list's lines.

    Args:
        detectable: table ``detectability``.
        list_size: heads.
    """
    figure, panels = new_figure(width=11.0, height=5.2, ncols=2, sharey=True)
    found = detectable[detectable["list_size"] == list_size]
    for axes, (design, method) in zip(panels, DESIGNS.items(), strict=True):
        curve = method.detectable(DRAWN_MEANS, np.ones_like(DRAWN_MEANS))
        true, seen = 100 * curve.true_fall, 100 * curve.observed_fall
        axes.plot(DRAWN_MEANS, true, color=PALETTE[4], label="true fall needed, 80 % power")
        axes.plot(DRAWN_MEANS, seen, color=GREY, linestyle="--", label="observed fall that is significant")
        rows = found[found["design"] == design]
        for admission_type, (colour, marker) in TYPE_MARKS.items():
            of_type = rows[rows["admission_type"] == admission_type]
            axes.plot(
                of_type["expected_admissions"],
                of_type["true_fall_for_80_power_pct"],
                color=colour,
                marker=marker,
                markersize=4,
                alpha=0.7,
                linestyle="none",
                label=f"{admission_type} lines of this list",
            )
        _mark_savings(axes, curve)
        axes.set_xscale("log")
        axes.set_ylim(0, 100)
        axes.set_xlim(DRAWN_MEANS[0], DRAWN_MEANS[-1])
        count_ticks(axes.xaxis)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda fall, _: f"{fall:g} %"))
        axes.set_xlabel("expected admissions a year on the line")
        unseen = rows["true_fall_for_80_power_pct"].isna().sum()
        axes.set_title(
            f"{DESIGN_WORDS[design]}:\nno fall is enough on {unseen:,} of {len(rows):,} lines", fontsize=10.5
        )
    panels[0].set_ylabel("fall in admissions")
    figure.suptitle(f"How large a fall shows against chance, list of {list_size:,} people", fontweight="bold")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _mark_savings(axes, curve: Detectable) -> None:
    """Each saving as a dotted level, with the admissions from which it always shows."""
    for saving_pct in SAVINGS_PCT:
        hidden = ~(100 * curve.true_fall <= saving_pct)
        enough = DRAWN_MEANS[np.flatnonzero(hidden)[-1] + 1]
        axes.axhline(saving_pct, color=GREY, linestyle=":", linewidth=1)
        axes.annotate(
            f"{saving_pct} %: from about {float(f'{enough:.2g}'):,.0f}",
            (DRAWN_MEANS[0], saving_pct),
            xytext=(4, 2),
            textcoords="offset points",
            fontsize=8.5,
            color=PALETTE[4],
        )


def provable_lines(provable: pd.DataFrame) -> Figure:
    """On how many lines a saving could be shown against a known baseline, the best case, by list size.

    Args:
        provable: table ``provable``.
    """
    figure, (lines, shares) = new_figure(width=11.0, height=5.0, ncols=2)
    rows = provable[provable["design"] == "known_baseline"]
    for saving_pct, (colour, marker) in SAVING_MARKS.items():
        of_saving = rows[rows["saving_pct"] == saving_pct]
        for ending, style, face, words in (
            ("", "-", colour, "each line alone at 5 %"),
            ("_fdr", "--", "white", "false discoveries at 5 %"),
        ):
            look = {"color": colour, "marker": marker, "linestyle": style, "markerfacecolor": face}
            label = f"a saving of {saving_pct} %, {words}"
            lines.plot(of_saving["list_size"], of_saving[f"lines{ending}"], label=label, **look)
            shares.plot(of_saving["list_size"], 100 * of_saving[f"budget_share{ending}"], **look)
    chance = rows.drop_duplicates("list_size")
    words = "significant by chance alone, nothing saved"
    lines.plot(chance["list_size"], chance["lines_by_chance"], color=GREY, linestyle=":", label=words)
    for axes in (lines, shares):
        axes.set_xscale("log")
        count_ticks(axes.xaxis)
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("people on the list")
    shares.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g} %"))
    lines.set_title(f"Lines, of {rows['lines_tested'].max():,}", fontsize=10.5)
    shares.set_title("Their share of the budget", fontsize=10.5)
    figure.suptitle(
        f"On how many lines a saving can be shown, {DESIGN_WORDS['known_baseline']}, 80 % power",
        fontweight="bold",
    )
    figure.legend(loc="outside lower center", ncols=2)
    return figure
