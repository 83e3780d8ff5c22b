"""The effect of each way of payment as a picture."""

import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import PALETTE, new_figure

NAMES = {
    "short_stay": "short-stay tariff",
    "excess_bed_days": "excess bed days",
    "market_forces": "market forces",
    "fixed_share": "fixed share",
    "all": "all together",
}


def payment_figure(effects: pd.DataFrame, edition: str, list_size: int) -> Figure:
    """Change of budget and of tolerance beside flat prices, by way of payment.

    Args:
        effects: table ``payment_effects``.
        edition: its name, for the title.
        list_size: heads.
    """
    rows = effects[effects["list_size"] == list_size]
    flat = rows.loc[rows["option"] == "flat", "budget_gbp"].item()
    changed = rows[rows["option"] != "flat"]
    figure, panels = new_figure(width=9.5, height=1.3 + 0.45 * len(changed), ncols=2, sharey=True)
    measures = (
        (100 * changed["budget_change_gbp"] / flat, "budget, % of the flat one", PALETTE[0]),
        (changed["tolerance_change_points"], "tolerance, % points", PALETTE[1]),
    )
    for axes, (change, words, colour) in zip(panels, measures, strict=True):
        bars = axes.barh(changed["option"].map(NAMES), change, color=colour, height=0.62)
        axes.bar_label(bars, fmt="{:+.2f}", padding=3)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.margins(x=0.22)
        axes.set_xlabel(f"change of the {words}")
    panels[0].invert_yaxis()
    panels[0].set_title(f"Ways of payment beside flat prices, {edition}, {list_size:,} people")
    return figure
