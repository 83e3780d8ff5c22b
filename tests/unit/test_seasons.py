from datetime import date

import pandas as pd
import polars as pl
import pytest

from casemix_risk.volumes.seasons import KEY, monthly_counts, seasons


def units(*starts):
    rows = [("D33", "emergency", start) for start in starts]
    return pl.DataFrame(
        rows, schema={"hrg": pl.String, "admission_type": pl.String, "start": pl.Date}, orient="row"
    )


def test_the_financial_year_begins_in_april_and_unknown_starts_are_left_out():
    table = monthly_counts(
        units(date(2002, 4, 1), date(2003, 3, 31), date(2002, 12, 5), date(2002, 3, 31), None)
    )
    assert sorted(table.rows()) == [
        ("D", "emergency", 1, 1),
        ("D", "emergency", 9, 1),
        ("D", "emergency", 12, 2),
    ]


def counts(*rows):
    return pd.DataFrame(rows, columns=[*KEY, "admissions"])


def test_a_chapter_of_1200_is_half_its_own_profile_and_half_its_types():
    table = seasons(
        counts(("A", "elective", 1, 700), ("A", "elective", 1, 500), ("B", "elective", 2, 1_200))
    ).set_index(KEY)
    # The type has a half each in April and May.
    assert table.loc[("A", "elective", 1)].tolist() == [1_200, 0.75]
    assert table.loc[("A", "elective", 2)].tolist() == [0, 0.25]
    assert table.loc[("B", "elective", 2)].tolist() == [1_200, 0.75]
    assert len(table) == 24
    assert table["share"].groupby(level=0).sum().tolist() == pytest.approx([1, 1])


def test_admission_types_have_seasons_of_their_own():
    table = seasons(counts(("A", "elective", 1, 5), ("A", "emergency", 12, 7))).set_index(KEY)
    assert table.loc[("A", "elective", 1), "share"] == 1
    assert table.loc[("A", "emergency", 12), "share"] == 1
