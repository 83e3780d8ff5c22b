"""Episodes as the text columns of a Hospital Episode Statistics extract."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.group.definitions import Definitions
from casemix_risk.streams import stream
from casemix_risk.synthetic import population as people_of
from casemix_risk.synthetic.code_columns import code_columns
from casemix_risk.synthetic.code_frequencies import SORTS
from casemix_risk.synthetic.hes_file import COLUMNS, episode_keys
from casemix_risk.synthetic.patient_groups import is_newborn
from casemix_risk.synthetic.practices import practice_codes

_NULL_DATE = -62091  # 1800-01-01, which HES writes for a missing date
_DEPTH_SD = 0.05  # of log depth of coding between providers, as in life: none games


def hes_records(
    lines: pd.DataFrame,
    episodes: pd.DataFrame,
    people: pd.DataFrame,
    year: str,
    seed: int,
    definitions: Definitions,
    generator: np.random.Generator,
) -> pl.DataFrame:
    """The episodes as the file's columns, all text.

    Args:
        lines: table ``truth_lines``.
        episodes: from `casemix_risk.synthetic.spells.split_into_episodes`, in the file's order.
        people: the sampled people.
        year: financial year.
        seed: the run's seed, on which the people's pseudonyms and the providers' depth of coding depend.
        definitions: the grouping definitions that the codes follow.
        generator: draws diagnoses and operations.

    Raises:
        InputError: an HRG that no codes lead to.
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
        "GPPRAC": _chosen(practice_codes(), episodes["practice"]),
        "PROCODE3": _chosen(people_of.provider_codes(), episodes["provider"]),
        "HRGLATE35": _chosen(lines["hrg"], episodes["line"]),
        "FAE": _text(np.where(first, "1", "0")),
        "FCE": constant("1"),
    }
    age = np.where(start_ages > 7000, 0, start_ages)
    facts = pd.DataFrame(
        {
            "line": episodes["line"].to_numpy(),
            "age": age,
            "days": (episodes["end"] - episodes["start"]).to_numpy(),
            "sex": people["sex"].to_numpy()[person],
            "admission_type": lines["admission_type"].to_numpy()[episodes["line"]],
            "patient_class": episodes["patient_class"].to_numpy(),
            "sort": _sorts(lines, episodes["line"].to_numpy(), age),
            "depth": _depths(seed)[episodes["provider"]],
            "conditions": people["conditions"].to_numpy()[person],
        }
    )
    return pl.DataFrame(columns | code_columns(lines, facts, definitions, generator)).select(COLUMNS)


def _sorts(lines: pd.DataFrame, line: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Which of `SORTS` each patient is of."""
    newborn = is_newborn(lines)[line]
    mother = (lines["chapter"] == "N").to_numpy()[line]
    sorts = ["newborn", "mothers", "childhood", "under_50"]
    places = [SORTS.index(sort) for sort in sorts]
    return np.select([newborn, mother, age < 16, age < 50], places, default=SORTS.index("50_and_over"))


def _depths(seed: int) -> np.ndarray:
    """How deeply each provider codes, around 1 and the same in every year."""
    return np.array(
        [
            stream(seed, "extract", "depth of coding", provider).lognormal(0, _DEPTH_SD)
            for provider in people_of.provider_codes()
        ]
    )


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


def _chosen(values, index) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String).gather(np.asarray(index))


def _patients(ids: np.ndarray, person: np.ndarray) -> pl.Series:
    return pl.Series(ids[person].tolist(), dtype=pl.Binary).cast(pl.String)


def _text(values) -> pl.Series:
    return pl.from_pandas(pd.Series(values)).cast(pl.String)


def _dates(days) -> pl.Series:
    """Days since 1970-01-01 as 2003-04-01."""
    return pl.Series(np.asarray(days, dtype=np.int32)).cast(pl.Date).cast(pl.String)
