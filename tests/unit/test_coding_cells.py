"""What each provider coded of each kind of case, from episodes and their grouping."""

from pathlib import Path

import polars as pl
import pytest

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.coding.cells import coding_cells
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from casemix_risk.group.year import grouping

ROOT = Path(__file__).parents[2]
PRICES = pl.DataFrame(
    [("D33", 2_000.25), ("D34", 1_200.0), ("E01", 900.0)],
    schema=["hrg", "price_gbp"],
    orient="row",
).with_columns(admission_type=pl.lit("emergency"))
# Provider, diagnoses, age, order in the spell. J180 splits at 70 years and by any complication (E119 scores
# 1, I48 2, I10 nothing), a heart attack (I219) by a score of 3 (E119 scores 1, J189 3).
RECORDS = [
    ("RA1", "J180", 50, 1),
    ("RA1", "J180 E119 I10", 60, 1),
    ("RA1", "J180 I10 R54 I48", 69, 2),
    ("RA1", "J180", 70, 1),
    ("RA2", "I219 E119", 15, 1),
    ("RA2", "I219 J189", 16, 1),
    ("RA2", "-", 50, 1),
    (None, "J180", 50, 1),
]
KEY = ["provider", "rule", "hrg_without", "hrg_with", "age_band"]
SUMS = ["episodes", "secondary_codes", "secondary_codes_squared", "with_complications", "admissions"]


@pytest.fixture(scope="module")
def compiled():
    return compile_definitions(read_definitions(ROOT / "tests/data/definitions_small"))


@pytest.fixture(scope="module")
def pair(compiled):
    episodes = pl.DataFrame(
        RECORDS, schema=["provider", "diagnoses", "age", "episode_order"], orient="row"
    ).with_columns(
        source_row=pl.int_range(1, pl.len() + 1),
        hrg=pl.lit(None, pl.String),
        procedures=pl.lit(None, pl.String),
        sex=pl.lit("2"),
        episode_start=pl.date(2004, 5, 1),
        episode_end=pl.date(2004, 5, 3),
        episode_days=pl.lit(2, pl.Int64),
        admission_type=pl.lit("emergency"),
        patient_class=pl.lit("1"),
    )
    (grouped,) = grouping([episodes], compiled, "always", [])
    return episodes, grouped


def test_a_case_worked_by_hand(compiled, pair):
    table = coding_cells([pair], PRICES, compiled)
    assert table.select(*KEY, *SUMS).rows() == [
        ("RA1", "D-02", "D33", "D33", "70+", 1, 0, 0, 0, 1),
        ("RA1", "D-02", "D34", "D33", "16-69", 3, 0 + 2 + 3, 4 + 9, 2, 2),
        ("RA2", "D-03", "E02", "E01", "0-15", 1, 1, 1, 1, 0),
        ("RA2", "D-03", "E02", "E01", "16-69", 1, 1, 1, 1, 1),
    ]
    assert table["price_gbp"].to_list() == [2_000.25, 1_200 + 2_000.25, 0, 900]
    assert table["price_gbp_squared"].to_list() == pytest.approx(
        [2_000.25**2, 1_200**2 + 2_000.25**2, 0, 900**2], rel=1e-12
    )


def test_batches_do_not_matter_and_the_contract_holds(compiled, pair):
    whole = coding_cells([pair], PRICES, compiled)
    pieces = [tuple(table.slice(start, 3) for table in pair) for start in (0, 3, 6)]
    assert coding_cells(pieces, PRICES, compiled).equals(whole)
    contract = read_contract(ROOT / "workflow/schemas/coding_cells.yaml")
    rows = whole.to_arrow().cast(contract.schema)
    check_domain(rows, contract)
    check_key(rows.select(contract.key), contract)


def test_an_episode_counts_in_its_cell_whatever_is_coded_beside_its_primary_diagnosis(compiled, pair):
    episodes, grouped = pair
    bare = episodes.with_columns(pl.col("diagnoses").str.extract(r"^(\S+)"))
    (grouped_bare,) = grouping([bare], compiled, "always", [])
    assert grouped_bare["derived_hrg"].to_list() != grouped["derived_hrg"].to_list()
    cells = [coding_cells([each], PRICES, compiled) for each in ((episodes, grouped), (bare, grouped_bare))]
    assert cells[0].select(*KEY, "episodes").equals(cells[1].select(*KEY, "episodes"))
    assert cells[1]["secondary_codes"].sum() == 0
    assert cells[1]["with_complications"].sum() == 0
