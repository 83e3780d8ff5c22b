"""The season: which share of a year's admissions begins in each month, by chapter and admission type."""

import pandas as pd
import polars as pl

KEY = ["chapter", "admission_type", "month"]
MONTHS = 12
FIRST_MONTH = 4  # of the calendar: the financial year begins in April
PRIOR_ADMISSIONS = 1_200  # a hundred a month, of which chance moves each by a tenth
COLUMNS = [*KEY, "admissions", "share"]


def monthly_counts(units: pl.DataFrame) -> pl.DataFrame:
    """Units of a year by chapter, admission type and month of the financial year.

    Args:
        units: ``hrg, admission_type`` and ``start``, the day on which each began; without one it is left out.

    Returns:
        `KEY` and ``admissions``; April is month 1, whichever April, and March month 12.
    """
    return (
        units.drop_nulls("start")
        .group_by(
            pl.col("hrg").str.slice(0, 1).alias("chapter"),
            "admission_type",
            month=(pl.col("start").dt.month().cast(pl.Int64) - FIRST_MONTH) % MONTHS + 1,
        )
        .agg(admissions=pl.len().cast(pl.Int64))
    )


def seasons(counts: pd.DataFrame) -> pd.DataFrame:
    """The share of each month, a small chapter's shrunk to the profile of its admission type.

    A chapter counts as though it had 1,200 admissions more with its admission type's profile: the mean of a
    Dirichlet prior of that weight (Carlin and Louis, *Bayesian Methods for Data Analysis*, ch. 2). So the
    profile of a chapter with 1,200 admissions is half its own.

    Args:
        counts: `monthly_counts`, of one year or several.

    Returns:
        Table ``seasons``: twelve months for each chapter and admission type seen; shares add up to 1.
    """
    by_month = counts.pivot_table(
        "admissions", KEY[:2], "month", aggfunc="sum", fill_value=0, observed=True
    ).reindex(columns=range(1, MONTHS + 1), fill_value=0)
    of_type = by_month.groupby(level="admission_type").transform("sum")
    prior = PRIOR_ADMISSIONS * of_type.div(of_type.sum(axis=1), axis=0)
    share = (by_month + prior).div(by_month.sum(axis=1) + PRIOR_ADMISSIONS, axis=0)
    table = by_month.melt(ignore_index=False, value_name="admissions").assign(
        share=share.melt(ignore_index=False)["value"]
    )
    types = {"month": "int64", "admissions": "int64"}
    return table.reset_index().astype(types).sort_values(KEY, ignore_index=True)[COLUMNS]
