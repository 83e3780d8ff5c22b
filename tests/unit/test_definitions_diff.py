import re

import polars as pl
import pytest
from definition_sets import SMALL, change, small_copy

from casemix_risk.cli import main
from casemix_risk.errors import InputError
from casemix_risk.group.definitions import read_definitions
from casemix_risk.group.difference import definitions_diff, read_prices
from casemix_risk.group.extract import extract_records

HEADINGS = {
    "EPIKEY": "1",
    "EPISTAT": "3",
    "EPIORDER": "1",
    "ADMIMETH": "21",
    "CLASSPAT": "1",
    "EPIDUR": "5",
    "STARTAGE": "50",
    "SEX": "1",
    "DIAG_01": "J180",
    "DIAG_02": "",
    "OPERTN_01": "",
}
# A is the small set. In B pneumonia splits at 50 instead of 70, and diabetes scores nothing in it.
ROWS = [
    {},  # D34 in A; D33 in B, being 50
    {"EPIORDER": "2"},  # the same, and no admission
    {"ADMIMETH": "11"},  # the same, elective
    {"ADMIMETH": "99"},  # the same, neither
    {"EPISTAT": "1"},  # the same, unfinished: no admission
    {"STARTAGE": "49"},  # D34 in both
    {"STARTAGE": "49", "DIAG_02": "E119"},  # D33 in A by its complication, D34 in B
    {"STARTAGE": "80"},  # D33 in both
    {"DIAG_01": "R074"},  # E04 in both
    {"DIAG_01": ""},  # U01 in both
]
PRICES = pl.DataFrame(
    [("D33", "emergency", 2500.0), ("D34", "emergency", 1000.0), ("D33", "elective", 2000.0)],
    schema=["hrg", "admission_type", "price_gbp"],
    orient="row",
)
# By hand from ROWS and PRICES: two of the four emergencies that go from D34 to D33 begin no spell.
EXPECTED = [
    ("D33", "D33", "emergency", 1, 1, 0.0),
    ("D33", "D34", "emergency", 1, 1, -1500.0),
    ("D34", "D33", "", 1, 1, None),
    ("D34", "D33", "elective", 1, 1, None),
    ("D34", "D33", "emergency", 3, 1, 1500.0),
    ("D34", "D34", "emergency", 1, 1, 0.0),
    ("E04", "E04", "emergency", 1, 1, 0.0),
    ("U01", "U01", "emergency", 1, 1, 0.0),
]


@pytest.fixture
def extract(tmp_path):
    path = tmp_path / "extract.txt"
    lines = [HEADINGS.keys(), *((HEADINGS | row).values() for row in ROWS)]
    path.write_text("".join("|".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def other(tmp_path):
    folder = small_copy(tmp_path)
    change(folder, "split.csv", "pneumonia,age,70,9999,", "pneumonia,age,50,9999,")
    change(folder, "split.csv", "pneumonia,age,0,69,", "pneumonia,age,0,49,")
    change(folder, "cc_list.csv", "general,E11,1,ours\n", "")
    change(folder, "manifest.yaml", "version: '1'", "version: '2'")
    return folder


def test_pairs_of_hrgs_are_counted_and_priced(extract, other):
    pairs = definitions_diff(
        read_definitions(SMALL), read_definitions(other), extract_records(extract), PRICES
    )
    assert pairs.columns == ["hrg", "hrg_other", "admission_type", "episodes", "admissions", "gbp"]
    assert pairs.rows() == EXPECTED


def test_batches_change_nothing(extract, other):
    definitions, changed = read_definitions(SMALL), read_definitions(other)
    [whole] = extract_records(extract)
    split = [whole[:1], whole[1:6], whole[6:6], whole[6:]]
    assert definitions_diff(definitions, changed, split, PRICES).rows() == EXPECTED


def test_no_records_and_no_prices(extract, other):
    definitions, changed = read_definitions(SMALL), read_definitions(other)
    assert definitions_diff(definitions, changed, []).is_empty()
    unpriced = definitions_diff(definitions, changed, extract_records(extract))
    assert unpriced.filter(pl.col("hrg") != pl.col("hrg_other"))["gbp"].null_count() == 4


def test_the_other_way_round_costs_the_opposite(extract, other):
    back = definitions_diff(
        read_definitions(other), read_definitions(SMALL), extract_records(extract), PRICES
    )
    assert sorted(
        (hrg_other, hrg, *counts, None if gbp is None else -gbp)
        for hrg, hrg_other, *counts, gbp in back.rows()
    ) == sorted(EXPECTED)


def test_command(tmp_path, extract, other, capsys):
    PRICES.write_parquet(tmp_path / "prices.parquet")
    arguments = ["definitions", "diff", str(SMALL), str(other), "--extract", str(extract)]
    assert main([*arguments, "--prices", str(tmp_path / "prices.parquet")]) == 0
    lines = capsys.readouterr().out.splitlines()
    sets, told = lines[:2], lines[2:]
    for line, name, version in zip(sets, "AB", "12", strict=True):
        label = f"{name}: Definition set small {version}: demonstration definitions, not the national ones."
        assert re.fullmatch(rf"{re.escape(label)} Hash of its tables: [0-9a-f]+\.", line)
    assert sets[0][-14:] != sets[1][-14:]
    assert told == [
        "Episodes: 10, of which 6 (60.00%) change HRG under B.",
        "Admissions that change HRG: 4; they cost GBP +0 under B; 2 of them lack a price under A or B.",
        "  D34 -> D33 emergency: episodes 3, admissions 1, GBP +1,500",
        "  D33 -> D34 emergency: episodes 1, admissions 1, GBP -1,500",
        "  D34 -> D33 unknown admission: episodes 1, admissions 1, no price",
        "  D34 -> D33 elective: episodes 1, admissions 1, no price",
    ]
    assert main(arguments) == 0
    assert "GBP" not in capsys.readouterr().out


def test_lint_command(other, capsys):
    assert main(["definitions", "lint", str(other)]) == 0
    assert capsys.readouterr().out.startswith("clean: 19 rules, ")
    change(other, "split.csv", "ami,cc,0,2,", "ami,cc,0,1,")
    assert main(["definitions", "lint", str(other)]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("split.csv:6: The node ami has no row for cc 2 to 2")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, "There is no price table"),
        (PRICES.drop("price_gbp"), "is no price table"),
        (PRICES.with_columns(price_gbp=pl.lit("2,500")), "is no price table"),
        (pl.concat([PRICES, PRICES]), "prices a line twice"),
    ],
)
def test_prices_that_cannot_serve(tmp_path, table, said):
    path = tmp_path / "prices.parquet"
    if table is not None:
        table.write_parquet(path)
    with pytest.raises(InputError, match=said):
        read_prices(path)


def test_prices_that_are_no_parquet(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("hrg,admission_type,price_gbp\n", encoding="utf-8")
    with pytest.raises(InputError, match="is no price table"):
        read_prices(path)
