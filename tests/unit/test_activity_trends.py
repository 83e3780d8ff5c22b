"""Trends on one version of the definitions, with growth by hand and by a search of the likelihood."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from casemix_risk.coding.trend_figures import chapter_growth_figure, hrg_growth_figure, most_changed
from casemix_risk.coding.trends import activity_trends, rebasing

PRICES = pd.DataFrame(
    [("D33", "emergency", 3000.0), ("D34", "emergency", 1000.0), ("H04", "elective", 5000.0)],
    columns=["hrg", "admission_type", "price_gbp"],
)


def pairs(*rows):
    columns = ["given_hrg", "derived_hrg", "admission_type", "admissions"]
    return pd.DataFrame(rows, columns=columns).assign(rows=lambda table: table["admissions"] + 1)


# Version by version: in the first year a third of the complicated cases are given D34.
PAIRS = {
    "2003-04": pairs(
        ("D33", "D33", "emergency", 200),
        ("D34", "D33", "emergency", 100),
        ("D34", "D34", "emergency", 500),
        ("H04", "H04", "elective", 100),
        ("", "D33", "emergency", 40),  # none was given
        ("U07", "D33", "emergency", 40),  # nor here
        ("D33", "U01", "emergency", 40),  # does not group
    ),
    "2004-05": pairs(
        ("D33", "D33", "emergency", 330),
        ("D34", "D34", "emergency", 500),
        ("H04", "H04", "elective", 110),
    ),
}


def test_only_what_has_both_hrgs_counts_and_totals_tie():
    trends = activity_trends(PAIRS, {"U01"})
    assert trends.to_numpy().tolist() == [
        ["2003-04", "D33", "D", "emergency", 200, 300],
        ["2003-04", "D34", "D", "emergency", 600, 500],
        ["2003-04", "H04", "H", "elective", 100, 100],
        ["2004-05", "D33", "D", "emergency", 330, 330],
        ["2004-05", "D34", "D", "emergency", 500, 500],
        ["2004-05", "H04", "H", "elective", 110, 110],
    ]


def test_growth_between_two_years_by_hand():
    """With two years the likelihood's growth is the ratio of the counts."""
    found = rebasing(activity_trends(PAIRS, {"U01"}), PRICES).set_index(["level", "code"])
    d33 = found.loc[("hrg", "D33")]
    assert d33["growth_given_pct"] == pytest.approx(65)
    assert d33["growth_regrouped_pct"] == pytest.approx(10)
    assert d33["difference_points"] == pytest.approx(55)
    assert d33["cost_gbp"] == 330 * 3000
    assert d33["worth_gbp"] == pytest.approx(0.55 * 330 * 3000)
    chapter = found.loc[("chapter", "D")]
    assert chapter["growth_given_pct"] == pytest.approx(100 * (830 / 800 - 1))
    assert chapter["difference_points"] == pytest.approx(0)
    given, regrouped = 200 * 3 + 600, 300 * 3 + 500
    last = 330 * 3 + 500
    assert chapter["cost_growth_given_pct"] == pytest.approx(100 * (last / given - 1))
    assert chapter["cost_growth_regrouped_pct"] == pytest.approx(100 * (last / regrouped - 1))
    assert chapter["worth_gbp"] == pytest.approx(1000 * last * (last / given - last / regrouped))
    whole = found.loc[("all", "all")]
    last, given, regrouped = last + 550, given + 500, regrouped + 500
    assert whole["worth_gbp"] == pytest.approx(1000 * last * (last / given - last / regrouped))
    assert found.loc[("hrg", "H04"), "worth_gbp"] == pytest.approx(0)


def test_growth_over_three_years_has_the_greatest_poisson_likelihood():
    counts = [120, 130, 190]
    years = ["2002-03", "2003-04", "2004-05"]
    tables = {
        year: pairs(("D33", "D34", "emergency", count)) for year, count in zip(years, counts, strict=True)
    }
    found = rebasing(activity_trends(tables, set()), PRICES).set_index(["level", "code"])

    def unlikely(level_and_growth):
        logs = level_and_growth[0] + level_and_growth[1] * np.arange(3)
        return (np.exp(logs) - counts * logs).sum()

    best = minimize(
        unlikely, [np.log(150), 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}
    )
    expected = 100 * np.expm1(best.x[1])
    assert found.loc[("hrg", "D33"), "growth_given_pct"] == pytest.approx(expected, rel=1e-5)
    assert found.loc[("hrg", "D34"), "growth_regrouped_pct"] == pytest.approx(expected, rel=1e-5)
    assert np.isnan(found.loc[("hrg", "D34"), "growth_given_pct"])  # never given
    assert np.isnan(found.loc[("hrg", "D33"), "worth_gbp"])  # never regrouped to
    assert found.loc[("all", "all"), "cost_growth_given_pct"] == pytest.approx(expected)


def test_what_has_no_price_has_no_worth():
    found = rebasing(activity_trends(PAIRS, {"U01"}), PRICES[PRICES["hrg"] == "H04"])
    unpriced = found[found["code"].isin(["D33", "D34", "D"])]
    assert unpriced[["cost_gbp", "worth_gbp"]].isna().all(axis=None)
    assert found.set_index("level").loc["all", "cost_gbp"] == 110 * 5000


def test_the_most_changed_first_and_drawn():
    growth = rebasing(activity_trends(PAIRS, {"U01"}), PRICES)
    assert most_changed(growth, 5)["code"].tolist() == ["D33", "D34"]
    assert most_changed(growth, 1)["code"].tolist() == ["D33"]
    [axes] = hrg_growth_figure(growth).axes
    given, regrouped = axes.lines[0], axes.lines[1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["D34", "D33"]
    assert given.get_xdata()[1] == pytest.approx(65)
    assert regrouped.get_xdata()[1] == pytest.approx(10)
    [axes] = chapter_growth_figure(growth).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["H", "D"]


def test_without_given_hrgs_there_is_nothing_to_compare_and_it_is_said():
    none = {year: pairs(("", "D33", "emergency", 5)) for year in PAIRS}
    growth = rebasing(activity_trends(none, set()), PRICES)
    assert growth.empty
    [axes] = hrg_growth_figure(growth).axes
    assert "nothing differs" in axes.texts[0].get_text()
