"""Which of the sampled people an HRG's patients are: ages, sexes and, in an emergency, those with more need.

Ages and how steeply rates rise with them are round guesses that look like England.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.population import DAYS_A_YEAR, OLDEST, year_start

YEARS_YOUNGER = 1


class Patients(NamedTuple):
    """Who may be admitted with an HRG: the first pattern that fits its code and name gives the ages."""

    pattern: str
    youngest: int
    oldest: int
    rise: float
    """How steeply the rate of admission rises, in log units per ten years of age."""


# Oldest and youngest are of the year's start, the oldest left out. Within the year patients grow older, and
# they may have been a year younger when they were admitted: both are a year within the grouper's limits.
_AGES = (
    Patients(r"Neonat|Babies", -1, 0, 0),
    Patients(r"^N|Miscarriage|Termination|Conception|Ectopic|Hyperemesis|Mother and Baby", 17, 45, 0),
    Patients(r"^P", 0, 15, -0.6),
    Patients(r"under 18|Childhood|Specific Learning|Congenital H", 0, 17, -0.6),
    Patients(r"18-49|Vasectomy|Sterilisation", 19, 49, 0),
    Patients(r"over 18", 20, 90, 0),
    Patients(r"Tonsil|Squint|Dental Extraction|Minor Ear", 1, 30, -0.5),
    Patients(r">69|Complex Elderly|Senile", 71, OLDEST, 0.4),
    Patients(r"<70", 17, 69, 0.2),
    Patients(r"over 49|Presenile", 51, 90, 0.2),
    Patients(r"Hip|Knee Rep|Neck of Femur|Stroke|Cataract|Glaucoma|Heart|Parkinson|Prostat", 45, OLDEST, 0.5),
    Patients(r"^T", 17, 90, 0),
    Patients(r"", 17, OLDEST, 0.25),
)
_WOMEN = r"^M|^N|Breast|Mother"
_MEN = r"Prostat|Vasectomy|Scrotum|Penis"


def is_newborn(lines: pd.DataFrame) -> np.ndarray:
    """Whether a line's patients are admitted by being born."""
    return _names(lines).str.contains(_AGES[0].pattern).to_numpy()


def patient_groups(lines: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Who the patients of each line are.

    Args:
        lines: table ``truth_lines``.

    Returns:
        The number of each line's group, and the groups: ``youngest``, ``oldest`` (years), ``rise``, ``sex``
        (0 both), ``by_need`` (whether those with more need come more often: emergencies, not births).
    """
    names = _names(lines)
    ages = np.select([names.str.contains(row.pattern) for row in _AGES], np.arange(len(_AGES)))
    sex = np.select([names.str.contains(_MEN), names.str.contains(_WOMEN)], [1, 2], default=0)
    by_need = lines["admission_type"].eq("emergency") & ~is_newborn(lines) & lines["chapter"].ne("N")
    number, kinds = pd.factorize(pd.MultiIndex.from_arrays([ages, sex, by_need]))
    groups = pd.DataFrame(
        [_AGES[age]._asdict() | {"sex": sex, "by_need": by_need} for age, sex, by_need in kinds]
    )
    return number, groups.drop(columns="pattern")


def patient_drawer(
    people: pd.DataFrame, groups: pd.DataFrame, year: str
) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """A function that draws a person for each of many patients, given their groups, with replacement.

    Nobody is drawn who has died before the year, nor who is not yet born when it starts; ages hold
    all through the year. Need moves admissions between people of one sex and age only, so that it changes
    neither the number of a line's admissions nor their ages.
    """
    alive = np.flatnonzero((people["dies"] >= int(year[:4])) & (people["birth"] < year_start(year)))
    age = ((year_start(year) - people["birth"].to_numpy()[alive]) / DAYS_A_YEAR).astype(int)
    sex = people["sex"].to_numpy()[alive]
    # People are sorted by sex and age, so those alike in both stand side by side.
    cells = (sex - 1) * (OLDEST + 10) + age
    size = np.bincount(cells, minlength=2 * (OLDEST + 10))
    first = size.cumsum() - size
    weights = size * _rates(groups)
    if not weights.any(axis=1).all():
        raise InputError("Nobody in the sample is of the age and sex some HRG needs: raise the population.")

    need = people["need"].to_numpy()[alive]
    ladders = [np.append(0, np.cumsum(each)) for each in (np.ones(len(alive)), need)]
    by_need = groups["by_need"].to_numpy()

    def draw(group: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        cell = pick(weights, group, generator.random(len(group)))
        low, high, uniform = first[cell], first[cell] + size[cell], generator.random(len(group))
        place = np.empty(len(group), dtype=int)
        for chosen, ladder in zip((~by_need[group], by_need[group]), ladders, strict=True):
            begin, end = ladder[low[chosen]], ladder[high[chosen]]
            place[chosen] = np.searchsorted(ladder, begin + uniform[chosen] * (end - begin), side="right") - 1
        # Rounding must not let a person of the next cell in.
        return alive[place.clip(low, high - 1)]

    return draw


def _rates(groups: pd.DataFrame) -> np.ndarray:
    """Relative admission rates, groups x (sex, age) cells, age by age within each sex."""
    age = np.tile(np.arange(OLDEST + 10), 2)
    sex = np.repeat([1, 2], OLDEST + 10)
    group = {name: groups[name].to_numpy()[:, None] for name in groups}
    inside = (age >= group["youngest"]) & (age < np.maximum(group["oldest"], 1))
    allowed = (group["sex"] == 0) | (group["sex"] == sex)
    return np.exp(group["rise"] * age / 10) * inside * allowed


def _names(lines: pd.DataFrame) -> pd.Series:
    return lines["hrg"] + " " + lines["description"]
