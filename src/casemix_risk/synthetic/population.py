"""The demonstration's sampled people, and which of them an HRG's patients are.

The same people are there in every year: they grow older, some die, babies are born. So a patient's history
runs through the years and over several lines. Rates and shares here are round guesses that look like England.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.streams import stream
from casemix_risk.synthetic.conditions import conditions_of_people, emergency_need
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.practices import practices_of_people, sampled_practices

YEARS = ("2002-03", "2003-04", "2004-05")
PROVIDERS = 150
NEVER = 9999
YEARS_YOUNGER = 1
DAYS_A_YEAR = 365.25
_OLDEST = 105


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
    Patients(r">69|Complex Elderly|Senile", 71, _OLDEST, 0.4),
    Patients(r"<70", 17, 69, 0.2),
    Patients(r"over 49|Presenile", 51, 90, 0.2),
    Patients(
        r"Hip|Knee Rep|Neck of Femur|Stroke|Cataract|Glaucoma|Heart|Parkinson|Prostat", 45, _OLDEST, 0.5
    ),
    Patients(r"^T", 17, 90, 0),
    Patients(r"", 17, _OLDEST, 0.25),
)
_WOMEN = r"^M|^N|Breast|Mother"
_MEN = r"Prostat|Vasectomy|Scrotum|Penis"


def year_start(year: str) -> int:
    """1 April of a financial year, in days since 1970-01-01."""
    return int(np.datetime64(f"{year[:4]}-04-01").astype(int))


def year_end(year: str) -> int:
    """31 March that ends a financial year, in days since 1970-01-01."""
    return int(np.datetime64(f"{int(year[:4]) + 1}-03-31").astype(int))


def is_newborn(lines: pd.DataFrame) -> np.ndarray:
    """Whether a line's patients are admitted by being born."""
    return _names(lines).str.contains(_AGES[0].pattern).to_numpy()


def sampled_people(size: int, births: int, seed: int) -> pd.DataFrame:
    """The people of the sample, the same for every year.

    Args:
        size: people alive at the start of the first year.
        births: babies born into the sample in each year.
        seed: the run's seed.

    Returns:
        A row a person, sorted by ``sex, birth`` (youngest first): ``sex`` (1 male, 2 female), ``birth`` (days
        since 1970-01-01), ``dies`` (the calendar year in which the financial year of death starts, or
        ``NEVER``), ``practice`` (its number), ``conditions`` (bits, see
        `casemix_risk.synthetic.conditions`), ``need`` (relative chance of an emergency among those alike in
        sex and age).
    """
    generator, practices = stream(seed, "population"), sampled_practices(seed)
    ages = np.arange(_OLDEST)
    alive = np.interp(
        ages, [0, 15, 35, 40, 55, 65, 75, 85, 95, 105], [1.15, 1.3, 1.5, 1.5, 1.3, 1, 0.8, 0.4, 0.08, 0]
    )
    age = pick(alive[None, :], np.zeros(size, int), generator.random(size)) + generator.random(size)
    born = [year_start(YEARS[0]) - 1 - (age * DAYS_A_YEAR).astype(int)]
    born += [generator.integers(year_start(year), year_end(year), births, endpoint=True) for year in YEARS]
    birth = np.concatenate(born)
    age = (year_start(YEARS[0]) - birth) / DAYS_A_YEAR
    male = np.interp(age, [0, 60, 75, 85, 95], [0.512, 0.49, 0.45, 0.33, 0.22])
    sex = np.where(generator.random(len(birth)) < male, 1, 2).astype(np.int8)
    dies = _years_of_death(age, generator)
    practice = practices_of_people(practices, age, generator)
    conditions = conditions_of_people(sex, age, practice, practices, generator)
    people = pd.DataFrame(
        {
            "sex": sex,
            "birth": birth.astype(np.int32),
            "dies": dies,
            "practice": practice,
            "conditions": conditions,
            "need": emergency_need(conditions, practice, practices),
        }
    )
    return people.sort_values(["sex", "birth"], ascending=[True, False], kind="stable", ignore_index=True)


def _years_of_death(age: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """When each person dies, by a mortality that doubles every 7.3 years of age (Gompertz)."""
    dies = np.full(len(age), NEVER, dtype=np.int16)
    for place, year in enumerate(YEARS):
        dead = generator.random(len(age)) < 3e-5 * np.exp(0.095 * (age + place))
        dies[dead & (dies == NEVER) & (age + place > 0)] = int(year[:4])
    return dies


def patient_ids(count: int, seed: int) -> np.ndarray:
    """Pseudonyms of 32 hexadecimal characters for people 0 to count - 1, as bytes."""
    generator = stream(seed, "patient ids")
    return np.frombuffer(generator.bytes(16 * count).hex().encode(), dtype="S32")


def provider_codes() -> list[str]:
    """Invented codes in the form of English trusts, R and two characters."""
    second = "ACDEFGHJKLMNPQ"
    return [f"R{second[number // 14]}{'123456789ABCDE'[number % 14]}" for number in range(PROVIDERS)]


def newborns(people: pd.DataFrame, year: str, count: int, generator: np.random.Generator) -> np.ndarray:
    """Different people born in the year.

    Raises:
        InputError: fewer people are born in the year than are asked for.
    """
    babies = np.flatnonzero(people["birth"].between(year_start(year), year_end(year)))
    if len(babies) < count:
        raise InputError(
            f"The sample has {len(babies)} births in {year}, and {count} are needed: raise the births."
        )
    return generator.permutation(babies)[:count]


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
    cells = (sex - 1) * (_OLDEST + 10) + age
    size = np.bincount(cells, minlength=2 * (_OLDEST + 10))
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
    age = np.tile(np.arange(_OLDEST + 10), 2)
    sex = np.repeat([1, 2], _OLDEST + 10)
    group = {name: groups[name].to_numpy()[:, None] for name in groups}
    inside = (age >= group["youngest"]) & (age < np.maximum(group["oldest"], 1))
    allowed = (group["sex"] == 0) | (group["sex"] == sex)
    return np.exp(group["rise"] * age / 10) * inside * allowed


def start_ages(days: np.ndarray) -> np.ndarray:
    """STARTAGE from the days since birth: years, and below one year the HES baby codes 7001 to 7007."""
    baby = 7001 + np.searchsorted([1, 7, 29, 91, 182, 273], days, side="right")
    return np.where(days < 365, baby, np.clip(((days + 0.5) / DAYS_A_YEAR).astype(int), 1, 120))


def _names(lines: pd.DataFrame) -> pd.Series:
    return lines["hrg"] + " " + lines["description"]
