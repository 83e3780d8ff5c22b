"""Admissions and cost alike as counts of events that vary as a Poisson count does."""

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.practices.expected import ALL_YEARS
from casemix_risk.practices.standardisation import UNIT, numbered


def effective_counts(expected: pd.DataFrame, counts: pl.DataFrame) -> pd.DataFrame:
    """Observed and expected with what one event is worth.

    The cost of Poisson admissions is compound Poisson: its variance is the expected sum of squared prices V.
    Divided by V / cost it has a variance equal to its mean, as a count has (the effective number of events:
    Fay and Feuer 1997, Statistics in Medicine 16, 791-801, for weighted sums). An interval uses the
    practice's own V / cost, comparisons with expected that of all compared practices, which chance hardly
    moves.

    Args:
        expected: table ``practice_expected``.
        counts: table ``practice_counts``.

    Returns:
        `expected`, less years, measures and steps in which nobody had anything, with ``own_unit`` and
        ``unit``: admissions (1) or GBP an event, of the practice and of all.
    """
    units, of_unit = numbered(counts, UNIT)
    squares = np.bincount(of_unit, counts["cost_squared"].to_numpy())
    yearly = units.assign(measure="cost", squares=squares)
    together = yearly.groupby("practice", as_index=False)["squares"].sum()
    cost = pd.concat([yearly, together.assign(year=ALL_YEARS, measure="cost")])
    rows = expected.merge(cost, on=["practice", "year", "measure"], how="left")
    rows["squares"] = rows["squares"].fillna(rows["observed"])
    sums = rows.groupby(["year", "measure", "step"])[["squares", "observed"]].transform("sum")
    some = sums["observed"] > 0
    rows, unit = rows[some], (sums["squares"] / sums["observed"])[some]
    own_unit = (rows["squares"] / rows["observed"]).where(rows["observed"] > 0, unit)
    return rows.drop(columns="squares").assign(own_unit=own_unit, unit=unit)
