"""Rules read backwards, worked out by hand from the small definition set."""

import pandas as pd
import polars as pl
import pytest
from definition_sets import SMALL

from casemix_risk.errors import InputError
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from casemix_risk.synthetic.candidates import candidates
from casemix_risk.synthetic.code_frequencies import as_written, sex_of_diagnoses, sex_of_procedures
from casemix_risk.synthetic.definition_paths import paths, stay_limits
from casemix_risk.synthetic.templates import looked_at, rule_templates

DEFINITIONS = read_definitions(SMALL)
ROWS = """
diagnosis,,J181,30
diagnosis,,N390,20
diagnosis,,A419,10
diagnosis,,A401,10
diagnosis,,R074,5
diagnosis,,S060,4
diagnosis,,S720,6
indication,hip_replacement,M161,3
indication,hip_replacement,S720,1
indication,bypass,I214,2
procedure,,W371,8
procedure,,W379,2
procedure,,K401,6
procedure,,K261,1
procedure,,Y731,1
procedure,,K499,9
comorbidity,under_50,E119,3
comorbidity,under_50,J449,1
comorbidity,under_50,I10,5
further_procedure,,Z942,1
further_procedure,,U212,1
"""
FREQUENCIES = pd.DataFrame(
    [line.split(",") for line in ROWS.split()], columns=["kind", "of", "code", "weight"]
).astype({"weight": int})


@pytest.fixture(scope="module")
def templates() -> pd.DataFrame:
    return rule_templates(DEFINITIONS, FREQUENCIES)


def of_rule(templates: pd.DataFrame, rule: str) -> dict[tuple[str, str, str], float]:
    rows = templates[templates["rule"] == rule]
    keys = zip(rows["primary"], rows["needed"], rows["procedures"], strict=True)
    return dict(zip(keys, rows["weight"], strict=True))


def test_a_rule_of_diagnoses_has_those_with_the_feature(templates):
    # J181 has pneumonia; its own weight counts.
    assert of_rule(templates, "D-02") == {("J181", "", ""): 30}


def test_a_rule_for_children_has_children_s_illnesses_if_it_asks_for_any():
    rules = DEFINITIONS.rules.with_columns(age_to=pl.lit(15))
    own = pd.DataFrame([("diagnosis", "childhood", "J180", 4)], columns=FREQUENCIES.columns)
    found = rule_templates(
        DEFINITIONS._replace(rules=rules), pd.concat([FREQUENCIES, own], ignore_index=True)
    )
    assert of_rule(found, "D-02") == {("J180", "", ""): 4}
    assert of_rule(found, "D-04") == {("R074", "", ""): 5}


def test_an_operation_has_the_primary_diagnoses_of_its_indications(templates):
    # The operation's weight times the share of its indication, 3 and 1 of 4.
    assert of_rule(templates, "P-06") == pytest.approx(
        {
            ("M161", "", "W371"): 6,
            ("S720", "", "W371"): 2,
            ("M161", "", "W379"): 1.5,
            ("S720", "", "W379"): 0.5,
        }
    )


def test_indications_are_narrowed_to_what_the_rule_asks_for(templates):
    assert of_rule(templates, "P-05") == pytest.approx({("S720", "", "W371"): 8, ("S720", "", "W379"): 2})


def test_every_clause_of_any_procedure_has_an_operation(templates):
    # Either may dominate, of equals the first; the indication is the bypass's, for valve has none.
    assert of_rule(templates, "P-01") == pytest.approx(
        {("I214", "", "K401 K261 Y731"): 6, ("I214", "", "K261 K401 Y731"): 1}
    )


def test_every_clause_of_any_diagnosis_has_a_diagnosis(templates):
    # J181, N390 and A401 have infection. N390 is urinary itself, the others need N390 or J449, and all need
    # E119 for diabetes. Shares: N390 20 and J449 1 of 21.
    shares = {"N390": 20 / 21, "J449": 1 / 21}
    expected = {
        (primary, f"{second} E119", ""): weight * share
        for primary, weight in {"J181": 30, "A401": 10}.items()
        for second, share in shares.items()
    }
    expected[("N390", "E119", "")] = 20
    assert of_rule(templates, "D-06") == pytest.approx(expected)


def test_injuries_of_two_regions_are_of_two_regions(templates):
    # S060 is the head, S720 a limb: each needs the other.
    assert of_rule(templates, "T-02") == pytest.approx({("S060", "S720", ""): 4, ("S720", "S060", ""): 6})


def test_codes_that_rules_look_for_anywhere():
    # Rules want urinary, copd, diabetes and ami on any diagnosis; injuries count anywhere; so do operations
    # that may dominate, and the bypass machine, which one rule asks for.
    assert looked_at(DEFINITIONS, FREQUENCIES) == {
        *("I214", "N390", "J449", "E119", "S060", "S720"),
        *("W371", "W379", "K401", "K261", "Y731", "U212"),
    }


def records(**changed) -> pd.DataFrame:
    usual = {"age": 50, "days": 3, "sex": 1, "admission_type": "emergency", "patient_class": "1"}
    return pd.DataFrame([{"hrg": "D34"} | usual | changed])


def candidates_of(templates: pd.DataFrame, **changed) -> pd.DataFrame:
    found = candidates(
        records(**changed), paths(DEFINITIONS), templates, compile_definitions(DEFINITIONS)
    ).table
    return found.join(templates[["primary", "needed", "procedures"]], on="template")


def test_candidates_are_those_that_no_earlier_rule_takes(templates):
    found = candidates_of(templates)
    assert found[["primary", "cc_from", "cc_to", "cc_list"]].to_numpy().tolist() == [
        ["J181", 0, 0, "general"]
    ]
    # S720 beside a hip replacement is a broken hip from 60 on.
    assert set(candidates_of(templates, hrg="G02", age=59)["primary"]) == {"M161", "S720"}
    assert set(candidates_of(templates, hrg="G02", age=60)["primary"]) == {"M161"}


def test_a_template_that_scores_too_much_is_none(templates):
    # Both lead to F01, where no score is asked for; E119 has a point.
    found = candidates_of(templates, hrg="F01", days=3)
    assert found.loc[found["needed"] == "E119", "score"].tolist() == [1]


def test_records_that_no_rule_tells_apart_are_of_one_kind(templates):
    both = pd.concat([records(), records(age=51, days=4)], ignore_index=True)
    found = candidates(both, paths(DEFINITIONS), templates, compile_definitions(DEFINITIONS))
    assert found.kind.tolist() == [0, 0]


def test_an_hrg_without_a_template_is_named(templates):
    with pytest.raises(InputError, match=r"lead to E03 for all patients .*: age 0, days 1, sex 2"):
        candidates_of(templates, hrg="E03", age=0, days=1, sex=2)


def test_what_a_line_asks_of_stays():
    lines = pd.DataFrame(
        [("G03", "elective"), ("G03", "emergency"), ("E04", "emergency"), ("A02", "elective")],
        columns=["hrg", "admission_type"],
    )
    limits = stay_limits(lines, paths(DEFINITIONS))
    # P-07: elective, 0 to 1 days, class 1 or 2. G-02: 0 days, class 3 or 4. E04: from 2 days on.
    assert limits["least_days"].tolist() == [0, 0, 2, 0]
    assert limits["most_days"].tolist() == [1, 9999, 9999, 0]
    assert limits["patient_class"].tolist() == ["1", "", "", "3"]


def test_codes_of_one_sex():
    codes = pd.Series(["C61", "N40", "O800", "N832", "C509", "N390", "N47", "D252"])
    assert sex_of_diagnoses(codes).tolist() == [1, 1, 2, 2, 0, 0, 1, 2]
    assert sex_of_procedures(pd.Series(["M653", "N171", "Q074", "R171", "B283", "M451"])).tolist() == [
        *(1, 1, 2, 2, 0, 0)
    ]


def test_categories_are_filled_with_x():
    assert as_written(pd.Series(["R54", "I214"])).tolist() == ["R54X", "I214"]
