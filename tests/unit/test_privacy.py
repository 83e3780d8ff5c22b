"""The numbers here are made up, but for the published example of an NHS number."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from casemix_risk.audit.privacy import identifiers, identifiers_in_file, refuse_identifiers
from casemix_risk.errors import InputError

ROOT = Path(__file__).parents[2]


def with_check_digit(nine):
    """The number of nine digits with its check digit, by the rule written out; None where there is none."""
    total = sum((10 - place) * int(digit) for place, digit in enumerate(nine))
    check = 11 - total % 11
    return None if check == 10 else f"{nine}{0 if check == 11 else check}"


@pytest.mark.parametrize("nine", ["943476591", "987654321", "400000000", "123456788"])
def test_an_nhs_number_is_known_by_its_check_digit(nine):
    number = with_check_digit(nine)
    wrong = f"{nine}{(int(number[-1]) + 1) % 10}"
    for shape in ("{}", "patient {}.", "x\n{}\n", '"{}"'):
        assert list(identifiers(shape.format(number))) == ["an NHS number"]
        assert list(identifiers(shape.format(wrong))) == []
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    assert list(identifiers(f"({spaced})")) == ["an NHS number"]


def test_the_example_that_is_published():
    assert with_check_digit("943476591") == "9434765919"  # NHS Data Dictionary's example


@pytest.mark.parametrize(
    "text", ["0.9434765919", "1,943,476,5919", "9434765919.5", "a9434765919", "94347659190"]
)
def test_parts_of_other_numbers_are_none(text):
    assert list(identifiers(text)) == []


def test_pseudonyms_and_episode_keys():
    assert list(identifiers("id 0123456789ABCDEF0123456789abcdef")) == ["a patient's pseudonym"]
    assert list(identifiers("sha 0123456789abcdef0123456789abcdef0")) == []
    assert list(identifiers("key 501234567890")) == ["an episode's key"]


def test_a_page_is_read_and_its_drawings_are_not(tmp_path):
    page = tmp_path / "index.html"
    page.write_text('<svg><path d="M 1 943 476 5919"/></svg><img src="data:x;9434765919">')
    assert identifiers_in_file(page) == set()
    page.write_text("<svg></svg><td>943 476 5919</td><svg></svg>")
    assert identifiers_in_file(page) == {"an NHS number"}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path


def facts(publication):
    return {"table.parquet": {"publication": publication}}


@pytest.mark.parametrize("values", [["9434765919"], [9434765919]])
def test_a_published_table_may_not_hold_one_an_internal_may(run, values):
    pd.DataFrame({"x": values}).to_parquet(run / "table.parquet")
    refuse_identifiers(run, facts("internal"))
    with pytest.raises(InputError, match="looks like an NHS number") as stopped:
        refuse_identifiers(run, facts("publishable"))
    assert "9434765919" not in str(stopped.value)


def test_a_log_and_a_workbook_may_not_hold_one(run):
    pd.DataFrame({"x": ["9434765919"]}).to_excel(run / "tables.xlsx")
    assert identifiers_in_file(run / "tables.xlsx") == {"an NHS number"}
    (run / "logs/ingest.log").write_text("row of 9434765919\n")
    with pytest.raises(InputError, match=r"ingest\.log holds what looks like an NHS number"):
        refuse_identifiers(run, {})


def test_nothing_in_git_looks_like_a_patient():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True)
    files = [ROOT / path for path in listed.stdout.splitlines() if not path.startswith("tests/")]
    assert len(files) > 100
    assert {path: found for path in files if path.is_file() and (found := identifiers_in_file(path))} == {}
