"""How much of the differences between practices each step explains, on practices it has not seen."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.practices.expected import ALL_YEARS, FEWEST_PRACTICES, STEPS, expected_by_step
from casemix_risk.practices.standardisation import MEASURES
from casemix_risk.streams import stream

MISSED_BY = 0.1
FEWEST_SCORED = 2
HALVES = ("first", "second")
# R^2 at practice level on a held-out half of the person-based formula for England (Nuffield Trust; Dixon and
# others 2011, BMJ 343, d6608): age and sex, with diagnoses, with areas' attributes too. A third of practices
# were missed by 10 % or more.
PUBLISHED_R_SQUARED = {"age_sex": (0.34, 0.34), "diagnoses": (0.61, 0.61), "diagnoses_area": (0.74, 0.77)}
PUBLISHED_MISSED_SHARE = 1 / 3
KEY = ["measure", "step", "fitted_half"]
COLUMNS = [*KEY, "practices", "r_squared", "missed_by_10_share", "dispersion", "family", "p_value"]


def practice_ladder(
    counts: pl.DataFrame, profile: pl.DataFrame, district: Collection[str] | None, seed: int
) -> pd.DataFrame:
    """Table ``practice_ladder``: each step with rates and models from one half, scored on the other.

    Practices with a profile are dealt to two halves; each half is fitted on once. R^2 is
    1 - sum n (o - e)^2 / sum n (o - mean)^2 of observed and expected per person o and e, with lists n as
    weights, over all years together; it is below 0 where the mean would have been nearer. A practice is
    missed if observed is 10 % or more from expected.

    Args:
        counts: table ``practice_counts``.
        profile: table ``practice_profile``.
        district: practices to score on; None: all. All are fitted on.
        seed: the run's.

    Returns:
        No rows where a half has fewer than 10 practices; no scores of a half with fewer than 2 to score.
    """
    lists = counts.group_by("practice").agg(pl.col("people").sum()).sort("practice").to_pandas()
    people = lists.set_index("practice")["people"]
    practices = np.array(sorted(set(people.index) & set(profile["practice"])))
    if len(practices) < len(HALVES) * FEWEST_PRACTICES:
        return pd.DataFrame(columns=COLUMNS)
    dealt = stream(seed, "practice ladder").permutation(len(practices))
    first = np.isin(np.arange(len(practices)), dealt[: len(practices) // 2])
    compared = np.isin(practices, practices if district is None else list(district))
    rows = []
    for half, fitted_on in zip(HALVES, (first, ~first), strict=True):
        steps = expected_by_step(counts, profile, practices[fitted_on])
        scored = steps.expected[
            (steps.expected["year"] == ALL_YEARS)
            & steps.expected["practice"].isin(practices[~fitted_on & compared])
        ]
        for measure in MEASURES:
            for step in STEPS:
                of_step = scored[(scored["measure"] == measure) & (scored["step"] == step)]
                model = steps.models[measure, step]
                rows.append(
                    {"measure": measure, "step": step, "fitted_half": half, "practices": len(of_step)}
                    | _scores(of_step, people.loc[of_step["practice"]].to_numpy())
                    | {"dispersion": model.alpha, "family": model.family, "p_value": model.p_value}
                )
    return pd.DataFrame(rows)[COLUMNS].sort_values(KEY, ignore_index=True)


def _scores(rows: pd.DataFrame, people: np.ndarray) -> dict[str, float]:
    if len(rows) < FEWEST_SCORED:
        return {"r_squared": np.nan, "missed_by_10_share": np.nan}
    observed, expected = rows["observed"].to_numpy() / people, rows["expected"].to_numpy() / people
    about_mean = people @ (observed - np.average(observed, weights=people)) ** 2
    missed = np.abs(observed / expected - 1) >= MISSED_BY
    return {
        "r_squared": 1 - (people @ (observed - expected) ** 2) / about_mean,
        "missed_by_10_share": missed.mean(),
    }
