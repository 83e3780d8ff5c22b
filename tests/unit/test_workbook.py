from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

import casemix_risk.report.workbook as workbook_module
from casemix_risk.formats import decimals, integer, percent, pounds, significant
from casemix_risk.report.table import ReportTable
from casemix_risk.report.workbook import report_workbook

SHOWN = [
    ReportTable(
        "lines",
        "Cost lines",
        "Lines and their share",
        pd.DataFrame(
            {
                "name": ["=1+1", "b\x07ell"],
                "count": [1_234, 5],
                "price": [2.5, None],
                "share": [0.125, 0.5],
                "words": ["about 3", "4 to 5"],
            }
        ),
        {
            "name": ("Name", None),
            "count": ("People", integer),
            "price": ("Price", pounds),
            "share": ("Share", percent),
            "words": ("Words", None),
        },
        ("name",),
        None,
        missing="not priced",
    ),
    ReportTable(
        "worded",
        "Worded",
        "Numbers that the page words",
        pd.DataFrame({"low": [1.0], "words": ["above 1"]}),
        {"words": ("Published", None)},
        ("words",),
        None,
        sheet_columns={"low": ("Published, from", significant)},
    ),
    ReportTable(
        "none",
        "Nothing",
        "No row",
        pd.DataFrame({"value": []}),
        {"value": ("Value, %", decimals(2))},
        (),
        None,
    ),
]


@pytest.fixture(scope="module")
def content():
    return report_workbook("mine", "2006-07", SHOWN, demonstration=True)


@pytest.fixture(scope="module")
def book(content):
    return openpyxl.load_workbook(BytesIO(content))


def test_numbers_are_numbers_in_the_unit_of_their_heading_and_text_is_never_a_formula(book):
    rows = list(book["Cost lines"].iter_rows(values_only=True))
    assert rows == [
        ("Name", "People", "Price, £", "Share, %", "Words"),
        ("=1+1", 1_234, 2.5, 12.5, "about 3"),
        ("bell", 5, None, 50, "4 to 5"),
    ]
    assert book["Cost lines"]["A2"].data_type == "s"
    assert list(book["Worded"].iter_rows(values_only=True)) == [("Published, from",), (1,)]


def test_each_sheet_is_one_named_table_with_one_frozen_header_and_nothing_merged(book):
    assert book.sheetnames == ["Cover", "Notes", "Cost lines", "Worded", "Nothing"]
    areas = {sheet.title: {table.name: table.ref for table in sheet.tables.values()} for sheet in book}
    assert areas == {
        "Cover": {},
        "Notes": {},
        "Cost lines": {"cost_lines": "A1:E3"},
        "Worded": {"worded": "A1:A2"},
        "Nothing": {"nothing": "A1:A2"},
    }
    assert not any(sheet.merged_cells.ranges for sheet in book)
    assert {sheet.freeze_panes for sheet in book if sheet.tables} == {"B2"}
    widths = [column.width for sheet in book for column in sheet.column_dimensions.values()]
    assert all(10 < width <= 120 for width in widths)


def test_the_cover_links_to_every_sheet_and_the_notes_explain_every_gap(book):
    links = [cell.hyperlink.location for (cell,) in book["Cover"].iter_rows() if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:]]
    notes = [cell.value for (cell,) in book["Notes"].iter_rows()]
    assert [note for note in notes if note.startswith("Empty")] == ["Empty cells of Cost lines: not priced."]
    for sheet in ("Cover", "Notes"):
        assert book[sheet]["A2"].value.startswith("Demonstration: ")
    own = openpyxl.load_workbook(BytesIO(report_workbook("mine", "now", SHOWN, demonstration=False)))
    assert not any("Demonstration" in str(cell.value) for sheet in own for (cell, *_) in sheet.iter_rows())


def test_the_file_holds_no_time_but_the_fixed_one(content, book, monkeypatch):
    entries = ZipFile(BytesIO(content)).infolist()
    assert {entry.date_time for entry in entries} == {workbook_module.ZIP_DATE}
    assert book.properties.created == book.properties.modified == workbook_module.CREATED
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert report_workbook("mine", "2006-07", SHOWN, demonstration=True) == content
