"""Real lists against what chance does at their size."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from casemix_risk.figure_style import GREY, PALETTE, count_ticks, new_figure

KINDS = {"practice": (PALETTE[0], "practices"), "group": (PALETTE[1], "groups")}
BINS_PER_DECADE = 20
SMALLEST_SHOWN = 0.01  # quantile of the lists; smaller ones stand at the edge


def practice_figure(risk: pd.DataFrame) -> Figure:
    """How many practices and groups have lists of each size, below the tolerance at that size.

    Args:
        risk: table ``practice_risk``.
    """
    figure, (curve, *counts) = new_figure(
        height=6.0, nrows=3, sharex=True, gridspec_kw={"height_ratios": [2.2, 1, 1]}
    )
    ordered = risk.sort_values("patients")
    patients = ordered["patients"]
    curve.plot(patients, ordered["tolerance_pct"], color=PALETTE[4], label="nothing pooled")
    curve.plot(
        patients, ordered["best_tolerance_pct"], color=PALETTE[4], linestyle="--", label="best cut pooled"
    )
    for kind, (colour, words) in KINDS.items():
        middle = risk.loc[risk["kind"] == kind, ["patients", "tolerance_pct"]].median()
        curve.plot(*middle, "o", color=colour, label=f"the middle one of the {words}")
    curve.axhline(3, color=GREY, linestyle=":")
    curve.annotate("± 3 %", (1, 3), xycoords=("axes fraction", "data"), va="bottom", ha="right", color=GREY)
    curve.set_yscale("log")
    curve.set_xscale("log")
    low, high = patients.quantile(SMALLEST_SHOWN), patients.max()
    curve.set_xlim(low, high * 1.05)
    curve.set_ylim(ordered["best_tolerance_pct"].min() * 0.8, known_at(ordered, low) * 1.2)
    for axis, steps in ((curve.xaxis, (1, 3)), (curve.yaxis, (1, 2, 5))):
        axis.set_major_locator(LogLocator(subs=steps))
        axis.set_minor_locator(NullLocator())
    count_ticks(curve.xaxis)
    curve.yaxis.set_major_formatter("{x:g}")
    curve.set_ylabel("budget tolerance, ± %\n(3 × CV)")
    curve.set_title("What chance does to real lists")
    curve.legend()
    edges = np.geomspace(low, high * 1.05, int(BINS_PER_DECADE * np.log10(high / low)))
    for axes, (kind, (colour, words)) in zip(counts, KINDS.items(), strict=True):
        sizes = risk.loc[risk["kind"] == kind, "patients"]
        axes.hist(sizes.clip(lower=low), edges, color=colour)
        axes.set_ylabel(words)
        axes.annotate(f"{len(sizes):,} {words}", (0.99, 0.85), xycoords="axes fraction", ha="right", va="top")
    counts[-1].set_xlabel("people on the list (the smallest 1 in 100 at the left edge)")
    return figure


def known_at(ordered: pd.DataFrame, patients: float) -> float:
    """Tolerance at a list size, from any row: it falls with the square root."""
    row = ordered.iloc[0]
    return row["tolerance_pct"] * np.sqrt(row["patients"] / patients)
