"""A year grouped: which HRG each episode has, who is left out, and counts that tie."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from casemix_risk.group.year import added, grouping, line_counts, regrouped_waterfall, with_hrgs

SMALL = Path(__file__).parents[1] / "data/definitions_small"


@pytest.fixture(scope="module")
def definitions():
    return read_definitions(SMALL)


@pytest.fixture(scope="module")
def compiled(definitions):
    return compile_definitions(definitions)


def episodes(*records):
    """Rows of table episodes: given HRG, diagnoses, and the order in its spell."""
    return pl.DataFrame(
        [
            {
                "source_row": number,
                "hrg": hrg,
                "diagnoses": diagnoses,
                "procedures": None,
                "age": 50,
                "sex": "1",
                "episode_start": date(2004, 5, 1),
                "episode_end": date(2004, 5, 4),
                "episode_days": None,
                "admission_type": "emergency",
                "patient_class": "1",
                "episode_order": order,
            }
            for number, (hrg, diagnoses, order) in enumerate(records, start=1)
        ],
        schema_overrides={"hrg": pl.String, "procedures": pl.String, "episode_days": pl.Int64},
    )


@pytest.fixture
def grouped_diagnosis(definitions, compiled):
    """A primary diagnosis that the small set groups by itself, and its HRG."""
    counts = []
    codes = definitions.diagnosis["code"].to_list()
    (table,) = grouping([episodes(*((None, code, 1) for code in codes))], compiled, "always", counts)
    found = table.filter(pl.col("method") == "D").row(0, named=True)
    return codes[found["source_row"] - 1], found["hrg"]


def test_missing_keeps_what_is_given_and_always_does_not(compiled, grouped_diagnosis):
    code, hrg = grouped_diagnosis
    batch = episodes(("X99", code, 1), (None, code, 1), ("U07", code, 2), ("X99", "-", 1), (None, "-", 1))
    used = {}
    for grouper in ("missing", "always"):
        (table,) = grouping([batch], compiled, grouper, [])
        used[grouper] = table["hrg"].to_list()
        assert table["given_hrg"].to_list() == batch["hrg"].to_list()
        assert table["adjusted_days"].to_list()[:3] == [3, 3, 3]  # by the dates, where no duration is given
    assert used["missing"] == ["X99", hrg, hrg, "X99", None]
    assert used["always"] == [hrg, hrg, hrg, None, None]


def test_an_unknown_sex_matters_only_where_the_sexes_differ(compiled):
    # Pneumonia is D34 in men and women. Urinary infection is F02 in women (D-05); in men D-05 does not fit.
    batch = episodes((None, "J181", 1), (None, "N390", 1), (None, "J181", 1), ("D34", "-", 1))
    batch = batch.with_columns(sex=pl.Series([None, None, "X", None], dtype=pl.String))
    counts = []
    (table,) = grouping([batch], compiled, "always", counts)
    assert table["hrg"].to_list() == ["D34", None, "D34", None]
    assert table["error"].to_list() == [None, "bad_sex", None, "no_primary"]
    assert table["rule"].to_list() == ["D-02", None, "D-02", None]


def test_rows_and_counts_tie_whatever_the_batches(compiled, grouped_diagnosis):
    code, hrg = grouped_diagnosis
    batch = episodes(("X99", code, 1), (None, "-", 1), ("U07", f"{code} Q99.9", 2), (None, code, 1))
    whole, parts = [], []
    (table,) = grouping([batch], compiled, "always", whole)
    pieces = [batch.slice(start, 1) for start in range(4)]
    again = pl.concat(grouping(pieces, compiled, "always", parts))
    assert again.equals(table)
    quality, pairs = added(whole)
    assert added(parts).quality.equals(quality)
    assert added(parts).given_and_derived.equals(pairs)
    methods = quality.filter(pl.col("kind") == "method")
    assert dict(methods.select("value", "rows").iter_rows()) == {"D": 3, "U": 1}
    errors = quality.filter(pl.col("kind") == "error")
    assert dict(errors.select("value", "rows").iter_rows()) == {"no_primary": 1}
    assert pairs["rows"].sum() == 4
    assert pairs["admissions"].sum() == 3
    kept, left_out = with_hrgs(batch, table)
    assert kept["source_row"].to_list() == [1, 3, 4]
    assert set(kept["hrg"]) == {hrg}
    assert left_out.select("source_row", "rule").rows() == [(2, "ungroupable_hrg")]


def test_the_waterfall_moves_what_does_not_group(compiled, grouped_diagnosis):
    code, hrg = grouped_diagnosis
    batch = episodes(("X99", code, 1), (None, "-", 1), ("U07", code, 2), (None, code, 1))
    (table,) = grouping([batch], compiled, "always", [])
    waterfall = pl.DataFrame(
        [
            (2, "unfinished_episode", "unfinished", "exclude", "", "", 5, 3),
            (9, "ungroupable_hrg", "could not be grouped", "exclude", "", "", 0, 0),
            (16, "kept", "Rows kept.", "keep", "X99", "emergency", 1, 1),
            (16, "kept", "Rows kept.", "keep", "", "emergency", 3, 2),
        ],
        schema=["step", "rule", "description", "action", "hrg", "admission_type", "rows", "admissions"],
        orient="row",
    )
    found = regrouped_waterfall(waterfall, line_counts([with_hrgs(batch, table)]))
    assert found.rows() == [
        (2, "unfinished_episode", "unfinished", "exclude", "", "", 5, 3),
        (9, "ungroupable_hrg", "could not be grouped", "exclude", "", "emergency", 1, 1),
        (16, "kept", "Rows kept.", "keep", hrg, "emergency", 3, 2),
    ]
