"""The demonstration definitions: cases worked out by hand from the tables before any engine ran on them."""

from pathlib import Path

import polars as pl
import pytest

from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.engine import group_records
from casemix_risk.group.lint import lint
from casemix_risk.group.scalar import group_one, plain_tables

CASES = Path(__file__).parents[1] / "data/grouper_cases.csv"
EXPECTED = ("hrg", "method", "rule", "unbundled")
DEFINITIONS = read_definitions(demonstration())


def cases() -> list[dict]:
    """The rows of the file; what is blank is unknown or none."""
    return pl.read_csv(CASES, infer_schema=False).fill_null("").to_dicts()


@pytest.fixture(scope="module")
def tables():
    return plain_tables(DEFINITIONS)


@pytest.fixture(scope="module")
def by_engine():
    return group_records(pl.DataFrame(cases()), compile_definitions(DEFINITIONS)).to_dicts()


def wanted(case: dict) -> tuple:
    return (*(case[name] or None for name in EXPECTED[:3]), case["unbundled"])


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['case']}-{case['hrg']}")
def test_both_implementations_give_what_was_worked_out(case, tables, by_engine):
    grouped = group_one(case, tables)
    assert tuple(getattr(grouped, name) for name in EXPECTED) == wanted(case), case["reason"]
    row = by_engine[int(case["case"]) - 1]
    assert tuple(row[name] for name in EXPECTED) == wanted(case), case["reason"]


def test_the_cases_reach_every_hrg_and_each_kind_of_error():
    reached = {case["hrg"] for case in cases()}
    kinds = DEFINITIONS.hrg.filter(pl.col("kind") != "unbundled")
    # U09 is of spells, which these single episodes are not.
    assert set(kinds["hrg"]) - reached == {"U09"}


def test_the_demonstration_definitions_are_clean():
    assert lint(DEFINITIONS) == []


def test_they_say_in_every_copy_that_they_are_not_the_national_ones():
    assert DEFINITIONS.manifest["national"] is False
    assert DEFINITIONS.manifest["label"] == "demonstration definitions, not the national ones"
