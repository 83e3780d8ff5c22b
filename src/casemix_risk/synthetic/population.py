"""The demonstration's sampled people.

The same people are there in every year: they grow older, some die, babies are born. So a patient's history
runs through the years and over several lines. Rates and shares here are round guesses that look like England.
"""

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
DAYS_A_YEAR = 365.25
OLDEST = 105


def year_start(year: str) -> int:
    """1 April of a financial year, in days since 1970-01-01."""
    return int(np.datetime64(f"{year[:4]}-04-01").astype(int))


def year_end(year: str) -> int:
    """31 March that ends a financial year, in days since 1970-01-01."""
    return int(np.datetime64(f"{int(year[:4]) + 1}-03-31").astype(int))


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
    ages = np.arange(OLDEST)
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


def start_ages(days: np.ndarray) -> np.ndarray:
    """STARTAGE from the days since birth: years, and below one year the HES baby codes 7001 to 7007."""
    baby = 7001 + np.searchsorted([1, 7, 29, 91, 182, 273], days, side="right")
    return np.where(days < 365, baby, np.clip(((days + 0.5) / DAYS_A_YEAR).astype(int), 1, 120))
