"""Coding, conditions and prevalence of practices, from episodes whose sums are worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from practice_examples import CONDITIONS, practice_tables

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.practices.coding import practice_coding
from casemix_risk.practices.drivers import CHAPTERS, NO_DIAGNOSIS, chapter_number, practice_drivers
from casemix_risk.practices.prevalence import completeness, practice_prevalence

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"
# Practice, sex, age, order in the spell, method, diagnoses.
RECORDS = [
    ("P1", "1", 3, 1, "21", "J189 E119 I10X"),
    ("P1", "2", 91, 1, "22", "R104"),
    ("P1", "2", 104, 1, "2A", "I219 J189"),
    ("P2", "1", 4, 1, "21", "J180"),
    ("P2", "2", 90, 1, "28", "-"),
    ("P2", "2", 90, 1, "28", "I251 E119 N390 I10X"),
    ("P2", "2", 90, 2, "28", "J189"),  # not the first of its spell
    ("P2", "2", 30, 1, "31", "O80X"),  # maternity
    (None, "2", 90, 1, "21", "I219"),
    ("P9", "2", 90, 1, "21", "I219"),  # not in the register
    ("P2", "1", None, 1, "21", "J440"),  # without an age
]
LISTS = {("P1", 1): (100, 0), ("P1", 2): (0, 20), ("P2", 1): (300, 0), ("P2", 2): (0, 60)}


@pytest.fixture
def episodes():
    names = ["practice", "sex", "age", "episode_order", "admission_method", "diagnoses"]
    rows = pl.DataFrame(RECORDS, schema=names, orient="row")
    return {"2003-04": rows[:4].lazy(), "2004-05": rows[4:].lazy()}


@pytest.fixture
def people():
    rows = [
        (practice, sex, age_from, patients)
        for (practice, sex), counts in LISTS.items()
        for age_from, patients in zip((0, 90), counts, strict=True)
    ]
    return pl.DataFrame(rows, schema=["practice", "sex", "age_from", "patients"], orient="row")


def keeps_its_contract(table, name):
    contract = read_contract(SCHEMAS / f"{name}.yaml")
    rows = pa.Table.from_pandas(table, preserve_index=False).cast(contract.schema)
    check_domain(rows, contract)
    check_key(rows.select(contract.key), contract)
    return True


def test_coding_by_hand(episodes):
    table = practice_coding(episodes, pd.Series({"P1": 0.9, "P2": 1.1}))
    assert table[
        ["practice", "year", "admissions", "secondary_codes", "unspecified"]
    ].to_numpy().tolist() == [
        ["P1", "2003-04", 3, 3, 3],
        ["P1", "all", 3, 3, 3],
        ["P2", "2003-04", 1, 0, 0],
        ["P2", "2004-05", 3, 3, 1],
        ["P2", "all", 4, 3, 1],
    ]
    assert table["depth"].tolist() == [1, 1, 0, 1, 0.75]
    assert table["completeness"].tolist() == [0.9, 0.9, 1.1, 1.1, 1.1]
    assert keeps_its_contract(table, "practice_coding")


def test_drivers_by_hand(episodes, people):
    """Breathing: 2 boys of 400. Women of 90 and more, 80: heart 2, symptoms 1, missing 1."""
    table = practice_drivers(episodes, people, ["P1", "P2"]).set_index(["practice", "condition"])
    expected = {
        ("P1", "Breathing"): (1, 2 * 100 / 400),
        ("P1", NO_DIAGNOSIS): (0, 20 / 80),
        ("P1", "Heart and circulation"): (1, 2 * 20 / 80),
        ("P1", "Symptoms without a diagnosis"): (1, 20 / 80),
        ("P2", "Breathing"): (1, 2 * 300 / 400),
        ("P2", NO_DIAGNOSIS): (1, 60 / 80),
        ("P2", "Heart and circulation"): (1, 2 * 60 / 80),
        ("P2", "Symptoms without a diagnosis"): (0, 60 / 80),
    }
    assert {key: tuple(row) for key, row in table[["observed", "expected"]].iterrows()} == expected
    # Exact Poisson limits of 1 event: -ln(0.975) and 5.5716 (tables of the Poisson law).
    one = table.loc[("P1", "Breathing")]
    assert one["lower"] + 0.5 == pytest.approx(-np.log(0.975), rel=1e-9)
    assert one["upper"] + 0.5 == pytest.approx(5.5716, abs=5e-5)
    assert keeps_its_contract(table.reset_index(), "practice_drivers")


def test_excesses_add_up_and_the_district_only_chooses_rows(episodes, people):
    every = practice_drivers(episodes, people, ["P1", "P2"])
    assert every["excess"].sum() == pytest.approx(0, abs=1e-12)
    one = practice_drivers(episodes, people, ["P2"])
    pd.testing.assert_frame_equal(one, every[every["practice"] == "P2"].reset_index(drop=True))


@pytest.mark.parametrize(
    ("category", "chapter"),
    [
        *(("A00", "Infections"), ("B99", "Infections"), ("C00", "Cancer and other neoplasms")),
        *(("D48", "Cancer and other neoplasms"), ("D50", "Blood and immune system")),
        *(
            ("H59", "Eye"),
            ("H60", "Ear"),
            ("T98", "Injury and poisoning"),
            ("Z99", list(CHAPTERS.values())[-1]),
        ),
        ("-", NO_DIAGNOSIS),
    ],
)
def test_chapters_of_icd_10_begin_and_end_where_the_classification_says(category, chapter):
    number = pl.DataFrame({"category": [category]}).select(chapter_number(pl.col("category"))).item()
    assert (NO_DIAGNOSIS, *CHAPTERS.values())[number] == chapter


@pytest.fixture(scope="module")
def example():
    return practice_tables(practices=60, seed=4)


def test_prevalence_that_follows_age_and_sex_alone_is_as_expected(example):
    """True prevalence is 2 % below 60 and 20 % above, and 80 % of it is recorded everywhere."""
    shares = example.practice_people.group_by("practice").agg(
        old=pl.col("patients").filter(pl.col("age_from") >= 60).sum() / pl.col("patients").sum()
    )
    true = 0.8 * (2 + 18 * shares["old"])
    profile = example.practice_profile.drop([f"prevalence_{name}_pct" for name in CONDITIONS])
    profile = profile.join(shares.select("practice", prevalence_stroke_pct=true), on="practice")
    table = practice_prevalence(example.practice_counts, profile)
    assert table["expected_pct"].to_numpy() == pytest.approx(table["recorded_pct"].to_numpy(), rel=1e-6)
    assert completeness(table).to_numpy() == pytest.approx(1, rel=1e-6)
    assert keeps_its_contract(table, "practice_prevalence")


def test_expected_cases_are_all_recorded_cases_and_completeness_is_their_ratio(example):
    table = practice_prevalence(example.practice_counts, example.practice_profile)
    cases = table[["recorded_pct", "expected_pct"]].mul(table["patients"], axis=0)
    by_condition = cases.groupby(table["condition"]).sum()
    assert by_condition["recorded_pct"].to_numpy() == pytest.approx(by_condition["expected_pct"].to_numpy())
    first = table["practice"] == table["practice"].iloc[0]
    assert completeness(table).iloc[0] == pytest.approx(
        cases.loc[first, "recorded_pct"].sum() / cases.loc[first, "expected_pct"].sum()
    )
