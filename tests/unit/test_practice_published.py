"""Small numbers of practices: every table that is consistent with what is shown is tried."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from casemix_risk.practices.published import (
    published_coding,
    published_drivers,
    published_prevalence,
    published_ratios,
)

SMALL = set(range(1, 8))
RATIOS = ["ratio", "lower", "upper", "lower_95", "upper_95", "lower_998", "upper_998"]
SHRUNKEN = ["shrunken", "shrunken_lower", "shrunken_upper"]


def ratio_rows(counts, expected=10.0):
    """Ratios of practices from an array practices x years; the last year is all of them together."""
    counts = np.column_stack([counts, np.sum(counts, axis=1)])
    years = [*(f"200{place}-0{place + 1}" for place in range(counts.shape[1] - 1)), "all"]
    place, year = np.indices(counts.shape).reshape(2, -1)
    rows = pd.DataFrame(
        {
            "practice": np.char.add("P", place.astype(str)),
            "year": np.array(years)[year],
            "measure": "admissions",
            "step": "age_sex",
            "observed": counts.ravel(),
            "expected": expected,
            "tau": 0.1,
            "z": 1.0,
            "q": 0.5,
            "signal": "",
        }
    )
    ratio = rows["observed"] / rows["expected"]
    rows = rows.assign(**dict.fromkeys([*RATIOS, *SHRUNKEN], ratio))
    cost = rows.assign(measure="cost", observed=1_600.0 * rows["observed"], expected=16_000.0)
    return pd.concat([rows, cost], ignore_index=True)


def test_counts_by_hand():
    counts = np.array([[100, 203, 12], [7, 203, 0], [1, 2, 3], [0, 8, 13]])
    shown = published_ratios(ratio_rows(counts)).query("measure == 'admissions'")
    assert shown["observed"].fillna(-1).to_numpy().reshape(4, 4).tolist() == [
        [100, 205, 10, 315],
        [-1, -1, -1, 210],
        [-1, -1, -1, -1],
        [0, 10, 15, 20],
    ]


def test_nothing_else_is_shown_where_a_count_is_not():
    shown = published_ratios(ratio_rows(np.array([[7, 203], [1, 2], [100, 200]])))
    untold = shown["observed"].isna()
    assert untold.tolist() == 2 * ([True, True, False] + 3 * [True] + 3 * [False])
    values = ["expected", *RATIOS, *SHRUNKEN, "signal"]
    assert shown.loc[untold, values].isna().all(axis=None)
    assert shown.loc[~untold, values].notna().all(axis=None)
    assert not {"z", "q"} & set(shown)


@pytest.mark.parametrize(("years", "largest"), [(2, 24), (3, 12)])
def test_a_year_that_is_not_shown_may_be_anything_small_even_if_all_that_is_shown_were_exact(years, largest):
    """Ratios are exempt, so the reader is taken to know every count exactly that is shown at all."""
    tables = np.array(list(product(range(largest + 1), repeat=years)))
    rows = published_ratios(ratio_rows(tables)).query("measure == 'admissions'")
    shown = rows["observed"].notna().to_numpy().reshape(len(tables), -1)
    exact = np.where(shown, np.column_stack([tables, tables.sum(axis=1)]), -1)
    told = pd.Series(map(tuple, exact))
    whole = tables.sum(axis=1) <= largest  # of larger totals not every table is tried
    for year in range(years + 1):
        values = tables[:, year] if year < years else tables.sum(axis=1)
        small = pd.Series(values).between(1, 7) & whole
        assert not shown[small, year].any()
        possible = pd.Series(values).groupby(told).agg(set)
        assert all(possible[each] >= SMALL for each in told[small].unique())


def test_totals_are_the_same_whatever_is_not_shown():
    totals = {
        published_ratios(ratio_rows(np.array([[100, 200], [small, 0]])))["observed"].sum() for small in SMALL
    }
    assert len(totals) == 1


def test_a_condition_that_is_not_listed_has_more_than_one_value_whatever_the_total():
    """All tables of four conditions; the reader knows the total exactly, and what is expected."""
    largest = 29  # so that all four may be 7, which could be told if every large one had to be listed
    values = np.array([each for each in product(range(largest + 1), repeat=4) if sum(each) <= largest])
    expected = np.array([2.2, 3.0, 5.0, 6.0])
    place, condition = np.indices(values.shape).reshape(2, -1)
    drivers = pd.DataFrame(
        {
            "practice": place,
            "condition": np.array(list("abcd"))[condition],
            "observed": values.ravel(),
            "expected": expected[condition],
        }
    )
    listed = published_drivers(drivers)
    assert not listed["observed"].between(1, 7).any()
    rows = listed[["condition", "observed"]].apply(tuple, axis=1).groupby(listed["practice"]).agg(tuple)
    told = rows.reindex(range(len(values))).map(lambda each: each if isinstance(each, tuple) else ())
    told = pd.Series(list(zip(told, values.sum(axis=1), strict=True)))
    for number in range(4):
        possible = pd.Series(values[:, number]).groupby(told).agg(set)
        small = pd.Series(values[:, number]).between(1, 7)
        assert min(len(possible[each]) for each in told[small].unique()) >= 2


def test_drivers_by_hand():
    drivers = pd.DataFrame(
        [
            ("P1", "Breathing", 63, 41.0),
            ("P1", "Digestion", 52, 49.9),
            ("P1", "Heart and circulation", 61, 40.0),
            ("P1", "Eye", 30, 0.5),
            ("P1", "Ear", 7, 0.4),
            ("P1", "Skin", 7, 2.0),
        ],
        columns=["practice", "condition", "observed", "expected"],
    )
    assert published_drivers(drivers).to_numpy().tolist() == [
        ["P1", "Breathing", 65, 40, 25],
        ["P1", "Heart and circulation", 60, 40, 20],
    ]


def test_rates_are_made_from_rounded_counts():
    coding = pd.DataFrame(
        [("P1", "all", 102, 251, 33, 0.9512), ("P2", "all", 102, 7, 3, 1.0), ("P3", "all", 7, 14, 7, 1.1)],
        columns=["practice", "year", "admissions", "secondary_codes", "unspecified", "completeness"],
    )
    shown = published_coding(coding)
    assert shown["depth"].fillna(-1).tolist() == [2.5, -1, -1]
    assert shown["unspecified_share"].fillna(-1).tolist() == [0.35, -1, -1]
    assert shown["completeness"].tolist() == [0.95, 1.0, 1.1]
    prevalence = pd.DataFrame(
        [
            ("P1", "asthma", 1_000, 5.23, 5.0),
            ("P1", "epilepsy", 1_000, 0.7, 0.8),
            ("P1", "none", 1_000, 0, 0),
        ],
        columns=["practice", "condition", "patients", "recorded_pct", "expected_pct"],
    )
    assert published_prevalence(prevalence)["recorded_pct"].fillna(-1).tolist() == [5.0, -1, 0]
