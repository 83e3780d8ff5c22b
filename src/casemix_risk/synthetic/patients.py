"""Who is admitted: people of the age and sex that an HRG's patients have."""

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.synthetic import population as people_of
from casemix_risk.synthetic.patient_groups import YEARS_YOUNGER, is_newborn, patient_drawer, patient_groups
from casemix_risk.synthetic.spells import DELIVERY

_REDRAWS = 100
_DELIVERIES = -1


def with_people(
    lines: pd.DataFrame,
    admissions: pd.DataFrame,
    people: pd.DataFrame,
    year: str,
    generator: np.random.Generator,
) -> pd.DataFrame:
    """The admissions with the ``person`` admitted.

    Nobody is in two places at once, nobody has a line's event twice unless the line says so, and nobody was
    too young for the line: whoever would be is drawn anew. Babies are admitted by being born, on the day they
    are.

    Args:
        lines: table ``truth_lines``.
        admissions: ``course, line, admitted, stay``, a row an admission; a course is a patient of a line.
        people: the sampled people.
        year: financial year.
        generator: draws the people.

    Raises:
        InputError: too few people for the lines.
    """
    course_line = admissions.groupby("course")["line"].first().to_numpy()
    newborn = is_newborn(lines)[course_line]
    group, groups = patient_groups(lines)
    draw = patient_drawer(people, groups, year)
    group = group[course_line]

    person = np.empty(len(course_line), dtype=int)
    person[newborn] = people_of.newborns(people, year, newborn.sum(), generator)
    person[~newborn] = draw(group[~newborn], generator)
    admissions = _born(admissions, newborn, person, people, year)

    deliveries = lines["description"].str.contains(DELIVERY).to_numpy()
    event = np.where(deliveries, _DELIVERIES, np.arange(len(lines)))[course_line]
    youngest = groups["youngest"].to_numpy()[group] - YEARS_YOUNGER
    for _ in range(_REDRAWS):
        of_age = people["birth"].to_numpy()[person] + youngest * people_of.DAYS_A_YEAR
        clashing = np.union1d(_clashes(admissions, event, person), _too_young(admissions, of_age, newborn))
        if not len(clashing):
            return admissions.assign(person=person[admissions["course"]])
        person[clashing] = draw(group[clashing], generator)
    raise InputError("The sample has too few people for so many admissions: raise the population.")


def _born(admissions, newborn, person, people, year) -> pd.DataFrame:
    """The admissions, with a newborn's starting at birth and ending in the year."""
    baby = newborn[admissions["course"]]
    birth = people["birth"].to_numpy()[person[admissions["course"]]]
    return admissions.assign(
        admitted=np.where(baby, birth, admissions["admitted"]),
        stay=np.where(
            baby, np.minimum(admissions["stay"], people_of.year_end(year) - birth), admissions["stay"]
        ),
    )


def _too_young(admissions: pd.DataFrame, of_age: np.ndarray, newborn: np.ndarray) -> np.ndarray:
    """Courses with an admission before the person was old enough for the line."""
    course = admissions["course"].to_numpy()
    early = (admissions["admitted"].to_numpy() < of_age[course]) & ~newborn[course]
    return course[early]


def _clashes(admissions: pd.DataFrame, event: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Courses whose person is already in hospital, or has had the event: the later ones of each clash."""
    course = admissions["course"].to_numpy()
    who = person[course]
    admitted = admissions["admitted"].to_numpy()
    order = np.lexsort((admitted, who))
    leaves = (admitted + admissions["stay"].to_numpy())[order]
    overlap = (
        (np.diff(who[order]) == 0) & (np.diff(course[order]) != 0) & (admitted[order][1:] <= leaves[:-1])
    )
    by_event = np.lexsort((event, person))
    twice = (np.diff(person[by_event]) == 0) & (np.diff(event[by_event]) == 0)
    return np.union1d(course[order][1:][overlap], by_event[1:][twice])
