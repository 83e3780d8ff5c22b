"""What cleaning did to a year's extract."""

import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import PALETTE, count_ticks, new_figure

ACTION_COLOURS = {"exclude": PALETTE[3], "recode": PALETTE[0], "flag": PALETTE[5]}


def waterfall_figure(waterfall: pd.DataFrame, year: str) -> Figure:
    """Rows that each cleaning rule acted on, in the order of the rules.

    Args:
        waterfall: table ``waterfall`` of the year.
        year: its name, for the title.
    """
    rows = waterfall.groupby(["step", "rule", "action"], as_index=False)["rows"].sum()
    kept = rows.loc[rows["action"] == "keep", "rows"].sum()
    read = kept + rows.loc[rows["action"] == "exclude", "rows"].sum()
    rules = rows[rows["action"] != "keep"]
    figure, axes = new_figure(height=5.2)
    for action, colour in ACTION_COLOURS.items():
        part = rules[rules["action"] == action]
        bars = axes.barh(part["rule"].str.replace("_", " "), part["rows"], color=colour, label=action)
        axes.bar_label(
            bars, labels=[f"{count:,}  {action}" for count in part["rows"]], padding=3, fontsize=8.5
        )
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.2)
    axes.set_title(f"{year}: {kept:,} of {read:,} rows kept ({100 * kept / read:.1f} %)")
    axes.set_xlabel("rows (a kept row can be recoded or flagged by several rules)")
    count_ticks(axes.xaxis)
    return figure
