"""A file through the grouper: every kind of bad input has its row, its error HRG and its message."""

import polars as pl
import pytest
from definition_sets import SMALL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from national_examples import FIELDS, episode, write_file

from casemix_risk.cli import main
from casemix_risk.errors import InputError
from casemix_risk.group import group_file as module
from casemix_risk.group.definitions import hash_definitions, read_definitions
from casemix_risk.group.group_file import group_file

LABEL = "demonstration definitions, not the national ones"
TABLES = ["FCE", "quality_rel", "spell", "summary", "ub_rel", "unknown_codes"]


def spell(number, *diagnoses, **changes):
    """An episode in a spell of its own."""
    return episode(*diagnoses, **{"PROVSPNO": f"S{number}"} | changes)


def group(folder, rows, **options):
    data, rdf = write_file(folder, rows, **options)
    group_file(data, rdf, folder / "out", read_definitions(SMALL), lambda rows: None)
    return {name: pl.read_parquet(folder / f"out/episodes_{name}.parquet") for name in TABLES}


def told(tables):
    """What the quality table says: row, kind of value, value and error."""
    return tables["quality_rel"].select("RowNo", "Code Type", "Code", "Error").rows()


def test_good_episodes_in_the_tables_people_know(tmp_path):
    """By hand from tests/data/definitions_small."""
    rows = [
        # K40 (hierarchy 9) dominates K49 (5): P-02, the bypass, on the cardiac list where E11 scores 1.
        spell(1, "I210", "E119", procedures=("K491", "K401"), CRITICALCAREDAYS="2", EPIDUR="9"),
        # Pneumonia at 70 is D33 whatever else; no rule asks for the scans, which are unbundled, two at most.
        spell(2, "J180", procedures=("U211", "U211", "U211"), STARTAGE="70"),
        spell(3, "J180", STARTAGE="69"),
        spell(4, "S060", "S720"),
    ]
    tables = group(tmp_path, rows)
    fce = tables["FCE"]
    assert fce.columns[: len(FIELDS)] == FIELDS
    assert fce.select(FIELDS).rows() == [tuple(row[name] for name in FIELDS) for row in rows]
    assert fce.columns[len(FIELDS) :] == [
        *("RowNo", "FCE_HRG", "GroupingMethodFlag", "DominantProcedure", "CalcEpidur", "UnbundledHRGs"),
        *("Rule", "CCScore", "Error", "DefinitionSet"),
    ]
    assert fce.select("RowNo", "FCE_HRG", "GroupingMethodFlag", "DominantProcedure", "CalcEpidur").rows() == [
        (1, "C03", "P", "K401", 7),
        (2, "D33", "D", "U211", 9),
        (3, "D34", "D", None, 9),
        (4, "B02", "M", None, 9),
    ]
    assert fce["Rule"].to_list() == ["P-02", "D-02", "D-02", "T-02"]
    assert fce["DefinitionSet"].unique().to_list() == [LABEL]
    assert tables["ub_rel"].drop("DefinitionSet").rows() == [(1, 1, "X01", 2), (2, 1, "X04", 2)]
    spells = tables["spell"]
    assert spells.select("RowNo", "PROCODET", "PROVSPNO", "SpellHRG", "SpellGroupingMethodFlag").rows() == [
        (1, "RR8", "S1", "C03", "P"),
        (2, "RR8", "S2", "D33", "D"),
        (3, "RR8", "S3", "D34", "D"),
        (4, "RR8", "S4", "B02", "M"),
    ]
    assert spells.select("SpellPDiag", "SpellSDiag", "SpellEpisodeCount", "SpellLOS").rows() == [
        ("I210", "E119", 1, 7),
        ("J180", None, 1, 9),
        ("J180", None, 1, 9),
        ("S060", "S720", 1, 9),
    ]
    assert told(tables) == []


@pytest.mark.parametrize(
    ("row", "hrg", "quality"),
    [
        (spell(2, ""), "U01", ("diagnosis", "", "no_primary")),
        (spell(2, "-", "I10X"), "U01", ("diagnosis", "", "no_primary")),
        (spell(2, "Q999"), "U01", ("diagnosis", "Q999", "invalid_primary")),
        (spell(2, "B95.1"), "U01", ("diagnosis", "B95.1", "not_primary")),
        (spell(2, "I10X", procedures=("A011",)), "U02", ("procedure", "A011", "invalid_dominant_procedure")),
        (spell(2, "I10X", STARTAGE="131"), "U03", ("age", "131", "bad_age")),
        (spell(2, "I10X", STARTAGE="unknown"), "U03", ("age", "unknown", "bad_age")),
        (spell(2, "I10X", SEX="9"), "U03", ("sex", "9", "bad_sex")),
        (spell(2, "I10X", EPIDUR="-1"), "U03", ("days", "-1", "bad_days")),
        (spell(2, "I10X", EPIDUR="10000"), "U03", ("days", "10000", "bad_days")),
        (spell(2, "I10X", EPIDUR=""), "U03", ("days", "", "bad_days")),
        (
            spell(2, "I10X", EPIDUR="9", CRITICALCAREDAYS="5", SPCDAYS="5"),
            "U03",
            ("care days", "5+0+5", "care_days"),
        ),
        (spell(2, "I10X", REHABILITATIONDAYS="-2"), "U03", ("care days", "0+-2+0", "care_days")),
        (spell(2, "I10X"), "U04", ("record", "", "no_rule")),
    ],
)
def test_bad_input_gets_its_error_hrg_and_a_message(tmp_path, row, hrg, quality):
    tables = group(tmp_path, [spell(1, "I210"), row, spell(3, "I210")])
    assert tables["FCE"]["FCE_HRG"].to_list() == ["E02", hrg, "E02"]
    assert tables["FCE"]["GroupingMethodFlag"].to_list() == ["D", "U", "D"]
    assert told(tables) == [(2, *quality)]
    [message] = tables["quality_rel"]["Error Message"]
    errors = read_definitions(SMALL).errors
    assert message == errors.filter(pl.col("error") == quality[2])["message"].item()
    assert tables["spell"]["SpellHRG"].to_list() == ["E02", hrg, "E02"]


@pytest.mark.parametrize(
    ("second", "error"),
    [
        ({"EPIORDER": "1"}, "duplicate_order"),
        ({"EPIORDER": "2", "SEX": "2"}, "inconsistent_spell"),
        ({"EPIORDER": "2", "STARTAGE": "72"}, "inconsistent_spell"),
        ({"EPIORDER": "2", "ADMIMETH": "11"}, "inconsistent_spell"),
    ],
)
def test_an_inconsistent_spell_gets_the_error_and_its_episodes_keep_theirs(tmp_path, second, error):
    rows = [spell(8, "J180"), spell(9, "I210"), spell(9, "J180", **second)]
    tables = group(tmp_path, rows)
    assert tables["FCE"]["FCE_HRG"].to_list() == ["D33", "E02", "D33"]
    assert tables["spell"].select("RowNo", "SpellHRG", "SpellGroupingMethodFlag", "SpellError").rows() == [
        (1, "D33", "D", None),
        (2, "U05", "U", error),
    ]
    assert told(tables) == [(2, "spell", "S9", error)]


def test_a_spell_of_episodes_apart_in_the_file(tmp_path, monkeypatch):
    """Episodes anywhere in the file, however many parts the spells are put together in."""
    monkeypatch.setattr(module, "_PART_BYTES", 100)
    rows = [
        spell(1, "J180", "E119", EPIORDER="2", EPIDUR="3"),
        *(spell(number, "J180", STARTAGE="60") for number in range(2, 40)),
        # The bypass has the higher hierarchy, so this episode dominates the spell.
        spell(1, "I210", "I489", EPIORDER="1", EPIDUR="4", procedures=("K401",)),
    ]
    tables = group(tmp_path, rows)
    spells = tables["spell"]
    assert spells["RowNo"].to_list() == [*range(1, 40)]
    assert spells.select(
        "SpellHRG", "SpellGroupingMethodFlag", "SpellDominantProcedure", "SpellPDiag", "SpellEpisodeCount"
    ).row(0) == ("C03", "P", "K401", "I210", 2)
    assert spells["SpellLOS"][0] == 7
    assert spells["SpellHRG"].to_list()[1:] == ["D34"] * 38


def test_codes_are_normalised_and_counted(tmp_path):
    """Two dots, one lower case and one padded code; I10X, R54X are complete but for the filler."""
    rows = [spell(1, "j18.0", "E11.9", procedures=("K401 ",)), spell(2, "J180", "I10X")]
    tables = group(tmp_path, rows)
    assert tables["FCE"]["FCE_HRG"].to_list() == ["C03", "D33"]
    assert tables["spell"]["SpellPDiag"].to_list() == ["J180", "J180"]
    counted = tables["summary"].filter(pl.col("Section") == "codes normalised")
    assert dict(counted.select("Item", "Value").rows()) == {
        "dot": "2",
        "case": "1",
        "filler": "1",
        "padding": "1",
    }


def test_bad_secondary_codes_warn_and_unknown_codes_are_listed(tmp_path):
    """U07.1 came with a newer edition; the procedure after the first and secondary diagnoses only warn."""
    rows = [
        spell(1, "J180", "U07.1", "???", procedures=("K401", "A999")),
        spell(2, "J180", "U071"),
        spell(3, "u071", "J180"),
    ]
    tables = group(tmp_path, rows)
    assert tables["FCE"]["FCE_HRG"].to_list() == ["C03", "D33", "U01"]
    assert told(tables) == [
        (1, "diagnosis", "U071", "unknown_code"),
        (1, "diagnosis", "???", "unknown_code"),
        (1, "procedure", "A999", "unknown_code"),
        (2, "diagnosis", "U071", "unknown_code"),
        (3, "diagnosis", "u071", "invalid_primary"),
    ]
    assert tables["quality_rel"]["Iteration"].to_list() == [1, 2, 3, 1, 1]
    assert tables["unknown_codes"].drop("DefinitionSet").rows() == [
        ("diagnosis", "U071", 3, True),
        ("diagnosis", "???", 1, False),
        ("procedure", "A999", 1, True),
    ]


def test_a_ragged_row_is_kept(tmp_path):
    data, rdf = write_file(tmp_path, [spell(1, "J180"), spell(2, "J180")])
    first, second = data.read_text().splitlines()
    data.write_text(f"{first}\n{second},,\n")
    group_file(data, rdf, tmp_path / "out", read_definitions(SMALL), lambda rows: None)
    fce = pl.read_parquet(tmp_path / "out/episodes_FCE.parquet")
    assert fce["FCE_HRG"].to_list() == ["D33", "U01"]
    quality = pl.read_parquet(tmp_path / "out/episodes_quality_rel.parquet")
    assert quality.select("RowNo", "Error").rows() == [(2, "ragged_row"), (2, "no_primary")]


def test_the_summary_counts_and_names_the_definitions(tmp_path):
    definitions = read_definitions(SMALL)
    rows = [spell(1, "J180"), spell(2, "S060", "S720"), spell(3, ""), spell(4, "Q999", "Q998")]
    summary = group(tmp_path, rows)["summary"]
    values = {(section, item): value for section, item, value, _ in summary.iter_rows()}
    assert values["definitions", "name"] == "small"
    assert values["definitions", "label"] == LABEL
    assert values["definitions", "sha256"] == hash_definitions(definitions)
    assert {item: value for (section, item), value in values.items() if section == "episodes by method"} == {
        "P procedure": "0",
        "D diagnosis": "1",
        "M multiple trauma": "1",
        "G global exception": "0",
        "U error": "2",
    }
    assert values["episodes by error", "no_primary"] == "1"
    assert values["episodes by error", "invalid_primary"] == "1"
    assert values["quality rows", "unknown_code"] == "1"
    assert (values["episodes", "all"], values["spells", "all"]) == ("4", "4")


def test_csv_and_parquet_say_the_same_and_bytes_do_not_change(tmp_path):
    rows = [spell(1, "J180", "Q999"), spell(2, "")]
    tables = group(tmp_path, rows)
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f"episodes_{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")
    )
    for name, table in tables.items():
        text = pl.read_csv(out / f"episodes_{name}.csv", schema=table.schema)
        empty_is_null = pl.col(pl.String).replace("", None)
        assert text.equals(table.with_columns(empty_is_null)), name
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    data, rdf = tmp_path / "episodes.csv", tmp_path / "episodes.rdf"
    group_file(data, rdf, tmp_path / "again", read_definitions(SMALL), lambda rows: None)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}


def test_columns_that_have_our_names_are_kept_as_given(tmp_path):
    """An output of a grouper as the input, with a header."""
    data, rdf = write_file(tmp_path, [spell(1, "J180")])
    row = data.read_text().strip()
    data.write_text(",".join([*FIELDS, "FCE_HRG", "RowNo"]) + f"\n{row},ZZ01Z,77\n")
    group_file(data, rdf, tmp_path / "out", read_definitions(SMALL), lambda rows: None)
    fce = pl.read_parquet(tmp_path / "out/episodes_FCE.parquet")
    assert fce.select("FCE_HRG_given", "RowNo_given", "FCE_HRG", "RowNo").rows() == [
        ("ZZ01Z", "77", "D33", 1)
    ]


def test_all_or_nothing(tmp_path):
    data, rdf = write_file(tmp_path, [spell(1, "J180")])
    with data.open("ab") as file:
        file.write(b'"an open quote,\n' * 3)
    definitions, out = read_definitions(SMALL), tmp_path / "out"
    with pytest.raises(InputError):
        group_file(data, rdf, out, definitions, lambda rows: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["episodes.csv", "episodes.rdf"]
    data, rdf = write_file(tmp_path, [spell(1, "J180")])
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    with pytest.raises(InputError, match="is not empty"):
        group_file(data, rdf, out, definitions, lambda rows: None)
    assert (out / "mine.txt").read_text() == "kept"


def test_the_command(tmp_path, capsys):
    data, rdf = write_file(tmp_path, [spell(1, "J180")])
    arguments = ["group", "--input", str(data), "--rdf", str(rdf), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--definitions", str(SMALL)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert f"definitions, label: {LABEL}" in said
    assert "episodes by method, D diagnosis: 1" in said
    assert main([*arguments, "--definitions", str(SMALL)]) == 1
    assert "is not empty" in capsys.readouterr().err


TEXT = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\0'), max_size=7)
CODES = st.sampled_from(["I210", "J18.0", "q999", "K401", "-", "", " U071 ", "S060", "W19X"]) | TEXT
ROW = st.builds(
    lambda codes, cells: episode(*codes[:14], procedures=codes[14:]) | cells,
    st.lists(CODES, min_size=26, max_size=26),
    st.dictionaries(st.sampled_from([name for name in FIELDS if name[:4] not in ("DIAG", "OPER")]), TEXT),
)


@given(st.lists(ROW, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_in_are_rows_out_whatever_is_in_them(tmp_path_factory, rows):
    tables = group(tmp_path_factory.mktemp("any"), rows)
    fce = tables["FCE"]
    assert fce["RowNo"].to_list() == [*range(1, len(rows) + 1)]
    assert fce["FCE_HRG"].null_count() == 0
    assert set(fce["GroupingMethodFlag"]) <= set("PDMGU")
    assert tables["spell"]["SpellEpisodeCount"].sum() == len(rows)
    failed = fce.filter(pl.col("GroupingMethodFlag") == "U")["RowNo"]
    assert set(failed) <= set(tables["quality_rel"]["RowNo"])
