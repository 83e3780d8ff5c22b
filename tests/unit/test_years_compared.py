from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from casemix_risk.ingest.schedule import read_schedule, schedule_activity
from casemix_risk.volumes.back_test import METHODS, back_test, preferred_method
from casemix_risk.volumes.year_on_year import year_on_year

YEARS = ["2001-02", "2002-03", "2003-04", "2004-05"]
REAL = Path(__file__).parents[3] / "shared/realdata/national"


def activity_of(counts, years=YEARS, factor=1.0):
    """Table activity from {hrg: counts by year}."""
    rows = [
        (year, hrg, "elective", count, 1.0, 0.0, None, factor)
        for hrg, line in counts.items()
        for year, count in zip(years, line, strict=False)
        if count
    ]
    columns = "year hrg admission_type admissions mean_los day_case_share patients variance_factor"
    return pd.DataFrame(rows, columns=columns.split())


def test_errors_of_the_last_count_by_hand():
    counts = {"A01": [90, 100, 110], "A02": [50, 60, 0], "B01": [0, 0, 40], "B02": [20, 30, 30]}
    tested = back_test(activity_of(counts)).query("method == 'last_year'").set_index(["codes", "chapter"])
    assert (tested["base_years"] == 2).all()
    assert set(tested["target_year"]) == {"2003-04"}
    whole = tested.loc[("all", "all")]
    assert (whole["lines"], whole["admissions"], whole["projected"]) == (4, 180, 190)
    assert whole["absolute_error"] == 10 + 60 + 40 + 0
    assert whole["error_pct"] == pytest.approx(100 * 110 / 180)
    common = tested.loc[("in every year", "all")]
    assert (common["lines"], common["admissions"], common["absolute_error"]) == (2, 140, 10)
    assert tested.loc[("all", "B"), "absolute_error"] == 40
    # 100 came out as 110, within 1.96 of sqrt(100 + 100); 60 became 0 and 0 became 40, which are not.
    assert whole["inside_95"] == 0.5


def test_every_year_with_two_before_it_is_a_target():
    tested = back_test(activity_of({"A01": [90, 100, 110, 120]}))
    assert list(tested.groupby("target_year")["base_years"].first()) == [2, 3]
    assert set(tested["method"]) == set(METHODS)


def test_predictive_intervals_hold_what_comes_by_chance():
    counts = np.random.default_rng(2).poisson(np.repeat([[3.0], [40.0], [900.0]], 400, axis=0), (1_200, 3))
    tested = back_test(activity_of({f"A{n:04d}": line for n, line in enumerate(counts)}))
    whole = tested[(tested["chapter"] == "all") & (tested["codes"] == "in every year")]
    held = whole.set_index("method")["inside_95"]
    assert held["mean"] == pytest.approx(0.95, abs=0.02)
    assert held["last_year"] == pytest.approx(0.95, abs=0.02)


def errors_table(errors, held):
    """Table back_test of four chapters with 100 admissions each, from errors by method and chapter."""
    rows = [
        ("in every year", chapter, method, 100.0, error, held[method])
        for method, values in errors.items()
        for chapter, error in [*zip("ABCD", values, strict=True), ("all", sum(values))]
    ]
    return pd.DataFrame(
        rows, columns=["codes", "chapter", "method", "admissions", "absolute_error", "inside_95"]
    )


@pytest.mark.parametrize(
    ("changed", "held", "preferred"),
    [
        # The mean is best by 1 in each chapter, the same in all: clearly.
        ({}, {}, "mean"),
        # As much better on average, but only in one chapter of four: within a standard error.
        ({"mean": [6, 10, 10, 10], "last_year": [10, 10, 10, 10]}, {}, "last_year"),
        # Its intervals do not hold: the next best that is not clearly worse.
        ({"pooled_trend": [9, 9, 9, 9]}, {"mean": 0.6}, "pooled_trend"),
        # None holds: the one that holds most.
        ({"pooled_trend": [9, 9, 9, 9]}, {"mean": 0.6, "pooled_trend": 0.5}, "mean"),
    ],
)
def test_the_rule_for_the_method(changed, held, preferred):
    errors = {
        "last_year": [10, 10, 10, 10],
        "mean": [9, 9, 9, 9],
        "pooled_trend": [11, 11, 11, 11],
        "log_linear": [12, 12, 12, 12],
    }
    tested = errors_table(errors | changed, dict.fromkeys(METHODS, 0.95) | held)
    assert preferred_method(tested) == preferred


def test_z_scores_by_hand():
    changes = year_on_year(activity_of({"A01": [100, 121], "A02": [60, 0], "B01": [64, 80]}, factor=4.0))
    line = changes[changes["level"] == "line"].set_index("code")
    assert line.loc["A01", "z"] == pytest.approx(21 / np.sqrt(4 * 221))
    assert line.loc["A02", "z"] == pytest.approx(-60 / np.sqrt(4 * 60))
    assert line.loc["A01", "change_pct"] == pytest.approx(21)
    assert line.loc["A01", "chance_pct"] == pytest.approx(2 * np.sqrt(221))
    chapter = changes[changes["level"] == "chapter"].set_index("code")
    assert chapter.loc["A", "z"] == pytest.approx((121 - 160) / np.sqrt(4 * 281))
    assert chapter.loc["A", "lines"] == 1
    assert chapter.loc["B", "beyond_chance"] == 0
    whole = changes[changes["level"] == "all"].squeeze()
    assert (whole["admissions_before"], whole["admissions_after"], whole["lines"]) == (224, 201, 2)


def test_z_scores_of_chance_are_standard_normal_whatever_the_variance_factor():
    generator, factor = np.random.default_rng(3), 3.0
    counts = generator.negative_binomial(400 / (factor - 1), 1 / factor, (2_000, 2))
    changes = year_on_year(activity_of({f"A{n:04d}": line for n, line in enumerate(counts)}, factor=factor))
    z = changes.loc[changes["level"] == "line", "z"]
    assert stats.kstest(z, "norm").pvalue > 0.01
    whole = changes[changes["level"] == "all"].squeeze()
    assert whole["beyond_chance"] == pytest.approx(0.05, abs=0.015)


def test_years_that_are_not_neighbours_are_not_compared():
    activity = activity_of({"A01": [10, 20, 30]}, ["2001-02", "2003-04", "2004-05"])
    assert set(year_on_year(activity)["to_year"]) == {"2004-05"}


@pytest.mark.skipif(not REAL.is_dir(), reason="the published workbooks are not here")
def test_the_national_schedule_as_its_readers_found_it():
    """Weighted absolute errors of 2016-17: last year 7.95 %, a log-linear trend 15.1 %."""
    years = {"2014-15": "2014", "2015-16": "2015", "2016-17": "2016"}
    activity = schedule_activity(
        {year: read_schedule(REAL / f"HRG_ref_costs_{file}.xlsx").lines for year, file in years.items()}
    )
    tested = back_test(activity)
    common = tested[(tested["codes"] == "in every year") & (tested["chapter"] == "all")]
    error = common.set_index("method")["error_pct"]
    assert error["last_year"] == pytest.approx(7.95, abs=0.005)
    assert error["log_linear"] == pytest.approx(15.1, abs=0.06)
    everything = tested[(tested["codes"] == "all") & (tested["chapter"] == "all")]
    assert (everything["error_pct"] > 5 * common["error_pct"].min()).all()  # codes that began or ended
    assert preferred_method(tested) == "pooled_trend"
    lost = (
        1
        - activity[activity["hrg"].isin(activity.loc[activity["year"] == "2016-17", "hrg"])]
        .groupby("year")["admissions"]
        .sum()
        / activity.groupby("year")["admissions"].sum()
    )
    assert lost["2015-16"] == pytest.approx(0.185, abs=0.0005)
