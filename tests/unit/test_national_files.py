import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from national_examples import FIELDS, as_text, episode, rdf_text, write_file

from casemix_risk.errors import InputError
from casemix_risk.group.national_files import rdf_batches, read_rdf_records
from casemix_risk.group.record_definition import read_record_definition

REAL_RDF = Path(__file__).parents[3] / "shared/realdata/hes/HRG4plus_default_APC.rdf"


def test_a_row_becomes_a_record(tmp_path):
    row = episode(
        *("I210", "E119", "-", "I10X"),
        procedures=("K401", "", "Y532"),
        ADMIMETH="2a",
        CRITICALCAREDAYS="2",
        SPCDAYS="1",
    )
    [record] = read_rdf_records(*write_file(tmp_path, [row])).to_dicts()
    assert record == {
        "row": 1,
        "ragged": False,
        "provider": "RR8",
        "spell": "S1",
        "episode_order": 1,
        "diagnoses": "I210 E119 I10X",
        "procedures": "K401 Y532",
        "age": 70,
        "sex": "1",
        "days": 9,
        "critical_care_days": 2,
        "rehabilitation_days": 0,
        "palliative_days": 1,
        "admission_method": "2A",
        "patient_class": "1",
        "padded_codes": 0,
        "admission_type": "emergency",
    }


def test_a_missing_primary_keeps_its_place_and_padding_is_counted(tmp_path):
    row = episode("  ", "I10X", " e11.9", "I2 10", procedures=("K401  ", "-   "))
    [record] = read_rdf_records(*write_file(tmp_path, [row])).to_dicts()
    assert record["diagnoses"] == "- I10X e11.9 I210"
    assert record["procedures"] == "K401"
    assert record["padded_codes"] == 3  # two diagnoses and one procedure; blanks and dashes are no codes


@pytest.mark.parametrize(
    ("field", "text", "name", "value"),
    [
        ("STARTAGE", "old", "age", None),
        ("STARTAGE", "7003", "age", 7003),
        ("EPIDUR", "4.5", "days", None),
        ("EPIDUR", "-3", "days", -3),
        ("EPIORDER", "first", "episode_order", None),
        ("CRITICALCAREDAYS", "", "critical_care_days", 0),
        ("CRITICALCAREDAYS", "two", "critical_care_days", -1),
        ("ADMIMETH", "12", "admission_type", "elective"),
        ("ADMIMETH", "81", "admission_type", "emergency"),
        ("ADMIMETH", "99", "admission_type", None),
        ("PROVSPNO", " ", "spell", None),
        ("SEX", " 2 ", "sex", "2"),
    ],
)
def test_what_a_field_is_read_as(tmp_path, field, text, name, value):
    [record] = read_rdf_records(*write_file(tmp_path, [episode(**{field: text})])).to_dicts()
    assert record[name] == value


def test_a_header_is_known_by_its_names(tmp_path):
    rows = [episode("I10X"), episode("I210")]
    plain = read_rdf_records(*write_file(tmp_path, rows))
    headed = read_rdf_records(*write_file(tmp_path, rows, header=FIELDS))
    lower = read_rdf_records(*write_file(tmp_path, rows, header=[name.lower() for name in FIELDS]))
    assert plain.equals(headed)
    assert plain.equals(lower)
    assert plain["row"].to_list() == [1, 2]


def test_users_own_headings_and_order_and_columns(tmp_path):
    """The RDF says where a field is; what is beyond it is kept under its own heading."""
    backwards = FIELDS[::-1]
    rows = [["key7", *(episode("I10X", STARTAGE="33")[name] for name in backwards)]]
    rdf = tmp_path / "own.rdf"
    rdf.write_text(rdf_text({name: (f"My {name}", place) for place, name in enumerate(backwards, 2)}))
    data = tmp_path / "own.csv"
    data.write_text(as_text([["Key", *(f"my {name}" for name in backwards)], *rows]))
    [batch] = rdf_batches(data, rdf)
    assert batch.given.columns == ["Key", *backwards]
    assert batch.given["Key"].to_list() == ["key7"]
    assert batch.records["age"].to_list() == [33]
    data.write_text(as_text(rows))
    [batch] = rdf_batches(data, rdf)
    assert batch.given.columns == ["Column_1", *backwards]


def test_compressed_quoted_and_crlf(tmp_path):
    row = episode("I10X", PROVSPNO="a,b")
    data, rdf = write_file(tmp_path, [row])
    text = data.read_text().replace("\n", "\r\n")
    packed = tmp_path / "packed.csv"
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_rdf_records(packed, rdf)["spell"].to_list() == ["a,b"]
    assert read_rdf_records(packed, rdf).equals(read_rdf_records(data, rdf))


def test_a_ragged_row_keeps_its_place(tmp_path):
    data, rdf = write_file(tmp_path, [episode("I10X"), episode("I210")])
    first, second = data.read_text().splitlines()
    data.write_text(f"{first}\n{second},more\n{second}\n")
    records = read_rdf_records(data, rdf)
    assert records["row"].to_list() == [1, 2, 3]
    assert records["ragged"].to_list() == [False, True, False]
    assert records["diagnoses"].to_list() == ["I10X", "-", "I210"]


@pytest.mark.parametrize("field", ["SEX", "DIAG_01", "SPCDAYS"])
def test_a_missing_rdf_column_is_one_error_naming_it(tmp_path, field):
    lines = {name: (name, place) for place, name in enumerate(FIELDS, 1) if name != field}
    path = tmp_path / "lacking.rdf"
    path.write_text(rdf_text(lines))
    with pytest.raises(InputError) as error:
        read_record_definition(path)
    assert str(error.value) == f"{path} has no {field}: add a line for it with its column number."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: "", "does not begin with COMMA DELIMITED"),
        (lambda text: text.replace("COMMA", "TAB"), "does not begin with COMMA DELIMITED"),
        (lambda text: text.replace("SEX,SEX,5,", "SEX,SEX,five,"), "line 6: write a field"),
        (lambda text: text.replace("SEX,SEX,5,", "SEX,SEX,4,"), "column 4 to SEX and STARTAGE"),
        (lambda text: text + "SEX,SEX,50,,,,\n", "line 45: SEX comes twice"),
        (lambda text: text.replace("DIAG_07,DIAG_07,21,,,,\n", ""), "has no DIAG_07"),
        (lambda text: text.replace("SEX,SEX,5,,", "SEX,SEX,5,.,"), "line 6: the cells behind"),
        (lambda text: text.replace("SPCDAYS,43", "SPCDAYS,44"), "puts SPCDAYS in column 44"),
    ],
)
def test_a_bad_rdf_is_one_clear_error(tmp_path, change, sentence):
    data, rdf = write_file(tmp_path, [episode("I10X")])
    rdf.write_text(change(rdf.read_text()))
    with pytest.raises(InputError, match=sentence):
        read_rdf_records(data, rdf)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (",".join(FIELDS).encode(), "a header but no rows"),
        (b"\xff" + b"," * 42 + b"\n", "is not UTF-8"),
        (b"\x1f\x8bnothing", "is damaged"),
        (
            ",".join(["SEX", *FIELDS[1:]]).encode() + b"\n" + b"," * 42,
            "has SEX in column 1, where the RDF has PRO",
        ),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path, content, sentence):
    data, rdf = write_file(tmp_path, [episode("I10X")])
    data.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_rdf_records(data, rdf)


def test_a_file_that_is_not_there(tmp_path):
    data, rdf = write_file(tmp_path, [episode("I10X")])
    with pytest.raises(InputError, match="There is no file"):
        read_rdf_records(tmp_path / "none.csv", rdf)
    with pytest.raises(InputError, match="There is no record definition file"):
        read_rdf_records(data, tmp_path / "none.rdf")


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\0'), max_size=9),
        min_size=43,
        max_size=43,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_text_in_any_field_is_a_record(tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("any")
    rows = [episode("I10X"), dict(zip(FIELDS, cells, strict=True)), episode("I210")]
    records = read_rdf_records(*write_file(folder, rows))
    assert records["row"].to_list() == [1, 2, 3]
    for record in records.to_dicts():
        codes = record["diagnoses"].split(" ")
        assert all(codes) and 1 <= len(codes) <= 14


def test_blocks_do_not_change_the_records(tmp_path):
    rows = [episode("I10X", EPIORDER=str(number)) for number in range(1, 60)]
    data, rdf = write_file(tmp_path, rows)
    small = [batch.records for batch in rdf_batches(data, rdf, 700)]
    assert len(small) > 3
    numbers = [number for batch in small for number in batch["row"]]
    assert all(second == first + 1 for first, second in pairwise(numbers))
    assert [order for batch in small for order in batch["episode_order"]] == [*range(1, 60)]


def test_the_national_default(tmp_path):
    """The file that the national grouper installs."""
    if not REAL_RDF.is_file():
        pytest.skip("the national RDF is not here")
    columns = read_record_definition(REAL_RDF)
    assert [(name, column.position) for name, column in columns.items()] == [
        (name, place) for place, name in enumerate(FIELDS)
    ]
