import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import lines_of

from casemix_risk.errors import InputError
from casemix_risk.practices.lists import practice_lists
from casemix_risk.practices.register import read_register
from casemix_risk.practices.risk import practice_risk
from casemix_risk.risk.optimum import pool_optimum

REAL = Path(__file__).parents[3] / "shared/realdata/practices/gp-reg-pat-prac-all_2021.csv"
HEADER = "PUBLICATION,EXTRACT_DATE,TYPE,CCG_CODE,ONS_CCG_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS"


def register_file(folder, *rows, header=HEADER):
    path = folder / "register.csv"
    lines = [
        f"L,01JAN2021,GP,{commissioner},E3,{code},AB1 2CD,{sex},{age},{patients}"
        for code, commissioner, sex, age, patients in rows
    ]
    path.write_text("\n".join([header, *lines, ""]))
    return path


ALL = ("ALL", "ALL")


def test_lists_of_practices_and_of_their_commissioners(tmp_path):
    rows = [("B2", "00L", *ALL, 2_000), ("A1", "00L", *ALL, 5_000), ("C3", "01A", *ALL, 1)]
    lists = practice_lists(read_register(register_file(tmp_path, *rows)), None)
    assert lists.to_dict("list") == {
        "kind": ["group", "group", "practice", "practice", "practice"],
        "code": ["00L", "01A", "A1", "B2", "C3"],
        "practices": [2, 1, 1, 1, 1],
        "patients": [7_000, 1, 5_000, 2_000, 1],
    }


def test_groups_by_name_may_share_a_practice_and_leave_some_out(tmp_path):
    rows = [("B2", "00L", *ALL, 2_000), ("A1", "00L", *ALL, 5_000), ("C3", "01A", *ALL, 1)]
    register = read_register(register_file(tmp_path, *rows))
    lists = practice_lists(register, {"north": ["A1", "B2"], "south": ["A1", "A1"]})
    groups = lists[lists["kind"] == "group"].set_index("code")
    assert groups["patients"].to_dict() == {"north": 7_000, "south": 5_000}
    assert groups["practices"].to_dict() == {"north": 2, "south": 1}


def test_a_group_with_an_unknown_practice_names_the_nearest(tmp_path):
    register = read_register(register_file(tmp_path, ("A81001", "00L", *ALL, 2_000)))
    with pytest.raises(InputError, match=r"groups\.north names the practice A81O01, .* mean A81001\?"):
        practice_lists(register, {"north": ["A81O01"]})


def test_newer_headings_are_known_and_age_bands_are_not_read(tmp_path):
    header = HEADER.replace("CCG_CODE", "SUB_ICB_LOCATION_CODE")
    rows = [("A1", "00L", *ALL, 5_000), ("A1", "00L", "MALE", "0_4", 100)]
    register = read_register(register_file(tmp_path, *rows, header=header))
    assert register["patients"].tolist() == [5_000]


@pytest.mark.parametrize(
    ("rows", "header", "sentence"),
    [
        ([("A1", "0", *ALL, 0)], HEADER, "the list of A1 is not a whole number above 0"),
        ([("A1", "0", *ALL, "many")], HEADER, "the list of A1 is not a whole number above 0"),
        ([("A1", "0", *ALL, 5), ("A1", "0", *ALL, 6)], HEADER, "has A1 more than once"),
        ([("A1", "0", "MALE", "0_4", 5)], HEADER, "has no row with SEX and AGE of ALL"),
        (
            [("A1", "0", *ALL, 5)],
            HEADER.replace("CODE,POSTCODE", "PRACTICE,POSTCODE"),
            "has no column CODE: give",
        ),
    ],
)
def test_what_is_not_a_register_is_one_sentence(tmp_path, rows, header, sentence):
    with pytest.raises(InputError, match=sentence):
        read_register(register_file(tmp_path, *rows, header=header))


def test_budget_grows_with_the_list_and_tolerance_falls_with_its_root():
    lines = lines_of([0.02, 0.001], [500.0, 9_000.0])
    budget, variance = 10_000 * 19.0, 10_000 * (0.02 * 500**2 + 0.001 * 9_000**2)
    summary = pd.DataFrame(
        {
            "method": ["exact"],
            "pool": ["none"],
            "list_size": [10_000],
            "budget_gbp": [budget],
            "tolerance_pct": [300 * np.sqrt(variance) / budget],
        }
    )
    lists = pd.DataFrame({"kind": ["practice"], "code": ["A1"], "practices": [1], "patients": [2_500]})
    found = practice_risk(lists, summary, pool_optimum(lines, [10_000])).squeeze()
    assert found["budget_gbp"] == pytest.approx(2_500 * 19)
    assert found["tolerance_pct"] == pytest.approx(300 * np.sqrt(variance / 4) / (budget / 4))
    kept = 2_500 * 0.02  # the cheap line alone: 3 / sqrt(admissions)
    assert found["best_tolerance_pct"] == pytest.approx(300 / np.sqrt(kept))


@pytest.mark.skipif(not REAL.is_file(), reason="the published register is not here")
def test_the_published_register():
    with REAL.open() as file:
        patients = [int(row["NUMBER_OF_PATIENTS"]) for row in csv.DictReader(file)]
    lists = practice_lists(read_register(REAL), None)
    for kind in ("practice", "group"):
        assert lists.loc[lists["kind"] == kind, "patients"].sum() == sum(patients) == 60_606_345
    assert (lists["kind"] == "practice").sum() == 6_658
    assert lists.loc[lists["kind"] == "group", "practices"].sum() == 6_658
