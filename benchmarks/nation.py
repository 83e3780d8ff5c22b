"""The tables of a nation's practices, with true effects, made without a person: for timing alone."""

import numpy as np
import pandas as pd

from casemix_risk.streams import stream

PRACTICES, PEOPLE, YEARS = 7_000, 60_000_000, ("2002-03", "2003-04", "2004-05")
CONDITIONS = ("asthma", "chd", "copd", "diabetes", "heart_failure", "hypertension")
AGES = np.arange(0, 95, 5)
SHARE_OF_AGE = np.interp(AGES, (0, 40, 60, 90), (1.0, 1.1, 0.9, 0.15))
RATE_OF_AGE = np.interp(AGES, (0, 5, 40, 60, 90), (0.12, 0.04, 0.05, 0.09, 0.35))
SHARE_OF_BAND = np.array([0.9, 0.05, 0.03, 0.015, 0.005])  # of people, by what earlier years show
RATE_OF_BAND = np.array([0.8, 1.5, 2.5, 4.0, 6.0])
PRICE, PRICE_CV = 1_500.0, 1.5
SEED = 10


def practice_tables() -> dict[str, pd.DataFrame]:
    """Tables `practice_counts` and `practice_profile` of PRACTICES practices with PEOPLE people."""
    draw = stream(SEED, "nation")
    codes = [f"A{number:05d}" for number in range(1, PRACTICES + 1)]
    sizes = draw.lognormal(0, 0.5, PRACTICES)
    deprivation = draw.normal(20, 8, PRACTICES)
    effect = np.exp(0.01 * (deprivation - 20) + draw.normal(0, 0.1, PRACTICES))
    of_age = np.repeat(SHARE_OF_AGE / SHARE_OF_AGE.sum() / 2, 2)  # age by age, both sexes
    people = draw.poisson(np.outer(PEOPLE * sizes / sizes.sum(), of_age))
    rates = np.outer(effect, np.repeat(RATE_OF_AGE, 2))
    years = []
    for year in YEARS:
        bands = SHARE_OF_BAND if year > YEARS[0] else np.ones(1)
        split = draw.multinomial(people, bands)
        mean = split * rates[..., None] * (RATE_OF_BAND if year > YEARS[0] else np.ones(1))
        admissions = draw.poisson(mean).ravel()
        cost = PRICE * admissions * (1 + PRICE_CV * draw.normal(size=admissions.size) / 10)
        years.append(
            pd.DataFrame(
                {
                    "year": year,
                    "practice": np.repeat(codes, of_age.size * bands.size),
                    "sex": np.tile(np.repeat([1, 2], bands.size), PRACTICES * AGES.size),
                    "age_from": np.tile(np.repeat(AGES, 2 * bands.size), PRACTICES),
                    "comorbidity": np.tile(np.arange(bands.size), PRACTICES * of_age.size),
                    "people": split.ravel(),
                    "admissions": admissions,
                    "cost_gbp": cost,
                    "cost_squared": cost * PRICE * (1 + PRICE_CV**2),
                }
            )
        )
    prevalence = {
        f"prevalence_{name}_pct": np.clip(draw.normal(6, 1.5, PRACTICES), 0, None) for name in CONDITIONS
    }
    profile = {
        "practice": codes,
        "deprivation": deprivation,
        "survey_score": np.clip(draw.normal(85, 5, PRACTICES), 0, 100),
    }
    counts = pd.concat(years).sort_values(["year", "practice", "sex", "age_from", "comorbidity"])
    return {
        "practice_counts": counts.reset_index(drop=True),
        "practice_profile": pd.DataFrame(profile | prevalence),
    }
