"""A set of grouping definitions: its tables, read from a folder of CSV files and checked for form."""

import csv
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow as pa
import yaml

from casemix_risk.audit.content_hash import table_hash
from casemix_risk.errors import InputError
from casemix_risk.group.columns import COLUMNS, ERRORS, Kind

MANIFEST = "manifest.yaml"
FACTS = (
    "name",
    "version",
    "valid_from",
    "valid_to",
    "national",
    "label",
    "provenance",
    "licence",
    "diagnosis_edition",
    "procedure_edition",
    "files",
)


class Definitions(NamedTuple):
    """A definition set. Row n of a table is line n + 2 of its file; docs tell what each column means.

    Texts are never null (an empty cell is ""); numbers are Int64, null where the cell is empty.
    """

    hrg: pl.DataFrame
    diagnosis: pl.DataFrame
    procedure: pl.DataFrame
    rules: pl.DataFrame
    cc_list: pl.DataFrame
    cc_exclusion: pl.DataFrame
    split: pl.DataFrame
    unbundled: pl.DataFrame
    errors: pl.DataFrame
    manifest: dict


def demonstration() -> Path:
    """The folder of the definition set that is shipped: ours, not the national one."""
    return Path(__file__).parent / "demonstration"


def read_definitions(folder: Path) -> Definitions:
    """Read a definition set and check the form of every cell.

    Args:
        folder: holds ``manifest.yaml`` and a CSV file for each table of COLUMNS.

    Raises:
        InputError: a file, a fact of the manifest or a column is missing, a file is not the one that the
            manifest names (sha256), a cell holds what its column does not, with file and line, or an error
            has no row.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder / MANIFEST)
    tables = {stem: _read_table(folder, stem, manifest) for stem in COLUMNS}
    definitions = Definitions(**tables, manifest=manifest)
    error_rows(definitions)
    return definitions


def set_label(definitions: Definitions) -> str:
    """The set's name, version and label, as every output gives them."""
    manifest = definitions.manifest
    return f"Definition set {manifest['name']} {manifest['version']}: {manifest['label']}."


def error_rows(definitions: Definitions) -> dict[str, dict]:
    """The row of the errors table for each of ERRORS.

    Raises:
        InputError: the table lacks one.
    """
    rows = {row["error"]: row for row in definitions.errors.iter_rows(named=True)}
    missing = [error for error in ERRORS if error not in rows]
    if missing:
        raise InputError(f"The errors table has no row for {', '.join(missing)}: add one for each.")
    return {error: rows[error] for error in ERRORS}


def hash_definitions(definitions: Definitions) -> str:
    """A hash of what the tables say, as 64 hexadecimal digits, whatever files they came from."""
    whole = hashlib.sha256()
    for stem, columns in sorted(COLUMNS.items()):
        schema = pa.schema(
            [(name, pa.int64() if kind.number else pa.string()) for name, kind in columns.items()]
        )
        table = getattr(definitions, stem).select(*columns).to_arrow().cast(schema)
        whole.update(f"{stem}\x1f{table_hash(table)}\x1f".encode())
    return whole.hexdigest()


def _read_manifest(path: Path) -> dict:
    text = _read_text(path)
    try:
        manifest = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # ValueError: a day that no calendar has
        raise InputError(f"{path} is not YAML: mend it, one line a fact, such as name: ours.") from None
    if not isinstance(manifest, dict):
        raise InputError(f"{path} must hold the definition set's facts: {', '.join(FACTS)}.")
    missing = [fact for fact in FACTS if fact not in manifest]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}: add a line for each.")
    if not isinstance(manifest["files"], dict):
        raise InputError(f"{path} must give under files the sha256 of every table, file by file.")
    return manifest


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path} is missing: a definition set is a folder with {MANIFEST} and its tables.")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8: save it as UTF-8.") from None


def _read_table(folder: Path, stem: str, manifest: Mapping) -> pl.DataFrame:
    path, columns = folder / f"{stem}.csv", COLUMNS[stem]
    text = _read_text(path)
    said, found = manifest["files"].get(path.name), hashlib.sha256(path.read_bytes()).hexdigest()
    if said != found:
        raise InputError(
            f"{path} is not the file that {MANIFEST} names: its sha256 is {found}; "
            "write that there if the change is meant."
        )
    # One record a line: a quoted line break would move the line numbers of everything below it.
    rows = [_cells(path, number, line) for number, line in enumerate(text.splitlines(), 1)]
    if not rows or rows[0] != list(columns):
        raise InputError(f"{path} must have in its first line {','.join(columns)}: mend it.")
    for number, row in enumerate(rows[1:], 2):
        _check_row(path, number, row, columns)
    return pl.DataFrame(
        [_column(name, [row[place] for row in rows[1:]], columns[name]) for place, name in enumerate(columns)]
    )


def _cells(path: Path, number: int, line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:  # the parser's limit of characters
        raise InputError(f"{path} line {number} has too long a cell: mend its quotes.") from None


def _check_row(path: Path, number: int, row: list[str], columns: Mapping[str, Kind]) -> None:
    if len(row) != len(columns):
        raise InputError(
            f"{path} line {number} has {len(row)} cells, not {len(columns)}: mend its commas or quotes."
        )
    for cell, (name, kind) in zip(row, columns.items(), strict=True):
        if not re.fullmatch(kind.pattern, cell):
            raise InputError(f"{path} line {number}: {name} is {cell!r}, but must be {kind.says}.")


def _column(name: str, cells: list[str], kind: Kind) -> pl.Series:
    if kind.number:
        return pl.Series(name, [int(cell) if cell else None for cell in cells], pl.Int64)
    return pl.Series(name, cells, pl.String)
