"""Episodes as the text columns of a Hospital Episode Statistics extract."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.synthetic import population as people_of
from casemix_risk.synthetic.clinical_codes import clinical_choices, has_procedure
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.hes_file import COLUMNS, DIAGNOSES, OPERATIONS, episode_keys

_NULL_DATE = -62091  # 1800-01-01, which HES writes for a missing date
_NO_OPERATION = "-   "
_FURTHER_OPERATIONS = ["Y808", "Z942", "Y534", "Z943", "Y712", "Z941", "Y822", "Z281", "Y981", "Z923", "Y032"]


def hes_records(
    lines: pd.DataFrame,
    episodes: pd.DataFrame,
    people: pd.DataFrame,
    year: str,
    seed: int,
    generator: np.random.Generator,
) -> pl.DataFrame:
    """The episodes as the file's columns, all text.

    Args:
        lines: table ``truth_lines``.
        episodes: from `casemix_risk.synthetic.spells.split_into_episodes`, in the file's order.
        people: the sampled people.
        year: financial year.
        seed: the run's seed, on which the people's pseudonyms depend.
        generator: draws diagnoses and operations.
    """
    count = len(episodes)
    person = episodes["person"].to_numpy()
    started_before = episodes["admitted"].to_numpy() < people_of.year_start(year)
    first, last = episodes["first"].to_numpy(), episodes["last"].to_numpy()
    stay = episodes["stay"].to_numpy()
    days = (episodes["start"] - people["birth"].to_numpy()[person]).to_numpy()
    constant = partial(pl.repeat, n=count, eager=True)
    start_ages = people_of.start_ages(days)
    columns = {
        "EPIKEY": episode_keys(year, np.arange(count)),
        "ENCRYPTED_HESID": _patients(people_of.patient_ids(len(people), seed), person),
        "FYEAR": constant(year[2:4] + year[5:]),
        "PARTYEAR": constant(f"{year[:4]}13"),
        "EPISTAT": constant("3"),
        "EPITYPE": _episode_types(lines, episodes),
        "EPIORDER": _text(episodes["order"]),
        "EPISTART": _dates(episodes["start"]),
        "EPIEND": _dates(episodes["end"]),
        "ADMIDATE": _dates(episodes["admitted"]),
        "DISDATE": _dates(np.where(last, episodes["end"], _NULL_DATE)),
        "ADMIMETH": _text(episodes["admission_method"]),
        "CLASSPAT": _text(episodes["patient_class"]),
        "ADMINCAT": _text(episodes["category"]),
        "DISMETH": _text(np.where(last, episodes["discharge"], "8")),
        "SPELBGIN": _text(np.select([~first, started_before], ["0", "1"], default="2")),
        "SPELEND": _text(np.where(last, "Y", "N")),
        "SPELDUR": _text(np.where(last, stay, -1)).replace("-1", ""),
        "EPIDUR": _text(episodes["end"] - episodes["start"]),
        "STARTAGE": _text(start_ages),
        "SEX": _text(people["sex"].to_numpy()[person]),
        "GPPRAC": _chosen(people_of.practice_codes(), episodes["practice"]),
        "PROCODE3": _chosen(people_of.provider_codes(), episodes["provider"]),
        "HRGLATE35": _chosen(lines["hrg"], episodes["line"]),
        "FAE": _text(np.where(first, "1", "0")),
        "FCE": constant("1"),
    }
    age = np.where(start_ages > 7000, 0, start_ages)
    return pl.DataFrame(columns | _codes(lines, episodes["line"].to_numpy(), age, generator)).select(COLUMNS)


def _episode_types(lines: pd.DataFrame, episodes: pd.DataFrame) -> pl.Series:
    """EPITYPE: 2 delivery, 3 birth (the spell's first episode), 4 long psychiatric stay, else 1."""
    first = episodes["first"]
    psychiatric = episodes["line"].map(lines["chapter"]).eq("T") & (episodes["stay"] >= 60)
    return _text(
        np.select(
            [first & episodes["delivery"], first & episodes["newborn"], psychiatric],
            ["2", "3", "4"],
            default="1",
        )
    )


def _codes(lines: pd.DataFrame, line: np.ndarray, age: np.ndarray, generator: np.random.Generator) -> dict:
    """Diagnosis and operation columns that fit the HRG; more of both with age and where it says 'w cc'."""
    count = len(line)
    hrgs = lines["hrg"]
    primary = partial(_drawn_codes, clinical_choices(hrgs, "diagnosis"), line)
    operation = partial(_drawn_codes, clinical_choices(hrgs, "procedure"), line)
    by_age = clinical_choices(pd.concat([hrgs, hrgs + "<50"]), "comorbidity")
    secondary = partial(_drawn_codes, by_age, line + len(lines) * (age < 50))
    with_cc = lines["description"].str.contains(r"w cc|with Complications|Complex").to_numpy()[line]
    others = generator.poisson(0.4 + age / 45 + 1.2 * with_cc)
    begin = generator.random(count)
    codes = {DIAGNOSES[0]: primary(generator.random(count), np.full(count, True))}
    slots = len(DIAGNOSES) - 1
    for place, column in enumerate(DIAGNOSES[1:]):
        # Equal steps never take a code twice, for none weighs more than a step; 5 shuffles their order.
        codes[column] = secondary((begin + place * 5 / slots) % 1, others > place)
    operated = has_procedure(lines["description"])[line]
    codes[OPERATIONS[0]] = operation(generator.random(count), operated, _NO_OPERATION)
    further = np.where(operated, generator.poisson(0.6, count), 0)
    begin = generator.integers(len(_FURTHER_OPERATIONS), size=count)
    for place, column in enumerate(OPERATIONS[1:]):
        following = (begin + place) % len(_FURTHER_OPERATIONS)
        codes[column] = _chosen([*_FURTHER_OPERATIONS, ""], np.where(further > place, following, -1))
    return codes


def _drawn_codes(
    choices: tuple[np.ndarray, np.ndarray],
    group: np.ndarray,
    uniforms: np.ndarray,
    where: np.ndarray,
    otherwise: str = "",
) -> pl.Series:
    """A code for each row that is to have one, from what `clinical_choices` allows the row's group."""
    codes, weights = choices
    index = np.full(len(group), -1)
    index[where] = group[where] * codes.shape[1] + pick(weights, group[where], uniforms[where])
    return _chosen([*codes.ravel(), otherwise], index)


def _chosen(values, index) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String).gather(np.asarray(index))


def _patients(ids: np.ndarray, person: np.ndarray) -> pl.Series:
    return pl.Series(ids[person].tolist(), dtype=pl.Binary).cast(pl.String)


def _text(values) -> pl.Series:
    return pl.from_pandas(pd.Series(values)).cast(pl.String)


def _dates(days) -> pl.Series:
    """Days since 1970-01-01 as 2003-04-01."""
    return pl.Series(np.asarray(days, dtype=np.int32)).cast(pl.Date).cast(pl.String)
