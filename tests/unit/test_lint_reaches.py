"""What lint calls unreachable no record may reach: random rules, tried on many records."""

import re

import polars as pl
from definition_sets import SMALL
from hypothesis import given, settings
from hypothesis import strategies as st
from random_episodes import random_records

from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from casemix_risk.group.engine import group_records
from casemix_risk.group.lint import lint

DEFINITIONS = read_definitions(SMALL)
RECORDS = random_records(DEFINITIONS, 20_000, seed=8)
PROCEDURE_FEATURES = ["bypass", "valve", "angioplasty", "hip_replacement", "cemented", "scan", "dialysis"]
DIAGNOSIS_FEATURES = ["ami", "small_ami", "pneumonia", "infection", "diabetes", "injury", "urinary"]


def _any_of(features, separator):
    return st.lists(st.sampled_from(features), max_size=2, unique=True).map(separator.join)


def _range(highest):
    """Two ends, either of which may be open."""
    ends = st.none() | st.integers(0, highest)
    return st.tuples(ends, ends).filter(lambda pair: None in pair or pair[0] <= pair[1])


@st.composite
def rules(draw):
    """Rules with few words, so that one often takes all that another asks for."""
    drawn = []
    for order in range(1, draw(st.integers(2, 8)) + 1):
        (age_from, age_to), (days_from, days_to) = draw(_range(130)), draw(_range(40))
        drawn.append(
            {
                "rule": f"R-{order}",
                "order": order,
                "stage": draw(st.sampled_from(["global", "trauma", "procedure", "diagnosis"])),
                "procedure": draw(_any_of(PROCEDURE_FEATURES, "|")),
                "any_procedure": draw(_any_of(PROCEDURE_FEATURES, " ")),
                "no_procedure": draw(_any_of(PROCEDURE_FEATURES, "|")),
                "diagnosis": draw(_any_of(DIAGNOSIS_FEATURES, "|")),
                "any_diagnosis": draw(_any_of(DIAGNOSIS_FEATURES, " ")),
                "flags_needed": draw(st.sampled_from(["", "", "regions>=1", "regions>=2"])),
                "age_from": age_from,
                "age_to": age_to,
                "sex": draw(st.sampled_from([None, 1, 2])),
                "days_from": days_from,
                "days_to": days_to,
                "admission": draw(st.sampled_from(["", "elective", "emergency"])),
                "patient_class": draw(st.sampled_from(["", "1", "1|2"])),
                "root": draw(st.sampled_from(["pneumonia", "ami", "chest_pain", "urinary", "A01", "F01"])),
                "cc_list": "",
                "method": "P",
                "provenance": "ours",
            }
        )
    # Most conditions are left out, or hardly any record would meet a rule.
    kept = draw(st.sets(st.sampled_from(list(drawn[0])[3:16]), max_size=5))
    empty = {
        name: None if DEFINITIONS.rules.schema[name] == pl.Int64 else "" for name in list(drawn[0])[3:16]
    }
    return pl.DataFrame(
        [rule | {name: value for name, value in empty.items() if name not in kept} for rule in drawn],
        schema=DEFINITIONS.rules.schema,
    )


@settings(max_examples=25, deadline=None)
@given(rules())
def test_no_record_reaches_what_lint_calls_unreachable(table):
    definitions = DEFINITIONS._replace(rules=table)
    faults = lint(definitions)
    dead_rules = {
        table["rule"][fault.line - 2]
        for fault in faults
        if fault.file == "rules.csv" and "No record comes" in fault.sentence
    }
    dead_hrgs = {
        match[1] for fault in faults if (match := re.match(r"No path leads to the HRG (\w+)", fault.sentence))
    }
    grouped = group_records(RECORDS, compile_definitions(definitions))
    assert dead_rules.isdisjoint(grouped["rule"])
    assert dead_hrgs.isdisjoint(grouped["hrg"])
