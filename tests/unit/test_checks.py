import pandas as pd
import pytest

from casemix_risk.audit.checks import (
    activity_ties,
    checks_table,
    edition_ties,
    quality,
    refuse_failed,
    year_ties,
)
from casemix_risk.errors import InputError

LIMITS = {
    name: {"warning": 0.1, "blocking": 0.4}
    for name in (
        "excluded_rows",
        "size_of_year",
        "unpriced_admissions",
        "estimated_budget",
        "changes_beyond_chance",
    )
}


def waterfall(kept, excluded):
    return pd.DataFrame(
        [("kept", "keep", kept), ("late", "exclude", excluded), ("odd", "flag", 7)],
        columns=["rule", "action", "rows"],
    )


def outcomes(checks):
    return {check["check"]: check["outcome"] for check in checks}


def test_rows_tie_or_do_not():
    assert outcomes(year_ties("2002-03", 10, 8, 2, waterfall(8, 2))) == {
        "rows_of_the_raw_file": "passed",
        "rows_of_the_waterfall": "passed",
    }
    assert outcomes(year_ties("2002-03", 11, 8, 2, waterfall(8, 1))) == {
        "rows_of_the_raw_file": "failed",
        "rows_of_the_waterfall": "failed",
    }


def test_one_unit_lost_between_rows_and_activity_is_seen():
    activity = pd.DataFrame({"year": ["a", "a", "b"], "admissions": [999_999, 1, 5]})
    counted = {"a": 1_000_000, "b": 6}
    assert [check["outcome"] for check in activity_ties(counted, activity, 0.0)] == ["passed", "failed"]


def test_a_schedule_may_round_each_line_by_half_a_unit():
    activity = pd.DataFrame({"year": "a", "admissions": [2, 2]})
    for units, outcome in {3.0: "passed", 5.0: "passed", 2.9: "failed"}.items():
        (check,) = activity_ties({"a": units}, activity, 0.5)
        assert check["outcome"] == outcome, units


def edition():
    """1,000 people, two lines of 1,000 and 100 admissions at GBP 10 and 200; the second can be pooled."""
    line = pd.DataFrame({"hrg": ["A", "B"], "admission_type": "elective"})
    coverage = line.assign(admissions=[1_000.0, 100.0], budget_gbp=[10_000.0, 20_000.0])
    summary = pd.DataFrame(
        [("none", 3_000.0, 0.0), ("dear", 1_000.0, 2 / 3)],
        columns=["pool", "budget_gbp", "pooled_budget_share"],
    )
    return {
        "prices": line.assign(price_gbp=[10.0, 200.0]),
        "tariff_coverage": coverage,
        "cost_lines": line.assign(admissions_per_head=[1.0, 0.1], price_gbp=[10.0, 200.0], band=[1, 0]),
        "price_bands": pd.DataFrame({"admissions": [1_000.0], "price_gbp": [10.0]}),
        "risk_summary": summary.assign(method="exact", list_size=100),
    }, line.assign(admissions=[1_000.0, 100.0])


def test_pounds_of_an_edition_tie():
    tables, national = edition()
    assert set(outcomes(edition_ties("now", tables, national, 1_000)).values()) == {"passed"}


@pytest.mark.parametrize(
    ("table", "column", "check"),
    [
        ("tariff_coverage", "admissions", "admissions_to_coverage"),
        ("tariff_coverage", "budget_gbp", "activity_x_price_to_budget"),
        ("risk_summary", "pooled_budget_share", "core_and_pool_to_whole"),
        ("price_bands", "admissions", "bands_and_individual_to_lines"),
        ("price_bands", "price_gbp", "bands_and_individual_to_budget"),
    ],
)
def test_a_millionth_too_much_anywhere_fails_its_check(table, column, check):
    tables, national = edition()
    tables[table][column] *= 1 + 1e-6
    assert outcomes(edition_ties("now", tables, national, 1_000))[check] == "failed"


def test_a_list_that_is_not_its_share_of_the_budget_fails():
    tables, national = edition()
    assert outcomes(edition_ties("now", tables, national, 1_001))["budget_to_list"] == "failed"


def test_quality_warns_and_stops_by_its_limits():
    coverage = pd.DataFrame(
        {
            "status": ["priced", "estimated_blank", "left_out"],
            "admissions": [60.0, 10.0, 30.0],
            "budget_gbp": [500.0, 500.0, 0.0],
        }
    )
    years = {"a": waterfall(95, 5), "b": waterfall(80, 20), "c": waterfall(100, 0)}
    changes = pd.DataFrame({"level": ["all", "line"], "to_year": "b", "beyond_chance": [0.05, 0.9]})
    found = list(quality(years, {"now": coverage}, changes, LIMITS))
    said = [(check["check"], check["scope"], check["outcome"]) for check in found]
    assert said == [
        ("excluded_rows", "a", "passed"),
        ("excluded_rows", "b", "warning"),
        ("excluded_rows", "c", "passed"),
        ("size_of_year", "a", "passed"),
        ("size_of_year", "b", "passed"),
        ("size_of_year", "c", "passed"),
        ("unpriced_admissions", "now", "warning"),
        ("estimated_budget", "now", "failed"),
        ("changes_beyond_chance", "b", "passed"),
    ]
    unseen = changes.assign(beyond_chance=None)  # a new design of the codes: no line in both years
    assert "changes_beyond_chance" not in outcomes(quality(years, {}, unseen, LIMITS))
    table = checks_table([], found)
    with pytest.raises(InputError, match=r"estimated_budget \(now\) gives 50.0%, more than 40.0%"):
        refuse_failed(table)
    refuse_failed(table[table["outcome"] != "failed"])


def test_a_tie_that_fails_stops_with_its_figures():
    table = checks_table(year_ties("2002-03", 11, 8, 2, waterfall(8, 2)), [])
    with pytest.raises(InputError, match=r"\(2002-03\) does not tie: 11.00 against 10.00 rows"):
        refuse_failed(table)
