"""Growth by given HRGs beside growth on constant definitions."""

import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import GREY, PALETTE, new_figure, percent_ticks

HRGS_SHOWN = 12
# Side -> words and mark; one shows round the other where they coincide.
_MARK = {"linestyle": "none", "markeredgewidth": 2}
SIDES = {
    "given": (
        "by the HRGs given at the time",
        _MARK | {"marker": "s", "markersize": 9, "color": PALETTE[1], "markerfacecolor": "white"},
    ),
    "regrouped": ("regrouped by one version", _MARK | {"marker": "o", "markersize": 4, "color": PALETTE[0]}),
}


def chapter_growth_figure(rebasing: pd.DataFrame) -> Figure:
    """Each chapter's growth in cost at constant prices, given against regrouped.

    Args:
        rebasing: table ``rebasing``.
    """
    chapters = rebasing[rebasing["level"] == "chapter"].sort_values("code", ascending=False)
    title = "Growth of cost by chapter: HRGs given at the time, and regrouped"
    return _dumbbells(chapters, "cost_growth", title, "growth of cost at constant prices, % a year")


def hrg_growth_figure(rebasing: pd.DataFrame) -> Figure:
    """Growth in admissions of the HRGs whose growth changes most in pounds.

    Args:
        rebasing: table ``rebasing``.
    """
    hrgs = most_changed(rebasing, HRGS_SHOWN)[::-1]
    title = "HRGs whose growth changes most when regrouped, by what it is worth"
    return _dumbbells(hrgs, "growth", title, "growth of admissions, % a year")


def most_changed(rebasing: pd.DataFrame, most: int) -> pd.DataFrame:
    """The HRGs whose difference in growth is worth most, either way; those without a difference are none.

    Args:
        rebasing: table ``rebasing``.
        most: rows.
    """
    hrgs = rebasing[(rebasing["level"] == "hrg") & (rebasing["worth_gbp"].abs() > 0)]
    return hrgs.loc[hrgs["worth_gbp"].abs().sort_values(ascending=False, kind="stable").index[:most]]


def _dumbbells(rows: pd.DataFrame, growth: str, title: str, label: str) -> Figure:
    rows = rows.dropna(subset=[f"{growth}_{side}_pct" for side in SIDES])
    values = {side: rows[f"{growth}_{side}_pct"].to_numpy() for side in SIDES}
    figure, axes = new_figure(width=8.5, height=2.2 + 0.27 * len(rows))
    axes.hlines(range(len(rows)), values["given"], values["regrouped"], color=GREY, linewidth=1.5)
    for side, (words, look) in SIDES.items():
        axes.plot(values[side], range(len(rows)), label=words, **look)
    axes.axvline(0, color=GREY, linewidth=1)
    if rows.empty:
        axes.text(
            0.5, 0.5, "nothing differs that has a growth of its own", ha="center", transform=axes.transAxes
        )
    axes.set_yticks(range(len(rows)), rows["code"])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.08)
    percent_ticks(axes.xaxis)
    axes.set_xlabel(label)
    axes.set_ylabel("HRG chapter" if growth == "cost_growth" else "HRG")
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=len(SIDES))
    return figure
