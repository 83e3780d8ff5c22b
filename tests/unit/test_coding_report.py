"""What the report says of coding: small numbers stay untold, and every number leads to its cells."""

import pandas as pd
import pytest

from casemix_risk.audit.source import CELL, recomputed
from casemix_risk.report.html_table import html_table
from casemix_risk.report.numbers import table_numbers
from casemix_risk.report.tables_coding import coding_numbers, coding_tables

YEAR, EDITION = "2004-05", "2008-09"


def effects(scenario, percent, episodes, changed, moved, admissions, cost, change):
    return {
        "year": YEAR,
        "scenario": scenario,
        "percent": percent,
        "episodes": episodes,
        "episodes_changed": changed,
        "episodes_moved": moved,
        "admissions_moved": admissions,
        "admissions_unpriced": 0,
        "cost_before_gbp": cost,
        "cost_change_gbp": change,
        "cost_change_pct": 100 * change / cost,
    }


@pytest.fixture
def tables():
    moves = ["scenario", "percent", "hrg_before", "hrg_after", "admission_type"]
    drift = ["provider", "year", "measure", "kind", "ratio", "lower", "upper", "z", "signal"]
    rows = [
        effects("less_depth", 10, 1003, 203, 3, 2, 1e6, -1000.0),
        effects("more_coded", 10, 1003, 103, 53, 42, 1e6, 50_000.0),
        effects("more_coded_practice", 10, 58, 7, 1, 0, 6e4, 0.0),
        effects("more_coded_provider", 10, 123, 13, 8, 5, 1e5, 2500.0),
        effects("no_secondary", 100, 1003, 803, 203, 152, 1e6, -60_000.0),
    ]
    return {
        "coding_effects": pd.DataFrame(rows),
        "coding_moves": pd.DataFrame(
            [
                ("more_coded", 30, "D34", "D33", "emergency", 53, 42, 50_000.0),
                ("no_secondary", 100, "D33", "D34", "elective", 9, 9, None),
                ("no_secondary", 100, "D33", "D34", "emergency", 200, 150, -60_000.0),
            ],
            columns=[*moves, "episodes", "admissions", "cost_change_gbp"],
        ),
        "coding_drift": pd.DataFrame(
            [
                ("RAA", "2003-04", "depth", "level", 1.0, 0.9, 1.1, 0.0, "none"),
                ("RAA", YEAR, "depth", "change", 1.3, 0.9, 1.1, 6.0, "above"),
                ("RAA", YEAR, "depth", "level", 1.05, 0.9, 1.1, 1.0, "none"),
                ("RBB", YEAR, "depth", "level", 1.2, None, None, None, "too_few"),
            ],
            columns=drift,
        ),
        "rebasing": pd.DataFrame(
            [
                ("all", "all", 100, 100, 2.0, 2.0, 0.0, 5.0, 3.0, 1e6, 20_000.0),
                ("chapter", "D", 100, 100, 2.0, 2.0, 0.0, 5.0, 3.0, 1e6, 20_000.0),
                ("hrg", "D33", 60, 60, 30.0, 3.0, 27.0, 30.0, 3.0, 5e5, 135_000.0),
            ],
            columns=[
                *("level", "code", "admissions_given", "admissions_regrouped"),
                *("growth_given_pct", "growth_regrouped_pct", "difference_points"),
                *("cost_growth_given_pct", "cost_growth_regrouped_pct", "cost_gbp", "worth_gbp"),
            ],
        ),
    }


def test_counts_of_one_provider_or_practice_are_rounded_or_untold(tables):
    shown = coding_tables(tables, YEAR, EDITION)[0].frame.set_index("scenario")
    counts = ["episodes", "episodes_changed", "episodes_moved", "admissions_moved"]
    assert shown.loc["more_coded_provider", counts[:3]].tolist() == [125, 15, 10]
    assert shown.loc["more_coded_practice", counts[0]] == 60
    assert pd.isna(shown.loc["more_coded_provider", "admissions_moved"])
    assert shown.loc["more_coded_practice", counts[1:3]].isna().all()
    assert shown.loc["more_coded_practice", "admissions_moved"] == 0
    alone = ["more_coded_provider", "more_coded_practice"]
    assert shown.loc[alone, "cost_change_gbp"].isna().all()
    assert shown.loc["more_coded_provider", "cost_change_pct"] == pytest.approx(2.5)
    assert shown.loc["less_depth", counts].tolist() == [1003, 203, 3, 2]  # a nation's need it not


def test_no_number_tells_what_the_table_does_not(tables):
    numbers = list(table_numbers(coding_tables(tables, YEAR, EDITION)[0]))
    provider = {each.id.split("/")[-1]: each for each in numbers if "more_coded_provider" in each.id}
    assert set(provider) == {"episodes", "episodes_changed", "episodes_moved", "cost_change_pct"}
    assert provider["episodes"].source.how != CELL


def test_every_number_is_that_of_its_cells(tables):
    names = {f"coding/{name}_{YEAR}": name for name in ("coding_effects", "coding_moves")}
    names |= {f"coding/{name}": name for name in ("coding_drift", "rebasing")}
    numbers = [
        *coding_numbers(tables, YEAR, EDITION),
        *(number for table in coding_tables(tables, YEAR, EDITION) for number in table_numbers(table)),
    ]
    assert len({number.id for number in numbers}) == len(numbers)
    for number in numbers:
        again = recomputed(number.source, tables[names[number.source.table]])
        assert again is None or again == pytest.approx(number.value), number.id
    said = {number.id: number.value for number in numbers}
    assert said["text/coding_no_secondary_cost_change_gbp"] == -60_000
    assert (said["text/coding_above"], said["text/coding_below"]) == (1, 0)
    assert said["text/coding_compared"] == 2
    assert said["text/rebasing_worth_gbp"] == 20_000


def test_the_tables_say_which_provider_and_nothing_of_its_counts(tables):
    [drift] = [table for table in coding_tables(tables, YEAR, EDITION) if table.id == "coding_drift"]
    assert drift.frame["provider"].tolist() == ["RAA"]
    page = html_table(drift)
    assert "since the year before" in page
    assert "1.300" in page


def test_one_year_has_no_growth(tables):
    del tables["rebasing"]
    ids = [table.id for table in coding_tables(tables, YEAR, EDITION)]
    assert ids == ["coding_effects", "coding_moves_no_secondary", "coding_moves_more_coded", "coding_drift"]
    assert not any(number.id.startswith("text/rebasing") for number in coding_numbers(tables, YEAR, EDITION))
