"""What would be published of the demonstration's practices: their register and their profile."""

import numpy as np
import pandas as pd

from casemix_risk.synthetic import population as people_of
from casemix_risk.synthetic.conditions import CONDITIONS, has_conditions

_REGISTER_YEAR = people_of.YEARS[1]
_AGE_BANDS = np.arange(0, 95, 5)


def registered(people: pd.DataFrame) -> pd.DataFrame:
    """Who is on a list at the start of the middle year, with their ``age_from`` (of five-year bands)."""
    start = people_of.year_start(_REGISTER_YEAR)
    listed = people[(people["dies"] >= int(_REGISTER_YEAR[:4])) & (people["birth"] < start)]
    age = ((start - listed["birth"]) / people_of.DAYS_A_YEAR).astype(int)
    return listed.assign(age_from=(age // 5 * 5).clip(upper=_AGE_BANDS[-1]))


def practice_register(people: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """The register in our layout; a practice with nobody on its list is not in it.

    Args:
        people: from `registered`.
        practices: from `casemix_risk.synthetic.practices.sampled_practices`.

    Returns:
        ``practice, commissioner, sex, age_from, patients``: a row a band of every practice, also where nobody
        is in it.
    """
    every = pd.MultiIndex.from_product(
        [np.unique(people["practice"]), [1, 2], _AGE_BANDS], names=["number", "sex", "age_from"]
    )
    sizes = people.groupby(["practice", "sex", "age_from"]).size()
    rows = sizes.rename_axis(every.names).reindex(every, fill_value=0).rename("patients").reset_index()
    named = practices[["practice", "commissioner"]].iloc[rows["number"]].reset_index(drop=True)
    return pd.concat([named, rows.drop(columns="number")], axis=1).sort_values(
        ["practice", "sex", "age_from"], ignore_index=True
    )


def practice_profile(people: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """The profile: what is recorded of each condition is its true prevalence x the practice's completeness.

    Args:
        people: from `registered`.
        practices: from `casemix_risk.synthetic.practices.sampled_practices`.

    Returns:
        ``practice, deprivation, survey_score, prevalence_<condition>_pct`` for each condition.
    """
    has = pd.DataFrame(has_conditions(people["conditions"].to_numpy()).T, index=people.index)
    true = has.groupby(people["practice"]).mean()
    own = practices.iloc[true.index].reset_index(drop=True)
    recorded = true.reset_index(drop=True).mul(100 * own["completeness"], axis=0).round(2)
    recorded.columns = [f"prevalence_{condition.name}_pct" for condition in CONDITIONS]
    profile = pd.concat([own[["practice", "deprivation", "survey_score"]], recorded], axis=1)
    return profile.sort_values("practice", ignore_index=True)
