"""What each step explains of the differences between practices, beside what a national formula did."""

import pandas as pd
from matplotlib.figure import Figure

from casemix_risk.figure_style import GREY, PALETTE, new_figure
from casemix_risk.practices.ladder import PUBLISHED_MISSED_SHARE, PUBLISHED_R_SQUARED
from casemix_risk.practices.standardisation import MEASURES

STEPS = {
    "age_sex": "age and sex",
    "deprivation": "+ deprivation",
    "morbidity": "+ recorded\nmorbidity",
    "earlier_diagnoses": "+ diagnoses of\nearlier years",
}
PUBLISHED = {
    "age_sex": "age and sex",
    "diagnoses": "+ diagnoses",
    "diagnoses_area": "+ diagnoses\nand area",
}
HALVES = {"first": ("fitted on the first half", "o"), "second": ("fitted on the second half", "^")}


def draw_ladder(ladder: pd.DataFrame) -> Figure:
    """R^2 of each step on the half that was not fitted on, and the share of practices missed by 10 %.

    Args:
        ladder: table ``practice_ladder``, with rows.
    """
    figure, panels = new_figure(
        width=10.0, height=6.6, nrows=2, ncols=len(MEASURES), sharex=True, sharey="row"
    )
    for column, measure in enumerate(MEASURES):
        rows = ladder[ladder["measure"] == measure].set_index("step")
        for (half, (words, marker)), colour in zip(HALVES.items(), PALETTE, strict=False):
            of_half = rows[rows["fitted_half"] == half].reindex(STEPS)
            look = {"marker": marker, "color": colour, "label": words}
            panels[0, column].plot(range(len(STEPS)), of_half["r_squared"], **look)
            panels[1, column].plot(range(len(STEPS)), 100 * of_half["missed_by_10_share"], **look)
        for low, high in PUBLISHED_R_SQUARED.values():
            panels[0, column].axhspan(low - 0.002, high + 0.002, color=GREY, alpha=0.35, linewidth=0)
        panels[1, column].axhline(100 * PUBLISHED_MISSED_SHARE, color=GREY, label="published")
        panels[0, column].set_title(measure.capitalize(), fontsize=10.5)
        panels[1, column].set_xticks(range(len(STEPS)), STEPS.values(), fontsize=9)
        panels[1, column].set_xlim(-0.4, len(STEPS) - 0.5)
    for step, words in PUBLISHED.items():
        beside = (1.01, sum(PUBLISHED_R_SQUARED[step]) / 2)
        panels[0, -1].annotate(
            f"published:\n{words}", beside, xycoords=("axes fraction", "data"), va="center", fontsize=8
        )
    panels[0, 0].set_ylim(min(0.0, ladder["r_squared"].min() - 0.05), 1)
    panels[1, 0].set_ylim(0, None)
    panels[0, 0].set_ylabel("R² between practices,\non the other half")
    panels[1, 0].set_ylabel("practices missed by\n10 % or more, %")
    figure.suptitle(
        "What patients' need explains of practices' admissions and cost, step by step",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
