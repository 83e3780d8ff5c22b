"""Where a number of the report comes from: the cells of one table, and what was done with them."""

import json
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

CELL, SUM, ROWS, MEDIAN = "the cell", "the sum of the cells", "the number of rows", "the median of the cells"
SHARE = "the sum of the cells over that of the column"
_DONE = {SUM: pd.Series.sum, ROWS: len, MEDIAN: pd.Series.median}


class Source(NamedTuple):
    """Cells of one table.

    Attributes:
        table: its path from the run's folder without the ending, such as ``risk/2006-07/risk_summary``.
        column: the cells' column.
        where: column -> value of the rows; a text that ends in ``*`` matches what begins with it.
        how: what was done with the cells: CELL, SUM, ROWS, MEDIAN or SHARE, which can be done again, or a
            formula in words.
    """

    table: str
    column: str
    where: Mapping[str, object]
    how: str = CELL

    def where_text(self) -> str:
        """The conditions as canonical JSON."""
        return json.dumps(dict(self.where), sort_keys=True, default=_plain)


def source_of(number: Mapping) -> Source:
    """The source in a row of table ``numbers``."""
    return Source(number["table"], number["column"], json.loads(number["where"]), number["how"])


def source_cells(source: Source, frame: pd.DataFrame) -> pd.Series:
    """The cells that a source speaks of.

    Args:
        source: where a number comes from.
        frame: its table.
    """
    chosen = pd.Series(True, index=frame.index)
    for column, value in source.where.items():
        if isinstance(value, str) and value.endswith("*"):
            chosen &= frame[column].str.startswith(value[:-1])
        else:
            chosen &= frame[column] == value
    return frame.loc[chosen, source.column]


def recomputed(source: Source, frame: pd.DataFrame) -> float | None:
    """The number worked out again from its table; None where the source is a formula in words.

    Raises:
        ValueError: a single cell was meant and there is none, or more than one.
    """
    cells = source_cells(source, frame)
    if source.how == CELL:
        return float(cells.item())
    if source.how == SHARE:
        return float(cells.sum() / frame[source.column].sum())
    return float(_DONE[source.how](cells)) if source.how in _DONE else None


def _plain(value: object) -> object:
    return value.item()  # numpy's own numbers
