"""Up-coding and earlier definitions, planted in records drawn for all HRGs."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import binom

from casemix_risk.errors import InputError
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.scalar import group_one, plain_tables
from casemix_risk.streams import stream
from casemix_risk.synthetic.catalogue import catalogue_lines
from casemix_risk.synthetic.extract import draw_extract, write_extract
from casemix_risk.synthetic.hes_file import DIAGNOSES
from casemix_risk.synthetic.planted_coding import grouper_input, upcode, with_earlier_hrgs

DEFINITIONS = read_definitions(demonstration())
TABLES = plain_tables(DEFINITIONS)
SETTINGS = {"seed": 3, "population": 2_000_000, "sampling_fraction": 0.02, "target_year": "2007-08"}
PAIR = ["D33", "D34", "E11", "E12", "H42", "H43", "N06", "N07", "E24", "E40"]


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    table = catalogue_lines()[["hrg", "admission_type", "chapter", "description"]]
    return (
        table[table["hrg"].isin(PAIR)]
        .assign(admissions=15_000, mean_los_days=3.0, variance_factor=1.0, annual_growth=0.0)
        .reset_index(drop=True)
    )


@pytest.fixture(scope="module")
def records(lines) -> pl.DataFrame:
    return draw_extract(lines, "2004-05", SETTINGS, DEFINITIONS)


@pytest.fixture(scope="module")
def largest(records) -> list[str]:
    return (
        records["PROCODE3"]
        .value_counts()
        .sort("count", "PROCODE3", descending=True)["PROCODE3"][:2]
        .to_list()
    )


def scalar_groups(records: pl.DataFrame, tables) -> list:
    return [group_one(record, tables) for record in grouper_input(records).to_dicts()]


def test_upcoded_records_have_one_code_more_and_the_hrg_it_gives(records, largest):
    coded, table = upcode(records, largest, 0.5, DEFINITIONS, np.random.default_rng(1))
    rows = table["record"].to_numpy()
    assert len(rows) > 20
    before, after = records[rows], coded[rows]
    assert set(before["PROCODE3"]) == set(largest) == set(table["provider"])
    codes = (before.select(DIAGNOSES).to_numpy() != "").sum(axis=1)
    assert ((after.select(DIAGNOSES).to_numpy() != "").sum(axis=1) == codes + 1).all()
    old, new = scalar_groups(before, TABLES), scalar_groups(after, TABLES)
    assert [each.hrg for each in old] == table["true_hrg"].tolist() == before["HRGLATE35"].to_list()
    assert [each.hrg for each in new] == table["hrg"].tolist() == after["HRGLATE35"].to_list()
    assert all(each.cc_score == 0 for each in old)
    assert all(each.cc_score > 0 for each in new)
    # The pairs of these HRGs; E24 and E40 have no other half.
    assert set(zip(table["true_hrg"], table["hrg"], strict=True)) <= {
        *(("D34", "D33"), ("E12", "E11"), ("H43", "H42"), ("N07", "N06"))
    }
    others = np.setdiff1d(np.arange(len(records)), rows)
    assert coded[others].equals(records[others])
    kept = [name for name in records.columns if name not in (*DIAGNOSES, "HRGLATE35")]
    assert after.select(kept).equals(before.select(kept))


def test_the_share_is_of_those_that_could_be_coded_up(records, largest):
    all_that_could = len(upcode(records, largest, 1.0, DEFINITIONS, np.random.default_rng(2))[1])
    own = records.filter(pl.col("PROCODE3").is_in(largest))
    without = [
        record.cc_score == 0 and record.hrg in {"D34", "E12", "H43", "N07"}
        for record in scalar_groups(own, TABLES)
    ]
    assert all_that_could == sum(without)
    some = len(upcode(records, largest, 0.3, DEFINITIONS, np.random.default_rng(3))[1])
    assert binom.ppf(1e-4, all_that_could, 0.3) <= some <= binom.ppf(1 - 1e-4, all_that_could, 0.3)


def test_nobody_codes_up_without_a_share_and_a_provider_must_be_there(records, largest):
    coded, table = upcode(records, largest, 0.0, DEFINITIONS, np.random.default_rng(4))
    assert coded.equals(records)
    assert table.empty
    with pytest.raises(InputError, match="No provider XXX"):
        upcode(records, ["XXX"], 0.3, DEFINITIONS, np.random.default_rng(5))


def test_earlier_definitions_do_not_count_the_codes_left_out(records):
    given = with_earlier_hrgs(records, ["E10", "E11", "E14"], DEFINITIONS)
    lists = {
        name: {code: row for code, row in rows.items() if not code.startswith(("E10", "E11", "E14"))}
        for name, rows in TABLES.cc_list.items()
    }
    earlier = scalar_groups(records, TABLES._replace(cc_list=lists))
    assert given["HRGLATE35"].to_list() == [record.hrg for record in earlier]
    assert given.drop("HRGLATE35").equals(records.drop("HRGLATE35"))
    moved = given.filter(given["HRGLATE35"] != records["HRGLATE35"])
    assert len(moved) > 10
    diabetes = moved.select(
        pl.any_horizontal(pl.col(DIAGNOSES[1:]).str.contains("^E1[014]")).alias("diabetes")
    )["diabetes"]
    assert diabetes.all()


def test_what_is_planted_stands_in_the_file_where_the_table_says(lines, largest, tmp_path):
    settings = SETTINGS | {
        "defect_rates": {"ragged_row": 0.01, "ungroupable_hrg": 0.01},
        "upcoding": {"providers": largest, "year": "2004-05", "share": 0.3},
        "earlier_definitions": {"years": ["2002-03"], "without_complications": ["E11"]},
    }
    planted = write_extract(lines, "2004-05", settings, DEFINITIONS, tmp_path / "hes.csv.gz")
    file = pl.read_csv(tmp_path / "hes.csv.gz", separator="|", infer_schema=False, truncate_ragged_lines=True)
    rows = file[planted.upcoding["source_row"].to_numpy() - 1]
    assert rows["HRGLATE35"].to_list() == planted.upcoding["hrg"].tolist()
    assert rows["PROCODE3"].to_list() == planted.upcoding["provider"].tolist()
    assert planted.upcoding["source_row"].is_monotonic_increasing
    assert not set(planted.upcoding["source_row"]) & set(planted.defects["source_row"])
    assert write_extract(lines, "2003-04", settings, DEFINITIONS, tmp_path / "other.gz").upcoding.empty


def test_coding_is_planted_with_streams_of_its_own(records, largest):
    once = upcode(records, largest, 0.3, DEFINITIONS, stream(1, "upcoding"))
    again = upcode(records, largest, 0.3, DEFINITIONS, stream(1, "upcoding"))
    assert once[0].equals(again[0])
    pd.testing.assert_frame_equal(once[1], again[1])
