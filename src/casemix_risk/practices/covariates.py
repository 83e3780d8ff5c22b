"""What may explain admissions beyond age and sex: deprivation, and recorded morbidity beyond age and sex."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import polars as pl
from scipy.optimize import nnls

AGE_EDGES = (20, 40, 60, 75)  # children, younger and older adults, younger and older old
PRACTICES_A_COVARIATE = 10
DEPRIVATION = "deprivation"
CONDITIONS_TOGETHER = "recorded_conditions"


def covariates(
    counts: pl.DataFrame, profile: pl.DataFrame, reference: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Covariates of each step, in standard deviations of the reference practices about their mean.

    Step ``deprivation`` has the logarithm of 1 + the score, as scores are skewed to the right and may be 0:
    by the score itself the few poorest practices would decide. Step ``morbidity`` adds the recorded
    prevalence of each condition less `expected_prevalence`. With fewer than 10 reference practices for each
    covariate (a rule of thumb) the conditions enter as one: their sum, recorded conditions per 100 people
    beyond expectation. What does not vary is left out.

    Args:
        counts: table ``practice_counts``.
        profile: table ``practice_profile``.
        reference: practices of the profile on which models are fitted.

    Returns:
        Step -> a row for each practice of counts and profile, sorted, by practice.
    """
    expected = expected_prevalence(counts, profile)
    known = profile.to_pandas().set_index("practice").loc[expected.index]
    beyond = known[expected.columns] - expected
    if len(reference) < PRACTICES_A_COVARIATE * (1 + beyond.shape[1]):
        beyond = beyond.sum(axis=1).to_frame(CONDITIONS_TOGETHER)
    together = np.log1p(known[[DEPRIVATION]]).join(beyond)
    of_reference = together.loc[sorted(reference)]
    spread = of_reference.std(ddof=0)
    varying = spread.index[spread > 1e-9 * of_reference.abs().max()]
    scaled = ((together - of_reference.mean()) / spread)[varying]
    return {"deprivation": scaled.filter([DEPRIVATION]), "morbidity": scaled}


def expected_prevalence(counts: pl.DataFrame, profile: pl.DataFrame) -> pd.DataFrame:
    """Recorded prevalence that a practice's ages and sexes lead to expect, from all practices of the profile.

    Prevalence is recorded for whole practices only. It is regressed on the shares of the list in five broad
    ages x two sexes, weighted by list, with coefficients of at least 0: they are the prevalences within these
    groups (ecological regression; Goodman 1953, American Sociological Review 18, 663-664; non-negative least
    squares, Lawson and Hanson 1974, *Solving Least Squares Problems*, chapter 23).

    Args:
        counts: table ``practice_counts``; people of all its years together.
        profile: table ``practice_profile``.

    Returns:
        A row for each practice of counts and profile, sorted; a column for each
        ``prevalence_<condition>_pct``, in %.
    """
    band = sum((pl.col("age_from") >= edge).cast(pl.Int64) for edge in AGE_EDGES)
    lists = (
        counts.join(profile.select("practice"), on="practice", how="semi")
        .group_by("practice", "sex", band.alias("band"))
        .agg(pl.col("people").sum())
        .to_pandas()
        .pivot_table(index="practice", columns=["sex", "band"], values="people", fill_value=0, sort=True)
    )
    shares = lists.div(lists.sum(axis=1), axis=0).to_numpy()
    weight = np.sqrt(lists.sum(axis=1).to_numpy())
    conditions = [name for name in profile.columns if name.startswith("prevalence_")]
    recorded = profile.select("practice", *conditions).to_pandas().set_index("practice").loc[lists.index]
    within = [nnls(shares * weight[:, None], recorded[name].to_numpy() * weight)[0] for name in conditions]
    return pd.DataFrame(shares @ np.reshape(within, (-1, shares.shape[1])).T, lists.index, conditions)
