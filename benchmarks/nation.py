"""The tables of a nation's practices with true effects, made cell by cell and for timing alone."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.practices.profile import PREVALENCES
from casemix_risk.streams import stream

PRACTICES, PEOPLE, YEARS = 7_000, 60_000_000, ("2002-03", "2003-04", "2004-05")
AGES = np.arange(0, 95, 5)
SHARE_OF_AGE = np.interp(AGES, (0, 40, 60, 90), (1.0, 1.1, 0.9, 0.15))
RATE_OF_AGE = np.interp(AGES, (0, 5, 40, 60, 90), (0.12, 0.04, 0.05, 0.09, 0.35))
SHARE_OF_BAND = np.array([0.9, 0.05, 0.03, 0.015, 0.005])  # of people, by what earlier years show
RATE_OF_BAND = np.array([0.8, 1.5, 2.5, 4.0, 6.0])
EFFECT_SD = 0.1  # of log rates
PRICE_GBP, PRICE_CV = 1_500.0, 1.5
SEED = 10


class Nation(NamedTuple):
    """Tables of the comparison, by their names."""

    practice_counts: pd.DataFrame
    practice_profile: pd.DataFrame


def nation_tables() -> Nation:
    """PRACTICES practices with PEOPLE people; the rates of sexes are equal."""
    draw = stream(SEED, "nation")
    codes = [f"A{number:05d}" for number in range(PRACTICES)]
    size, deprived = draw.lognormal(0, 0.5, PRACTICES), draw.normal(size=PRACTICES)
    effect = np.exp(0.08 * deprived + EFFECT_SD * draw.normal(size=PRACTICES))
    mean = np.outer(PEOPLE * size / size.sum(), np.tile(SHARE_OF_AGE / SHARE_OF_AGE.sum() / 2, 2))
    lists, rates = draw.poisson(mean), np.outer(effect, np.tile(RATE_OF_AGE, 2))
    counts = pd.concat(_counted(year, codes, lists, rates, draw) for year in YEARS)
    profile = pd.DataFrame(
        {
            "practice": codes,
            "deprivation": 22 * np.exp(0.4 * deprived),
            "survey_score": draw.normal(80, 4, PRACTICES).clip(0, 100),
        }
        | {name: draw.lognormal(1.5, 0.2, PRACTICES) for name in PREVALENCES}
    )
    return Nation(counts, profile)


def _counted(year, codes, lists, rates, draw) -> pd.DataFrame:
    """A year's rows of `practice_counts`; nobody is known from before in the first."""
    first = year == YEARS[0]
    people = draw.multinomial(lists, [1.0] if first else SHARE_OF_BAND)
    admissions = draw.poisson(people * rates[..., None] * ([1.0] if first else RATE_OF_BAND)).ravel()
    practice, cell, band = np.indices(people.shape).reshape(3, -1)
    return pd.DataFrame(
        {
            "year": year,
            "practice": np.array(codes)[practice],
            "sex": cell // AGES.size + 1,
            "age_from": AGES[cell % AGES.size],
            "comorbidity": band,
            "people": people.ravel(),
            "admissions": admissions,
            "cost_gbp": PRICE_GBP * admissions,
            "cost_squared": PRICE_GBP**2 * (1 + PRICE_CV**2) * admissions,
        }
    )
