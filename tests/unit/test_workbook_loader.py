import re

import polars as pl
import pytest
import yaml
from definition_workbook import EXAMPLE, SMALL, write_workbook
from openpyxl import load_workbook

from casemix_risk.cli import main
from casemix_risk.errors import InputError
from casemix_risk.group.definitions import COLUMNS, hash_definitions, read_definitions
from casemix_risk.group.lint import lint
from casemix_risk.group.workbook_cells import read_range
from casemix_risk.group.workbook_loader import load_definitions, write_definitions


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    return write_workbook(tmp_path_factory.mktemp("book") / "Our tables.xlsx")


def changed(folder, change):
    """The example mapping after a change to what it says."""
    said = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    change(said)
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    return path


def said(table):
    """What a table says, but for where it was taken from and whose names it has."""
    return table.drop("provenance", "name_source", strict=False)


def test_a_workbook_of_another_shape_gives_the_same_tables(workbook):
    """The small set was written by hand as CSV; the workbook says the same in other words."""
    small, loaded = read_definitions(SMALL), load_definitions(workbook, EXAMPLE)
    for stem in COLUMNS:
        table, wanted = said(getattr(loaded, stem)), said(getattr(small, stem))
        assert table.schema == wanted.schema, stem
        assert table.rows() == wanted.rows(), stem
    assert loaded.manifest["label"] == "national definitions, licensed to us"
    assert loaded.split["provenance"].unique().to_list() == ["Our tables.xlsx, sheet Splits"]
    assert loaded.errors["provenance"].unique().to_list() == ["the mapping file"]


def test_the_written_folder_reads_back_and_lint_accepts_it(workbook, tmp_path):
    loaded = load_definitions(workbook, EXAMPLE)
    write_definitions(loaded, tmp_path / "ours")
    read = read_definitions(tmp_path / "ours")
    assert hash_definitions(read) == hash_definitions(loaded)
    assert read.manifest["valid_from"] == loaded.manifest["valid_from"]
    assert lint(read) == []
    before = {path.name: path.read_bytes() for path in (tmp_path / "ours").iterdir()}
    with pytest.raises(InputError, match="is not empty"):
        write_definitions(loaded, tmp_path / "ours")
    write_definitions(loaded, tmp_path / "again")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}


def test_placeholders_number_rows_and_join_cells(workbook, tmp_path):
    def number(mapping):
        [source] = mapping["tables"]["rules"]
        del source["columns"]["rule"], source["columns"]["order"]
        source["constants"] = {"rule": "{Root}-{row}", "order": "1{row}"}

    rules = load_definitions(workbook, changed(tmp_path, number)).rules
    assert rules["rule"][0] == "A01-000004"  # its headings stand in row 3
    assert rules["order"].to_list() == [1_000_004 + row for row in range(rules.height)]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("18-49", (18, 49)),
        ("18 to 49", (18, 49)),
        ("18 – 49", (18, 49)),
        ("70+", (70, None)),
        ("70 and over", (70, None)),
        (">69", (70, None)),
        (">= 70", (70, None)),
        ("<19", (None, 18)),
        ("<=18", (None, 18)),
        ("5", (5, 5)),
        ("", (None, None)),
    ],
)
def test_ranges(text, ends):
    assert tuple(read_range(text, "here").values()) == ends


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (
            ("ICD-10", "A6", "I1é"),
            r"sheet ICD-10, row 6, column ICD Code: code is 'I1É', but must",
        ),
        (("OPCS-4", "B4", 13), "sheet OPCS-4, row 4, column Hierarchy: hierarchy is '13', but must be"),
        (("Logic", "J9", "old"), "sheet Logic, row 9, column Age is 'old', which is no range"),
        (("Logic", "C5", "SURGERY"), "sheet Logic, row 5, column Stage: stage is 'SURGERY', but must be one"),
        (
            ("Splits", "D4", None),
            "sheet Splits, row 4, column HRG: goes_to is '', but must be an HRG",
        ),
        (("CC general", "A1", "Codes"), "sheet CC general, row 1 has no heading Code: check header_row"),
    ],
)
def test_a_bad_cell_is_named_with_sheet_row_and_column(workbook, tmp_path, cell, sentence):
    sheet, place, value = cell
    book = load_workbook(workbook)
    book[sheet][place] = value
    book.save(tmp_path / "bad.xlsx")
    with pytest.raises(InputError, match=sentence):
        load_definitions(tmp_path / "bad.xlsx", EXAMPLE)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda said: said.pop("manifest"), "the whole: 'manifest' is a required property"),
        (lambda said: said["manifest"].pop("label"), "manifest: 'label' is a required"),
        (lambda said: said["tables"].pop("split"), "tables: 'split' is a required"),
        (lambda said: said["tables"]["hrg"][0].update(colums={}), "tables/hrg/0: Additional.*colums"),
        (lambda said: said["tables"]["hrg"][0].update(header_row=0), "tables/hrg/0/header_row: 0 is less"),
        (lambda said: said["tables"]["hrg"][0].update(sheet="HRGs"), "has no sheet HRGs; it has HRG, ICD-10"),
        (lambda said: said["tables"]["hrg"][0].pop("header_row"), "table hrg, source 1: give either sheet"),
        (lambda said: said["tables"]["hrg"][0].update(rows=[]), "table hrg, source 1: give either sheet"),
        (
            lambda said: said["tables"]["hrg"][0]["columns"].update(names="Type"),
            "has no column names, only",
        ),
        (lambda said: said["tables"]["hrg"][0]["constants"].update(hrg="A01"), "hrg is filled twice"),
        (lambda said: said["tables"]["cc_list"][1]["constants"].update(cc_list="{Lst}"), "no heading Lst"),
        (
            lambda said: said["tables"]["unbundled"][0]["rows"][1].update(hrg="x"),
            "row 2: hrg is 'x'",
        ),
    ],
)
def test_a_bad_mapping_is_one_clear_error(workbook, tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        load_definitions(workbook, changed(tmp_path, change))


@pytest.mark.parametrize("text", [b"a: [", b"\xff\xfe", b"? {[1]: 2}\n: 3", b"", b"- 1\n", b"2002-02-31: x"])
def test_a_mapping_that_is_none(workbook, tmp_path, text):
    path = tmp_path / "mapping.yaml"
    path.write_bytes(text)
    with pytest.raises(InputError, match=re.escape(str(path))):
        load_definitions(workbook, path)


def test_files_that_are_not_there(workbook, tmp_path):
    with pytest.raises(InputError, match="There is no workbook"):
        load_definitions(tmp_path / "none.xlsx", EXAMPLE)
    with pytest.raises(InputError, match="There is no mapping file"):
        load_definitions(workbook, tmp_path / "none.yaml")
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(InputError, match="is damaged or not a workbook"):
        load_definitions(tmp_path / "text.xlsx", EXAMPLE)


def test_rows_are_chosen_and_cells_filled_down(workbook, tmp_path):
    def choose(mapping):
        mapping["tables"]["cc_exclusion"][0]["where"] = {"CC list": ["cardiac"]}

    loaded = load_definitions(workbook, changed(tmp_path, choose))
    small = read_definitions(SMALL).cc_exclusion
    assert said(loaded.cc_exclusion).rows() == said(small.filter(pl.col("cc_list") == "cardiac")).rows()
    assert 0 < loaded.cc_exclusion.height < small.height
    assert loaded.split.filter(pl.col("node") == "").is_empty()


def test_the_command(workbook, tmp_path, capsys):
    folder = tmp_path / "ours"
    assert main(["definitions", "load", str(workbook), str(EXAMPLE), str(folder)]) == 0
    assert f"casemix-risk definitions lint {folder}" in capsys.readouterr().out
    assert main(["definitions", "lint", str(folder)]) == 0
    capsys.readouterr()
    assert main(["definitions", "load", str(tmp_path / "none.xlsx"), str(EXAMPLE), str(folder)]) == 1
    assert "There is no workbook" in capsys.readouterr().err
