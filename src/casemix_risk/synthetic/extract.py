"""A seeded patient-level extract of Hospital Episode Statistics, drawn from a national line table.

Patients are sampled, never admissions. On a line of variance factor 1 the patients of a year are Poisson and
each is admitted once. On a line of variance factor d > 1 a patient is admitted a logarithmic-series number of
times, for which E[n^2] / E[n] = d when its parameter is 1 - 1/d; with Poisson patients the admissions are
then Negative Binomial of size L / (d - 1) (Quenouille 1949, *Biometrics* 5, 162-164).

Shares that no published figure fixes (admission methods, weekdays, seasons) are round guesses. Every row is
made up.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.group.definitions import Definitions
from casemix_risk.streams import stream
from casemix_risk.synthetic import population as people_of
from casemix_risk.synthetic.defects import plant_defects
from casemix_risk.synthetic.definition_paths import paths, stay_limits
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.hes_file import write_lines
from casemix_risk.synthetic.patient_groups import is_newborn
from casemix_risk.synthetic.patients import with_people
from casemix_risk.synthetic.planted_coding import UPCODING, no_upcoding, upcode, with_earlier_hrgs
from casemix_risk.synthetic.records import hes_records
from casemix_risk.synthetic.season import calendar, day_weights, season_of
from casemix_risk.synthetic.spells import split_into_episodes, with_admission_facts

_WEEKS_52 = 364
_STAY_SHAPE = 1.2


class Planted(NamedTuple):
    """What is wrong in an extract on purpose: tables ``planted_defects`` and ``planted_upcoding``."""

    defects: pd.DataFrame
    upcoding: pd.DataFrame


def write_extract(
    lines: pd.DataFrame, year: str, settings: Mapping, definitions: Definitions, path: Path
) -> Planted:
    """Draw one year's extract, plant what is to be found in it and write it.

    Args:
        lines: table ``truth_lines``.
        year: ``2002-03``, ``2003-04`` or ``2004-05``.
        settings: ``seed``; ``population`` (heads of the country); ``sampling_fraction``; ``target_year``
            (that of the lines' admissions); ``defect_rates`` (planted rows per episode, by defect; see
            `casemix_risk.synthetic.defects`); ``upcoding`` (``providers, year, share``) and
            ``earlier_definitions`` (``years, without_complications``), if there is to be any (see
            `casemix_risk.synthetic.planted_coding`).
        definitions: the grouping definitions that the codes follow.
        path: the gzipped text file.

    Raises:
        InputError: as `draw_extract`, `upcode` and `plant_defects`.
    """
    generator = stream(settings["seed"], "extract", year, "defects")
    records = draw_extract(lines, year, settings, definitions)
    upcoding, earlier = settings.get("upcoding"), settings.get("earlier_definitions")
    moved = no_upcoding()
    if upcoding and upcoding["year"] == year:
        own = stream(settings["seed"], "extract", year, "upcoding")
        records, moved = upcode(records, upcoding["providers"], upcoding["share"], definitions, own)
    if earlier and year in earlier["years"]:
        records = with_earlier_hrgs(records, earlier["without_complications"], definitions)
    text, planted, source_rows = plant_defects(records, year, settings["defect_rates"], generator)
    write_lines(text, path)
    moved = moved.assign(year=year, source_row=source_rows[moved["record"]]).sort_values("source_row")
    return Planted(planted, moved[UPCODING].reset_index(drop=True))


def draw_extract(lines: pd.DataFrame, year: str, settings: Mapping, definitions: Definitions) -> pl.DataFrame:
    """One year's episodes without a defect.

    Args:
        lines: table ``truth_lines``.
        year: ``2002-03``, ``2003-04`` or ``2004-05``.
        settings: as for `write_extract`.
        definitions: the grouping definitions, which group every row to its HRG.

    Returns:
        A row a finished episode that ends in the year, in the file's order (end date, provider), with the
        columns of `casemix_risk.synthetic.hes_file`, all text. No two rows agree in patient, dates, order and
        provider.

    Raises:
        InputError: a year that the sampled people do not cover, or too few people for the lines, or an
            HRG that no codes lead to.
    """
    if year not in people_of.YEARS:
        raise InputError(f"No people are sampled for {year}: choose from {', '.join(people_of.YEARS)}.")
    lines = lines.reset_index(drop=True)
    lines = lines.join(stay_limits(lines, paths(definitions)))
    streams = partial(stream, settings["seed"], "extract", year)
    people = people_of_extract(lines, settings)
    courses = _courses(lines, expected_admissions(lines, year, settings), streams("patients"))
    admissions = _admissions(lines, courses, year, streams("stays"))
    admissions = with_people(lines, admissions, people, year, streams("people"))
    admissions = with_admission_facts(lines, admissions, people, year, streams("facts"))
    episodes = split_into_episodes(lines, admissions, year, streams("episodes"))
    shuffled = episodes.sample(frac=1, random_state=streams("order"))
    episodes = shuffled.sort_values(["end", "provider"], kind="stable", ignore_index=True)
    return hes_records(lines, episodes, people, year, settings["seed"], definitions, streams("codes"))


def people_of_extract(lines: pd.DataFrame, settings: Mapping) -> pd.DataFrame:
    """The sampled people of all years, from the arguments of `write_extract`."""
    return people_of.sampled_people(
        round(settings["population"] * settings["sampling_fraction"]),
        _births_a_year(lines, settings),
        settings["seed"],
    )


def expected_admissions(lines: pd.DataFrame, year: str, settings: Mapping) -> np.ndarray:
    """Expected admissions of each line in the sample, a year."""
    years = int(year[:4]) - int(settings["target_year"][:4])
    grown = lines["admissions"] * np.exp(lines["annual_growth"] * years)
    return (grown * settings["sampling_fraction"]).to_numpy()


def _births_a_year(lines: pd.DataFrame, settings: Mapping) -> int:
    """Babies born into the sample: a tenth more than are admitted, and room for chance."""
    newborn = is_newborn(lines)
    most = max(expected_admissions(lines, year, settings)[newborn].sum() for year in people_of.YEARS)
    return int(1.1 * most + 6 * np.sqrt(most) + 10)


def _courses(lines: pd.DataFrame, expected: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
    """A row a patient of a line: ``line`` and its ``times`` admitted in the year, on different days."""
    factor = lines["variance_factor"].to_numpy()
    repeats = factor > 1
    patients = expected.copy()
    patients[repeats] *= np.log(factor[repeats]) / (factor[repeats] - 1)
    line = np.repeat(np.arange(len(lines)), generator.poisson(patients))
    times = np.ones(len(line), dtype=int)
    again = repeats[line]
    times[again] = generator.logseries(1 - 1 / factor[line[again]])
    return pd.DataFrame({"line": line, "times": times.clip(max=365)})


def _admissions(
    lines: pd.DataFrame, courses: pd.DataFrame, year: str, generator: np.random.Generator
) -> pd.DataFrame:
    """A row an admission: ``course, line, admitted`` (days since 1970-01-01) and ``stay`` (days).

    Length of stay is Negative Binomial with the line's mean: whole days, skewed to the right, within the
    limits that the definitions set.
    """
    course = np.repeat(np.arange(len(courses)), courses["times"])
    line = courses["line"].to_numpy()[course]
    mean = lines["mean_los_days"].to_numpy()[line]
    stay = generator.poisson(mean * generator.gamma(_STAY_SHAPE, 1 / _STAY_SHAPE, len(line)))
    stay = stay.clip(*(lines[name].to_numpy()[line] for name in ("least_days", "most_days")))
    admitted = _single_days(lines, line, year, generator)
    times = courses["times"].to_numpy()[course]
    repeated = times > 1
    place = np.arange(len(course)) - (courses["times"].cumsum() - courses["times"]).to_numpy()[course]
    elective = (lines["admission_type"] == "elective").to_numpy()[line]
    admitted[repeated], stay[repeated] = _spread_days(
        year, place[repeated], times[repeated], stay[repeated], elective[repeated], generator
    )
    # Who would leave after the year's end came 52 weeks earlier: the file holds what ended in the year.
    late = np.maximum(admitted + stay - people_of.year_end(year), 0)
    admitted -= _WEEKS_52 * -(-late // _WEEKS_52)
    return pd.DataFrame({"course": course, "line": line, "admitted": admitted, "stay": stay})


def _single_days(
    lines: pd.DataFrame, line: np.ndarray, year: str, generator: np.random.Generator
) -> np.ndarray:
    """Days of admission by the line's season and the weekday."""
    days, _, _ = calendar(year)
    return days[pick(day_weights(year), season_of(lines)[line], generator.random(len(line)))]


def _spread_days(year, place, times, stay, elective, generator) -> tuple[np.ndarray, np.ndarray]:
    """Days of a patient's admissions, one in each of equal slots of the year, and stays that fit them.

    Elective ones fall on working days unless there are too many.
    """
    days, _, weekday = calendar(year)
    working = days[weekday < 5]
    on_working_days = elective & (times <= len(working) // 2)
    length = np.where(on_working_days, len(working), len(days))
    slot = length // times
    stay = np.minimum(stay, slot - 1)
    day = place * length // times + (generator.random(len(place)) * (slot - stay)).astype(int)
    return np.where(on_working_days, working[np.minimum(day, len(working) - 1)], days[day]), stay
