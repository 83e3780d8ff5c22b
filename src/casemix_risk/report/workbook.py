"""The report's tables as an accessible workbook: a cover, notes, then one table a sheet.

Each table starts at A1 with its one header row; nothing is merged; numbers are numbers, their unit is in
the heading. The file holds no time and nothing of the machine, so that the same tables give the same bytes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import tostring

from casemix_risk.formats import Format
from casemix_risk.report.table import Columns, ReportTable

CREATED = datetime(2000, 1, 1)
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
WIDEST, NARROWEST = 60, 10  # characters
DEMONSTRATION = (
    "Demonstration: the patients and prices are invented, calibrated to totals that a paper published. "
    "Nothing here is NHS data."
)


def report_workbook(run: str, edition: str, shown: Iterable[ReportTable], demonstration: bool) -> bytes:
    """The whole workbook.

    Args:
        run: name of the run.
        edition: the leading tariff edition.
        shown: the tables, in the order of their sheets.
        demonstration: whether the run's data are invented, which the cover and the notes then say.

    Returns:
        The bytes of an .xlsx file.
    """
    shown = list(shown)
    workbook = Workbook()
    properties = workbook.properties
    properties.creator, properties.created, properties.language = "casemix-risk", CREATED, "en-GB"
    properties.title = f"Financial risk of a hospital budget: run {run}"
    label = [DEMONSTRATION] if demonstration else []
    cover = workbook.active
    cover.title = "Cover"
    _write_text(cover, [properties.title, *label, f"Run: {run}", f"Leading tariff edition: {edition}"])
    _write_contents(cover, shown)
    _write_text(workbook.create_sheet("Notes"), ["Notes", *label, *_notes(shown)])
    for table in shown:
        _write_table(workbook.create_sheet(table.name), table)
    return _without_times(workbook)


def _notes(shown: Sequence[ReportTable]) -> list[str]:
    empty = [f"Empty cells of {table.name}: {table.missing}." for table in shown if _has_gaps(table)]
    return [
        "Units: £ is pounds sterling at the prices of the edition named; % is per cent, so 9.1 means 9.1 %.",
        "Tolerance: three coefficients of variation of the yearly cost, in % of the budget.",
        "Method: episodes are cleaned, counted by HRG and admission type, projected and priced.",
        "Each line's yearly count is Poisson, or Negative Binomial where the same patients return.",
        "Lines are independent, so their variances add up; simulated years check the closed form.",
        *empty,
    ]


def _has_gaps(table: ReportTable) -> bool:
    return bool(table.frame[list(_columns(table))].isna().any(axis=None))


def _columns(table: ReportTable) -> Columns:
    return table.sheet_columns or table.columns


def _write_text(sheet: Worksheet, lines: Sequence[str]) -> None:
    for row, line in enumerate(lines, start=1):
        _write(sheet.cell(row, 1), line, None)
    sheet["A1"].font = Font(bold=True, size=16)
    sheet.column_dimensions["A"].width = 2 * WIDEST


def _write_contents(cover: Worksheet, shown: Sequence[ReportTable]) -> None:
    """What each sheet holds, below what is already on the cover; each line links to its sheet."""
    contents = [("Notes", "Units, method and empty cells"), *((table.name, table.title) for table in shown)]
    for row, (name, title) in enumerate(contents, start=cover.max_row + 1):
        cell = cover.cell(row, 1)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1")
        cell.style = "Hyperlink"
        _write(cell, f"Sheet {name}: {title}", None)


def _write_table(sheet: Worksheet, table: ReportTable) -> None:
    columns = _columns(table)
    headings = [_heading(*column) for column in columns.values()]
    for position, (heading, (name, (_, form))) in enumerate(zip(headings, columns.items(), strict=True), 1):
        cells = [sheet.cell(row, position) for row in range(2, len(table.frame) + 2)]
        for cell, value in zip(cells, table.frame[name].tolist(), strict=True):
            _write(cell, value, form)
        _write(sheet.cell(1, position), heading, None)
        longest = max((len(_text(cell)) for cell in cells), default=0)
        width = min(max(longest, len(heading) // 2, NARROWEST), WIDEST) + 3
        sheet.column_dimensions[get_column_letter(position)].width = width
    last_row = max(len(table.frame), 1) + 1  # a named table needs a row below its header
    area = f"A1:{get_column_letter(len(columns))}{last_row}"
    named = Table(displayName=table.name.lower().replace(" ", "_"), ref=area)
    named.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.add_table(named)
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _heading(heading: str, form: Format | None) -> str:
    return f"{heading}, {form.unit}" if form and form.unit else heading


def _text(cell: Cell) -> str:
    return cell.value if isinstance(cell.value, str) else f"{cell.value or 0:,.0f}00"


def _write(cell: Cell, value, form: Format | None) -> None:
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    if pd.isna(value):
        return
    if form is None:
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
        cell.data_type = "s"  # a name that starts with = is a name
    else:
        cell.value = value * form.factor
        cell.number_format = form.cell


def _without_times(workbook: Workbook) -> bytes:
    """Saved, with fixed dates where openpyxl writes the current time: the properties and every entry."""
    saved, fixed = BytesIO(), BytesIO()
    workbook.save(saved)
    workbook.properties.modified = CREATED
    with ZipFile(saved) as source, ZipFile(fixed, "w") as target:
        for name in source.namelist():
            core = name == "docProps/core.xml"
            content = tostring(workbook.properties.to_tree()) if core else source.read(name)
            entry = ZipInfo(name, ZIP_DATE)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 3  # the same on every operating system
            target.writestr(entry, content)
    return fixed.getvalue()
