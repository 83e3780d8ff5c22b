"""From a number of the report to its cells, its table, and the raw files."""

import difflib
from collections.abc import Container, Iterator
from pathlib import Path

import pandas as pd

from casemix_risk.audit.lineage import Ancestor, ancestors, lineage_lines
from casemix_risk.audit.receipt import jobs_behind
from casemix_risk.audit.source import Source, recomputed, source_cells, source_of
from casemix_risk.audit.tables import read_table
from casemix_risk.errors import InputError

NUMBERS = "report/numbers.parquet"
AGREES = 1e-9  # relative
CELLS_SHOWN = 5


def trace(run: Path, number: str) -> tuple[list[str], list[Ancestor]]:
    """Where a number comes from, in lines for people, and what its table was made of.

    Args:
        run: folder of a finished run.
        number: its id, as the report shows it when it is clicked.

    Raises:
        InputError: the report has no such number.
    """
    numbers = read_table(run / NUMBERS).set_index("number", drop=False)
    if number not in numbers.index:
        near = difflib.get_close_matches(number, numbers.index, 3, 0.3)
        nearest = f"; the nearest are {', '.join(near)}" if near else ""
        raise InputError(f"The report of {run} has no number {number}{nearest}.")
    row = numbers.loc[number]
    source = source_of(row)
    path = f"{source.table}.parquet"
    frame = read_table(run / path)
    found = ancestors(jobs_behind(run, [path]), path)
    return [*_about(row, source, frame), "made of:", *lineage_lines(found)], found


def _about(row: pd.Series, source: Source, frame: pd.DataFrame) -> Iterator[str]:
    yield f"{row['number']} = {float(row['value'])!r}"
    yield f"from {source.table}, column {source.column}"
    rows = ", ".join(f"{column} = {value}" for column, value in source.where.items())
    cells = source_cells(source, frame)
    shown = ", ".join(map(str, cells.head(CELLS_SHOWN)))
    more = ", ..." if len(cells) > CELLS_SHOWN else ""
    count = f"{len(cells):,} {'cell' if len(cells) == 1 else 'cells'}"
    yield f"where {rows or 'all rows'}: {count} ({shown}{more})"
    again = recomputed(source, frame)
    yield f"what was done: {source.how}" + ("" if again is None else f", which gives {again!r} again")


def numbers_that_do_not_agree(run: Path, withheld: Container[str] = ()) -> Iterator[str]:
    """Ids of the report's numbers that their own table does not give again.

    Args:
        run: folder of a finished run or release.
        withheld: tables that a release does not hold, as paths from there; their numbers are not judged.
    """
    numbers = read_table(run / NUMBERS)
    for table, rows in numbers.groupby("table"):
        path = run / f"{table}.parquet"
        if f"{table}.parquet" in withheld:
            continue
        frame = read_table(path) if path.is_file() else pd.DataFrame()
        for row in rows.to_dict("records"):
            try:
                again = recomputed(source_of(row), frame)
            except (KeyError, ValueError):
                yield row["number"]
                continue
            if again is not None and not _agree(again, row["value"]):
                yield row["number"]


def _agree(again: float, value: float) -> bool:
    """Whether two numbers are the same; two that are empty are."""
    return bool(pd.isna(again) and pd.isna(value)) or abs(again - value) <= AGREES * abs(value)
