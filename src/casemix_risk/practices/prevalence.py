"""Recorded prevalence of long-term conditions beside what a practice's ages and sexes lead to expect."""

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.practices.covariates import expected_prevalence

_SPELLED_OUT = {"chd": "coronary heart disease", "ckd": "chronic kidney disease", "copd": "COPD"}


def practice_prevalence(counts: pl.DataFrame, profile: pl.DataFrame) -> pd.DataFrame:
    """Recorded and expected prevalence of each practice and condition.

    Expected (`expected_prevalence`) is scaled to all recorded cases, so it is the mean of these practices'
    recording, not the true prevalence: a practice above it records more than others do for such a list,
    because it codes more or because its people are sicker.

    Args:
        counts: table ``practice_counts``; the lists are those of its last year.
        profile: table ``practice_profile``.

    Returns:
        Table ``practice_prevalence``.
    """
    latest = counts.filter(pl.col("year") == pl.col("year").max())
    patients = latest.group_by("practice").agg(pl.col("people").sum()).to_pandas().set_index("practice")
    expected = expected_prevalence(counts, profile)
    lists = patients["people"].reindex(expected.index)
    recorded = profile.to_pandas().set_index("practice").loc[expected.index, expected.columns]
    cases = [each.mul(lists, axis=0).sum() for each in (recorded, expected)]
    expected = expected * (cases[0] / cases[1].where(cases[1] > 0, 1.0))
    conditions = expected.columns.str.removeprefix("prevalence_").str.removesuffix("_pct")
    table = pd.DataFrame(
        {
            "practice": np.repeat(expected.index, len(conditions)),
            "condition": np.tile(conditions, len(expected)),
            "patients": np.repeat(lists.to_numpy(), len(conditions)),
            "recorded_pct": recorded.to_numpy().ravel(),
            "expected_pct": expected.to_numpy().ravel(),
        }
    )
    return table.sort_values(["practice", "condition"], ignore_index=True)


def completeness(prevalence: pd.DataFrame) -> pd.Series:
    """How much each practice records of what its list leads to expect, all conditions together.

    Args:
        prevalence: `practice_prevalence`.

    Returns:
        By practice: recorded cases over expected cases, each summed over the conditions; 1 is the mean of all
        practices.
    """
    sums = prevalence.groupby("practice")[["recorded_pct", "expected_pct"]].sum()
    return (sums["recorded_pct"] / sums["expected_pct"]).rename("completeness")


def condition_in_words(condition: str) -> str:
    """The name of a condition of table ``practice_prevalence`` for readers."""
    return _SPELLED_OUT.get(condition, condition.replace("_", " "))
