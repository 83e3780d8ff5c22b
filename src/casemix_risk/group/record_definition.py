"""The national grouper's record definition file (RDF): which column of a file holds which field.

The grouper's manual: a text file whose first line is ``COMMA DELIMITED``; every other line has the grouper's
name of a field, the user's own name of it, and the number of its column, from 1. Input files have no header
or one, and may have more columns than the grouper reads.
"""

import csv
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from casemix_risk.errors import InputError
from casemix_risk.ingest.layout import Layout, find_compression, first_lines

CARE_DAYS = ("CRITICALCAREDAYS", "REHABILITATIONDAYS", "SPCDAYS")
# What grouping reads. ADMISORC DISDEST DISMETH MAINSPEF NEOCARE TRETSPEF of the national RDF are not needed.
NEEDED = (
    *("PROCODET", "PROVSPNO", "EPIORDER", "STARTAGE", "SEX", "CLASSPAT", "ADMIMETH", "EPIDUR"),
    *("DIAG_01", "OPER_01"),
    *CARE_DAYS,
)
MOST_DIAGNOSES, MOST_PROCEDURES = 20, 24
_FIRST_LINE = "COMMA DELIMITED"


class Column(NamedTuple):
    """A line of an RDF: the user's own name of a field, and its column, from 0."""

    heading: str
    position: int


def read_record_definition(path: Path) -> dict[str, Column]:
    """The columns that an RDF names, by the grouper's name of each, upper case.

    Raises:
        InputError: the file is missing or no RDF; a line cannot be read; a field or a column comes twice; a
            field that grouping needs is missing; the diagnoses or procedures are not numbered 01, 02 ...
            without a gap, or are more than 20 or 24.
    """
    if not path.is_file():
        raise InputError(f"There is no record definition file {path}: check its path.")
    lines = path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    if not lines or lines[0].strip(' ,"').upper() != _FIRST_LINE:
        raise InputError(f"{path} does not begin with {_FIRST_LINE}: give a record definition file (RDF).")
    columns: dict[str, Column] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip(" ,"):
            continue
        field, column = _column(line, f"{path}, line {number}")
        if field in columns:
            raise InputError(f"{path}, line {number}: {field} comes twice; keep one line for each field.")
        columns[field] = column
    _check(columns, path)
    return columns


def _column(line: str, where: str) -> tuple[str, Column]:
    cells = [cell.strip() for cell in next(csv.reader([line]))]
    if len(cells) < 3 or not cells[0] or not cells[2].isdecimal() or int(cells[2]) < 1:
        raise InputError(f"{where}: write a field, its heading and the number of its column, from 1.")
    if any(cells[3:]):
        raise InputError(
            f"{where}: the cells behind the column number are not read here; empty them (dots and blanks in "
            "codes are dropped in any case)."
        )
    return cells[0].upper(), Column(cells[1], int(cells[2]) - 1)


def _check(columns: Mapping[str, Column], path: Path) -> None:
    missing = [field for field in NEEDED if field not in columns]
    if missing:
        raise InputError(
            f"{path} has no {', '.join(missing)}: add a line for "
            f"{'it' if len(missing) == 1 else 'each'} with its column number."
        )
    by_position = sorted((column.position, field) for field, column in columns.items())
    for (position, field), (next_position, other) in pairwise(by_position):
        if position == next_position:
            raise InputError(f"{path} gives column {position + 1} to {field} and {other}; mend one of them.")
    for prefix, most in (("DIAG_", MOST_DIAGNOSES), ("OPER_", MOST_PROCEDURES)):
        given = [field for field in columns if field.startswith(prefix)]
        expected = numbered(prefix, len(given))
        if len(given) > most:
            raise InputError(f"{path} names {len(given)} {prefix} fields; at most {most} are read.")
        lacking = [field for field in expected if field not in columns]
        if lacking:
            raise InputError(
                f"{path} has no {lacking[0]}: number the {prefix} fields 01 to {len(given):02} without a gap."
            )


def numbered(prefix: str, count: int) -> list[str]:
    """``DIAG_01``, ``DIAG_02`` ... for ``DIAG_`` and a count."""
    return [f"{prefix}{number:02}" for number in range(1, count + 1)]


def national_layout(path: Path, columns: Mapping[str, Column]) -> Layout:
    """How to read a comma separated file through an RDF.

    A first row that holds the RDF's own names is a header.

    Args:
        path: the file, plain or compressed (gzip, zstd).
        columns: its `read_record_definition`.

    Returns:
        A layout with every column of the file: those of the RDF under the grouper's names, the others under
        their heading, or ``Column_44`` for the 44th where there is none.

    Raises:
        InputError: the file is missing, empty, damaged or not UTF-8, has too few columns for the RDF, or its
            header has one field of the RDF where the RDF has another.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}: check its path.")
    with path.open("rb") as file:
        compression = find_compression(file.read(4))
    lines = [line for line in first_lines(path, compression) if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty: give a file with rows.")
    try:
        first = [cell.strip() for cell in next(csv.reader([lines[0].decode("utf-8-sig")]))]
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8.") from None
    beyond = [field for field, column in columns.items() if column.position >= len(first)]
    if beyond:
        raise InputError(
            f"{path} has {len(first)} columns, and the RDF puts {beyond[0]} in column "
            f"{columns[beyond[0]].position + 1}: give the RDF of this file."
        )
    has_header = _is_header(first, columns, path)
    if has_header and len(lines) == 1:
        raise InputError(f"{path} has a header but no rows: give the whole file.")
    names = {column.position: field for field, column in columns.items()}
    for position, heading in enumerate(first):
        name = heading if has_header and heading else f"Column_{position + 1}"
        taken = position not in names and name in names.values()
        names.setdefault(position, f"{name}_{position + 1}" if taken else name)
    return Layout(
        compression,
        ",",
        [names[position] for position in range(len(first))],
        {names[position]: [position] for position in range(len(first))},
        int(has_header),
    )


def _is_header(first: list[str], columns: Mapping[str, Column], path: Path) -> bool:
    own_names = {field: {field, column.heading.upper()} - {""} for field, column in columns.items()}
    found = {field: first[column.position].upper() for field, column in columns.items()}
    if not any(found[field] in names for field, names in own_names.items()):
        return False
    for field, cell in found.items():
        if cell not in own_names[field] and cell in columns:
            raise InputError(
                f"{path} has {cell} in column {columns[field].position + 1}, where the RDF has {field}: give "
                "the RDF of this file."
            )
    return True
