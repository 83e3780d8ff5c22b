"""A watch for patients: nothing that looks like one may stand in what is published, logged or committed."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from casemix_risk.errors import InputError

# Not part of a longer number, a decimal or a word such as a hash.
_ALONE = r"(?<![\w.,-]){}(?![\w]|[.,]\d)"
NHS_NUMBER = re.compile(_ALONE.format(r"\d{3}[ -]?\d{3}[ -]?\d{4}"))
PSEUDONYM = re.compile(_ALONE.format(r"(?=[0-9A-Fa-f]*\d)(?=\d*[A-Fa-f])[0-9A-Fa-f]{32}"))
EPISODE_KEY = re.compile(_ALONE.format(r"\d{12}"))
# Drawings are rows of coordinates: neither SVG files nor those in a page are read.
DRAWN = re.compile(r'<svg.*?</svg>|src="data:[^"]*"', re.DOTALL)
TEXT_ENDINGS = {".csv", ".html", ".json", ".jsonl", ".log", ".md", ".py", ".smk", ".txt", ".yaml"}
IDENTIFYING = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer)
CHECK_WEIGHTS = range(10, 1, -1)


def identifiers(text: str) -> Iterator[str]:
    """The kinds of identifier that a text seems to hold, never the identifiers themselves.

    An NHS number is ten digits whose last is the check digit (NHS Data Dictionary: weights 10 to 2, modulus
    11); a pseudonym is 32 hexadecimal digits, as an encrypted HES identifier; an episode key has 12 digits.
    """
    if any(_has_check_digit(found) for found in NHS_NUMBER.findall(text)):
        yield "an NHS number"
    if PSEUDONYM.search(text):
        yield "a patient's pseudonym"
    if EPISODE_KEY.search(text):
        yield "an episode's key"


def _has_check_digit(text: str) -> bool:
    digits = [int(character) for character in text if character.isdigit()]
    check = (11 - sum(weight * digit for weight, digit in zip(CHECK_WEIGHTS, digits, strict=False)) % 11) % 11
    return check == digits[-1]


def identifiers_in_file(path: Path) -> set[str]:
    """The same of a file: a text, a workbook, or the text and whole-number columns of a Parquet table."""
    return {kind for text in _texts(path) for kind in identifiers(text)}


def _texts(path: Path) -> Iterator[str]:
    if path.suffix == ".parquet":
        yield from _columns(pq.read_table(path))
    elif path.suffix == ".xlsx":
        with ZipFile(path) as workbook:
            yield from (workbook.read(name).decode() for name in workbook.namelist())
    elif path.suffix in TEXT_ENDINGS:
        yield DRAWN.sub("", path.read_text(encoding="utf-8", errors="replace"))


def _columns(table: pa.Table) -> Iterator[str]:
    for column in table.columns:
        if any(is_kind(column.type) for is_kind in IDENTIFYING):
            yield "\n".join(pc.unique(column).drop_null().cast(pa.string()).to_pylist())


def refuse_identifiers(run: Path, files: Mapping[str, Mapping]) -> None:
    """Check the files of a run that are not internal tables, and its logs.

    Args:
        run: the run's folder.
        files: path from there -> `casemix_risk.audit.receipt.file_facts`.

    Raises:
        InputError: a file holds something that looks like an identifier; the sentence names file and kind.
    """
    published = [run / path for path, facts in files.items() if facts.get("publication") != "internal"]
    for path in sorted([*published, *(run / "logs").glob("*")]):
        if path.parent == run / "synthetic" and path.suffix != ".parquet":
            continue  # the demonstration's own extract, whose patients are invented
        for kind in sorted(identifiers_in_file(path)):
            raise InputError(
                f"{path} holds what looks like {kind}: it must not be published; please report it with the "
                "name of the file."
            )
