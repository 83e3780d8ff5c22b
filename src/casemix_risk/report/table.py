"""A table for readers, and where its numbers come from."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd

from casemix_risk.audit.source import Source
from casemix_risk.formats import Format

Columns = Mapping[object, tuple[str, Format | None]]


class ReportTable(NamedTuple):
    """A table for readers: every place that shows it shows this frame."""

    id: str
    name: str  # a few words
    title: str  # what it shows, with units
    frame: pd.DataFrame
    columns: Columns  # column of the frame -> (heading, format); no format means text
    key: tuple[str, ...]  # columns of the frame that name a row
    source: Callable[[Mapping, str], Source]  # of a row's number in a column
    sheet_columns: Columns | None = None  # in the workbook, where the page words a number
    missing: str = "no value"  # what a missing value means


def number_id(table: ReportTable, row: Mapping, column: object) -> str:
    """The id of a number: the table's, the row's key, the column."""
    parts = [table.id, *(row[name] for name in table.key), column]
    return "/".join(f"{part:g}" if isinstance(part, float) else f"{part}" for part in parts).replace(" ", "-")


def is_number(table: ReportTable, row: Mapping, column: object) -> bool:
    """Whether a cell holds a number of its own, not a text, a name of the row, or nothing."""
    return table.columns[column][1] is not None and column not in table.key and pd.notna(row[column])


def straight(table: str, *by: str, **fixed: object) -> Callable[[Mapping, str], Source]:
    """Sources of a frame that is rows of a published table, found by columns that both have."""
    return lambda row, column: Source(table, column, {name: row[name] for name in by} | fixed)
