"""Expected admissions and cost of practices, in steps of more and more that is known of their patients."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.practices.covariates import covariates
from casemix_risk.practices.need_model import NeedModel, fit_need
from casemix_risk.practices.standardisation import AGE_SEX, AGE_SEX_AND_EARLIER, MEASURES, standardised

FEWEST_PRACTICES = 10
ALL_YEARS = "all"
LEADING_STEP, CODED_STEP = "deprivation", "earlier_diagnoses"  # always side by side: decision 15
# Step -> cells that are standardised by, and step whose covariates multiply the result.
STEPS = {
    "age_sex": (AGE_SEX, None),
    "deprivation": (AGE_SEX, "deprivation"),
    "morbidity": (AGE_SEX, "morbidity"),
    "earlier_diagnoses": (AGE_SEX_AND_EARLIER, "morbidity"),
}
KEY = ["practice", "year", "measure", "step"]


class Steps(NamedTuple):
    """Expected by each step, and the models behind it."""

    expected: pd.DataFrame
    """As table ``practice_expected``, of all practices."""
    models: dict[tuple[str, str], NeedModel]
    """By measure and step; at ``age_sex`` without a covariate, for its test."""


def practice_expected(
    counts: pl.DataFrame, profile: pl.DataFrame, district: Collection[str] | None = None
) -> pd.DataFrame:
    """Table ``practice_expected``: what practices had and what their patients' need leads to expect.

    Rates are those of all practices of the counts, models those of all practices of the profile.

    Args:
        counts: table ``practice_counts``.
        profile: table ``practice_profile``. Practices that it lacks have step ``age_sex`` alone.
        district: practices that are compared; None: all.

    Raises:
        InputError: none of them has an emergency admission in some year.
    """
    compared = counts if district is None else counts.filter(pl.col("practice").is_in(list(district)))
    admitted = compared.group_by("year").agg(pl.sum("admissions")).sort("year")
    without = admitted.filter(pl.col("admissions") == 0)["year"]
    if len(without):
        raise InputError(
            f"None of the practices compared has an emergency admission in {without[0]}: are the codes in "
            "practices.register and practices.district those of the extract? practice_waterfall says what "
            "could not be placed."
        )
    table = expected_by_step(counts, profile, counts["practice"].unique()).expected
    return table if district is None else table[table["practice"].isin(district)].reset_index(drop=True)


def expected_by_step(counts: pl.DataFrame, profile: pl.DataFrame, reference: Collection[str]) -> Steps:
    """Expected of all practices, from the rates of some and from models fitted on them.

    1. ``age_sex``: indirect standardisation by sex and age band (`standardised`).
    2. ``deprivation``: times exp(b x deprivation), from `fit_need` over practices.
    3. ``morbidity``: the same with the recorded prevalences beyond age and sex too (`covariates`).
    4. ``earlier_diagnoses``: standardised by diagnoses of earlier years' admissions as well, then as 3.

    A model is fitted on the sum of all years, as a profile has none, and its multipliers are scaled to each
    year's total of the practices it is fitted on: no step makes a whole year look high or low. Steps 3 and 4
    use what somebody coded, 1 and 2 do not. A year without an earlier one has no diagnoses to go by, so its
    step 4 standardises as step 3 does. With fewer than 10 practices to fit on there is step 1 alone.

    Args:
        counts: table ``practice_counts``.
        profile: table ``practice_profile``.
        reference: practices whose rates are used, and of them those of the profile for models.
    """
    fitted_on = sorted(set(reference) & set(profile["practice"]) & set(counts["practice"].unique()))
    enough = len(fitted_on) >= FEWEST_PRACTICES
    steps = STEPS if enough else {"age_sex": STEPS["age_sex"]}
    by_cell = {cell: standardised(counts, reference, cell) for cell in {cell for cell, _ in steps.values()}}
    known = covariates(counts, profile, fitted_on) if enough else {}
    known[None] = pd.DataFrame(index=fitted_on)
    parts, models = [], {}
    for measure, column in MEASURES.items():
        squares = "admissions" if measure == "admissions" else "cost_squared"
        unit = counts[squares].to_numpy().sum() / counts[column].to_numpy().sum()
        for step, (cell, with_covariates) in steps.items():
            rows, values = by_cell[cell], known[with_covariates]
            rows = rows[(rows["measure"] == measure) & (rows["expected"] > 0)]
            if enough:
                models[measure, step] = _fitted(rows, values, fitted_on, unit)
            if with_covariates:
                rows = _multiplied(rows, values, models[measure, step], fitted_on)
            parts.append(rows.assign(step=step))
    yearly = pd.concat(parts)
    together = yearly.groupby(["practice", "measure", "step"], as_index=False)[["observed", "expected"]].sum()
    table = pd.concat([yearly, together.assign(year=ALL_YEARS)])
    table = table[[*KEY, "observed", "expected"]].sort_values(KEY, ignore_index=True)
    return Steps(table, models)


def _fitted(rows: pd.DataFrame, values: pd.DataFrame, practices: Collection[str], unit: float) -> NeedModel:
    own = rows[rows["practice"].isin(practices)]
    sums = own.groupby("practice")[["observed", "expected"]].sum() / unit
    return fit_need(*(sums[name].to_numpy() for name in sums), values.loc[sums.index].to_numpy())


def _multiplied(
    rows: pd.DataFrame, values: pd.DataFrame, model: NeedModel, practices: Collection[str]
) -> pd.DataFrame:
    """Rows of practices with covariates, adding up to what the model's practices had each year."""
    multiplier = pd.Series(np.exp(values.to_numpy() @ model.coefficients[1:]), values.index)
    rows = rows[rows["practice"].isin(values.index)]
    expected = rows["expected"] * rows["practice"].map(multiplier)
    fitted_on = rows["practice"].isin(practices)
    of_year = rows["observed"][fitted_on].groupby(rows["year"]).sum()
    scale = of_year / expected[fitted_on].groupby(rows["year"]).sum()
    return rows.assign(expected=expected * rows["year"].map(scale))
