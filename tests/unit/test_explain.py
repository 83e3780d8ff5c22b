import re
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
from definition_sets import SMALL
from hypothesis import given, settings
from hypothesis import strategies as st
from national_examples import episode, write_file

from casemix_risk.cli import main
from casemix_risk.group.alternatives import alternatives
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.explain import explain
from casemix_risk.group.scalar import group_one, plain_tables

DEFINITIONS = read_definitions(SMALL)
TABLES = plain_tables(DEFINITIONS)
PNEUMONIA = {
    "diagnoses": "J180 e11.9 J440 Q999",
    "procedures": None,
    "age": 68,
    "sex": "1",
    "days": 5,
    "admission_type": "emergency",
    "patient_class": "1",
}
HEADINGS = {
    "EPIKEY": "1",
    "EPISTAT": "3",
    "EPIORDER": "1",
    "ADMIMETH": "21",
    "CLASSPAT": "1",
    "EPIDUR": "5",
    "STARTAGE": "68",
    "SEX": "1",
    "DIAG_01": "J180",
    "DIAG_02": "e11.9",
    "DIAG_03": "J440",
    "DIAG_04": "Q999",
    "OPERTN_01": "",
}


def record(**changes):
    return PNEUMONIA | changes


def part(lines, title):
    """The indented lines below a title."""
    start = next(place for place, line in enumerate(lines) if line.startswith(title))
    end = next(
        (place for place in range(start + 1, len(lines)) if not lines[place].startswith("  ")), len(lines)
    )
    return [line.strip() for line in lines[start + 1 : end]]


def test_every_reason_is_told():
    """Worked out by hand from the small set's tables."""
    assert explain(record(), DEFINITIONS) == [
        "Definition set small 1: demonstration definitions, not the national ones.",
        "HRG D33: Bronchopneumonia over 69 or with complications",
        "Method: D, by primary diagnosis",
        "Record: age 68, sex 1, days 5, admission emergency, patient class 1",
        "  diagnoses: J180 e11.9 J440 Q999",
        "  procedures: none",
        "  codes brought to the tables' form: dot:1 case:1",
        "  not in the definitions, left out: diagnosis:Q999",
        "Validation: passed (no_primary, invalid_primary, not_primary, bad_age, bad_sex, bad_days, "
        "care_days, invalid_dominant_procedure)",
        "Candidate procedures: none",
        "  no procedure dominates: the primary diagnosis decides",
        "Rule: D-02 (rules.csv line 15, stage diagnosis), after 6 tried",
        "  asked for: the primary diagnosis has bronchopneumonia or pneumonia",
        "  leads to: pneumonia",
        "Complications counted (list general):",
        "  E119: row E11, score 1",
        "  total score 1",
        "Complications not counted:",
        "  J440: it does not count beside a primary of J18",
        "Thresholds:",
        "  pneumonia: age 68 is within 0 to 69: pneumonia_young",
        "  pneumonia_young: complication score 1 is within 1 to 9999: D33",
        "Unbundled HRGs: none",
        "Single changes that give another HRG:",
        "  without E119: D34",
        "  68 years younger: N01",
    ]


def test_example_of_the_documentation():
    text = (Path(__file__).parents[2] / "docs/grouper.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(Definition set .*?)```", text, re.DOTALL)[1].splitlines()
    shown = record(diagnoses="J981 e11.9 J960", procedures="E852 U212", age=67, days=6)
    assert example == explain(shown, read_definitions(demonstration()))


def test_procedures_and_care_days():
    lines = explain(record(procedures="K499 w37.1 W379 Y731 K491", critical_care_days=2), DEFINITIONS)
    assert lines[1:3] == ["HRG G02: Hip replacement", "Method: P, by procedure"]
    assert "critical care days 2" in lines[3]
    assert part(lines, "Candidate procedures:") == [
        "1. K499: row K499, hierarchy 0: ignored",
        "2. W371: row W371, hierarchy 8: dominates",
        "3. W379: row W37, hierarchy 7: lower hierarchy",
        "4. Y731: row Y73, hierarchy 0: never dominates",
        "5. K491: row K49, hierarchy 5: lower hierarchy",
    ]
    assert "Unbundled HRGs: X01 2 times" in lines


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"diagnoses": "W190 J180"}, "failed at not_primary: This code may not be a primary diagnosis"),
        ({"diagnoses": None}, "failed at no_primary: The primary diagnosis is missing"),
        ({"age": None}, "failed at bad_age: The age is missing or not from 0 to 130"),
        (
            {"critical_care_days": 6},
            "failed at care_days: The care days are negative or more than the episode",
        ),
    ],
)
def test_failed_validation_gives_the_message_of_the_errors_table(changes, said):
    [line] = [line for line in explain(record(**changes), DEFINITIONS) if line.startswith("Validation")]
    assert line.removeprefix("Validation: ").startswith(said)


def test_no_rule_says_how_many_were_tried():
    lines = explain(record(diagnoses="M16"), DEFINITIONS)
    # No procedure dominates: 3 global, 2 trauma and 7 diagnosis rules.
    assert "Rule: none of the 12 rules fits" in lines


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # The chest pain's HRG goes by days: E03 below 2.
        ({"diagnoses": "R074", "days": 1}, ["1 day longer: E04", "68 years younger: N01"]),
        # Three of the five days are critical care, so 2 are left: E04; one fewer is E03.
        (
            {"diagnoses": "R074", "days": 5, "critical_care_days": 3},
            ["1 day shorter: E03", "68 years younger: N01"],
        ),
        # An invalid first procedure stands in the way of the second.
        ({"procedures": "ZZ9 W371"}, ["without ZZ9: G02"]),
        # A baby: J180 from 1 year on, and over 69 another HRG; A40 is excluded beside J180.
        ({"diagnoses": "J180 A400", "age": 7003}, ["1 year older: D34", "70 years older: D33"]),
        # Age and days at the same value have alternatives of their own.
        ({"diagnoses": "R074", "age": 1, "days": 1}, ["1 year younger: N01", "1 day longer: E04"]),
    ],
)
def test_nearest_alternatives(changes, expected):
    assert part(explain(record(**changes), DEFINITIONS), "Single changes") == expected


def brute_alternatives(record, hrg):
    """Every change of the four kinds tried one by one; of each kind and HRG the nearest."""
    changes = []
    for column, kept in (("diagnoses", 1), ("procedures", 0)):
        codes = record[column].split()
        for place in range(kept, len(codes)):
            left = " ".join(codes[:place] + codes[place + 1 :])
            changes.append((f"without {codes[place]}", 1, {column: left}))
    changes += [
        ("older" if age > record["age"] else "younger", abs(age - record["age"]), {"age": age})
        for age in range(131)
    ]
    changes += [
        ("longer" if days > record["days"] else "shorter", abs(days - record["days"]), {"days": days})
        for days in range(60)
    ]
    nearest = {}
    for kind, distance, values in changes:
        other = group_one(record | values, TABLES)
        if other.hrg != hrg and other.error != "care_days":
            nearest[kind, other.hrg] = min(distance, nearest.get((kind, other.hrg), distance))
    return nearest


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "diagnoses": st.lists(
                st.sampled_from([*DEFINITIONS.diagnosis["code"], "Q99"]), min_size=1, max_size=5
            ).map(" ".join),
            "procedures": st.lists(st.sampled_from([*DEFINITIONS.procedure["code"], "Q99"]), max_size=3).map(
                " ".join
            ),
            "age": st.integers(0, 130),
            "sex": st.sampled_from("12"),
            "days": st.integers(0, 40),
            "critical_care_days": st.integers(0, 5),
            "admission_type": st.sampled_from(["elective", "emergency"]),
            "patient_class": st.sampled_from("1234"),
        }
    )
)
def test_alternatives_are_those_of_brute_force(values):
    grouped = group_one(values, TABLES)
    told = alternatives(values, grouped, TABLES)
    assert [each.distance for each in told] == sorted(each.distance for each in told)
    if not grouped.trace.validation[-1].passed:
        return
    found = {(re.sub(r"\d+ (years?|days?) ", "", each.change), each.hrg): each.distance for each in told}
    assert found == brute_alternatives(values, grouped.hrg)


def extract(path, *rows):
    lines = [HEADINGS.keys(), *((HEADINGS | row).values() for row in rows)]
    path.write_text("".join("|".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_command_explains_a_row_of_an_extract(tmp_path, capsys):
    path = extract(tmp_path / "extract.txt", {"DIAG_01": "R074"}, {})
    for row, hrg in ((1, "E04"), (2, "D33")):
        assert main(["explain", "--input", str(path), "--row", str(row), "--definitions", str(SMALL)]) == 0
        assert f"\nHRG {hrg}: " in capsys.readouterr().out


def test_command_explains_a_row_in_the_national_layout(tmp_path, capsys):
    rows = [episode("R074", EPIDUR="5"), episode("R074", EPIDUR="5", CRITICALCAREDAYS="4")]
    data, rdf = write_file(tmp_path, rows)
    arguments = ["explain", "--input", str(data), "--rdf", str(rdf), "--definitions", str(SMALL)]
    for row, hrg in ((1, "E04"), (2, "E03")):
        assert main([*arguments, "--row", str(row)]) == 0
        assert f"\nHRG {hrg}: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "said"), [("3", "has no row 3: give a number from 1 to 2."), ("0", "has no row 0")]
)
def test_row_that_is_not_there(tmp_path, capsys, row, said):
    path = extract(tmp_path / "extract.txt", {}, {})
    assert main(["explain", "--input", str(path), "--row", row, "--definitions", str(SMALL)]) == 1
    assert said in capsys.readouterr().err


def test_ragged_row_cannot_be_explained(tmp_path, capsys):
    path = extract(tmp_path / "extract.txt", {})
    path.write_text(path.read_text("utf-8") + "1|3\n", "utf-8")
    assert main(["explain", "--input", str(path), "--row", "2", "--definitions", str(SMALL)]) == 1
    assert "row 2 has not the number of fields" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["EPIDUR", "DIAG_01", "STARTAGE", "CLASSPAT"])
def test_missing_column_is_named(tmp_path, capsys, missing):
    path = tmp_path / "extract.parquet"
    pl.DataFrame([HEADINGS]).drop(missing).write_parquet(path)
    assert main(["explain", "--input", str(path), "--row", "1", "--definitions", str(SMALL)]) == 1
    assert missing in capsys.readouterr().err


def test_order_of_secondary_diagnoses_changes_no_alternative():
    for codes in permutations(["E119", "I48", "J440"], 2):
        there, back = (
            part(explain(record(diagnoses=f"J180 {' '.join(order)}"), DEFINITIONS), "Single changes")
            for order in (codes, codes[::-1])
        )
        assert sorted(there) == sorted(back)
