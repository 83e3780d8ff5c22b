"""Chronic conditions of the demonstration's people: who has them, what they do, how they are coded.

All are round guesses that look like England: prevalence rises with age along a logistic curve, with
deprivation and with the practice's own illness. A condition multiplies the chance to be admitted as an
emergency. Who has one has it through all the years.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.synthetic.secondary import COMORBIDITY, Offer


class Condition(NamedTuple):
    """One of the conditions that general practice keeps a register of."""

    name: str
    code: str
    """ICD-10, as HES writes it."""
    most: float
    """Prevalence at the greatest age, of women in a middling practice."""
    half_at: float
    """Age in years at which half of that is reached."""
    years: float
    """How many years of age the rise takes: the scale of the logistic curve."""
    men: float
    """Prevalence of men over that of women."""
    deprivation: float
    """Log prevalence for one standard deviation of deprivation."""
    admission: float
    """Factor of the chance to be admitted as an emergency."""


CONDITIONS = (
    Condition("asthma", "J459", 0.065, 4, 2, 0.9, 0.05, 1.3),
    Condition("atrial_fibrillation", "I48X", 0.16, 78, 7, 1.2, 0.0, 1.5),
    Condition("cancer", "C189", 0.10, 68, 9, 1.1, 0.0, 1.6),
    Condition("chd", "I251", 0.20, 68, 8, 1.6, 0.10, 1.5),
    Condition("ckd", "N189", 0.25, 76, 7, 0.9, 0.03, 1.3),
    Condition("copd", "J449", 0.09, 64, 7, 1.1, 0.25, 1.9),
    Condition("dementia", "F03X", 0.28, 88, 5, 0.9, 0.02, 1.6),
    Condition("diabetes", "E119", 0.15, 55, 9, 1.2, 0.15, 1.4),
    Condition("epilepsy", "G409", 0.009, 5, 5, 1.0, 0.12, 1.8),
    Condition("heart_failure", "I500", 0.12, 80, 6, 1.1, 0.10, 2.0),
    Condition("hypertension", "I10X", 0.50, 60, 9, 1.0, 0.04, 1.1),
    Condition("stroke", "I694", 0.14, 76, 8, 1.1, 0.08, 1.5),
)
_MOST_PREVALENT = 0.95
_CODED = 0.7  # chance that an average provider codes a condition that the patient has
_OF_DEPRIVATION = 0.08  # log emergency rate for one standard deviation of deprivation
_CODED_OTHERWISE = ("newborn", "mothers")  # pregnancy and birth have codes of their own for these conditions


def conditions_of_people(
    sex: np.ndarray,
    age: np.ndarray,
    practice: np.ndarray,
    practices: pd.DataFrame,
    generator: np.random.Generator,
) -> np.ndarray:
    """Which conditions each person has: a bit for each of `CONDITIONS`, the first the lowest.

    Args:
        sex: 1 male, 2 female.
        age: years.
        practice: the number of the person's.
        practices: from `casemix_risk.synthetic.practices.sampled_practices`.
        generator: draws them.
    """
    deprived, illness = (practices[name].to_numpy()[practice] for name in ("deprived", "illness"))
    has = np.zeros(len(sex), dtype=np.int16)
    for bit, condition in enumerate(CONDITIONS):
        rise = 1 / (1 + np.exp((condition.half_at - age) / condition.years))
        prevalence = condition.most * rise * np.where(sex == 1, condition.men, 1) * illness
        prevalence *= np.exp(condition.deprivation * deprived)
        has |= (generator.random(len(sex)) < prevalence.clip(max=_MOST_PREVALENT)).astype(np.int16) << bit
    return has


def emergency_need(conditions: np.ndarray, practice: np.ndarray, practices: pd.DataFrame) -> np.ndarray:
    """How much likelier than another of the same sex and age each person is to be admitted as an emergency.

    Args:
        conditions: from `conditions_of_people`.
        practice: the number of the person's.
        practices: from `casemix_risk.synthetic.practices.sampled_practices`.
    """
    of_practice = practices["effect"] * np.exp(_OF_DEPRIVATION * practices["deprived"])
    need = of_practice.to_numpy()[practice]
    for condition, has in zip(CONDITIONS, has_conditions(conditions), strict=True):
        need = need * np.where(has, condition.admission, 1)
    return need


def has_conditions(conditions: np.ndarray) -> np.ndarray:
    """Whether each person has each condition, conditions x people."""
    return (conditions >> np.arange(len(CONDITIONS))[:, None] & 1).astype(bool)


def condition_offers(
    conditions: np.ndarray, sort: np.ndarray, depth: np.ndarray, generator: np.random.Generator
) -> list[Offer]:
    """The conditions of each record's patient as secondary diagnoses, those that its provider codes.

    Args:
        conditions: from `conditions_of_people`.
        sort: the name of each patient's.
        depth: how deeply the provider codes, around 1.
        generator: draws what is coded.
    """
    coded = generator.random((len(CONDITIONS), len(conditions))) < _CODED * depth
    wanted = has_conditions(conditions) & coded & ~np.isin(sort, _CODED_OTHERWISE)
    return [
        Offer(COMORBIDITY, np.full(len(conditions), condition.code, dtype=object), of_record)
        for condition, of_record in zip(CONDITIONS, wanted, strict=True)
    ]
