"""Admissions and people by practice, sex, age and earlier diagnoses, from stories written down."""

import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.practices.charlson import charlson_bands, charlson_categories
from casemix_risk.practices.counts import practice_counts
from casemix_risk.practices.register import AGE_BANDS

YEARS = ("2002-03", "2003-04", "2004-05")
PRICES = pl.DataFrame(
    {
        "hrg": ["A01", "B02", "A01"],
        "admission_type": ["emergency", "emergency", "elective"],
        "price_gbp": [1_000.0, 250.5, 9_999.0],
    }
)
# Points by Charlson et al. 1987 for codes of Quan et al. 2005, with the categories that a graver one hides.
POINTS = {
    "I21": 1,
    "I50": 1,
    "J44": 1,
    "F03": 1,
    "I694": 1,
    "E119": 1,
    "E112": 2,
    "N18": 2,
    "G81": 2,
    "C18": 2,
}
POINTS |= {"C787": 6, "B20": 6, "K721": 3, "K73": 1, "I10": 0, "J18": 0, "Z880": 0}
HIDDEN = {"E119": "E112", "C18": "C787", "K73": "K721"}


def band_of(codes):
    """The comorbidity of somebody who was in hospital with these diagnoses, worked out code by code."""
    points = sum(POINTS[code] for code in codes if HIDDEN.get(code) not in codes)
    return 1 if points == 0 else 2 if points < 3 else 3 if points < 5 else 4


def register(**lists):
    """Lists of practices, by name `A1`, with as many people in every band."""
    return pl.DataFrame(
        [
            (code, sex, age, each)
            for code, each in sorted(lists.items())
            for sex in (1, 2)
            for age in AGE_BANDS
        ],
        schema=["practice", "sex", "age_from", "patients"],
        orient="row",
    )


def episode(
    patient, practice="A1", *, age=72, sex="1", hrg="A01", order=1, method="21", diagnoses="J18", end="1"
):
    return {
        "patient": patient,
        "practice": practice,
        "age": age,
        "sex": sex,
        "hrg": hrg,
        "episode_order": order,
        "admission_method": method,
        "diagnoses": diagnoses,
        "discharge_method": end,
    }


SCHEMA = {name: pl.Int64 if name in ("age", "episode_order") else pl.String for name in episode("p")}


def table(*episodes):
    return pl.DataFrame(episodes, schema=SCHEMA, orient="row")


def counted(years, people, sizes=None):
    """The tables, from lists of episodes a year, in batches of so many."""
    batches = {
        year: [
            table(*rows[start : start + (sizes or 100)])
            for start in range(0, max(len(rows), 1), sizes or 100)
        ]
        for year, rows in years.items()
    }
    return practice_counts(batches, people, PRICES)


def admissions(counts, **where):
    rows = counts.practice_counts.filter(pl.col("admissions") > 0)
    return rows.filter(**where).select("practice", "sex", "age_from", "comorbidity", "admissions").rows()


def people_of(counts, year, practice="A1", sex=1):
    """Ages and comorbidities other than 0 that people have."""
    rows = counts.practice_counts.filter(
        pl.col("people") > 0, pl.col("comorbidity") > 0, year=year, practice=practice, sex=sex
    )
    return rows.select("age_from", "comorbidity", "people").rows()


def test_only_first_episodes_of_emergencies_are_counted():
    rows = [
        episode("p", method=method, order=order)
        for method, order in [
            ("21", 1),
            ("2A", 1),
            ("28", 1),
            ("21", 2),
            ("11", 1),
            ("31", 1),
            ("82", 1),
            ("81", 1),
        ]
    ]
    counts = counted({"2003-04": rows}, register(A1=10))
    assert admissions(counts) == [("A1", 1, 70, 0, 3)]
    row = counts.practice_counts.filter(pl.col("admissions") > 0)
    assert row["cost_gbp"].to_list() == [3_000.0]
    assert row["cost_squared"].to_list() == [3e6]


def test_every_cell_of_every_practice_has_its_people():
    counts = counted({"2002-03": [], "2003-04": []}, register(A1=10, B2=20)).practice_counts
    assert counts.filter(year="2002-03").height == 2 * 2 * 19
    assert counts.filter(year="2003-04").height == 2 * 2 * 19 * 5
    assert (
        counts.group_by("year", "practice").agg(pl.sum("people")).sort("year", "practice")["people"].to_list()
        == [380, 760] * 2
    )
    assert counts.equals(counts.sort("year", "practice", "sex", "age_from", "comorbidity"))


def test_ages_stand_in_their_bands():
    rows = [episode(str(age), age=age) for age in (0, 4, 5, 89, 90, 104)]
    counts = counted({"2003-04": rows}, register(A1=10))
    assert admissions(counts) == [
        ("A1", 1, 0, 0, 2),
        ("A1", 1, 5, 0, 1),
        ("A1", 1, 85, 0, 1),
        ("A1", 1, 90, 0, 2),
    ]


def test_what_cannot_be_placed_is_in_the_waterfall_once():
    rows = [
        episode("1"),
        episode("2", hrg="Z99"),
        episode("3", hrg=None, practice=None),
        episode("4", None, age=None),
        episode("5", "C3", sex=None),
        episode("6", age=None, sex=None, hrg="B02"),
        episode("7", sex="X"),
        episode(None),
    ]
    waterfall = counted({"2003-04": rows}, register(A1=10)).practice_waterfall
    assert waterfall.select("rule", "admissions", "cost_gbp").rows() == [
        ("no_price", 2, 0.0),
        ("no_practice", 1, 1_000.0),
        ("not_in_register", 1, 1_000.0),
        ("no_age", 1, 250.5),
        ("no_sex", 1, 1_000.0),
        ("counted", 2, 2_000.0),
    ]


def test_comorbidity_is_of_earlier_years_and_of_all_their_episodes():
    years = {
        "2002-03": [
            episode("p", method="11", diagnoses="Z880 I50"),
            episode("p", method="11", order=2, diagnoses="J44 E112"),
        ],
        "2003-04": [episode("p", age=73, diagnoses="C787"), episode("new", age=73)],
        "2004-05": [episode("p", age=74)],
    }
    counts = counted(years, register(A1=10))
    assert admissions(counts, year="2003-04") == [("A1", 1, 70, 0, 1), ("A1", 1, 70, 3, 1)]
    assert admissions(counts, year="2004-05") == [("A1", 1, 70, 4, 1)]
    assert people_of(counts, "2003-04") == [(70, 3, 1)]
    assert people_of(counts, "2004-05") == [(70, 1, 1), (70, 4, 1)]
    left = counts.practice_counts.filter(year="2004-05", sex=1, age_from=70, comorbidity=0)
    assert left["people"].to_list() == [8]


def test_people_known_grow_older_move_and_die():
    years = {
        "2002-03": [
            episode("older", age=74),
            episode("moves", sex="2"),
            episode("moves", "B2", sex="2"),
            episode("dies", end="4"),
            episode("lost", None),
            episode("abroad", "C3"),
        ],
        "2004-05": [],
    }
    counts = counted(years, register(A1=10, B2=10))
    assert people_of(counts, "2004-05") == [(75, 1, 1)]
    assert people_of(counts, "2004-05", "A1", 2) == []
    assert people_of(counts, "2004-05", "B2", 2) == [(70, 1, 1)]


def test_more_people_known_than_listed_leave_nobody_else():
    years = {"2002-03": [episode(str(number)) for number in range(3)], "2003-04": []}
    counts = counted(years, register(A1=2)).practice_counts
    cell = counts.filter(year="2003-04", sex=1, age_from=70)
    assert cell["people"].to_list() == [0, 3, 0, 0, 0]


STORIES = st.lists(
    st.tuples(
        st.sampled_from(YEARS),
        st.sampled_from("pqrst"),
        st.lists(st.sampled_from(sorted(POINTS)), min_size=1, max_size=4, unique=True),
        st.sampled_from(["21", "11"]),
    ),
    max_size=25,
)


@given(stories=STORIES, size=st.integers(1, 5))
def test_counts_are_those_of_a_plain_reading_of_the_stories_in_any_batches(stories, size):
    years = {year: [] for year in YEARS}
    seen, expected = {}, {}
    for year in YEARS:
        of_year = [story for story in stories if story[0] == year]
        for _, patient, codes, method in of_year:
            years[year].append(episode(patient, diagnoses=" ".join(codes), method=method))
            if method == "21":
                band = band_of(seen[patient]) if patient in seen else 0
                expected[year, band] = expected.get((year, band), 0) + 1
        for _, patient, codes, _ in of_year:
            seen[patient] = seen.get(patient, set()) | set(codes)
    found = counted(years, register(A1=10), size).practice_counts
    sums = found.group_by("year", "comorbidity").agg(pl.sum("admissions")).filter(pl.col("admissions") > 0)
    assert {(year, band): count for year, band, count in sums.rows()} == expected
    assert found.equals(counted(dict(reversed(years.items())), register(A1=10)).practice_counts)


@pytest.mark.parametrize("suffix", ["", "X"])
def test_charlson_bands_are_those_of_points_added_by_hand(suffix):
    codes = charlson_categories(pl.Series([code + suffix * (len(code) == 3) for code in POINTS]))
    bits = {row[0].removesuffix("X"): row[1] for row in codes.rows()}
    draw = random.Random(1)
    people = [draw.sample(sorted(POINTS), draw.randrange(7)) for _ in range(500)]
    categories = pl.Series(
        [sum({bits[code] for code in person}) for person in people], dtype=pl.UInt32
    ).to_numpy()
    # Every code of these has a category of its own, so that a sum of different bits is their union.
    assert charlson_bands(categories, codes).tolist() == [band_of(person) for person in people]
    assert len({bits[code] for code in POINTS if POINTS[code]}) == sum(
        points > 0 for points in POINTS.values()
    )
