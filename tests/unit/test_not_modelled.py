"""What is not modelled is sized by hand on two lines and two years."""

import numpy as np
import pandas as pd
import pytest

from casemix_risk.decisions.not_modelled import SOURCES, not_modelled
from casemix_risk.streams import stream

SUMMARY = pd.DataFrame(
    {
        "list_size": [10_000, 10_000, 40_000],
        "pool": ["none", "other", "none"],
        "method": ["exact", "exact", "exact"],
        "cv_pct": [3.0, 2.0, 1.5],
    }
)
PRICES = pd.DataFrame(
    {"hrg": ["A01", "B01", "C01"], "admission_type": "elective", "price_gbp": [100.0, 300.0, 50.0]}
)
WHOLE = pd.DataFrame(
    {"level": ["all", "all", "line"], "change_pct": [5.0, -1.0, 90], "chance_pct": [3, 1, 0]}
)


def counts(first, second):
    years = [("2002-03", first), ("2003-04", second)]
    return pd.DataFrame(
        [
            {"year": year, "hrg": hrg, "admission_type": "elective", "admissions": n, "variance_factor": 1.0}
            for year, counted in years
            for hrg, n in counted.items()
        ]
    )


def sizes(activity, year_on_year=WHOLE, back_test=None, accounts=None):
    table = not_modelled(activity, PRICES, year_on_year, back_test, accounts or {}, SUMMARY, "mean")
    assert table["list_size"].tolist() == [10_000] * len(SOURCES) + [40_000] * len(SOURCES)
    assert table.groupby("list_size")["chance_pct"].first().to_dict() == {10_000: 3.0, 40_000: 1.5}
    return table[table["list_size"] == 40_000].set_index("source")["size_pct"]


def test_the_trend_is_what_chance_does_not_give():
    # (25 - 9 + 1 - 1) / 2 = 8
    assert sizes(counts({"A01": 1}, {"A01": 1}))["trend"] == pytest.approx(8**0.5)


def test_lines_that_swap_admissions_move_a_budget():
    # Each moves by 1,000; chance squared is 19,000 and 21,000; the budget is 9,000 x 100 + 11,000 x 300.
    found = sizes(counts({"A01": 10_000, "B01": 10_000}, {"A01": 9_000, "B01": 11_000}))["mix"]
    assert found == pytest.approx(100 * np.sqrt(100**2 * 981_000 + 300**2 * 979_000) / 4_200_000)


def test_chance_alone_is_no_shift_of_lines():
    generator = stream(1, "not modelled")
    means = generator.uniform(10, 1_000, 400)
    names = [f"X{number:03d}" for number in range(400)]
    first, second = (dict(zip(names, generator.poisson(means), strict=True)) for _ in range(2))
    prices = pd.DataFrame({"hrg": names, "admission_type": "elective", "price_gbp": 1_000.0})
    table = not_modelled(counts(first, second), prices, WHOLE, None, {}, SUMMARY, "mean")
    chance = 100 * np.sqrt(2 * means.sum()) / means.sum()
    assert table.set_index("source").loc["mix", "size_pct"].max() < 0.5 * chance


def test_codes_that_end_count_by_their_admissions():
    found = sizes(counts({"A01": 75, "B01": 25}, {"A01": 80, "C01": 40}))
    assert found["redesign"] == pytest.approx(25)


def test_the_projection_s_miss_is_of_the_whole():
    tested = pd.DataFrame(
        {
            "chapter": ["all", "all", "A", "all"],
            "codes": ["all", "all", "all", "in every year"],
            "method": ["mean"] * 4,
            "projected": [103.0, 96.0, 500, 500],
            "admissions": [100.0, 100.0, 1, 1],
        }
    )
    # sqrt((3^2 + 4^2) / 2)
    found = sizes(counts({"A01": 1}, {"A01": 1}), back_test=tested)
    assert found["projection"] == pytest.approx(12.5**0.5)


def test_prices_count_by_the_largest_change():
    accounts = {
        "a_to_b": pd.DataFrame({"before_gbp": [50.0, 50], "uplift": [1.0, 2], "price": [-4.0, 1]}),
        "b_to_c": pd.DataFrame({"before_gbp": [100.0], "uplift": [1.0], "price": [2.0]}),
    }
    found = sizes(counts({"A01": 1}, {"A01": 1}), accounts=accounts)
    assert found[["uplift", "price"]].to_list() == pytest.approx([3, 3])


def test_what_the_data_cannot_tell_is_named_and_empty():
    one_year = counts({"A01": 1}, {"A01": 1}).query("year == '2002-03'")
    found = sizes(one_year, year_on_year=None)
    assert found.isna().all()
    assert sizes(counts({"A01": 1}, {"A01": 1}))[["need", "supply", "projection", "price"]].isna().all()
