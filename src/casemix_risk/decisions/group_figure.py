"""How large a group must be for a tolerance, with what others have published drawn in."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from scipy.special import ndtri

from casemix_risk.decisions.reserve_figures import people_axis
from casemix_risk.figure_style import GREY, PALETTE, new_figure, percent_ticks

CONFIDENCE = 0.95
WIDE, THIN = 5.0, 1.5  # two of the lines can coincide
POOL_MARKS = {  # words, colour, marker, line, width
    "none": ("nothing pooled", PALETTE[5], "o", "-", WIDE),
    "table1": ("Table 1 pooled", PALETTE[1], "s", "--", THIN),
    "dearest": ("dearest lines pooled", PALETTE[1], "s", "--", THIN),
    "best": ("best pool", PALETTE[2], "D", "-", THIN),
}
SOURCE_MARKS = {"Medicare": (PALETTE[3], "*"), "German": (PALETTE[4], "P")}


def smallest_group_figure(groups: pd.DataFrame, checks: pd.DataFrame) -> Figure:
    """Tolerance that a group's cost stays within in 95 years of 100, against its size, by chance alone.

    Published limits are brought to the same 95 % by a Normal law of their coefficient of variation.

    Args:
        groups: table ``smallest_group``.
        checks: table ``external_checks``.
    """
    figure, axes = new_figure(height=5.4)
    cells = groups[(groups["confidence"] == CONFIDENCE) & (groups["shock"] == "none")]
    for pool, (label, colour, marker, line, width) in POOL_MARKS.items():
        rows = cells[cells["pool"] == pool]
        if len(rows):
            axes.plot(
                rows["people"],
                rows["tolerance_pct"],
                line,
                color=colour,
                marker=marker,
                linewidth=width,
                label=label,
            )
    for source, (colour, marker) in SOURCE_MARKS.items():
        rows = checks[checks["source"].str.startswith(source)]
        axes.scatter(
            rows["list_size"],
            ndtri(CONFIDENCE) * rows["normal_cv_pct"],
            color=colour,
            marker=marker,
            s=90,
            zorder=3,
            label=rows["source"].iloc[0],
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    people_axis(axes.xaxis)
    percent_ticks(axes.yaxis)
    axes.annotate(
        "every line falls with 1 / √people:\nhalf the tolerance takes four times the group",
        (0.02, 0.04),
        xycoords="axes fraction",
        color=GREY,
    )
    axes.set_title("How large a group must be, and what others found")
    axes.set_xlabel("people on the list")
    axes.set_ylabel("overspend not exceeded in 95 years of 100")
    figure.legend(loc="outside lower center", ncols=2)
    return figure
