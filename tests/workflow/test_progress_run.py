"""The year in progress in the small demonstration."""

import json

import pandas as pd
import pytest

from casemix_risk.progress.control import RULES

pytestmark = pytest.mark.xdist_group("workflow")


def test_the_year_in_progress_is_forecast_for_every_edition_and_planted_causes_are_found(two_cores):
    truth = pd.read_parquet(two_cores / "synthetic/group_truth.parquet").dropna(subset="planted_factor")
    chart = pd.read_parquet(two_cores / "progress/control_chart.parquet")
    found = chart[chart[RULES].any(axis=1)]
    for cause in truth.itertuples():
        of_line = found[(found["hrg"] == cause.hrg) & (found["admission_type"] == cause.admission_type)]
        assert of_line["month"].between(cause.planted_from, cause.planted_to).any()
    months = pd.read_csv(two_cores / "synthetic/group_months.csv")
    of_year = months.loc[months["month"] >= "2007-04", "admissions"].sum()
    for edition in ("2006-07", "2007-08"):
        by_month = pd.read_parquet(two_cores / f"progress/{edition}/year_end_by_month.parquet")
        lines = pd.read_parquet(two_cores / f"progress/{edition}/year_end_lines.parquet")
        latest = by_month.iloc[-1]
        assert latest["month"] == "2007-10"
        assert latest["admissions"] + latest["admissions_unpriced"] == of_year
        overspend = latest["year_end_mean_gbp"] - latest["budget_gbp"]
        assert lines["expected_overspend_gbp"].sum() == pytest.approx(overspend)
        log = (two_cores / f"logs/year_end_{edition}.log").read_text()
        assert f"{latest['admissions_unpriced']:,} admissions (" in log


def test_the_seasons_of_the_extract_count_every_admission_whose_start_is_known(two_cores):
    seasons = pd.read_parquet(two_cores / "volumes/seasons.parquet")
    activity = pd.read_parquet(two_cores / "volumes/activity.parquet")
    assert activity["admissions"].sum() * 0.99 < seasons["admissions"].sum() <= activity["admissions"].sum()
    receipt = json.loads((two_cores / "receipts/year_end_2006-07.json").read_text())
    assert {"synthetic/group_months.csv", "volumes/seasons.parquet"} < set(receipt["inputs"])
