"""The demonstration definitions: cases worked out by hand from the tables before any engine ran on them."""

from pathlib import Path

import polars as pl
import pytest

from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.scalar import group_one, plain_tables

CASES = Path(__file__).parents[1] / "data/grouper_cases.csv"
EXPECTED = ("hrg", "method", "rule", "unbundled")


def cases() -> list[dict]:
    """The rows of the file; what is blank is unknown or none."""
    return pl.read_csv(CASES, infer_schema=False).fill_null("").to_dicts()


@pytest.fixture(scope="module")
def tables():
    return plain_tables(read_definitions(demonstration()))


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['case']}-{case['hrg']}")
def test_scalar_implementation(case, tables):
    grouped = group_one(case, tables)
    found = tuple(getattr(grouped, name) or "" for name in EXPECTED)
    assert found == tuple(case[name] for name in EXPECTED), case["reason"]
