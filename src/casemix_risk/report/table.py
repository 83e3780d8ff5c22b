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


class Spread(NamedTuple):
    """A column of a wide table: cells of one column of a published table, chosen by conditions."""

    heading: str
    form: Format
    column: str
    where: Mapping[str, object]


def spread_table(
    id_: str,
    name: str,
    title: str,
    table: str,
    rows: pd.DataFrame,
    key: Mapping[str, tuple[str, Format | None]],
    columns: Mapping[str, Spread],
    fixed: Mapping[str, object],
    missing: str = "no value",
    words: Mapping[str, Mapping[object, str]] | None = None,
) -> ReportTable:
    """Rows of a long published table, spread over columns.

    Args:
        id_: the table's id.
        name: a few words.
        title: what it shows, with units.
        table: path of the published table.
        rows: its rows.
        key: columns of it that name a row here -> heading and format.
        columns: of the wide table, by name.
        fixed: conditions that all cells share.
        missing: what a missing value means.
        words: key column -> its values in words.
    """
    rows = rows[(rows[list(fixed)] == pd.Series(fixed)).all(axis=1)] if fixed else rows
    wide = rows[list(key)].drop_duplicates()
    for column, spread in columns.items():
        chosen = rows[(rows[list(spread.where)] == pd.Series(spread.where)).all(axis=1)]
        cells = chosen[[*key, spread.column]].rename(columns={spread.column: column})
        wide = wide.merge(cells, on=list(key), how="left", validate="one_to_one")
    shown = dict(key)
    for column, said in (words or {}).items():
        wide[f"{column}_words"] = wide[column].map(said)
        shown = {f"{name}_words" if name == column else name: words_ for name, words_ in shown.items()}
    return ReportTable(
        id_,
        name,
        title,
        wide,
        shown | {column: (spread.heading, spread.form) for column, spread in columns.items()},
        tuple(key),
        lambda row, column: Source(
            table,
            columns[column].column,
            dict(fixed) | dict(columns[column].where) | {name: row[name] for name in key},
        ),
        missing=missing,
    )
