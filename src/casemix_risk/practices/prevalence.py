"""Recorded prevalence of long-term conditions beside what the age and sex of a practice's list lead to expect."""

import numpy as np
import polars as pl
from scipy.optimize import nnls

PREFIX, SUFFIX = "prevalence_", "_pct"
BROAD_AGES = [45, 65, 75, 85]
PRACTICES_A_GROUP = 3


def practice_prevalence(people: pl.DataFrame, profile: pl.DataFrame) -> pl.DataFrame:
    """Recorded and expected prevalence of each practice and condition.

    No national prevalence by age comes with the files, so it is estimated from the practices: with people n of
    practice p in group g (sex by ages 0-44, 45-64, 65-74, 75-84, 85 and over) and C cases, C_p = sum over g of
    n_pg r_g with rates r of at least 0 (non-negative least squares; Lawson and Hanson 1974), weighted by
    1 / people, as the variance of a count grows with the list. Expected is then scaled to all recorded cases,
    so it is the mean of these practices' recording, not the true prevalence: a practice above it records more
    than others do for such a list, because it codes more or because its people are sicker.

    Args:
        people: table ``practice_people``.
        profile: table ``practice_profile``.

    Returns:
        Table ``practice_prevalence``. With fewer than 3 practices for each group of people all practices have
        the same expected prevalence.
    """
    kinds = pl.col("age_from").cut([age - 1 for age in BROAD_AGES]).to_physical() + 10 * pl.col("sex")
    lists = (
        people.join(profile, on="practice", how="semi")
        .group_by("practice", kind=kinds)
        .agg(pl.col("patients").sum())
        .sort("kind")
        .pivot("kind", index="practice", values="patients")
        .fill_null(0)
    )
    rows = lists.join(profile, on="practice").sort("practice")
    groups = rows.select(lists.columns[1:]).to_numpy().astype(float)
    size = groups.sum(axis=1)
    if len(rows) < PRACTICES_A_GROUP * groups.shape[1]:
        groups = size[:, None]
    conditions = {
        column.removeprefix(PREFIX).removesuffix(SUFFIX): column
        for column in profile.columns
        if column.startswith(PREFIX)
    }
    parts = []
    for condition, column in sorted(conditions.items()):
        recorded = rows[column].to_numpy() * size / 100
        weight = np.sqrt(1 / size)
        expected = groups @ nnls(groups * weight[:, None], recorded * weight)[0]
        expected *= recorded.sum() / expected.sum() if recorded.any() else 0
        parts.append(
            rows.select(
                "practice",
                condition=pl.lit(condition),
                patients=pl.Series(size).cast(pl.Int64),
                recorded_pct=pl.Series(100 * recorded / size),
                expected_pct=pl.Series(100 * expected / size),
            )
        )
    return pl.concat(parts).sort("practice", "condition")


def completeness(prevalence: pl.DataFrame) -> pl.DataFrame:
    """How much each practice records of what its list leads to expect, all conditions together.

    Args:
        prevalence: `practice_prevalence`.

    Returns:
        ``practice, completeness``: recorded cases over expected cases, each summed over the conditions;
        1 is the mean of all practices.
    """
    # numpy's sums, as polars' depend on the number of cores in the last digit.
    conditions = prevalence["condition"].n_unique()
    recorded, expected = (
        prevalence[f"{side}_pct"].to_numpy().reshape(-1, conditions).sum(axis=1)
        for side in ("recorded", "expected")
    )
    practices = prevalence["practice"].unique(maintain_order=True)
    return pl.DataFrame({"practice": practices, "completeness": recorded / expected})
