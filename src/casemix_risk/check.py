"""What a file is, and what a run would make of it, told in plain text before any run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.ingest.clean import clean_year
from casemix_risk.ingest.grouped import check_grouped
from casemix_risk.ingest.layout import (
    ALIASES,
    DIAGNOSES,
    OPTIONAL,
    PROCEDURES,
    Layout,
    find_layout,
    missing_fields,
    read_header,
)
from casemix_risk.workbook import WORKBOOKS, open_workbook

_DELIMITERS = {"|": "pipe", ",": "comma", "\t": "tab", ";": "semicolon"}
_DONE = {"exclude": "left out", "recode": "changed", "flag": "marked"}


def check_file(path: Path) -> Iterator[str]:
    """Lines that say what a file is and what would be kept and left out of it, and why.

    A workbook is a price list: its sheets are named. Any other file is taken for a hospital extract: its
    format and columns are named, and every row goes through the cleaning rules. Only counts are told of rows.

    Raises:
        InputError: the file cannot serve; the lines before it say what it is as far as that is known.
    """
    if path.suffix.lower() in WORKBOOKS and path.is_file():
        yield from _workbook(path)
        return
    layout = read_header(path)
    yield from _header(path, layout)
    find_layout(path)
    with tempfile.TemporaryDirectory() as workdir:
        waterfall = clean_year(path, Path(workdir)).waterfall
    yield from _cleaning(waterfall)
    check_grouped(waterfall, str(path))


def _workbook(path: Path) -> Iterator[str]:
    with open_workbook(path) as book:
        if not book.sheet_names:
            raise InputError(f"{path} has no sheets: give the publisher's own workbook.")
        yield f"{path}: a workbook; a run reads it as a price list."
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            yield f"  sheet {name}: {sheet.height:,} rows, {sheet.width:,} columns"
    yield "Name its sheet and columns under tariff.editions in the configuration; the run checks every price."


def _header(path: Path, layout: Layout) -> Iterator[str]:
    kind = f"text separated by {_DELIMITERS[layout.delimiter]}" if layout.delimiter else "Parquet"
    packed = f", {layout.compression} compressed" if layout.compression else ""
    yield f"{path}: {kind}{packed}, {len(layout.headings):,} columns."
    found = {field: positions for field, positions in layout.columns.items() if positions}
    used = sorted({position for positions in found.values() for position in positions})
    clinical = {*DIAGNOSES, *PROCEDURES}
    optional = [field for field in layout.columns if field in OPTIONAL and field not in {*found, *clinical}]
    yield _listed("Columns found", [layout.headings[position].strip() for position in used])
    yield _listed("Needed and not found", [_aliases(field) for field in missing_fields(layout)])
    yield _listed("Optional and not found", [_aliases(field) for field in optional])
    yield (
        f"Diagnosis columns: {len(found.keys() & set(DIAGNOSES))} of up to {len(DIAGNOSES)}; "
        f"procedure columns: {len(found.keys() & set(PROCEDURES))} of up to {len(PROCEDURES)}; "
        f"columns not read: {len(layout.headings) - len(used):,}."
    )
    if not found:
        yield "If this is a price list, name its columns under tariff.editions; a run checks every price."


def _aliases(field: str) -> str:
    return "/".join(ALIASES[field])


def _listed(title: str, names: list[str]) -> str:
    return f"{title}: {', '.join(names) or 'none'}."


def _cleaning(waterfall: pd.DataFrame) -> Iterator[str]:
    rules = waterfall.groupby(["rule", "description", "action"], sort=False, as_index=False)["rows"].sum()
    rows = rules.set_index("rule")["rows"]
    left_out = rules.loc[rules["action"] == "exclude", "rows"].sum()
    read = left_out + rows["kept"]
    yield f"Rows read: {read:,}; kept: {rows['kept']:,}; left out: {left_out:,} ({left_out / read:.1%})."
    for rule in rules[(rules["rows"] > 0) & (rules["action"] != "keep")].itertuples():
        yield f"  {_DONE[rule.action]}: {rule.rows:,} {rule.rule}. {rule.description}"
