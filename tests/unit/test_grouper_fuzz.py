"""No text in a record or a definition set gives anything but a result, or one sentence on what to mend."""

import csv
import io
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from definition_sets import SMALL, hash_again, small_copy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from national_examples import FIELDS, episode, write_file

from casemix_risk.errors import InputError
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import COLUMNS, read_definitions
from casemix_risk.group.engine import group_records
from casemix_risk.group.explain import explain
from casemix_risk.group.extract import extract_records
from casemix_risk.group.lint import lint
from casemix_risk.group.national_files import read_rdf_records
from casemix_risk.group.spells import group_spells

DEFINITIONS = read_definitions(SMALL)
COMPILED = compile_definitions(DEFINITIONS)
RECORD = {
    "diagnoses": "J180 E119",
    "procedures": "W371 U212",
    "age": "71",
    "sex": "1",
    "days": "9",
    "critical_care_days": "1",
    "rehabilitation_days": "",
    "palliative_days": "0",
    "admission_type": "emergency",
    "patient_class": "1",
}
HEADINGS = (
    *("EPIKEY", "EPISTAT", "EPIORDER", "ADMIMETH", "CLASSPAT", "EPIDUR", "STARTAGE", "SEX"),
    *("DIAG_01", "DIAG_02", "OPERTN_01", "OPERTN_02"),
)
# Any text, and what comes close to a code or a number.
TEXT = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[A-Za-z]?[0-9]{0,3}[.\-X]?[0-9ADX]?", fullmatch=True),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
)
STEMS = sorted(COLUMNS)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(RECORD)), st.none() | TEXT, min_size=1))
def test_any_text_in_any_field_of_a_record_is_explained(changes):
    label, hrg, *_ = explain(RECORD | changes, DEFINITIONS)
    assert label == "Definition set small 1: demonstration definitions, not the national ones."
    assert re.match(r"HRG [A-Z]\d\d: ", hrg)


def grouped_rows(content):
    """How many rows the extract's records have after grouping."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "extract.csv"
        path.write_bytes(content)
        rows = 0
        for batch in extract_records(path):
            grouped = group_records(batch, COMPILED)
            assert grouped.height == batch.height
            assert grouped["hrg"].null_count() == 0
            rows += batch.height
        return rows


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(TEXT, min_size=len(HEADINGS), max_size=len(HEADINGS)), min_size=1, max_size=4),
    st.sampled_from("|,\t;"),
)
def test_any_text_in_any_field_of_an_extract_keeps_every_row(rows, delimiter):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(HEADINGS)
    writer.writerows([[re.sub(r"[\r\n]", " ", text) for text in row] for row in rows])
    assert grouped_rows(file.getvalue().encode("utf-8")) == len(rows)


# The reader tells of ragged rows; one that is not UTF-8 it cannot tell of, which ends in a sentence as well.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 300), st.booleans())
def test_any_bytes_in_an_extract_give_a_result_or_a_sentence(junk, place, instead):
    text = ("|".join(HEADINGS) + "\n" + "1|3|1|21|1|5|68|1|J180|E119|W371|\n" * 3).encode()
    try:
        grouped_rows(text[:place] + junk + (b"" if instead else text[place:]))
    except InputError as error:
        assert "extract.csv" in str(error)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), TEXT, max_size=6), min_size=1, max_size=4))
def test_any_text_in_any_field_of_the_national_layout_keeps_every_row(changes):
    rows = [
        episode("J180", "E119", procedures=["W371"])
        | {field: re.sub(r"[\r\n]", " ", text) for field, text in change.items()}
        for change in changes
    ]
    with TemporaryDirectory() as folder:
        records = read_rdf_records(*write_file(Path(folder), rows))
    grouped = group_records(records, COMPILED)
    assert grouped.height == len(rows)
    spells = group_spells(grouped, records, COMPILED)
    assert spells["episodes"].sum() == len(rows)
    for record in records.iter_rows(named=True):
        assert len(explain(record, DEFINITIONS)) > 8


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 900), st.booleans())
def test_any_bytes_in_a_record_definition_give_a_result_or_a_sentence(junk, place, instead):
    with TemporaryDirectory() as folder:
        data, rdf = write_file(Path(folder), [episode("J180")])
        content = rdf.read_bytes()
        rdf.write_bytes(content[:place] + junk + (b"" if instead else content[place:]))
        try:
            read_rdf_records(data, rdf)
        except InputError as error:
            assert "episodes." in str(error)


def cells_changed(rows, draw):
    row = draw(st.integers(0, len(rows) - 1))
    cell = draw(st.integers(0, len(rows[row]) - 1))
    rows[row][cell] = draw(TEXT | st.sampled_from([cell for line in rows for cell in line]))


def row_cut(rows, draw):
    row = draw(st.integers(0, len(rows) - 1))
    rows[row] = rows[row][: draw(st.integers(0, len(rows[row]) - 1))]


def row_repeated(rows, draw):
    rows.insert(draw(st.integers(0, len(rows))), list(draw(st.sampled_from(rows))))


def rows_lost(rows, draw):
    start = draw(st.integers(0, len(rows) - 1))
    del rows[start : start + draw(st.integers(1, len(rows)))]


def column_lost(rows, draw):
    column = draw(st.integers(0, len(rows[0]) - 1))
    for row in rows:
        del row[column : column + 1]


def rows_shuffled(rows, draw):
    rows[1:] = draw(st.permutations(rows[1:]))


HARMS = [cells_changed, row_cut, row_repeated, rows_lost, column_lost, rows_shuffled]


@st.composite
def mutilated(draw):
    """A table of the small set, its name, and what one or two accidents leave of its bytes."""
    stem = draw(st.sampled_from(STEMS))
    rows = list(csv.reader((SMALL / f"{stem}.csv").read_text("utf-8").splitlines()))
    for harm in draw(st.lists(st.sampled_from(HARMS), min_size=1, max_size=2)):
        if rows and all(rows):
            harm(rows, draw)
    file = io.StringIO()
    csv.writer(file, lineterminator=draw(st.sampled_from(["\n", "\r\n"]))).writerows(rows)
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    content = file.getvalue().encode(encoding, errors="replace")
    return stem, content[: draw(st.just(len(content)) | st.integers(0, len(content)))]


def use(folder):
    """Everything that a definition set is for."""
    definitions = read_definitions(folder)
    lint(definitions)
    records = pl.DataFrame(
        [
            {"diagnoses": codes, "procedures": procedures, "age": 71, "sex": sex, "days": 9}
            | {"admission_type": "elective", "patient_class": "1"}
            for codes in ("J180 E119 Z60", "I21", "R074", "S06 S32", "N390", "", "W19", "Q99")
            for procedures in ("W371 U212", "K40 K26 Y73", "X40", "", "Q99")
            for sex in ("1", "2")
        ]
    )
    grouped = group_records(records, compile_definitions(definitions))
    assert grouped.height == records.height
    for record in records.sample(3, seed=1).iter_rows(named=True):
        explain(record, definitions)


@settings(max_examples=200, deadline=None)
@given(mutilated())
@example(("diagnosis", b"code,features,flags,provenance\nI21,," + b"x" * 200_000 + b",ours\n"))
@example(("diagnosis", b'code,features,flags,provenance\n"I21,,,ours\n'))
@example(("errors", b"error,hrg,message,provenance\n"))
@example(("rules", b""))
@example(("split", b"\xff\xfe"))
def test_mutilated_definitions_give_a_result_or_a_sentence_with_the_place(harmed):
    stem, content = harmed
    with TemporaryDirectory() as folder:
        copy = small_copy(Path(folder))
        (copy / f"{stem}.csv").write_bytes(content)
        hash_again(copy)
        try:
            use(copy)
        except InputError as error:
            whole = "is not UTF-8|must have in its first line"
            place = rf"{stem}\.csv( line \d+\b|.*({whole}))|The errors table has no row for"
            assert re.search(place, str(error), re.DOTALL)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 1200), st.booleans())
def test_mutilated_manifest_gives_a_result_or_a_sentence(junk, place, instead):
    with TemporaryDirectory() as folder:
        copy = small_copy(Path(folder))
        content = (copy / "manifest.yaml").read_bytes()
        (copy / "manifest.yaml").write_bytes(content[:place] + junk + (b"" if instead else content[place:]))
        try:
            use(copy)
        except InputError as error:
            assert re.search(r"manifest\.yaml|\.csv", str(error))


@pytest.mark.parametrize("file", ["manifest.yaml", *(f"{stem}.csv" for stem in STEMS)])
def test_missing_file_is_named(tmp_path, file):
    copy = small_copy(tmp_path)
    (copy / file).unlink()
    with pytest.raises(InputError, match=file):
        read_definitions(copy)


def test_definitions_that_are_no_folder(tmp_path):
    shutil.copy(SMALL / "hrg.csv", tmp_path)
    for path in (tmp_path / "hrg.csv", tmp_path / "nowhere", tmp_path):
        with pytest.raises(InputError, match=r"manifest\.yaml"):
            read_definitions(path)
