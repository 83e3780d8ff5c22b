"""The page of what a definition set covers, counted by hand on the small set."""

from pathlib import Path

import polars as pl

from casemix_risk.cli import main
from casemix_risk.group.coverage import coverage_page
from casemix_risk.group.definitions import read_definitions

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/data/definitions_small"


def rows(page, first):
    """The cells of the page's rows whose first cell is as given."""
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
    return [cells for cells in split if cells[0] == first]


def test_a_chapter_is_counted_as_by_hand():
    page = coverage_page(read_definitions(SMALL))
    # F: HRGs F01, F02; rules D-05 (straight to F02), D-06 and D-07 (the node urinary, split by sex); asked
    # for are infection (A40, J18, J180, N390), urinary (N390), copd (J44), diabetes (E11) and heart_failure
    # (I50).
    assert rows(page, "F") == [["F", "2", "0", "3", "2", "7", "0", "0", "0", "0", "1"]]
    # D: one root split by age, and those under 70 by complications; J18 and J180.
    assert rows(page, "D") == [["D", "2", "0", "1", "1", "2", "0", "1", "1", "0", "0"]]
    assert rows(page, "all")[0][1:5] == ["21", "0", "19", "18"]


def test_codes_of_two_chapters_say_what_decides():
    definitions = read_definitions(SMALL)
    of_pneumonia = pl.col("rule") == "D-02"
    rules = definitions.rules.with_columns(
        pl.when(of_pneumonia).then(age).otherwise(pl.col(name)).alias(name)
        for name, age in (("age_from", 0), ("age_to", 64))
    )
    page = coverage_page(definitions._replace(rules=rules))
    asked = "any diagnosis of urinary or copd diabetes"
    assert rows(page, "diagnosis") == [["diagnosis", f"D (age 0 to 64); else F ({asked})", "2", "J18, J180"]]


def test_a_rule_that_asks_for_nothing_else_ends_the_search():
    assert rows(coverage_page(read_definitions(SMALL)), "diagnosis") == []


def test_the_demonstration_s_page_is_that_of_its_tables(capsys):
    assert main(["definitions", "coverage"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs/definitions-coverage.md").read_text()
