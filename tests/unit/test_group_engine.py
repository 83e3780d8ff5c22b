"""The engine: beside the scalar grouper, by cases worked out by hand, and as to what must not matter."""

import random
from pathlib import Path

import polars as pl
import pytest
from definition_sets import SMALL
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from random_episodes import SCHEMA, random_records

from casemix_risk.errors import InputError
from casemix_risk.group.codes import normalise_diagnosis, normalise_procedure, split_codes
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.engine import RESULT, group_records
from casemix_risk.group.scalar import group_one, plain_tables

DEFINITIONS = read_definitions(SMALL)
COMPILED = compile_definitions(DEFINITIONS)
TABLES = plain_tables(DEFINITIONS)
RECORD = {
    "diagnoses": "J180",
    "procedures": None,
    "age": "60",
    "sex": "1",
    "days": "5",
    "critical_care_days": None,
    "rehabilitation_days": None,
    "palliative_days": None,
    "admission_type": "emergency",
    "patient_class": "1",
}


def by_engine(*records: dict) -> list[dict]:
    return group_records(pl.DataFrame(records, schema=SCHEMA), COMPILED).to_dicts()


def by_scalar(records: pl.DataFrame, tables=TABLES) -> pl.DataFrame:
    rows = [group_one(record, tables)[:-1] for record in records.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=RESULT, orient="row")


# What the record has beside RECORD; what comes out, worked out from the tables of the small set.
BY_HAND = [
    ({}, {"hrg": "D34", "method": "D", "rule": "D-02", "cc_score": 0, "adjusted_days": 5}),
    ({"age": "70"}, {"hrg": "D33"}),
    ({"age": "69", "diagnoses": "J180 E119"}, {"hrg": "D33", "cc_score": 1}),
    # J44 does not count beside J18, J440 not beside any J, A40 beside J180 only because A4 begins it.
    ({"diagnoses": "J180 J449 J440 A401"}, {"hrg": "D34", "cc_score": 0}),
    ({"diagnoses": "J189 A401"}, {"hrg": "D33", "cc_score": 5}),
    # Repeated, the primary again, ignored, or unknown: none counts; E110 and E119 are two diagnoses.
    ({"diagnoses": "J180 E119 E119 J180 Z602 Q999"}, {"cc_score": 1, "warnings": "diagnosis:Q999"}),
    ({"diagnoses": "J180 E110 E119"}, {"cc_score": 2}),
    # The cardiac list: I50 does not count beside I21, J18 does; I50 has the feature all the same.
    ({"diagnoses": "I219 I500 E119"}, {"hrg": "E02", "rule": "D-03", "cc_score": 1}),
    ({"diagnoses": "I214 J189"}, {"hrg": "E01", "cc_score": 3}),
    ({"diagnoses": "R074", "days": "1"}, {"hrg": "E03"}),
    ({"diagnoses": "R074", "days": "3", "critical_care_days": "1", "palliative_days": "1"}, {"hrg": "E03"}),
    (
        {"diagnoses": "R074", "days": "9", "palliative_days": "7"},
        {"hrg": "E04", "unbundled": "X03 X03 X03 X03 X03"},
    ),
    ({"diagnoses": "N390"}, {"hrg": "F01", "rule": "D-07"}),
    ({"diagnoses": "N390", "sex": "2"}, {"hrg": "F02", "rule": "D-05"}),
    (
        {"diagnoses": "A400"},
        {"hrg": "U04", "method": "U", "error": "no_rule", "rule": None, "adjusted_days": 5},
    ),
    ({"diagnoses": "A400 J440 E119"}, {"hrg": "F01", "rule": "D-06", "cc_score": 5}),
    ({"diagnoses": "A400 J440 N390"}, {"hrg": "U04", "cc_score": 0}),
    ({"diagnoses": "A400 E119 N390"}, {"hrg": "F01", "rule": "D-06"}),
    ({"diagnoses": "I501", "age": "18", "days": "2"}, {"hrg": "F01", "rule": "D-07"}),
    ({"diagnoses": "I501", "age": "18", "days": "31"}, {"hrg": "U04"}),
    ({"age": "7003"}, {"hrg": "N01", "rule": "D-01"}),
    # Dominant: the highest hierarchy, the first of equals; W371 is above the rest of W37; K499 is ignored.
    ({"procedures": "W379 W371 K499"}, {"hrg": "G02", "dominant_procedure": "W371", "method": "P"}),
    ({"procedures": "K261 K401"}, {"dominant_procedure": "K261", "hrg": "D34"}),
    ({"procedures": "K401 K261"}, {"dominant_procedure": "K401", "hrg": "C03", "rule": "P-02"}),
    ({"procedures": "Z942 K401 Y731 K261"}, {"hrg": "C04", "rule": "P-01"}),
    ({"procedures": "K491", "diagnoses": "R074 I219"}, {"hrg": "C01", "rule": "P-03"}),
    ({"procedures": "K491", "diagnoses": "R074 I219", "admission_type": "elective"}, {"hrg": "C02"}),
    ({"procedures": "K499", "diagnoses": "R074"}, {"hrg": "E04", "dominant_procedure": None}),
    ({"procedures": "W371", "diagnoses": "S720"}, {"hrg": "G01", "rule": "P-05"}),
    ({"procedures": "W371", "diagnoses": "S720", "age": "59"}, {"hrg": "G02"}),
    ({"procedures": "W881", "admission_type": "elective", "patient_class": "2", "days": "1"}, {"hrg": "G03"}),
    ({"procedures": "W881", "admission_type": "elective", "patient_class": "3"}, {"hrg": "D34"}),
    # Two regions: a broken spine is one and the abdomen too in S32, though it is one code.
    ({"diagnoses": "S320", "procedures": "W371"}, {"hrg": "B01", "method": "M", "rule": "T-01"}),
    ({"diagnoses": "S720 S065"}, {"hrg": "B02", "rule": "T-02"}),
    ({"diagnoses": "S720 S721"}, {"hrg": "U04"}),
    ({"diagnoses": "J180 S720 S065"}, {"hrg": "D34"}),
    # Global exceptions come before trauma and whatever dominates.
    (
        {"diagnoses": "S720 S065", "procedures": "W371 X401", "patient_class": "4", "days": "0"},
        {"hrg": "A02"},
    ),
    ({"procedures": "W371 X401"}, {"hrg": "G02"}),
    ({"procedures": "W371 X721"}, {"hrg": "A03", "dominant_procedure": "W371", "method": "G"}),
    ({"procedures": "X721 X401"}, {"hrg": "D34", "dominant_procedure": "X721"}),
    # A scan counts twice at most, one with U212 once beside them; the days come in the table's order.
    (
        {"procedures": "U211 U219 U213 U212", "critical_care_days": "1", "rehabilitation_days": "2"},
        {"unbundled": "X04 X04 X04 X01 X02 X02", "adjusted_days": 2},
    ),
    # Errors in their order.
    ({"diagnoses": "- E119", "age": "x"}, {"hrg": "U01", "error": "no_primary", "adjusted_days": 5}),
    ({"diagnoses": None}, {"error": "no_primary"}),
    ({"diagnoses": "R69X"}, {"error": "no_primary", "changed_codes": ""}),
    ({"diagnoses": "Q999 E119 Q998"}, {"error": "invalid_primary", "warnings": "diagnosis:Q998"}),
    ({"diagnoses": "W190"}, {"error": "not_primary", "hrg": "U01"}),
    ({"age": "131", "sex": "X"}, {"error": "bad_age", "hrg": "U03"}),
    ({"sex": "X", "days": ""}, {"error": "bad_sex", "adjusted_days": None}),
    ({"days": "10000"}, {"error": "bad_days", "adjusted_days": None}),
    ({"critical_care_days": "3", "rehabilitation_days": "3"}, {"error": "care_days", "unbundled": ""}),
    ({"critical_care_days": "?"}, {"error": "care_days", "adjusted_days": None}),
    ({"procedures": "ZZ9 W371"}, {"error": "invalid_dominant_procedure", "hrg": "U02", "warnings": ""}),
    ({"procedures": "- ZZ9 W371"}, {"hrg": "G02", "warnings": "procedure:ZZ9"}),
    (
        {"diagnoses": "j18.0 E11.9D R54X", "procedures": "w37.1"},
        {"hrg": "G02", "dominant_procedure": "W371", "changed_codes": "dot:3 case:2 filler:1 dagger:1"},
    ),
]


@pytest.mark.parametrize(("has", "expected"), BY_HAND)
def test_by_hand(has, expected):
    [grouped] = by_engine(RECORD | has)
    assert {name: grouped[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("written", "code", "changes"),
    [
        ("I210", "I210", ()),
        ("i21.0", "I210", ("dot", "case")),
        ("R54X", "R54", ("filler",)),
        ("R54.X", "R54", ("dot", "filler")),
        ("G20X-D", "G20", ("filler", "dagger")),
        ("H360A", "H360", ("dagger",)),
        ("E1031D", "E1031", ("dagger",)),
        ("M45X0", "M45X0", ()),
        ("C50D", "C50D", ()),
        ("\tI10 ", "I10", ()),
        ("r69x", "", ()),
        ("&", "", ()),
        ("-", "", ()),
    ],
)
def test_diagnosis_codes_by_hand(written, code, changes):
    assert normalise_diagnosis(written) == (code, changes)


def test_procedure_codes_keep_what_icd_10_drops():
    assert normalise_procedure("x40.1") == ("X401", ("dot", "case"))
    assert normalise_procedure("K49X") == ("K49X", ())
    assert normalise_procedure("-") == ("", ())


@pytest.mark.parametrize("folder", [SMALL, demonstration()], ids=["small", "demonstration"])
def test_both_implementations_agree(folder):
    assert_both_agree(folder, 10_000, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [SMALL, demonstration()], ids=["small", "demonstration"])
def test_both_implementations_agree_on_100_000(folder):
    assert_both_agree(folder, 100_000, seed=2)


def assert_both_agree(folder: Path, count: int, seed: int) -> None:
    definitions = read_definitions(folder)
    records = random_records(definitions, count, seed)
    grouped = group_records(records, compile_definitions(definitions))
    assert_frame_equal(grouped, by_scalar(records, plain_tables(definitions)))
    # The records are not all of one kind: every rule of the small set is met, and every error of an episode.
    assert set(grouped["rule"].drop_nulls()) == set(definitions.rules["rule"]) or folder != SMALL
    assert grouped["error"].n_unique() == 10


TEXT = st.none() | st.text(max_size=12) | st.from_regex(r"[ \t]?[+-]?[0-9A-Z]{1,4}\.?[0-9X]?", fullmatch=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(SCHEMA, TEXT)), min_size=1, max_size=20))
def test_any_text_is_grouped_alike_by_both(rows):
    records = pl.DataFrame(rows, schema=SCHEMA)
    assert_frame_equal(group_records(records, COMPILED), by_scalar(records))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_order_of_secondary_diagnoses_does_not_matter(seed):
    records, rng = random_records(DEFINITIONS, 300, seed), random.Random(seed)

    def shuffled(text: str) -> str:
        codes = split_codes(text)
        return " ".join(codes[:1] + rng.sample(codes[1:], len(codes[1:])))

    other = records.with_columns(pl.col("diagnoses").map_elements(shuffled, pl.String))
    assert_frame_equal(
        group_records(records, COMPILED).drop("warnings"), group_records(other, COMPILED).drop("warnings")
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 299), st.randoms(use_true_random=False))
def test_neighbours_and_chunks_do_not_matter(seed, cut, rng):
    records = random_records(DEFINITIONS, 300, seed)
    whole = group_records(records, COMPILED)
    parts = [group_records(part, COMPILED) for part in (records[:cut], records[cut:])]
    assert_frame_equal(pl.concat(parts), whole)
    order = rng.sample(range(300), 300)
    assert_frame_equal(group_records(records[order], COMPILED), whole[order])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(DEFINITIONS.cc_list["code"])))
def test_one_more_complication_never_lowers_the_score(seed, code):
    records = random_records(DEFINITIONS, 300, seed)
    before = group_records(records, COMPILED)
    after = group_records(records.with_columns(pl.col("diagnoses") + f" {code}"), COMPILED)
    # A further diagnosis may lead to another rule, whose list is another one.
    same = before["rule"].eq_missing(after["rule"])
    assert same.mean() > 0.8
    assert (after["cc_score"] >= before["cc_score"]).filter(same).all()


def test_numbers_and_their_texts_are_the_same():
    records = random_records(DEFINITIONS, 2_000, seed=3)
    numbers = ["age", "sex", "days"]
    whole = records.filter(pl.all_horizontal(pl.col(numbers).str.contains(r"^-?\d+$")))
    typed = whole.with_columns(
        pl.col("age", "days").cast(pl.Int32), pl.col("sex").cast(pl.Float64).cast(pl.Int8)
    )
    assert whole.height > 1_500
    assert_frame_equal(group_records(typed, COMPILED), group_records(whole, COMPILED))


def test_care_days_may_be_left_out():
    care = ["critical_care_days", "rehabilitation_days", "palliative_days"]
    records = random_records(DEFINITIONS, 1_000, seed=4).with_columns(
        pl.lit(None, pl.String).alias(name) for name in care
    )
    assert_frame_equal(group_records(records.drop(care), COMPILED), group_records(records, COMPILED))


def test_no_rows():
    assert group_records(pl.DataFrame(schema=SCHEMA), COMPILED).schema == RESULT


def test_missing_column_is_named():
    records = pl.DataFrame(schema=SCHEMA).drop("sex", "days")
    with pytest.raises(InputError, match="lack sex, days: add the columns"):
        group_records(records, COMPILED)
