from datetime import date
from pathlib import Path

import polars as pl
import pytest

from casemix_risk.audit.contract import read_contract
from casemix_risk.audit.tables import write_table
from casemix_risk.volumes.activity import activity_tables

CONTRACT = read_contract(Path(__file__).parents[2] / "workflow/schemas/activity.yaml")
COLUMNS = {
    "patient": pl.String,
    "hrg": pl.String,
    "admission_type": pl.String,
    "admission_date": pl.Date,
    "episode_start": pl.Date,
    "episode_end": pl.Date,
    "episode_order": pl.Int64,
    "discharge_method": pl.String,
    "spell_days": pl.Int64,
    "episode_days": pl.Int64,
    "patient_class": pl.String,
}


def june(number):
    return date(2002, 6, number)


def episodes(*rows):
    frame = pl.DataFrame(rows, schema=COLUMNS, orient="row").lazy()
    return frame.with_columns(source_row=pl.int_range(1, pl.len() + 1), provider=pl.lit("R1"))


def lines(table, unit="admission", regular_attenders=True):
    counted = activity_tables({"2002-03": table}, unit, regular_attenders)["activity"]
    return [tuple(row) for row in counted.drop(columns=["year", "day_case_share"]).itertuples(index=False)]


def stay(patient, hrg, start, end, days=None, kind="elective", patient_class="1"):
    """A spell of one episode."""
    return (patient, hrg, kind, june(start), june(start), june(end), 1, "1", days, end - start, patient_class)


# One spell of two episodes on different lines: 3 to 8 June, of which 3 to 5 on D33.
TWO_EPISODES = (
    ("p", "D33", "emergency", june(3), june(3), june(5), 1, "8", None, 2, "1"),
    ("p", "H04", "emergency", june(3), june(5), june(8), 2, "1", None, 3, "1"),
)


def test_the_share_of_day_cases_by_line():
    table = episodes(stay("p", "D33", 1, 1, patient_class="2"), *(stay(name, "D33", 1, 2) for name in "qrs"))
    assert activity_tables({"2002-03": table}, "admission", True)["activity"]["day_case_share"].tolist() == [
        0.25
    ]


def test_admissions_patients_and_length_of_stay_by_line():
    table = episodes(
        stay("p", "D33", 1, 2), stay("p", "D33", 10, 13), stay("q", "D33", 1, 2), stay("q", "A01", 5, 5)
    )
    # D33: patients with 2 and 1 admissions: (4 + 1) / 3; stays 1, 3 and 1 days.
    assert lines(table) == [
        ("A01", "elective", 1, 0.0, 1, 1.0),
        ("D33", "elective", 3, pytest.approx(5 / 3), 2, pytest.approx(5 / 3)),
    ]


def test_elective_and_emergency_are_lines_of_their_own():
    table = episodes(stay("p", "D33", 1, 2), stay("p", "D33", 10, 13, kind="emergency"))
    assert [line[:3] for line in lines(table)] == [("D33", "elective", 1), ("D33", "emergency", 1)]


def test_the_three_units_of_a_spell_with_two_episodes():
    table = episodes(*TWO_EPISODES)
    assert lines(table, "admission") == [("D33", "emergency", 1, 5.0, 1, 1.0)]
    assert lines(table, "spell") == [("D33", "emergency", 1, 5.0, 1, 1.0)]
    assert lines(table, "episode") == [
        ("D33", "emergency", 1, 2.0, 1, 1.0),
        ("H04", "emergency", 1, 3.0, 1, 1.0),
    ]


def test_a_spell_counts_without_the_episode_that_began_it():
    table = episodes(TWO_EPISODES[1])
    assert lines(table, "admission") == []
    assert lines(table, "spell") == [("H04", "emergency", 1, 5.0, 1, 1.0)]


def test_the_given_spell_length_goes_before_the_dates():
    first, last = TWO_EPISODES
    given = (*last[:8], 4, *last[9:])
    assert lines(episodes(first, given)) == [("D33", "emergency", 1, 4.0, 1, 1.0)]


def test_an_episode_without_a_duration_is_measured_by_its_dates():
    table = episodes((*TWO_EPISODES[0][:9], None, "1"))
    assert lines(table, "episode") == [("D33", "emergency", 1, 2.0, 1, 1.0)]


def test_rows_without_a_patient_are_patients_of_their_own():
    table = episodes(stay(None, "D33", 1, 2), stay(None, "D33", 1, 2), stay("p", "D33", 1, 2))
    assert lines(table) == [("D33", "elective", 3, 1.0, 3, 1.0)]


@pytest.mark.parametrize("unit", ["admission", "spell", "episode"])
def test_regular_attenders_can_be_left_out(unit):
    table = episodes(
        *(stay(f"p{number}", "L71", 1, 1, patient_class=text) for number, text in enumerate("1234")),
        stay("q", "L71", 1, 1, patient_class=None),
    )
    assert lines(table, unit)[0][2] == 5
    assert lines(table, unit, regular_attenders=False)[0][2] == 3


def test_years_stand_side_by_side_and_the_contract_is_kept(tmp_path):
    table = episodes(stay("p", "D33", 1, 2), stay("q", "A01", 1, 2))
    counted = activity_tables({"2003-04": table, "2002-03": table}, "admission", True)["activity"]
    assert counted[["year", "hrg"]].to_numpy().tolist() == [
        ["2002-03", "A01"],
        ["2002-03", "D33"],
        ["2003-04", "A01"],
        ["2003-04", "D33"],
    ]
    write_table(counted, tmp_path / "activity.parquet", CONTRACT, parents={}, settings={}, code="")


def test_stays_and_providers_are_the_same_units_over_all_years():
    first = episodes(
        stay("p", "D33", 1, 2),
        stay("p", "D33", 4, 5),
        stay("q", "D33", 1, 1, patient_class="2"),
        ("r", "D33", "emergency", june(1), june(1), None, 1, "1", None, None, "1"),
    )
    second = episodes(stay("p", "D33", 1, 2)).with_columns(provider=pl.lit(None, pl.String))
    tables = activity_tables({"2002-03": first, "2003-04": second}, "admission", True)
    assert tables["stays"].drop(columns="excess_bed_days").to_numpy().tolist() == [
        ["D33", "elective", False, 1, 3],
        ["D33", "elective", True, 0, 1],
    ]  # the emergency's length is unknown
    assert tables["stays"]["excess_bed_days"].isna().all()
    assert tables["providers"].to_numpy().tolist() == [
        ["D33", "elective", "R1", 3],
        ["D33", "elective", "unknown", 1],
        ["D33", "emergency", "R1", 1],
    ]
