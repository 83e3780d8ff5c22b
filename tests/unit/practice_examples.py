"""Practices whose true effects are known, as the tables that the comparison starts from."""

from typing import NamedTuple

import numpy as np
import polars as pl

from casemix_risk.streams import stream

CONDITIONS = (
    *("asthma", "atrial_fibrillation", "cancer", "chd", "ckd", "copd"),
    *("dementia", "diabetes", "epilepsy", "heart_failure", "hypertension", "stroke"),
)
AGES = np.arange(0, 95, 5)
PRICES = np.array([500, 1_500, 5_000])
PRICE_SHARES = [0.5, 0.35, 0.15]
KNOWN_BEFORE = 0.2  # share of people at age 90; half of it at 45
GROUP_SHARES = np.array([0.5, 0.3, 0.15, 0.05])  # of those known before, in comorbidity 1 to 4
GROUP_RATES = np.array([1.5, 2.5, 4.0, 6.0])


class PracticeTables(NamedTuple):
    """All polars; admissions of a cell are Poisson about people x rate x everything that is true."""

    practice_counts: pl.DataFrame
    practice_people: pl.DataFrame
    practice_profile: pl.DataFrame
    practice_truth: pl.DataFrame


def practice_tables(
    practices=57,
    people=350_000,
    *,
    effect_sd=0.1,
    deprivation_effect=0.08,
    morbidity_effect=0.05,
    years=("2002-03", "2003-04", "2004-05"),
    admissions_per_head=0.09,
    seed=1,
) -> PracticeTables:
    """Practices that all belong to district ``one``.

    Args:
        practices: their number.
        people: on all lists together.
        effect_sd: SD of the log of the practices' true effects; 0 for none.
        deprivation_effect: log rate for one SD of deprivation.
        morbidity_effect: log rate for one SD of morbidity, which all prevalences share.
        years: in the first of them nobody is known from before.
        admissions_per_head: a year, over all.
        seed: of every draw.
    """
    draw = stream(seed, "practice examples", practices, people, effect_sd)
    code = [f"P{number:05}" for number in range(practices)]
    deprived, sick, worse, age_tilt = draw.standard_normal((4, practices))
    size = draw.lognormal(0, 0.4, practices)
    effect = np.exp(effect_sd * worse)
    completeness = np.clip(0.85 + 0.06 * _correlated(worse, draw), 0.5, 1)

    by_age = np.interp(AGES, [0, 40, 60, 75, 90], [6.0, 7.5, 6.0, 4.0, 1.0])
    mix = by_age * np.exp(0.25 * age_tilt[:, None] * (AGES - 40) / 40)
    share = size[:, None] / size.sum() * mix / mix.sum(axis=1, keepdims=True)
    lists = draw.poisson(people / 2 * np.stack([share, share], axis=1))  # practices x sexes x ages

    rate = np.exp(0.35 * np.abs(AGES - 20) / 10)
    rate = rate * admissions_per_head * lists.sum() / (lists * rate).sum()
    need = np.exp(deprivation_effect * deprived + morbidity_effect * sick) * effect
    counts = [
        _counted(year, year != years[0], code, lists, rate * need[:, None, None], draw) for year in years
    ]
    people_of_practices = _long(code, patients=lists)
    profile = {"practice": code, "deprivation": 22 * np.exp(0.4 * deprived)}
    profile["survey_score"] = np.clip(82 + 6 * _correlated(worse, draw), 0, 100)
    for place, condition in enumerate(CONDITIONS):
        true = (1 + place) * np.exp(0.15 * sick + 0.05 * draw.standard_normal(practices))
        profile[f"prevalence_{condition}_pct"] = true * completeness
    truth = {"practice": code, "district": ["one"] * practices, "effect": effect}
    truth |= {"deprivation": profile["deprivation"], "completeness": completeness}
    return PracticeTables(pl.concat(counts), people_of_practices, pl.DataFrame(profile), pl.DataFrame(truth))


def _correlated(with_this: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Standard normals whose correlation with others is -0.5."""
    return -0.5 * with_this + np.sqrt(0.75) * draw.standard_normal(len(with_this))


def _counted(year, after_the_first, code, lists, rate, draw) -> pl.DataFrame:
    known = KNOWN_BEFORE * AGES / 90 * after_the_first
    shares = np.concatenate([[1 - known], GROUP_SHARES[:, None] * known])  # groups x ages
    # Who is not known has what is left, so that rates by age are the same every year.
    rates = np.concatenate(
        [[1 - (GROUP_RATES @ shares[1:])] / shares[:1], GROUP_RATES[:, None] + 0 * shares[1:]]
    )
    people = draw.multinomial(lists, shares.T)
    admissions = draw.poisson(people * rate[..., None] * rates.T)
    priced = draw.multinomial(admissions, PRICE_SHARES)
    table = _long(
        code, people=people, admissions=admissions, cost_gbp=priced @ PRICES, cost_squared=priced @ PRICES**2
    )
    table = table.filter(pl.col("comorbidity") == 0) if not after_the_first else table
    money = pl.col("cost_gbp", "cost_squared").cast(pl.Float64)
    return table.select(pl.lit(year).alias("year"), pl.all().exclude("cost_gbp", "cost_squared"), money)


def _long(code, **values) -> pl.DataFrame:
    """A row a cell from arrays practices x sexes x ages (x groups), in the order of the contracts."""
    shape = next(iter(values.values())).shape
    places = np.indices(shape).reshape(len(shape), -1)
    keys = {"practice": np.array(code)[places[0]], "sex": places[1] + 1, "age_from": AGES[places[2]]}
    if len(shape) == 4:
        keys["comorbidity"] = places[3]
    return pl.DataFrame(keys | {name: array.ravel() for name, array in values.items()})
