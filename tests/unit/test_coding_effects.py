"""What coding moves, against sums by hand and against the grouper that takes one record at a time."""

from datetime import date

import polars as pl
import pytest
from definition_sets import SMALL

from casemix_risk.coding.effects import coding_effects, middle_sized
from casemix_risk.coding.recoding import complication_of, recodings
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from casemix_risk.group.scalar import group_one, plain_tables
from casemix_risk.group.year import grouper_records, grouping

DEFINITIONS = read_definitions(SMALL)
COMPILED = compile_definitions(DEFINITIONS)
YEAR = "2004-05"
PRICES = pl.DataFrame(
    [("D33", "emergency", 2500.0), ("D34", "emergency", 1000.0), ("D33", "elective", 2000.0)],
    schema=["hrg", "admission_type", "price_gbp"],
    orient="row",
)
# Pneumonia below 70: D33 with a complication, D34 without. Diagnoses, admission type, order in the spell.
ROWS = [
    ("J180 E119", "emergency", 1),  # loses its complication: GBP 1,500 less
    ("J180 E119 I48", "emergency", 1),  # the same
    ("J180 E119", "emergency", 2),  # moves, but is no admission
    ("J180 E119", "elective", 1),  # moves, and D34 elective has no price
    ("J180 I10", "emergency", 1),  # D34 with and without
    ("J180", "emergency", 1),  # nothing to lose
    ("- I10", "emergency", 1),  # does not group
]


def episodes(rows, **columns):
    return pl.DataFrame(
        [
            {
                "source_row": number,
                "provider": "RAA",
                "practice": "A81001",
                "hrg": None,
                "diagnoses": diagnoses,
                "procedures": None,
                "age": 50,
                "sex": "1",
                "episode_start": date(2004, 5, 1),
                "episode_end": date(2004, 5, 4),
                "episode_days": 3,
                "admission_type": admission_type,
                "patient_class": "1",
                "episode_order": order,
            }
            for number, (diagnoses, admission_type, order) in enumerate(rows, start=1)
        ],
        schema_overrides={"hrg": pl.String, "procedures": pl.String},
    ).with_columns(**columns)


def effects_of(batch, parts=1, alone=None):
    size = -(-batch.height // parts)
    batches = list(batch.iter_slices(size))
    grouped = grouping(batches, COMPILED, "always", [])
    complication = complication_of(DEFINITIONS)
    both = zip(batches, grouped, strict=True)
    return coding_effects(both, COMPILED, complication, PRICES, alone or {}, 7, YEAR)


def test_without_secondary_diagnoses_by_hand():
    found = effects_of(episodes(ROWS))
    [row] = found.coding_effects.filter(pl.col("scenario") == "no_secondary").rows(named=True)
    before = 2 * 2500 + 2000 + 2 * 1000  # two D33 and two D34 emergencies, one D33 elective
    assert row == {
        "year": YEAR,
        "scenario": "no_secondary",
        "percent": 100,
        "episodes": 7,
        "episodes_changed": 6,
        "episodes_moved": 4,
        "admissions_moved": 3,
        "admissions_unpriced": 1,
        "cost_before_gbp": before,
        "cost_change_gbp": -3000,
        "cost_change_pct": pytest.approx(-100 * 3000 / before),
    }
    moves = found.coding_moves.filter(pl.col("scenario") == "no_secondary")
    assert moves.drop("scenario", "percent").rows() == [
        ("D33", "D34", "elective", 1, 1, None),
        ("D33", "D34", "emergency", 3, 2, -3000.0),
    ]


def test_every_scenario_has_a_row_and_one_alone_is_part_of_everybody():
    batch = episodes(ROWS[5:6] * 4000, provider=pl.when(pl.col("source_row") <= 1000).then(pl.lit("RBB")))
    found = effects_of(batch, alone={"provider": "RBB"}).coding_effects
    assert found.select("scenario", "percent").rows() == [
        *(("less_depth", percent) for percent in (10, 20, 30)),
        *(("more_coded", percent) for percent in (10, 20, 30)),
        *(("more_coded_provider", percent) for percent in (10, 20, 30)),
        ("no_secondary", 100),
    ]
    for row in found.rows(named=True):
        more = row["scenario"].startswith("more_coded")
        size = 1000 if row["scenario"] == "more_coded_provider" else 4000
        assert row["episodes"] == size
        assert row["cost_before_gbp"] == size * 1000
        # All are D34 without a complication, and with one D33.
        assert row["episodes_changed"] == row["episodes_moved"] == row["admissions_moved"]
        assert row["cost_change_gbp"] == 1500 * row["admissions_moved"]
        assert (row["episodes_moved"] > 0) == more
        if more:
            assert row["episodes_moved"] == pytest.approx(size * row["percent"] / 100, rel=0.2)


def test_moves_are_those_of_the_grouper_for_one_record():
    """Every scenario of every record grouped again by the other engine."""
    primaries = ["J180", "I214", "N390", "R074", "A40", "S062", "E119"]
    seconds = ["", " E119", " I48", " I48 E119", " B95", " I500 I10", " J441 E110", " S320"]
    rows = [
        (primary + second, kind, order)
        for primary in primaries
        for second in seconds
        for kind in ("emergency", "elective")
        for order in (1, 2)
    ]
    batch = episodes(rows)
    [grouped] = grouping([batch], COMPILED, "always", [])
    tables, expected = plain_tables(DEFINITIONS), {}
    for recoding in recodings(batch, grouped, complication_of(DEFINITIONS), 7, YEAR):
        after = grouper_records(batch.with_columns(recoding.diagnoses.alias("diagnoses")))
        for before, hrg, record in zip(
            rows, grouped["derived_hrg"], after.iter_rows(named=True), strict=True
        ):
            found = group_one(record, tables).hrg
            if found != hrg:
                key = (recoding.scenario, recoding.percent, hrg, found, before[1])
                episodes_so_far, admissions = expected.get(key, (0, 0))
                expected[key] = (episodes_so_far + 1, admissions + (before[2] == 1))
    moves = effects_of(batch).coding_moves
    assert {row[:5]: row[5:7] for row in moves.iter_rows()} == expected
    assert {scenario for scenario, *_ in expected} == {"no_secondary", "less_depth", "more_coded"}


def test_the_batches_do_not_matter():
    batch = episodes(ROWS * 50)
    whole, parts = (effects_of(batch, parts, {"provider": "RAA"}) for parts in (1, 9))
    assert whole.coding_effects.equals(parts.coding_effects)
    assert whole.coding_moves.equals(parts.coding_moves)


@pytest.mark.parametrize(
    ("codes", "middle"),
    [
        (["a", "b", "b", "c", "c", "c"], "b"),
        (["a", "b", "b", "c", "c", "c", *"dddd"], "b"),
        (["b", "a", None, None, None], "a"),
        ([None], None),
    ],
)
def test_the_one_of_median_size(codes, middle):
    table = pl.LazyFrame({"provider": codes}, schema={"provider": pl.String})
    assert middle_sized(table, "provider") == middle
