"""A file in the national grouper's layout as records that the engine groups."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from casemix_risk.group.record_definition import national_layout, numbered, read_record_definition
from casemix_risk.ingest.episodes import ELECTIVE, NON_ELECTIVE
from casemix_risk.ingest.read import BLOCK_BYTES, read_rows

_NO_CODE = ("", "-", "&")


class Batch(NamedTuple):
    """Some rows of a file, in its order.

    Attributes:
        given: the file's columns as text, as they stand there, under the names of
            `casemix_risk.group.record_definition.national_layout`; null throughout in a ragged row.
        records: what `read_rdf_records` gives of these rows.
    """

    given: pl.DataFrame
    records: pl.DataFrame


def read_rdf_records(path: Path, rdf: Path) -> pl.DataFrame:
    """Every row of a comma separated file, with or without a header, as a record for the engine.

    Args:
        path: the file, plain or compressed (gzip, zstd).
        rdf: its record definition file.

    Returns:
        One row for each row of the file, in its order: ``row`` (the first record is 1), ``ragged`` (the row
        has not the first row's number of fields; nothing else is known of it), ``provider``, ``spell``
        (PROVSPNO), ``episode_order``, ``diagnoses`` and ``procedures`` (the given codes with one space
        between; ``-`` for a missing primary diagnosis), ``age`` and ``days`` (null where no whole number),
        ``sex``, the three kinds of care days (0 where blank, -1 where no whole number), ``admission_method``,
        ``admission_type`` (elective, emergency or null), ``patient_class`` and ``padded_codes`` (how many
        codes had blanks in or around them).

    Raises:
        InputError: as `read_record_definition`, `national_layout` and `casemix_risk.ingest.read.read_rows`.
    """
    return pl.concat([batch.records for batch in rdf_batches(path, rdf)])


def rdf_batches(path: Path, rdf: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Batch]:
    """The rows of `read_rdf_records` batch by batch, each with its columns as given."""
    columns = read_record_definition(rdf)
    layout = national_layout(path, columns)
    diagnoses, procedures = (
        numbered(prefix, sum(field.startswith(prefix) for field in columns)) for prefix in ("DIAG_", "OPER_")
    )
    names = {str(position): name for position, name in enumerate(layout.headings)}
    for rows in read_rows(path, layout, block_bytes):
        given = rows.select(pl.col(position).alias(name) for position, name in names.items())
        records = given.select(
            rows["source_row"].alias("row"),
            rows["ragged"],
            provider=_text("PROCODET"),
            spell=_text("PROVSPNO"),
            episode_order=_whole("EPIORDER"),
            diagnoses=_joined([_code(diagnoses[0]).fill_null("-"), *map(_code, diagnoses[1:])]),
            procedures=_joined([*map(_code, procedures)]),
            age=_whole("STARTAGE"),
            sex=_text("SEX"),
            days=_whole("EPIDUR"),
            critical_care_days=_care_days("CRITICALCAREDAYS"),
            rehabilitation_days=_care_days("REHABILITATIONDAYS"),
            palliative_days=_care_days("SPCDAYS"),
            admission_method=_text("ADMIMETH").str.to_uppercase(),
            patient_class=_text("CLASSPAT"),
            padded_codes=pl.sum_horizontal(_padded(name) for name in (*diagnoses, *procedures)),
        )
        yield Batch(given, records.with_columns(admission_type=_admission_type()))


def _text(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().replace("", None)


def _whole(name: str) -> pl.Expr:
    return _text(name).cast(pl.Int64, strict=False)


def _care_days(name: str) -> pl.Expr:
    return pl.when(_text(name).is_null()).then(0).otherwise(_whole(name).fill_null(-1))


def _code(name: str) -> pl.Expr:
    return pl.col(name).str.replace_all(r"\s", "").replace(_NO_CODE, None)


def _padded(name: str) -> pl.Expr:
    return (_code(name) != pl.col(name)).fill_null(False).cast(pl.Int64)


def _joined(codes: list[pl.Expr]) -> pl.Expr:
    return pl.concat_str(codes, separator=" ", ignore_nulls=True).replace("", None)


def _admission_type() -> pl.Expr:
    method = pl.col("admission_method")
    return (
        pl.when(method.is_in(ELECTIVE))
        .then(pl.lit("elective"))
        .when(method.is_in(NON_ELECTIVE))
        .then(pl.lit("emergency"))
    )
