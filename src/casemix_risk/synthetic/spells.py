"""Spells in hospital: who looks after an admission, how it comes and goes, and the episodes it falls into.

Shares that no published figure fixes are round guesses.
"""

import numpy as np
import pandas as pd

from casemix_risk.synthetic import population as people_of
from casemix_risk.synthetic.definition_paths import NO_LIMIT
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.patient_groups import is_newborn, patient_groups
from casemix_risk.synthetic.practices import PRACTICES

EPISODES_PER_SPELL = 1.15
DELIVERY = r"Delivery|Caesarean"
_MOST_EPISODES = 8
_ADMISSION_METHODS = {
    "elective": {"11": 50, "12": 30, "13": 20},
    "emergency": {"21": 62, "22": 20, "23": 2, "24": 6, "28": 7, "81": 3},
    "maternity": {"31": 75, "32": 25},
    "newborn": {"82": 97, "83": 3},
}


def with_admission_facts(
    lines: pd.DataFrame,
    admissions: pd.DataFrame,
    people: pd.DataFrame,
    year: str,
    generator: np.random.Generator,
) -> pd.DataFrame:
    """The admissions with what else is known of them.

    Args:
        lines: table ``truth_lines`` with the limits of `definition_paths.stay_limits`.
        admissions: ``course, line, admitted, stay, person``, a row an admission.
        people: the sampled people.
        year: financial year.
        generator: draws what chance decides.

    Returns:
        The admissions with ``provider`` and ``practice`` (numbers), ``admission_method``, ``patient_class``,
        ``category`` and ``discharge`` (HES codes), ``newborn`` (births not planned) and ``delivery``.
    """
    line = admissions["line"].to_numpy()
    elective = (lines["admission_type"] == "elective").to_numpy()[line]
    name = lines["description"]
    newborn = is_newborn(lines)[line]
    delivery = name.str.contains(DELIVERY).to_numpy()[line]
    day_stay = admissions["stay"].to_numpy() == 0
    dialysis = name.str.contains("Dialysis").to_numpy()[line]
    method = np.select([elective, newborn, lines["chapter"].eq("N").to_numpy()[line]], [0, 3, 2], default=1)
    patient_class = np.select(
        [day_stay & elective & dialysis, day_stay & elective, day_stay & (newborn | delivery)],
        [np.where(generator.random(len(line)) < 0.05, "4", "3"), "2", "5"],
        default="1",
    )
    asked = lines["patient_class"].to_numpy()[line]
    practice = people["practice"].to_numpy()[admissions["person"]]
    return admissions.assign(
        provider=_providers(admissions["course"].to_numpy(), practice, generator),
        admission_method=_drawn_methods(method, generator),
        patient_class=np.where(asked != "", asked, patient_class),
        category=np.where(generator.random(len(line)) < 0.005, "03", "01"),
        discharge=_discharges(admissions, people, elective, year, generator),
        practice=practice,
        newborn=newborn & ~elective,
        delivery=delivery,
    )


def _providers(course: np.ndarray, practice: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The provider of each course: the practice's usual one four times in five, else one of three others."""
    usual = pick(
        generator.lognormal(0, 0.8, people_of.PROVIDERS)[None, :],
        np.zeros(PRACTICES, int),
        generator.random(PRACTICES),
    )
    away = np.array([0, 1, 7, 31])[
        pick(np.array([[80, 10, 6, 4]]), np.zeros_like(course), generator.random(len(course)))
    ]
    return (usual[practice] + away[course]) % people_of.PROVIDERS


def _drawn_methods(group: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    codes = sorted({code for methods in _ADMISSION_METHODS.values() for code in methods})
    weights = [[methods.get(code, 0) for code in codes] for methods in _ADMISSION_METHODS.values()]
    return np.array(codes)[pick(np.array(weights), group, generator.random(len(group)))]


def _discharges(admissions, people, elective, year, generator) -> np.ndarray:
    """DISMETH at the end of the spell: who dies in the year does so in the last stay, if not elective."""
    person = admissions["person"].to_numpy()
    last = admissions["admitted"] == admissions.groupby("person")["admitted"].transform("max")
    dies = (people["dies"].to_numpy()[person] == int(year[:4])) & last.to_numpy() & ~elective
    return np.select([dies, generator.random(len(person)) < 0.015], ["4", "2"], default="1")


def split_into_episodes(
    lines: pd.DataFrame, admissions: pd.DataFrame, year: str, generator: np.random.Generator
) -> pd.DataFrame:
    """The admissions split into episodes: ``order, first, last, start, end`` (days), ``line`` of the HRG.

    An episode after the first keeps the HRG, or has another one of the chapter for the same kind of patient.
    Where the definitions ask for so many days, the spell is one episode, and no other HRG's spell holds it.
    """
    count = 1 + _further_episodes(lines, admissions, year, generator)
    episodes = admissions.loc[admissions.index.repeat(count)].reset_index(names="spell")
    first = episodes["spell"].diff().ne(0).to_numpy()
    last = np.append(first[1:], True)
    offset = (generator.random(len(episodes)) * (episodes["stay"].to_numpy() + 1)).astype(int)
    offset[first] = 0
    # Sorting within spells leaves each first episode where it stands, for its offset is 0.
    offset = offset[np.lexsort((offset, episodes["spell"]))]
    start = episodes["admitted"].to_numpy() + offset
    leaves = (episodes["admitted"] + episodes["stay"]).to_numpy()
    return episodes.assign(
        order=episodes.groupby("spell").cumcount() + 1,
        first=first,
        last=last,
        start=start,
        end=np.where(last, leaves, np.append(start[1:], 0)),
        line=np.where(first, episodes["line"], _related_lines(lines, episodes["line"].to_numpy(), generator)),
    )


def _further_episodes(
    lines: pd.DataFrame, admissions: pd.DataFrame, year: str, generator: np.random.Generator
) -> np.ndarray:
    """Episodes after the first of each spell, the more the longer the stay, 0.15 a spell on average.

    A spell from before the year has none: its first episode might have ended in the year before.
    """
    weight = 1 - np.exp(-admissions["stay"] / 5)
    divisible = admissions["line"].map(lines["least_days"] == 0)
    divisible &= admissions["admitted"] >= people_of.year_start(year)
    weight = weight.where(divisible, 0).to_numpy()
    rate = (EPISODES_PER_SPELL - 1) * len(weight) / max(weight.sum(), 1)
    return generator.poisson(rate * weight).clip(max=_MOST_EPISODES - 1)


def _related_lines(lines: pd.DataFrame, line: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The line itself three times in five, else one of the same chapter, type and kind of patient."""
    limited = (lines["least_days"] > 0) | (lines["most_days"] < NO_LIMIT) | (lines["patient_class"] != "")
    alone = np.where(limited, lines.index, -1)
    keys = [lines["chapter"], lines["admission_type"], pd.Series(patient_groups(lines)[0]), alone]
    kind = lines.groupby(keys, sort=False).ngroup().to_numpy()
    members = np.argsort(kind, kind="stable")
    size = np.bincount(kind)
    first = size.cumsum() - size
    other = members[first[kind[line]] + (generator.random(len(line)) * size[kind[line]]).astype(int)]
    return np.where(generator.random(len(line)) < 0.6, line, other)
