"""Episodes coded otherwise: what is left out is nested and random by source row; what is added counts."""

import numpy as np
import polars as pl
import pytest
from definition_sets import SMALL, change, small_copy

from casemix_risk.coding.recoding import complication_of, recodings, uniforms
from casemix_risk.group.definitions import read_definitions

YEAR = "2004-05"


def nothing_to_add(rule, primary):
    return ""


def batch(diagnoses, first_row=1, rule="D-02", cc_score=0, method="D"):
    rows = range(first_row, first_row + len(diagnoses))
    episodes = pl.DataFrame(
        {"source_row": rows, "diagnoses": diagnoses},
        schema={"source_row": pl.Int64, "diagnoses": pl.String},
    )
    grouped = pl.DataFrame({"rule": rule, "cc_score": cc_score, "method": method}).select(
        pl.all().repeat_by(len(diagnoses)).explode()
    )
    return episodes, grouped


def texts(episodes, grouped, complication=nothing_to_add, seed=1):
    found = recodings(episodes, grouped, complication, seed, YEAR)
    return {(each.scenario, each.percent): each.diagnoses.to_list() for each in found}


def test_without_secondary_diagnoses_the_primary_stays():
    found = texts(*batch(["J180 E119 I48", "J180", "- I10", None]))
    assert found["no_secondary", 100] == ["J180", "J180", "-", ""]


def test_depth_falls_by_the_percentage_and_lower_percentages_are_within_higher():
    episodes, grouped = batch(["J180 A B C D"] * 20_000)
    found = texts(episodes, grouped)
    kept = {}
    for percent in (10, 20, 30):
        rows = [text.split(" ") for text in found["less_depth", percent]]
        assert all(row[0] == "J180" for row in rows)
        kept[percent] = [set(row[1:]) for row in rows]
        left_out = 1 - sum(map(len, kept[percent])) / 80_000
        error = np.sqrt(percent / 100 * (1 - percent / 100) / 80_000)
        assert abs(left_out - percent / 100) < 4 * error
    for fewer, more in ((20, 10), (30, 20)):
        assert all(few <= many for few, many in zip(kept[fewer], kept[more], strict=True))


def test_more_episodes_get_a_code_at_higher_percentages_and_only_those_without_a_complication():
    plain = batch(["J180"] * 10_000)
    found = texts(*plain, complication=lambda rule, primary: "Z99")
    got = {percent: np.array(found["more_coded", percent]) == "J180 Z99" for percent in (10, 20, 30)}
    for percent, added in got.items():
        assert abs(added.mean() - percent / 100) < 4 * np.sqrt(percent / 100 * (1 - percent / 100) / 10_000)
    assert not (got[10] & ~got[20]).any()
    assert not (got[20] & ~got[30]).any()
    for other in ({"cc_score": 2}, {"method": "U"}):
        found = texts(*batch(["J180"] * 100, **other), complication=lambda rule, primary: "Z99")
        assert found["more_coded", 30] == ["J180"] * 100


def test_what_happens_to_a_row_does_not_depend_on_its_batch():
    diagnoses = [f"J180 {' '.join('ABCDE'[: number % 6])}".strip() for number in range(300)]
    first_row = 2**16 - 150  # the rows are on both sides of a stream's end
    whole = texts(*batch(diagnoses, first_row))
    parts = [texts(*batch(diagnoses[n : n + 7], first_row + n)) for n in range(0, 300, 7)]
    for scenario, found in whole.items():
        assert [text for part in parts for text in part[scenario]] == found
    assert texts(*batch(diagnoses, first_row), seed=2) != whole


def test_draws_of_unlike_names_are_unlike():
    rows = np.arange(1000)
    assert abs(np.corrcoef(uniforms(rows, 1, "a"), uniforms(rows, 1, "b"))[0, 1]) < 0.15


@pytest.mark.parametrize(
    ("rule", "primary", "code"),
    [
        ("D-02", "J180", "B95"),  # not E11: diabetes is what rule D-06 looks for among all diagnoses
        ("D-02", "j18.0", "B95"),  # as hospitals write it
        ("D-02", "B956", ""),  # it is the primary diagnosis already
        ("D-03", "I210", ""),  # the cardiac list's only one of score 1 is E11
    ],
)
def test_the_complication_counts_and_no_rule_looks_at_it(rule, primary, code):
    assert complication_of(read_definitions(SMALL))(rule, primary) == code


def test_a_complication_that_is_excluded_gives_way_to_the_next(tmp_path):
    folder = small_copy(tmp_path)
    change(folder, "cc_exclusion.csv", "", "general,B95,J18,ours\n")
    assert complication_of(read_definitions(folder))("D-02", "J180") == ""
    change(folder, "cc_list.csv", "general,I48,2,ours", "general,I48,1,ours")
    complication = complication_of(read_definitions(folder))
    assert complication("D-02", "J180") == "I48"
    assert complication("D-02", "N390") == "I48"  # in the list's order I48 is before B95
