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


ERRORS = (
    "no_primary",
    "invalid_primary",
    "not_primary",
    "bad_age",
    "bad_sex",
    "bad_days",
    "care_days",
    "invalid_dominant_procedure",
    "no_rule",
    "inconsistent_spell",
    "duplicate_order",
)


class Kind(NamedTuple):
    """What a cell may hold.

    Attributes:
        pattern: of the whole cell.
        says: the same in words.
        number: the column is of whole numbers; an empty cell is null there, and "" elsewhere.
    """

    pattern: str
    says: str
    number: bool = False


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_EITHER = rf"{_NAME}(\|{_NAME})*"
_TRAUMA_REGIONS = ("head", "chest", "abdomen", "limb", "spine")


def _one_of(*words: str) -> Kind:
    return Kind("|".join(words), f"one of {', '.join(words)}")


def _some_of(*words: str) -> Kind:
    word = f"({'|'.join(words)})"
    return Kind(f"({word}( {word})*)?", f"empty or some of {', '.join(words)} with one space between")


def _or_empty(kind: Kind) -> Kind:
    return Kind(f"({kind.pattern})?", f"empty or {kind.says}", kind.number)


_TEXT = Kind(r"\S(.*\S)?", "a text without spaces around it")
_CODE = Kind(r"[A-Z0-9]+", "a code of capital letters and digits, without a dot")
_IDENTIFIER = Kind(r"[A-Za-z0-9][A-Za-z0-9_.-]*", "an identifier without spaces")
_LIST = Kind(_NAME, "the name of a list, of letters, digits and underscores")
_FEATURES = Kind(rf"({_NAME}( {_NAME})*)?", "empty or names of features with one space between")
_EITHER_FEATURE = Kind(rf"({_EITHER})?", "empty, a feature, or features with | between")
_ALL_FEATURES = Kind(rf"({_EITHER}( {_EITHER})*)?", "empty or features with a space (and) or | (or) between")
_NUMBER = Kind(r"[0-9]{1,9}", "a whole number", number=True)
_HIERARCHY = Kind(r"[0-9]|1[0-2]", "a whole number from 0 to 12", number=True)
_SCORE = Kind(r"[1-5]", "a whole number from 1 to 5", number=True)
_HRG = Kind(r"[A-Z][A-Z0-9]*", "an HRG, which begins with a capital letter")
_NODE = Kind(r"[a-z][A-Za-z0-9_]*", "a node, which begins with a small letter")
_HRG_OR_NODE = Kind(r"[A-Za-z][A-Za-z0-9_]*", "an HRG or a node")
_BOUND = _or_empty(_NUMBER)

COLUMNS: dict[str, dict[str, Kind]] = {
    "hrg": {
        "hrg": _HRG,
        "description": _TEXT,
        "chapter": _TEXT,
        "kind": _one_of("core", "unbundled", "error"),
        "name_source": _one_of("published", "ours"),
    },
    "diagnosis": {
        "code": _CODE,
        "features": _FEATURES,
        "flags": _some_of("ignore", "not_primary", *(f"trauma_{region}" for region in _TRAUMA_REGIONS)),
    },
    "procedure": {
        "code": _CODE,
        "hierarchy": _HIERARCHY,
        "features": _FEATURES,
        "flags": _some_of("ignore", "global"),
    },
    "rules": {
        "rule": _IDENTIFIER,
        "order": _NUMBER,
        "stage": _one_of("global", "trauma", "procedure", "diagnosis"),
        "procedure": _EITHER_FEATURE,
        "any_procedure": _ALL_FEATURES,
        "no_procedure": _ALL_FEATURES,
        "diagnosis": _EITHER_FEATURE,
        "any_diagnosis": _ALL_FEATURES,
        "flags_needed": Kind(r"(regions>=[1-5])?", "empty or as regions>=2"),
        "age_from": _BOUND,
        "age_to": _BOUND,
        "sex": Kind("[12]?", "empty, 1 or 2", number=True),
        "days_from": _BOUND,
        "days_to": _BOUND,
        "admission": _or_empty(_one_of("elective", "emergency")),
        "patient_class": Kind(r"([0-9](\|[0-9])*)?", "empty or digits of CLASSPAT with | between"),
        "root": _HRG_OR_NODE,
        "cc_list": _or_empty(_LIST),
        "method": _one_of("P", "D", "M", "G"),
    },
    "cc_list": {"cc_list": _LIST, "code": _CODE, "score": _SCORE},
    "cc_exclusion": {"cc_list": _LIST, "code": _CODE, "primary": _CODE},
    "split": {
        "node": _NODE,
        "dimension": _one_of("age", "cc", "days", "sex"),
        "from": _NUMBER,
        "to": _NUMBER,
        "goes_to": _HRG_OR_NODE,
    },
    "unbundled": {"code": _CODE, "hrg": _HRG, "most": _BOUND},
    "errors": {"error": _LIST, "hrg": _HRG, "message": _TEXT},
}
for _columns in COLUMNS.values():
    _columns["provenance"] = _TEXT


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
    try:
        manifest = yaml.safe_load(_read_text(path))
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
