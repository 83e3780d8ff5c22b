"""Defects planted in the demonstration's extract, each with the cleaning rule that must find it.

What ingest must leave out stands on extra rows, so that what it keeps still meets the truth: a copy of a
clean row, damaged, with an episode key and a patient of its own unless the defect is about having the same.
What ingest must mend or flag stands on rows that are kept. A row carries at most one defect.

Every patient under one has a baby age code, as in HES, and is recorded as ``baby_age`` whatever its rate; the
rate adds the code to rows of older children. Nobody with an obstetric HRG is of unknown sex. So what must be
done with a row is the same whether a run uses the given HRGs or a grouper's: an ungroupable row says so in
its HRG and in its codes.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.synthetic.hes_file import DIAGNOSES, OPERATIONS, episode_keys, text_lines

_DATES = ("EPISTART", "EPIEND", "ADMIDATE")
_SAME_EPISODE = ("duplicate_episode", "superseded_partyear")
_STILL_IN = {
    "DISDATE": "1800-01-01",
    "DISMETH": "8",
    "SPELEND": "N",
    "SPELDUR": "",
    "FAE": "0",
    "FCE": "0",
}
_SCATTER_ROWS = 200
_BABY_AGES = tuple(str(code) for code in range(7001, 7008))
_ONLY = {  # rows whose HRG does not hang on what the defect hides
    "baby_age": pl.col("STARTAGE").is_in([str(age) for age in range(1, 16)]),
    "unknown_sex": ~pl.col("HRGLATE35").str.starts_with("N"),
}
_NO_PRIMARY = ("R69X", "-   ", "D999", "O599", "P499")  # none, and codes that ICD-10 does not have


class Defect(NamedTuple):
    """A defect: the rule and action that answer it, and the values that one of the columns is given."""

    rule: str
    action: str
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


DEFECTS = {
    "ragged_row": Defect("ragged_row", "exclude"),
    "superseded_partyear": Defect("superseded", "exclude"),
    "unfinished_episode": Defect("unfinished_episode", "exclude", ("EPISTAT",), ("1", "9")),
    "null_date": Defect("invalid_dates", "exclude", _DATES, ("1800-01-01",)),
    "invalid_date": Defect("invalid_dates", "exclude", _DATES, ("1801-01-01", "1600-01-01", "1582-10-15")),
    "unknown_admission_method": Defect(
        "unknown_admission_method", "exclude", ("ADMIMETH",), ("98", "99", "")
    ),
    "unknown_episode_order": Defect("unknown_episode_order", "exclude", ("EPIORDER",), ("98", "99")),
    "private_patient": Defect("private_patient", "exclude", ("ADMINCAT",), ("02", "04")),
    "non_english_practice": Defect(
        "non_english_practice", "exclude", ("GPPRAC",), ("W92001", "W97024", "S10043", "S80207", "Z00156")
    ),
    "ungroupable_hrg": Defect(
        "ungroupable_hrg", "exclude", ("HRGLATE35",), tuple(f"U0{digit}" for digit in range(1, 10))
    ),
    "duplicate_episode": Defect("duplicate", "exclude"),
    "baby_age": Defect("baby_age", "recode", ("STARTAGE",), _BABY_AGES),
    "unknown_sex": Defect("unknown_sex", "recode", ("SEX",), ("9", "0", "")),
    "unknown_practice": Defect(
        "unknown_practice", "recode", ("GPPRAC",), ("V81997", "V81998", "V81999", "&", "")
    ),
    "wrong_admission_flag": Defect("admission_flag_differs", "flag"),
}


def plant_defects(
    records: pl.DataFrame, year: str, rates: Mapping[str, float], generator: np.random.Generator
) -> tuple[list[bytes], pd.DataFrame, np.ndarray]:
    """The text of an extract with defects planted in its clean records.

    Args:
        records: clean rows in the file's order, all text.
        year: financial year, ``2002-03``.
        rates: planted rows per clean row, by defect; a defect that is left out is not planted.
        generator: chooses rows and values.

    Returns:
        The file's lines, header first, extra rows scattered near the rows they copy; table
        ``planted_defects``; and which row of the file each clean record is, the first being 1.

    Raises:
        InputError: a rate for an unknown defect, or more defects than there are rows to carry them.
    """
    bases = _base_rows(records, _counts(rates, len(records)), generator)
    header, *lines = text_lines(records)
    defects = np.where(records["STARTAGE"].is_in(_BABY_AGES), "baby_age", "").astype(object)
    places = np.arange(len(records), dtype=float)
    next_key = len(records)
    for defect, rows in bases.items():
        damaged = _damaged(records[rows], defect, year, generator)
        if DEFECTS[defect].action != "exclude":
            defects[rows] = defect
            for row, line in zip(rows, text_lines(damaged)[1:], strict=True):
                lines[row] = line
            continue
        if defect != "superseded_partyear":
            damaged = damaged.with_columns(EPIKEY=episode_keys(year, next_key + np.arange(len(rows))))
            next_key += len(rows)
        extra = text_lines(damaged)[1:]
        lines += [_torn(line, generator) for line in extra] if defect == "ragged_row" else extra
        defects = np.append(defects, [defect] * len(rows))
        places = np.append(places, rows + generator.normal(0, _SCATTER_ROWS, len(rows)))
    order = np.argsort(places, kind="stable")
    source_rows = order.argsort()[: len(records)] + 1
    return [header, *(lines[row] for row in order)], _planted(defects[order], year), source_rows


def _torn(line: bytes, generator: np.random.Generator) -> bytes:
    """The line with a field too few or one too many."""
    fields = line.split(b"|")
    place = generator.integers(len(fields))
    fields[place : place + 1] = [] if generator.random() < 0.5 else [fields[place], b""]
    return b"|".join(fields)


def _counts(rates: Mapping[str, float], rows: int) -> dict[str, int]:
    if unknown := sorted(set(rates) - set(DEFECTS)):
        raise InputError(f"No defect {unknown[0]} can be planted: choose from {', '.join(DEFECTS)}.")
    return {defect: round(rates.get(defect, 0) * rows) for defect in DEFECTS}


def _base_rows(
    records: pl.DataFrame, counts: Mapping[str, int], generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Different rows for each defect: no baby's, and each with a secondary diagnosis that a copy can lose.

    Raises:
        InputError: there are too few.
    """
    fit = np.flatnonzero((~records["STARTAGE"].is_in(_BABY_AGES) & (records[DIAGNOSES[1]] != "")).to_numpy())
    rows = generator.permutation(fit)
    chosen = {}
    for defect in [*_ONLY, *(each for each in counts if each not in _ONLY)]:
        may = rows[records.select(_ONLY[defect]).to_series().to_numpy()[rows]] if defect in _ONLY else rows
        chosen[defect] = may[: counts[defect]]
        if len(chosen[defect]) < counts[defect]:
            raise InputError(
                "There are more defects to plant than rows to carry them: lower the defect rates."
            )
        rows = rows[~np.isin(rows, chosen[defect])]
    return {defect: chosen[defect] for defect in counts}


def _damaged(rows: pl.DataFrame, defect: str, year: str, generator: np.random.Generator) -> pl.DataFrame:
    """Copies of clean rows that carry the defect."""
    _, action, columns, values = DEFECTS[defect]
    if action == "exclude" and defect not in _SAME_EPISODE:
        rows = rows.with_columns(ENCRYPTED_HESID=_new_patients(len(rows), generator))
    if defect == "duplicate_episode":
        return rows.with_columns(pl.lit("").alias(name) for name in DIAGNOSES[1:])
    if defect == "superseded_partyear":
        return _early_delivery(rows, year, generator)
    if defect == "wrong_admission_flag":
        return rows.with_columns(FAE=pl.when(pl.col("FAE") == "1").then(pl.lit("0")).otherwise(pl.lit("1")))
    if defect == "ungroupable_hrg":
        primary = generator.choice(_NO_PRIMARY, len(rows))
        rows = rows.with_columns(pl.Series(DIAGNOSES[0], primary, dtype=pl.String))
    if defect == "unfinished_episode":
        rows = rows.with_columns(pl.lit(value).alias(name) for name, value in _STILL_IN.items())
    column = generator.integers(max(len(columns), 1), size=len(rows))
    value = pl.Series(generator.choice(values, len(rows)), dtype=pl.String) if values else None
    return rows.with_columns(
        pl.when(pl.Series(column == place)).then(value).otherwise(pl.col(name)).alias(name)
        for place, name in enumerate(columns)
    )


def _early_delivery(rows: pl.DataFrame, year: str, generator: np.random.Generator) -> pl.DataFrame:
    """What an earlier extract of the year held of the rows: nothing coded as yet."""
    months = pl.Series(generator.integers(1, 13, size=len(rows))).cast(pl.String).str.zfill(2)
    return rows.with_columns(
        pl.lit(year[:4]).add(months).alias("PARTYEAR"),
        pl.lit("R69X").alias(DIAGNOSES[0]),
        *(pl.lit("").alias(name) for name in DIAGNOSES[1:] + OPERATIONS),
    )


def _new_patients(count: int, generator: np.random.Generator) -> pl.Series:
    return pl.Series([generator.bytes(16).hex() for _ in range(count)], dtype=pl.String)


def _planted(defects: np.ndarray, year: str) -> pd.DataFrame:
    """Table ``planted_defects`` from the defect of each row of the file, ``""`` where it has none."""
    rows = np.flatnonzero(defects != "")
    planted = pd.DataFrame({"year": year, "source_row": rows + 1, "defect": defects[rows]})
    return planted.assign(
        rule=[DEFECTS[defect].rule for defect in planted["defect"]],
        action=[DEFECTS[defect].action for defect in planted["defect"]],
    ).astype({"year": "str", "source_row": "int64", "defect": "str", "rule": "str", "action": "str"})
