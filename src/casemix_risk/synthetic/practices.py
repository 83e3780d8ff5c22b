"""The demonstration's practices: two districts whose truth is known, and the rest of the country.

The patients of a practice of district ``one`` are more or less often admitted as an emergency than their need
explains; nowhere else does a practice have an effect. Practices differ in age, deprivation and illness
everywhere. How much they do are round guesses; the correlations are the Leicester study's claim, that
practices with low rates code more completely and score better in the survey.
"""

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.streams import stream
from casemix_risk.synthetic.draws import pick

PRACTICES = 400
DISTRICTS = ("one", "two")
PRACTICES_OF_DISTRICT = 57
# 350,000 of the 1.02 million people that the demonstration samples.
SHARE_OF_DISTRICT = 350_000 / 1_020_000

_SIZE_SD = 0.45  # of log list size
_EFFECT_SD = 0.10  # of log rate
_CORRELATION = -0.5  # of an effect with completeness of recording, and with the survey score
_AGE_TILT_SD = 0.3  # of how much 40 years of age add to the log share of people
_BANDS = np.arange(0, 110, 10)


def practice_codes() -> list[str]:
    """Invented codes in the form of English practices, a letter and five digits."""
    letters = "ABCDEFGHJKLMNP"
    return [
        f"{letters[number % 14]}8{number // 14 % 6 + 1}{number * 37 % 1000:03}" for number in range(PRACTICES)
    ]


def sampled_practices(seed: int) -> pd.DataFrame:
    """What is true of every practice.

    Args:
        seed: the run's seed.

    Returns:
        A row a practice, in the order of its numbers: ``practice`` (code), ``commissioner``, ``district``
        (``one``, ``two`` or ``""``), ``share`` (of the country's people), ``age_tilt``, ``effect`` (a factor
        of the emergency admission rate, 1 outside district one), ``deprivation`` (a score, higher is poorer),
        ``deprived`` (its log in standard deviations from the mean), ``illness`` (a factor of every chronic
        condition's prevalence), ``completeness`` (share of conditions recorded), ``survey_score`` (0 to 100).
    """
    draw = stream(seed, "practices").standard_normal
    number = np.arange(PRACTICES)
    place = np.minimum(number // PRACTICES_OF_DISTRICT, len(DISTRICTS))
    size = np.exp(_SIZE_SD * draw(PRACTICES).clip(-2, 2))
    shares = np.array([*[SHARE_OF_DISTRICT] * len(DISTRICTS), 1 - len(DISTRICTS) * SHARE_OF_DISTRICT])
    worse, complete, liked = draw((3, PRACTICES))
    own = place == 0
    worse[own], complete[own], liked[own] = _with_effects(worse[own], complete[own], liked[own])
    deprived = draw(PRACTICES)
    return pd.DataFrame(
        {
            "practice": practice_codes(),
            "commissioner": [f"D{first + 1:02}" for first in number // PRACTICES_OF_DISTRICT],
            "district": np.array([*DISTRICTS, ""])[place],
            "share": shares[place] * size / np.bincount(place, size)[place],
            "age_tilt": _AGE_TILT_SD * draw(PRACTICES),
            "effect": np.where(own, np.exp(_EFFECT_SD * worse), 1.0),
            "deprivation": (22 * np.exp(0.45 * deprived)).round(1),
            "deprived": deprived,
            "illness": np.exp(0.15 * draw(PRACTICES)),
            "completeness": (0.85 + 0.06 * complete).clip(0.6, 1),
            "survey_score": (82 + 6 * liked).clip(0, 100).round(1),
        }
    )


def _with_effects(worse: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Each with mean 0 and SD 1, the others correlated with the first as they are to be: not by chance."""
    worse = (worse - worse.mean()) / worse.std()
    scaled = [worse]
    for other in others:
        rest = other - other.mean() - worse * np.mean(other * worse)
        scaled.append(_CORRELATION * worse + np.sqrt(1 - _CORRELATION**2) * rest / rest.std())
    return scaled


def practices_of_people(
    practices: pd.DataFrame, age: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The number of each person's practice, which has more of some ages than others.

    Args:
        practices: from `sampled_practices`.
        age: of each person, years; below 0 is not yet born.
        generator: draws them.
    """
    tilted = practices["share"].to_numpy() * np.exp(
        practices["age_tilt"].to_numpy() * (_BANDS[:, None] - 40) / 40
    )
    # Every district has its share of every age, so that its number of people does not depend on the tilts.
    for of_district in practices.groupby("district").indices.values():
        whole = tilted[:, of_district].sum(axis=1, keepdims=True)
        tilted[:, of_district] *= practices["share"].to_numpy()[of_district].sum() / whole
    band = np.searchsorted(_BANDS, age.clip(0), side="right") - 1
    return pick(tilted, band, generator.random(len(age))).astype(np.int16)


def practice_truth(practices: pd.DataFrame) -> pl.DataFrame:
    """Table ``practice_truth``, from `sampled_practices`."""
    columns = ["practice", "district", "effect", "deprivation", "completeness"]
    return pl.from_pandas(practices[columns]).sort("practice")
