"""A hospital extract as records for the grouper, whether or not it has HRGs of its own."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.ingest.episodes import typed_episodes
from casemix_risk.ingest.layout import ALIASES, read_header
from casemix_risk.ingest.read import BLOCK_BYTES, read_rows

_NEEDED = (
    *("epikey", "episode_status", "episode_order", "admission_method", "patient_class", "episode_days"),
    *("age", "sex", "diagnosis_01"),
)


def extract_records(path: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[pl.DataFrame]:
    """Every row of an extract, batch by batch, none left out.

    Args:
        path: in a format that `casemix_risk.ingest.layout.read_header` knows; HES has no care days.
        block_bytes: how much text is parsed at a time.

    Yields:
        ``row`` (the first data row is 1), ``ragged`` (the number of fields is not the header's; nothing else
        is known of the row), ``begins_spell`` (finished, and the first of its spell) and what
        `casemix_risk.group.engine.group_records` reads.

    Raises:
        InputError: as `read_header` and `casemix_risk.ingest.read.read_rows`, or needed columns are missing.
    """
    layout = read_header(path)
    missing = ["/".join(ALIASES[field]) for field in _NEEDED if not layout.columns[field]]
    if missing:
        raise InputError(
            f"{path} has no column {'; '.join(missing)}, which grouping needs: add it, or rename its heading."
        )
    for rows in read_rows(path, layout, block_bytes):
        yield typed_episodes(rows, layout).select(
            pl.col("source_row").alias("row"),
            "ragged",
            (pl.col("episode_status").eq_missing("3") & pl.col("episode_order").eq_missing(1)).alias(
                "begins_spell"
            ),
            *("diagnoses", "procedures", "age", "sex"),
            pl.col("episode_days").alias("days"),
            *("admission_type", "patient_class"),
        )


def find_record(batches: Iterator[pl.DataFrame], row: int, path: Path) -> Mapping:
    """One row of a file's records.

    Args:
        batches: of `extract_records` or `casemix_risk.group.national_files.read_rdf_records`.
        row: its number; the first data row is 1.
        path: of the file, for the message.

    Raises:
        InputError: there is no such row, or its number of fields is not the others'.
    """
    last = 0
    for batch in batches:
        found = batch.filter(pl.col("row") == row)
        if not found.is_empty():
            record = found.row(0, named=True)
            if record["ragged"]:
                raise InputError(
                    f"{path} row {row} has not the number of fields of the others: mend the row."
                )
            return record
        last = max(last, batch["row"].max() or 0)
    raise InputError(f"{path} has no row {row}: give a number from 1 to {last}.")
