"""Admissions and cost that a practice's list leads to expect, by indirect standardisation."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import polars as pl

AGE_SEX = ("sex", "age_from")
AGE_SEX_AND_EARLIER = (*AGE_SEX, "comorbidity")
MEASURES = {"admissions": "admissions", "cost": "cost_gbp"}
UNIT = ["practice", "year"]


def standardised(
    counts: pl.DataFrame, reference: Collection[str], cell: Sequence[str] = AGE_SEX
) -> pd.DataFrame:
    """Observed, and what the reference practices' rates in each cell would give on each practice's list.

    Expected is the sum over cells of people x reference events / reference people, each year by its own rates
    (indirect standardisation; Breslow and Day 1987, *Statistical Methods in Cancer Research* II, IARC, 2.3).
    So expected of the reference practices together is what they had.

    Args:
        counts: table ``practice_counts``, or parts of it one after the other.
        reference: practices whose rates are used. A cell in which they have nobody has the rate 0.
        cell: columns that tell cells apart within a year.

    Returns:
        A row for each practice, year and measure (``admissions``, ``cost`` in GBP), sorted:
        ``practice, year, measure, observed, expected``.
    """
    unit, of_unit = numbered(counts, UNIT)
    of_cell = numbered(counts, ["year", *cell])[1]
    known = counts["practice"].is_in(list(reference)).to_numpy()
    people = counts["people"].to_numpy().astype(float)
    of_reference = np.bincount(of_cell, people * known)
    parts = []
    for measure, column in MEASURES.items():
        events = counts[column].to_numpy().astype(float)
        in_cell = np.bincount(of_cell, events * known)
        rate = np.divide(in_cell, of_reference, out=np.zeros_like(in_cell), where=of_reference > 0)
        # Not polars' sums, which in the last digit depend on the number of cores.
        sums = {
            "observed": np.bincount(of_unit, events),
            "expected": np.bincount(of_unit, people * rate[of_cell]),
        }
        parts.append(unit.assign(measure=measure, **sums))
    return pd.concat(parts).sort_values([*UNIT, "measure"], ignore_index=True)


def numbered(counts: pl.DataFrame, key: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """Every key that occurs, sorted, and the number of each row's key."""
    keys = counts.select(key).unique().sort(key).with_row_index("number")
    numbers = counts.select(key).join(keys, on=key, how="left", maintain_order="left")["number"]
    return keys.drop("number").to_pandas(), numbers.to_numpy().astype(np.int64)
