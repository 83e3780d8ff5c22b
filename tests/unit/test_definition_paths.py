"""The extract's records of the HRGs that the demonstration defines are grouped back to them."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest

from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.scalar import group_one, plain_tables
from casemix_risk.synthetic.catalogue import catalogue_lines
from casemix_risk.synthetic.definition_paths import (
    complication_scores,
    defined_hrgs,
    hrgs_of_diagnoses,
    paths,
    score_limits,
)
from casemix_risk.synthetic.extract import draw_extract
from casemix_risk.synthetic.hes_file import DIAGNOSES, OPERATIONS

DEFINITIONS = read_definitions(demonstration())
SETTINGS = {"seed": 11, "population": 4_000_000, "sampling_fraction": 0.02, "target_year": "2007-08"}


@pytest.fixture(scope="module")
def grouped() -> pd.DataFrame:
    """An extract of all 1,200 lines, some thirty admissions each, with what the scalar grouper gives."""
    lines = catalogue_lines()[["hrg", "admission_type", "chapter", "description"]]
    lines = lines.assign(
        admissions=1_500,
        mean_los_days=np.where(lines["admission_type"] == "elective", 2.0, 8.0),
        variance_factor=1.0,
        annual_growth=0.0,
    )
    extract = draw_extract(lines, "2003-04", SETTINGS)
    elective = pl.col("ADMIMETH").is_in(["11", "12", "13"])
    records = extract.select(
        diagnoses=pl.concat_str(DIAGNOSES, separator=" "),
        procedures=pl.concat_str(OPERATIONS, separator=" "),
        age="STARTAGE",
        sex="SEX",
        days="EPIDUR",
        admission_type=pl.when(elective).then(pl.lit("elective")).otherwise(pl.lit("emergency")),
        patient_class="CLASSPAT",
        given="HRGLATE35",
    ).to_dicts()
    tables = plain_tables(DEFINITIONS)
    return pd.DataFrame([record | {"hrg": group_one(record, tables).hrg} for record in records])


def test_every_record_of_a_defined_hrg_is_grouped_back_to_it(grouped):
    defined = grouped[grouped["given"].isin(defined_hrgs(DEFINITIONS))]
    assert set(defined["given"]) == defined_hrgs(DEFINITIONS)
    assert len(defined) > 5_000
    wrong = defined[defined["given"] != defined["hrg"]]
    assert wrong.empty, wrong[["given", "hrg"]].value_counts()


def test_no_record_of_another_hrg_is_taken_for_cardiac_or_musculoskeletal(grouped):
    others = grouped[~grouped["given"].isin(defined_hrgs(DEFINITIONS))]
    assert len(others) > 20_000
    assert not others["hrg"].str[0].isin(["E", "H"]).any()


def walked(place: str, values: dict[str, int], splits: pd.DataFrame) -> str:
    """The HRG that a record of these values comes to, node by node."""
    rows = splits[(splits["node"] == place)]
    if rows.empty:
        return place
    value = values[rows["dimension"].iloc[0]]
    fits = rows[(rows["from"] <= value) & (value <= rows["to"])]
    return walked(fits["goes_to"].item(), values, splits)


def test_score_limits_are_those_that_walking_every_score_finds():
    roots = {"ami", "heart_failure", "hypertension", "catheterisation", "burn_one_graft", "other_respiratory"}
    splits = pd.DataFrame(DEFINITIONS.split.to_dicts())
    for age, days in itertools.product((0, 17, 18, 49, 50, 69, 70), (9, 10)):
        found: dict[str, set[int]] = {}
        for root, score in itertools.product(roots, range(14)):
            hrg = walked(root, {"age": age, "cc": score, "days": days, "sex": 1}, splits)
            found.setdefault(hrg, set()).add(score)
        records = pd.DataFrame({"hrg": list(found), "age": age, "days": days, "sex": 1})
        least, most = score_limits(records, DEFINITIONS)
        for scores, low, high in zip(found.values(), least, most, strict=True):
            assert scores == set(range(low, min(high, 13) + 1))


def test_an_age_without_a_path_leaves_the_score_open():
    least, most = score_limits(pd.DataFrame({"hrg": ["E99"], "age": 50, "days": 5, "sex": 1}), DEFINITIONS)
    assert (least.tolist(), most.tolist()) == ([0], [9999])


def test_paths_of_a_pair_by_hand():
    table = paths(DEFINITIONS).set_index("hrg")[["age_from", "age_to", "cc_from", "cc_to"]]
    assert table.loc["D34"].tolist() == [0, 69, 0, 0]
    assert table.loc["D33"].to_numpy().tolist() == [[0, 69, 1, 9999], [70, 9999, 0, 9999]]


def test_scores_beside_a_primary_diagnosis_by_hand():
    table = complication_scores(["I500", "I209"], ["I500", "I509", "I48X", "E119", "I10X"], DEFINITIONS)
    # The same code is no complication, its kind is excluded, I48 and E11 score 1, I10 is in no list.
    assert table.tolist() == [[-1, 0, 1, 1, 0], [3, 3, 1, 1, 0]]


def test_who_needs_no_procedure():
    by_diagnosis = hrgs_of_diagnoses(DEFINITIONS)
    assert {"E11", "E99", "H88", "S22", "J26"} <= by_diagnosis
    assert not {"E04", "H80", "H41", "J20", "L49", "E01"} & by_diagnosis
