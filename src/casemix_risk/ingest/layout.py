"""What a file of hospital episodes looks like: format, compression, delimiter, place of each field."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from casemix_risk.errors import InputError

DIAGNOSES = [f"diagnosis_{number:02}" for number in range(1, 21)]
PROCEDURES = [f"procedure_{number:02}" for number in range(1, 25)]

# Field -> the headings it goes by, first choice first (HES data dictionary, admitted patient care).
ALIASES: Mapping[str, tuple[str, ...]] = {
    "epikey": ("EPIKEY",),
    "patient": ("ENCRYPTED_HESID", "PSEUDO_HESID", "TOKEN_PERSON_ID"),
    "party_year": ("PARTYEAR",),
    "episode_status": ("EPISTAT",),
    "episode_type": ("EPITYPE",),
    "episode_order": ("EPIORDER",),
    "episode_start": ("EPISTART",),
    "episode_end": ("EPIEND",),
    "admission_date": ("ADMIDATE",),
    "discharge_date": ("DISDATE",),
    "admission_method": ("ADMIMETH",),
    "admission_category": ("ADMINCAT",),
    "admission_flag": ("FAE",),
    "patient_class": ("CLASSPAT",),
    "discharge_method": ("DISMETH",),
    "spell_days": ("SPELDUR",),
    "episode_days": ("EPIDUR",),
    "age": ("STARTAGE", "ADMIAGE"),
    "sex": ("SEX",),
    "practice": ("GPPRAC",),
    "provider": ("PROCODE3", "PROCODE5", "PROCODET"),
    "hrg": ("HRGLATE35", "HRG_3.5", "SUSHRG", "HRG40", "HRGNHS"),
    **{field: (f"DIAG_{field[-2:]}", f"DIAG_4_{field[-2:]}") for field in DIAGNOSES},
    **{field: (f"OPERTN_{field[-2:]}", f"OPERTN_4_{field[-2:]}") for field in PROCEDURES},
}
OPTIONAL = {
    "party_year",
    "episode_type",
    "discharge_date",
    "admission_flag",
    "spell_days",
    "episode_days",
    *DIAGNOSES[1:],
    *PROCEDURES,
}
# Each version of the HRG is filled in some years only: a file with several columns is read from whichever is.
FIRST_FILLED = {"hrg"}

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_DELIMITERS = "|,\t;"
_DELIMITER_NAMES = "pipe, comma, tab or semicolon"
_HEADER_BYTES = 2**16


class Layout(NamedTuple):
    """How to read a file.

    Attributes:
        compression: ``gzip``, ``zstd`` or None.
        delimiter: what separates the fields of a text file; None for Parquet.
        headings: the file's headings, as they stand there.
        columns: field -> positions of its columns in the file, first choice first; none for an absent field.
        header_rows: rows of text above the first record; 0 for a file without a header.
    """

    compression: str | None
    delimiter: str | None
    headings: list[str]
    columns: Mapping[str, list[int]]
    header_rows: int = 1


def find_layout(path: Path) -> Layout:
    """Look at the beginning of a file of episodes, which must have every needed column.

    Args and result: as `read_header`.

    Raises:
        InputError: as `read_header`, or needed columns are missing.
    """
    layout = read_header(path)
    missing = missing_fields(layout)
    if missing:
        lacks = "; ".join(_either(ALIASES[field]) for field in missing)
        raise InputError(
            f"{path} has no column {lacks}: give an extract that has "
            f"{'it' if len(missing) == 1 else 'them'}, or rename the headings to these."
        )
    return layout


def missing_fields(layout: Layout) -> list[str]:
    """The needed fields that a file has no column for, under any alias."""
    return [field for field, found in layout.columns.items() if not found and field not in OPTIONAL]


def read_header(path: Path) -> Layout:
    """Look at the beginning of a file, whatever columns it has.

    Args:
        path: pipe, comma, tab or semicolon separated text with a header, plain or compressed (gzip, zstd),
            or Parquet; the content decides, not the file's name.

    Returns:
        The layout, with headings matched in any case and under any alias.

    Raises:
        InputError: the file is missing, empty or damaged, has no rows, its header is not UTF-8 text, or its
            fields are separated by something else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no extract file {path}: check extract.files in the configuration.")
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning == b"PAR1":
        return _layout(None, None, _parquet_headings(path))
    compression = find_compression(beginning)
    header, rows = _header_and_rows(path, compression)
    delimiter = max(_DELIMITERS, key=header.count)
    if delimiter not in header:
        raise InputError(
            f"{path} is not separated by {_DELIMITER_NAMES}: save it with one of these, or as Parquet."
        )
    if not any(delimiter in row for row in rows):
        raise InputError(
            f"{path} has a header separated by {delimiter!r} and rows that are not: save it with one of "
            f"{_DELIMITER_NAMES} throughout."
        )
    return _layout(compression, delimiter, next(csv.reader([header], delimiter=delimiter)))


def damaged(path: Path) -> InputError:
    """The error for a file that cannot be decompressed or read as Parquet."""
    return InputError(f"{path} is damaged or incomplete and cannot be unpacked: fetch it again.")


def _parquet_headings(path: Path) -> list[str]:
    try:
        return pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        raise damaged(path) from None


def find_compression(beginning: bytes) -> str | None:
    """``gzip``, ``zstd`` or None, by the first bytes of a file."""
    return next((name for magic, name in _MAGIC.items() if beginning.startswith(magic)), None)


def first_lines(path: Path, compression: str | None) -> list[bytes]:
    """The lines that begin within the first bytes of a text file, the last one perhaps cut short.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with pa.input_stream(path, compression=compression) as stream:
            return stream.read(_HEADER_BYTES).splitlines()
    except OSError:
        raise damaged(path) from None


def _header_and_rows(path: Path, compression: str | None) -> tuple[str, list[str]]:
    """The header, and the rows that begin within the first bytes."""
    header, *rows = first_lines(path, compression) or [b""]
    try:
        heading = header.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8 or as Parquet.") from None
    if not heading.strip():
        raise InputError(f"{path} is empty: give a file with a header and rows.")
    if not any(row.strip() for row in rows):
        raise InputError(f"{path} has a header but no rows: give the whole extract.")
    return heading, [row.decode("utf-8", errors="replace") for row in rows if row.strip()]


def _layout(compression: str | None, delimiter: str | None, headings: list[str]) -> Layout:
    position = {heading.strip().upper(): number for number, heading in reversed([*enumerate(headings)])}
    columns = {}
    for field, aliases in ALIASES.items():
        found = [position[alias] for alias in aliases if alias in position]
        columns[field] = found if field in FIRST_FILLED else found[:1]
    return Layout(compression, delimiter, headings, columns)


def _either(aliases: tuple[str, ...]) -> str:
    return " or ".join(filter(None, [", ".join(aliases[:-1]), aliases[-1]]))
