"""Reading a definition set: what its hash stands for, and the sentence for each fault of form."""

import re

import polars as pl
import pytest
from definition_sets import SMALL, change, hash_again, small_copy

from casemix_risk.errors import InputError
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import COLUMNS, error_rows, hash_definitions, read_definitions


def test_tables_are_as_the_files_say():
    definitions = read_definitions(SMALL)
    for stem in COLUMNS:
        lines = (SMALL / f"{stem}.csv").read_text(encoding="utf-8").splitlines()
        table = getattr(definitions, stem)
        assert table.height == len(lines) - 1
        assert [",".join("" if cell is None else str(cell) for cell in row) for row in table.rows()] == lines[
            1:
        ]


def test_hash_is_of_what_the_tables_say(tmp_path):
    folder = small_copy(tmp_path)
    before = hash_definitions(read_definitions(folder))
    for path in folder.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    hash_again(folder)
    assert hash_definitions(read_definitions(folder)) == before
    change(folder, "cc_list.csv", "general,I50,3", "general,I50,2")
    assert hash_definitions(read_definitions(folder)) != before


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "diagnosis.csv",
            "I48,,",
            "i48,,",
            r"diagnosis.csv line 8: code is 'i48', but must be a code of capital",
        ),
        (
            "diagnosis.csv",
            "Z60,,ignore",
            "Z60,,ignored",
            "line 23: flags is 'ignored', but must be empty or some",
        ),
        (
            "procedure.csv",
            "K01,12",
            "K01,13",
            "line 2: hierarchy is '13', but must be a whole number from 0 to 12",
        ),
        ("rules.csv", "P-02,70", "P-02,", "line 8: order is '', but must be a whole number"),
        ("rules.csv", "regions>=2,,,,,,,,B01", "regions>1,,,,,,,,B01", "line 5: flags_needed is 'regions>1'"),
        ("split.csv", "ami,cc,3", "Ami,cc,3", "line 6: node is 'Ami', but must be a node, which begins with"),
        ("cc_list.csv", "general,I48,2,ours", "general,I48,2", "line 3 has 3 cells, not 4"),
        ("hrg.csv", "hrg,description", "hrg,name", "must have in its first line hrg,description,chapter"),
        ("errors.csv", "no_rule,U04,No rule fits,ours\n", "", "no row for no_rule: add one"),
    ],
)
def test_fault_of_form_is_told_with_its_place(tmp_path, file, old, new, sentence):
    folder = small_copy(tmp_path)
    change(folder, file, old, new)
    with pytest.raises(InputError, match=sentence):
        read_definitions(folder)


def test_file_that_the_manifest_does_not_name(tmp_path):
    folder = small_copy(tmp_path)
    with (folder / "split.csv").open("a", encoding="utf-8") as file:
        file.write("ami,cc,3,9999,E01,ours\n")
    with pytest.raises(
        InputError, match=r"split\.csv is not the file that manifest\.yaml names: its sha256 is"
    ):
        read_definitions(folder)


@pytest.mark.parametrize(
    ("pattern", "text", "sentence"),
    [
        (r"licence: MIT\n", "", "lacks licence: add a line"),
        (r"files:[\s\S]*", "files: all\n", "must give under files the sha256"),
        (r"[\s\S]*", "- a list", "must hold the definition set's facts"),
        (r"valid_from: \S+", "valid_from: 2002-02-31", "is not YAML"),
    ],
)
def test_manifest_that_lacks_something(tmp_path, pattern, text, sentence):
    path = small_copy(tmp_path) / "manifest.yaml"
    path.write_text(re.sub(pattern, text, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_definitions(path.parent)


def test_definitions_made_otherwise_must_have_every_error():
    definitions = read_definitions(SMALL)
    lacking = definitions._replace(errors=definitions.errors.filter(pl.col("error") != "bad_age"))
    for use in (error_rows, compile_definitions):
        with pytest.raises(InputError, match="no row for bad_age"):
            use(lacking)
