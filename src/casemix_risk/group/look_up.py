"""What the tables say of each different code of a chunk, and the texts of a record's codes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from casemix_risk.group.arrays import IGNORED, Compiled, Features
from casemix_risk.group.encode import Encoded, places_of
from casemix_risk.group.kernel import Codes, Scored


class LookedUp(NamedTuple):
    """A chunk's codes for the kernel."""

    diagnoses: Codes
    procedures: Codes
    scored: Scored


def look_up(diagnoses: Encoded, procedures: Encoded, compiled: Compiled) -> LookedUp:
    """Find the rows that each different code falls under.

    Args:
        diagnoses: `casemix_risk.group.encode.encode` with `normalise_diagnosis`.
        procedures: the same with `normalise_procedure`.
        compiled: the definition set.
    """
    rows = places_of(diagnoses.codes, compiled.diagnosis_rows, len(compiled.diagnosis_rows))
    procedure_rows = places_of(procedures.codes, compiled.procedure_rows, len(compiled.procedure_rows))
    return LookedUp(
        _codes(diagnoses, rows),
        _codes(procedures, procedure_rows),
        score_codes(diagnoses.codes, rows, compiled),
    )


def score_codes(codes: Sequence[str], rows: np.ndarray, compiled: Compiled) -> Scored:
    """What each different diagnosis code is as a complication.

    Args:
        codes: normalised.
        rows: of the diagnosis table, for each code.
        compiled: the definition set.
    """
    complications = compiled.complications
    tells = _tells(rows, compiled.diagnosis)
    return Scored(
        np.array([places_of(codes, scores, 0) * tells for scores in complications.scores]),
        places_of(codes, complications.secondary, len(complications.secondary)),
        places_of(codes, complications.primary, len(complications.primary)),
        complications.excluded,
    )


def named(names: Sequence[str], places: np.ndarray) -> pl.Series:
    """The names at places; null where a place is -1."""
    return pl.Series([*names, None], dtype=pl.String).gather(np.where(places < 0, len(names), places))


def warnings_text(
    diagnoses: Encoded, procedures: Encoded, looked_up: LookedUp, compiled: Compiled
) -> pl.Series:
    """The codes of each record that are in no table, but for the first of either column."""
    words = [
        _invalid("diagnosis", diagnoses, looked_up.diagnoses.row < len(compiled.diagnosis_rows)),
        _invalid("procedure", procedures, looked_up.procedures.row < len(compiled.procedure_rows)),
    ]
    return joined(len(diagnoses.offsets) - 1, pl.concat(words))


def unbundled_text(
    procedures: Encoded, rows: np.ndarray, care: pl.DataFrame, grouped: np.ndarray, compiled: Compiled
) -> pl.Series:
    """The unbundled HRGs of each record, a word for each time.

    Args:
        procedures: their codes.
        rows: of the procedure table, for each different code.
        care: critical care, rehabilitation and palliative days, a column each.
        grouped: whether a record has passed the validation.
        compiled: the definition set.
    """
    table = compiled.unbundled
    own = np.where(_tells(rows, compiled.procedure), places_of(procedures.codes, table.rows, -1), -1)
    added = [_of_codes(own, procedures).select("record", "value", pl.lit(1, pl.Int64).alias("times"))]
    for row, days in zip(table.care, care.iter_columns(), strict=True):
        records = np.flatnonzero((days > 0).to_numpy() & (row >= 0))
        of_days = {"record": records, "value": np.full(len(records), row), "times": days.gather(records)}
        added.append(pl.DataFrame(of_days, schema=added[0].schema))
    counts = pl.concat(added)
    counts = counts.filter(grouped[counts["record"].to_numpy()]).group_by("record", "value").sum()
    most, hrg = pl.Series(table.most), pl.Series(table.hrg)
    counts = counts.select(
        "record",
        hrg.gather(counts["value"]).alias("hrg"),
        pl.min_horizontal("times", most.gather(counts["value"])).alias("times"),
    )
    counts = counts.group_by("record", "hrg").sum().sort("record", "hrg")
    words = counts.with_columns(word=named(table.names, counts["hrg"].to_numpy())).select(
        "record", pl.col("word").repeat_by("times").list.join(" ")
    )
    return joined(len(grouped), words)


def joined(records: int, words: pl.DataFrame) -> pl.Series:
    """Each record's words with a space between; "" where it has none.

    Args:
        records: how many.
        words: ``record`` and ``word``, in the order of the text.
    """
    texts = words.group_by("record", maintain_order=True).agg(pl.col("word").str.join(" "))
    return pl.Series([""], dtype=pl.String).new_from_index(0, records).scatter(texts["record"], texts["word"])


def _tells(rows: np.ndarray, features: Features) -> np.ndarray:
    """Which codes are in the table and not ignored."""
    return (rows < len(features.flags) - 1) & ((features.flags[rows] & IGNORED) == 0)


def _codes(encoded: Encoded, rows: np.ndarray) -> Codes:
    missing = encoded.codes.index("") if "" in encoded.codes else -1
    return Codes(encoded.ids, encoded.offsets, rows, missing)


def _invalid(kind: str, encoded: Encoded, valid: np.ndarray) -> pl.DataFrame:
    """The words for the codes that are not valid, but for a record's first."""
    own = np.where(valid | (np.array(encoded.codes) == ""), -1, np.arange(len(valid)))
    found = _of_codes(own, encoded).filter(~pl.col("first"))
    return found.select(
        "record", word=named([f"{kind}:{code}" for code in encoded.codes], found["value"].to_numpy())
    )


def _of_codes(value: np.ndarray, encoded: Encoded) -> pl.DataFrame:
    """The codes whose value is 0 or more: their record, value, and whether they are its first."""
    places = np.flatnonzero(value[encoded.ids] >= 0)
    record = np.searchsorted(encoded.offsets, places, side="right") - 1
    return pl.DataFrame(
        {"record": record, "value": value[encoded.ids[places]], "first": encoded.offsets[record] == places}
    )
