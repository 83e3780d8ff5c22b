"""A fault of a definition set: where it stands, and what is wrong."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl


class Fault(NamedTuple):
    """One thing to mend in a definition set.

    Attributes:
        file: the table's file name.
        line: line of the file; the header is line 1.
        sentence: what is wrong and what to do.
    """

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


def numbered(table: pl.DataFrame) -> Iterator[tuple[int, dict]]:
    """The rows of a table as dictionaries, each with its line in the file."""
    return enumerate(table.iter_rows(named=True), start=2)
