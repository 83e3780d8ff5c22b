"""What a workbook's cells say: its rows under their headings, codes, names of features, and ranges."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from python_calamine import CalamineWorkbook

from casemix_risk.errors import InputError

Rows = Iterator[tuple[int, dict[str, str]]]
OPEN = ("0", "9999")  # what the ends of a range are where it has none
_CODES = {"code", "primary"}
_NAMES = {"features", "procedure", "any_procedure", "no_procedure", "diagnosis", "any_diagnosis", "cc_list"}
_RANGES = (
    (re.compile(r"(\d+) *(?:-|–|to) *(\d+)"), lambda low, high: (low, high)),
    (re.compile(r"(\d+)(?: *\+| *and over)"), lambda low: (low, None)),
    (re.compile(r"(?:>=|≥) *(\d+)"), lambda low: (low, None)),
    (re.compile(r"> *(\d+)"), lambda above: (above + 1, None)),
    (re.compile(r"(?:<=|≤) *(\d+)"), lambda high: (None, high)),
    (re.compile(r"< *(\d+)"), lambda below: (None, below - 1)),
    (re.compile(r"(\d+)"), lambda only: (only, only)),
    (re.compile(r""), lambda: (None, None)),
)


def sheet_rows(
    book: CalamineWorkbook, workbook: Path, sheet: str, header_row: int, headings: Collection[str]
) -> Rows:
    """The rows below a sheet's headings that are not blank, as text under the wanted headings.

    Args:
        book: the open workbook.
        workbook: its file, for messages.
        sheet: the sheet's name.
        header_row: number of the row of headings, from 1.
        headings: those wanted; case and blanks do not matter.

    Yields:
        The row's number in the sheet, from 1, and its cells, with one blank for any number of them.

    Raises:
        InputError: the sheet or a heading is not there.
    """
    if sheet not in book.sheet_names:
        raise InputError(f"{workbook} has no sheet {sheet}; it has {', '.join(book.sheet_names)}: name one.")
    # With the empty rows above the table, so that the numbers are those that the workbook shows.
    grid = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    header = [_plain(_text(cell)) for cell in grid[header_row - 1]] if header_row <= len(grid) else []
    missing = sorted(heading for heading in headings if _plain(heading) not in header)
    if missing:
        raise InputError(
            f"{workbook}, sheet {sheet}, row {header_row} has no heading {', '.join(missing)}: check "
            "header_row and the headings in the mapping."
        )
    places = {heading: header.index(_plain(heading)) for heading in headings}
    for number, row in enumerate(grid[header_row:], header_row + 1):
        cells = {heading: _text(row[place]) for heading, place in places.items()}
        if any(cells.values()):
            yield number, cells


def clean(name: str, text: str, separator: str | None, values: Mapping[str, str | int]) -> str:
    """A cell as our column of that name has it.

    Codes lose dots and blanks and become upper case. Names of features and lists, in whatever words, become
    letters, digits and underscores.

    Args:
        name: our column.
        text: the cell.
        separator: what stands between several entries of a cell; blanks when None, for names.
        values: what a cell or an entry of it means, where it does not mean itself.
    """
    text = replaced(text.strip(), values)
    if name in _CODES:
        return re.sub(r"[\s.]", "", text).upper()
    if separator is None and name not in _NAMES:
        return text
    entries = [replaced(entry.strip(), values) for entry in text.split(separator)]
    if name in _NAMES:
        entries = ["|".join(map(_identifier, entry.split("|"))) for entry in entries]
    return " ".join(filter(None, entries))


def replaced(text: str, values: Mapping[str, str | int]) -> str:
    """What a text means: itself, where `values` does not say otherwise."""
    return str(values.get(text, text))


def read_range(text: str, where: str) -> dict[str, int | None]:
    """The ends, ``from`` and ``to``, of a range such as 18-49, 70+, >69, <19, 5 or nothing; None if open.

    Raises:
        InputError: it is none of these.
    """
    for pattern, ends in _RANGES:
        found = pattern.fullmatch(text)
        if found:
            return dict(zip(("from", "to"), ends(*map(int, found.groups())), strict=True))
    raise InputError(f"{where} is {text!r}, which is no range: write 18-49, 70+, >69, <19, 5 or nothing.")


def _identifier(text: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    return f"_{words}" if words[:1].isdigit() else words


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())  # a cell may have line breaks, a table's cell may not


def _plain(heading: str) -> str:
    return " ".join(heading.split()).lower()
