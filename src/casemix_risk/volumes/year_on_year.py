"""Changes from one year to the next, beside what chance would do."""

from itertools import pairwise

import numpy as np
import pandas as pd

from casemix_risk.volumes.national import LINE

BEYOND_CHANCE = 1.96


def year_on_year(activity: pd.DataFrame) -> pd.DataFrame:
    """Each line's, each chapter's and the whole's change between neighbouring years, and its z-score.

    If counts were chance about an unchanged mean, with variance d x mean, then
    z = (y2 - y1) / sqrt(sum of d (y1 + y2)) would be about standard Normal: given y1 + y2 a Poisson count y2
    is Binomial with probability 1/2 (Przyborowski and Wilenski 1940, Biometrika 31, 313-323).

    Args:
        activity: table ``activity`` of two years or more. Years must be neighbours to be compared.

    Returns:
        Table ``year_on_year``: `level` is ``line``, ``chapter`` or ``all``. `lines` counts those with
        admissions in both years, and `beyond_chance` the share of them with |z| above 1.96, which chance
        would make 1 in 20.
    """
    years = sorted(activity["year"].unique())
    tables = [
        _changes(activity, before, after)
        for before, after in pairwise(years)
        if int(after[:4]) == int(before[:4]) + 1
    ]
    columns = ["from_year", "to_year", "level", "code", "admission_type"]
    return pd.concat(tables).sort_values(columns, ignore_index=True)


def _changes(activity: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    counts, factors = (
        activity.pivot(index=LINE, columns="year", values=column).reindex(columns=[before, after])
        for column in ("admissions", "variance_factor")
    )
    counts = counts.fillna(0)
    lines = counts[counts.sum(axis=1) > 0].set_axis(["before", "after"], axis=1).reset_index()
    lines["variance"] = (counts * factors.fillna(1.0)).sum(axis=1)[counts.sum(axis=1) > 0].to_numpy()
    lines["in_both"] = (lines["before"] > 0) & (lines["after"] > 0)
    z = (lines["after"] - lines["before"]) / np.sqrt(lines["variance"])
    lines["beyond"] = (z.abs() > BEYOND_CHANCE) & lines["in_both"]
    each = _level(lines, "line", lines["hrg"], lines["admission_type"])
    chapters = _level(lines, "chapter", lines["hrg"].str[0], "all")
    table = pd.concat([each, chapters, _level(lines, "all", "all", "all")])
    return table.assign(from_year=before, to_year=after)[
        [
            "from_year",
            "to_year",
            "level",
            "code",
            "admission_type",
            "admissions_before",
            "admissions_after",
            "change_pct",
            "chance_pct",
            "z",
            "lines",
            "beyond_chance",
        ]
    ]


def _level(
    lines: pd.DataFrame, level: str, code: pd.Series | str, admission_type: pd.Series | str
) -> pd.DataFrame:
    sums = (
        lines.assign(level=level, code=code, admission_type=admission_type)
        .groupby(["level", "code", "admission_type"], as_index=False)[
            ["before", "after", "variance", "in_both", "beyond"]
        ]
        .sum()
    )
    change, deviation = sums["after"] - sums["before"], np.sqrt(sums["variance"])
    existing = sums["before"].where(sums["before"] > 0)
    return sums.assign(
        admissions_before=sums["before"].astype("int64"),
        admissions_after=sums["after"].astype("int64"),
        change_pct=100 * change / existing,
        chance_pct=100 * deviation / existing,
        z=change / deviation,
        lines=sums["in_both"].astype("int64"),
        beyond_chance=sums["beyond"] / sums["in_both"].where(sums["in_both"] > 0),
    )
