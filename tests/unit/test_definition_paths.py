"""The definitions read backwards: the extract's records are grouped back to the HRGs they were drawn for."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest

from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.engine import group_records
from casemix_risk.group.scalar import group_one, plain_tables
from casemix_risk.synthetic.catalogue import catalogue_lines
from casemix_risk.synthetic.definition_paths import complication_scores, paths
from casemix_risk.synthetic.extract import draw_extract
from casemix_risk.synthetic.planted_coding import grouper_input

DEFINITIONS = read_definitions(demonstration())
SETTINGS = {"seed": 11, "population": 4_000_000, "sampling_fraction": 0.02, "target_year": "2007-08"}


@pytest.fixture(scope="module")
def extract() -> pl.DataFrame:
    """All 1,200 lines, some thirty admissions each."""
    lines = catalogue_lines()[["hrg", "admission_type", "chapter", "description"]]
    lines = lines.assign(
        admissions=1_500,
        mean_los_days=np.where(lines["admission_type"] == "elective", 2.0, 8.0),
        variance_factor=1.0,
        annual_growth=0.0,
    )
    return draw_extract(lines, "2003-04", SETTINGS, DEFINITIONS)


def test_every_record_is_grouped_back_to_the_hrg_it_was_drawn_for(extract):
    found = group_records(grouper_input(extract), compile_definitions(DEFINITIONS))
    assert extract["HRGLATE35"].n_unique() == 600
    wrong = found["hrg"] != extract["HRGLATE35"]
    assert not wrong.any(), found.filter(wrong)["hrg"].value_counts()


def test_the_other_grouper_gives_the_same(extract):
    part = extract[::10]
    tables = plain_tables(DEFINITIONS)
    found = [group_one(record, tables).hrg for record in grouper_input(part).to_dicts()]
    assert found == part["HRGLATE35"].to_list()


def walked(place: str, values: dict[str, int], splits: pd.DataFrame) -> str:
    """The HRG that a record of these values comes to, node by node."""
    rows = splits[(splits["node"] == place)]
    if rows.empty:
        return place
    value = values[rows["dimension"].iloc[0]]
    fits = rows[(rows["from"] <= value) & (value <= rows["to"])]
    return walked(fits["goes_to"].item(), values, splits)


def test_paths_are_those_that_walking_every_value_finds():
    table = paths(DEFINITIONS)
    rules = {row["rule"]: row for row in DEFINITIONS.rules.to_dicts()}
    splits = pd.DataFrame(DEFINITIONS.split.to_dicts())
    asked = ["E-P-003", "E-D-002", "E-D-010", "J-M-003", "D-D-001", "T-D-002", "N-D-001"]
    for rule, age, days, sex in itertools.product(
        asked, (0, 17, 18, 49, 50, 64, 65, 69, 70), (9, 10), (1, 2)
    ):
        own = rules[rule]
        fits = (own["age_to"] or 130) >= age and own["sex"] in (None, sex)
        values = {"age": age, "days": days, "sex": sex}
        ways = table[table["rule"] == rule]
        for name, value in values.items():
            ways = ways[ways[f"{name}_from"].le(value) & ways[f"{name}_to"].ge(value)]
        for score in range(14):
            found = ways.loc[ways["cc_from"].le(score) & ways["cc_to"].ge(score), "hrg"]
            expected = [walked(own["root"], values | {"cc": score}, splits)] if fits else []
            assert found.tolist() == expected


def test_paths_of_a_pair_by_hand():
    table = paths(DEFINITIONS)
    table = table[table["rule"] == "D-D-001"].set_index("hrg")[["age_from", "age_to", "cc_from", "cc_to"]]
    assert table.loc["D34"].tolist() == [0, 69, 0, 0]
    assert table.loc["D33"].iloc[0].tolist() == [0, 69, 1, 9999]


def test_scores_beside_a_primary_diagnosis_by_hand():
    table = complication_scores(["I500", "I209"], ["I500", "I509", "I48X", "E119", "I10X"], DEFINITIONS)
    # The same code is no complication, its kind is excluded, I48 and E11 score 1, I10 is in no list.
    assert table.tolist() == [[-1, 0, 1, 1, 0], [3, 3, 1, 1, 0]]
