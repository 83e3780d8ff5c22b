"""Patients registered at each GP practice, as the NHS publishes them or in our own layout.

Three layouts are known by their headings: the file of all persons ('gp-reg-pat-prac-all', lists without
ages), the one by five-year age group ('gp-reg-pat-prac-quin-age'), and ours (``practice, commissioner, sex,
age_from, patients``).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import polars as pl

from casemix_risk.errors import InputError

OLDEST_BAND = 90
AGE_BANDS = tuple(range(0, OLDEST_BAND + 1, 5))


class _Layout(NamedTuple):
    """Headings of the fields, and the age bands that every practice has, each with the age it starts at."""

    columns: Mapping[str, tuple[str, ...]]
    bands: Mapping[str, int]


_PUBLISHED_BANDS = {f"{age}_{age + 4}": age for age in range(0, 95, 5)} | {"95+": 95}
_ALL_PERSONS = _Layout(
    {
        "practice": ("CODE",),
        "commissioner": ("CCG_CODE", "SUB_ICB_LOCATION_CODE", "SUB_ICB_LOC_CODE"),
        "sex": ("SEX",),
        "age": ("AGE",),
        "patients": ("NUMBER_OF_PATIENTS",),
    },
    {},
)
_BY_AGE_GROUP = _Layout(
    {"practice": ("ORG_CODE", "CODE"), "sex": ("SEX",), "age": ("AGE_GROUP_5",)}
    | {"patients": ("NUMBER_OF_PATIENTS",)},
    _PUBLISHED_BANDS,
)
_OURS = _Layout(
    {name: (name.upper(),) for name in ("practice", "commissioner", "sex")}
    | {"age": ("AGE_FROM",), "patients": ("PATIENTS",)},
    {str(age): age for age in AGE_BANDS},
)
_SEXES = {"1": 1, "2": 2, "MALE": 1, "FEMALE": 2}
_WORDS = {1: "men", 2: "women"}
_KIND_OF_ROW = ("ORG_TYPE", "TYPE")  # files by age group have rows of commissioners and regions too


def read_people(path: Path | str) -> pl.DataFrame:
    """The list of every practice by sex and age.

    Args:
        path: CSV by five-year age group, as published or in our layout. Published rows of both sexes, of all
            ages and of other organisations are not read; 95 and over is added to 90 to 94.

    Returns:
        Table ``practice_people``: every practice has both sexes and all bands.

    Raises:
        InputError: the file or a column is missing, it has no ages, a practice lacks a band or has one twice,
            a number is not whole or below 0, or nobody is on a list.
    """
    rows, layout = _read(path)
    if not layout.bands:
        raise InputError(
            f"{path} has lists without ages: give the file by five-year age group (gp-reg-pat-prac-quin-age)."
        )
    rows = rows[rows["sex"].isin(_SEXES) & (rows["age"] != "ALL")]
    if rows.empty:
        raise InputError(f"{path} has no rows by sex and age: give lists by five-year age group.")
    rows = rows.assign(sex=rows["sex"].map(_SEXES))
    _check_bands(path, rows, layout)
    rows = rows.assign(patients=_whole(path, rows, least=0))
    bands = rows["age"].map(layout.bands).clip(upper=OLDEST_BAND)
    people = rows.assign(age_from=bands).groupby(["practice", "sex", "age_from"], as_index=False)
    people = pl.from_pandas(people["patients"].sum()).sort("practice", "sex", "age_from")
    lists = people.group_by("practice").agg(pl.sum("patients")).sort("practice")
    empty = lists.filter(pl.col("patients") == 0)["practice"]
    if len(empty):
        raise InputError(f"{path}: nobody is on the list of {_named(empty)}: take the practice out.")
    return people


def _check_bands(path: Path | str, rows: pd.DataFrame, layout: _Layout) -> None:
    unknown = rows.loc[~rows["age"].isin(layout.bands), "practice"]
    if len(unknown):
        known = ", ".join(layout.bands)
        raise InputError(f"{path}: an age of {_named(unknown)} is none of {known}: mend the row.")
    cells = pd.MultiIndex.from_frame(rows[["practice", "sex", "age"]])
    if cells.has_duplicates:
        practice, sex, age = cells[cells.duplicated()][0]
        raise InputError(
            f"{path} has the {_WORDS[sex]} of {practice} aged {age} more than once: keep one row."
        )
    every = pd.MultiIndex.from_product([rows["practice"].unique(), _WORDS, layout.bands])
    missing = every.difference(cells, sort=False)
    if len(missing):
        practice, sex, age = missing[0]
        raise InputError(f"{path} has no row for the {_WORDS[sex]} of {practice} aged {age}: add it.")


def read_register(path: Path | str) -> pd.DataFrame:
    """The whole list of every practice.

    Args:
        path: CSV in any of the three layouts. Rows whose sex and age are ALL are read; the bands are added up
            in a file by age that has none.

    Returns:
        `practice, commissioner, patients`, sorted by practice; the commissioner is `""` where the file does
        not say it.

    Raises:
        InputError: the file or a column is missing, it has no practices, a practice comes twice, or a list is
            not a whole number above 0.
    """
    rows, layout = _read(path)
    whole = rows[(rows["sex"] == "ALL") & (rows["age"] == "ALL")]
    if whole.empty and layout.bands:
        people = read_people(path).group_by("practice").agg(pl.sum("patients")).to_pandas()
        register = rows[["practice", "commissioner"]].drop_duplicates("practice").merge(people, on="practice")
        return register.sort_values("practice", ignore_index=True)
    rows = whole
    if rows.empty:
        raise InputError(f"{path} has no row with SEX and AGE of ALL: give the file of all persons.")
    repeated = rows.loc[rows["practice"].duplicated(), "practice"]
    if len(repeated):
        raise InputError(f"{path} has {_named(repeated)} more than once: keep one row a practice.")
    register = rows[["practice", "commissioner"]].assign(patients=_whole(path, rows, least=1))
    return register.sort_values("practice", ignore_index=True)


def _read(path: Path | str) -> tuple[pd.DataFrame, _Layout]:
    """The practices' rows as text, `practice, commissioner, sex, age, patients`, and the layout."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no practice register {path}: check practices.register.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise InputError(f"{path} is not a CSV table: fetch it again.") from None
    table.columns = table.columns.str.strip().str.upper()
    layout = _OURS if "AGE_FROM" in table else _BY_AGE_GROUP if "AGE_GROUP_5" in table else _ALL_PERSONS
    found = {
        field: next((alias for alias in aliases if alias in table), None)
        for field, aliases in layout.columns.items()
    }
    missing = [" or ".join(layout.columns[field]) for field, alias in found.items() if alias is None]
    if missing:
        raise InputError(f"{path} has no column {'; '.join(missing)}: give the published file.")
    kind = next((name for name in _KIND_OF_ROW if name in table), None)
    if kind and layout is not _OURS:
        table = table[table[kind].str.strip().str.upper() == "GP"]
    rows = table[list(found.values())].set_axis(list(found), axis=1)
    rows = rows.apply(lambda column: column.str.strip()).assign(
        sex=lambda each: each["sex"].str.upper(), age=lambda each: each["age"].str.upper()
    )
    return (rows if "commissioner" in rows else rows.assign(commissioner="")), layout


def _whole(path: Path | str, rows: pd.DataFrame, least: int) -> pd.Series:
    """The patients of rows as whole numbers."""
    patients = pd.to_numeric(rows["patients"], errors="coerce")
    wrong = rows.loc[~((patients >= least) & (patients % 1 == 0)), "practice"]
    if len(wrong):
        above = "above 0" if least else "of 0 or more"
        raise InputError(f"{path}: the list of {_named(wrong)} is not a whole number {above}: mend the row.")
    return patients.astype("int64")


def _named(practices: Iterable[str]) -> str:
    """The first five practices."""
    return ", ".join(list(dict.fromkeys(practices))[:5])
