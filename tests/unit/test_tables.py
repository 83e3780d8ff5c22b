import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.audit import tables
from casemix_risk.audit.content_hash import ContentHash, file_hash, table_hash
from casemix_risk.audit.contract import Contract, ContractError
from casemix_risk.audit.tables import parent_hash, read_table, table_facts, write_table

CONTRACT = Contract(
    name="stays",
    version=2,
    publication="internal",
    key=("ward", "day"),
    columns={
        "ward": {"type": "string", "values": ["A", "B"]},
        "day": {"type": "integer", "minimum": 1, "maximum": 31, "total": True},
        "cost": {"type": "number", "minimum": 0, "nullable": True, "total": True},
        "code": {"type": "string", "pattern": "[a-z]+", "nullable": True},
        "when": {"type": "date", "nullable": True},
        "open": {"type": "boolean"},
    },
)


def stays(**changes):
    columns = {
        "ward": ["A", "A", "B"],
        "day": [1, 2, 1],
        "cost": [0.1, None, 0.2],
        "code": ["x", None, "yz"],
        "when": [pd.Timestamp("2004-04-01").date(), None, None],
        "open": [True, False, True],
    }
    return pd.DataFrame(columns | changes)


def write(rows, path, **changes):
    arguments = {"parents": {}, "settings": {"a": 1}, "code": "c0de"} | changes
    return write_table(rows, path, CONTRACT, **arguments)


def test_facts_are_kept_and_rows_come_back(tmp_path):
    facts = write(stays(), tmp_path / "stays.parquet", parents={"raw.csv": "ff"})
    assert facts == table_facts(tmp_path / "stays.parquet")
    assert {
        name: facts[name] for name in ("schema", "version", "publication", "rows", "code", "parents")
    } == {
        "schema": "stays",
        "version": 2,
        "publication": "internal",
        "rows": 3,
        "code": "c0de",
        "parents": {"raw.csv": "ff"},
    }
    assert facts["totals"] == {"day": 4, "cost": pytest.approx(0.3)}
    back = read_table(tmp_path / "stays.parquet")
    assert list(back.columns) == list(CONTRACT.columns)
    assert back["day"].tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ward": ["A", "B", "A"]}, "not sorted by ward, day"),
        ({"day": [1, 1, 1]}, "two rows have the same ward, day"),
        ({"ward": ["A", "A", "C"]}, "column ward: a value is not one of A, B"),
        ({"ward": ["A", "A", None]}, "column ward: a value is missing"),
        ({"day": [0, 2, 1]}, "column day: a value is below 1"),
        ({"day": [1, 32, 1]}, "column day: a value is above 31"),
        ({"cost": [0.1, -1.0, 0.2]}, "column cost: a value is below 0"),
        ({"cost": [0.1, np.inf, 0.2]}, "column cost: a value is not finite"),
        ({"code": ["x", "Patient 7", "z"]}, r"column code: a value does not match \[a-z\]\+"),
        ({"day": ["1", "x", "1"]}, "values do not fit its type"),
        ({"extra": [1, 2, 3]}, "the columns are"),
    ],
)
def test_a_broken_contract_is_named_and_leaves_nothing(tmp_path, changes, words):
    with pytest.raises(ContractError, match=words) as error:
        write(stays(**changes), tmp_path / "stays.parquet")
    assert "Patient" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_columns_must_come_in_the_contracts_order(tmp_path):
    with pytest.raises(ContractError, match="expected ward, day"):
        write(stays()[["day", "ward", "cost", "code", "when", "open"]], tmp_path / "stays.parquet")


def test_a_failed_write_keeps_the_file_that_was_there(tmp_path):
    path = tmp_path / "stays.parquet"
    write(stays(), path)
    before = path.read_bytes()
    with pytest.raises(ContractError):
        write(stays(day=[0, 1, 1]), path)
    assert path.read_bytes() == before


def test_an_empty_table_is_a_table(tmp_path):
    assert write(stays().iloc[:0], tmp_path / "stays.parquet")["rows"] == 0
    assert read_table(tmp_path / "stays.parquet").empty


@pytest.mark.parametrize("batch_rows", [1, 2, 3])
def test_batches_make_no_difference_to_the_bytes(tmp_path, monkeypatch, batch_rows):
    monkeypatch.setattr(tables, "ROW_GROUP_ROWS", 2)
    whole = pa.Table.from_pandas(stays(), preserve_index=False)
    parts = (whole.slice(start, batch_rows) for start in range(0, 3, batch_rows))
    write(stays(), tmp_path / "whole.parquet")
    write(parts, tmp_path / "parts.parquet")
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "parts.parquet").read_bytes()
    assert pq.ParquetFile(tmp_path / "parts.parquet").metadata.num_row_groups == 2


def test_keys_are_checked_across_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP_ROWS", 1)
    with pytest.raises(ContractError, match="not sorted"):
        write(stays(day=[2, 1, 1]), tmp_path / "stays.parquet")


def test_parent_hash_is_content_for_tables_and_bytes_for_other_files(tmp_path):
    facts = write(stays(), tmp_path / "stays.parquet")
    (tmp_path / "raw.txt").write_bytes(b"abc")
    foreign = tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"a": [1]}), foreign)
    assert parent_hash(tmp_path / "stays.parquet") == facts["content"]
    assert parent_hash(tmp_path / "raw.txt") == hashlib.sha256(b"abc").hexdigest()
    assert parent_hash(foreign) == file_hash(foreign)


CELLS = st.tuples(
    st.one_of(st.none(), st.text(max_size=6)),
    st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    st.one_of(st.none(), st.floats(allow_nan=False).map(lambda x: x + 0.0)),  # -0.0 equals 0.0
    st.one_of(st.none(), st.booleans()),
    st.one_of(st.none(), st.dates()),
)
SCHEMA = pa.schema(
    [("t", pa.string()), ("i", pa.int64()), ("x", pa.float64()), ("b", pa.bool_()), ("d", pa.date32())]
)


def as_table(rows):
    return pa.table([[row[column] for row in rows] for column in range(5)], schema=SCHEMA)


@given(st.lists(CELLS, max_size=12), st.integers(1, 5))
def test_the_hash_survives_a_round_trip_row_groups_and_column_order(rows, group):
    table = as_table(rows)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=group)
    back = pq.read_table(pa.BufferReader(sink.getvalue()))
    batched = ContentHash(SCHEMA)
    for start in range(0, len(rows), group):
        batched.update(table.slice(start, group))
    assert table_hash(back) == table_hash(table) == batched.hexdigest()
    assert table_hash(table.select(["d", "x", "t", "b", "i"])) == table_hash(table)


@given(st.lists(CELLS, min_size=1, max_size=8), st.lists(CELLS, min_size=1, max_size=8))
def test_tables_that_differ_hash_differently(one, other):
    same = as_table(one).equals(as_table(other))
    assert (table_hash(as_table(one)) == table_hash(as_table(other))) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.table({"a": ["ab", "c"]}), pa.table({"a": ["a", "bc"]})),
        (pa.table({"a": ["", None]}), pa.table({"a": [None, ""]})),
        (pa.table({"a": [0, None]}), pa.table({"a": [None, 0]})),
        (pa.table({"a": [1], "b": [2]}), pa.table({"a": [2], "b": [1]})),
        (pa.table({"a": [1]}), pa.table({"b": [1]})),
        (pa.table({"a": [1]}), pa.table({"a": [1.0]})),
    ],
)
def test_look_alikes_hash_differently(one, other):
    assert table_hash(one) != table_hash(other)


def test_negative_zero_is_zero():
    assert table_hash(pa.table({"a": [0.0]})) == table_hash(pa.table({"a": [-0.0]}))


def test_file_hash_of_a_known_text(tmp_path):
    path = Path(tmp_path / "abc")
    path.write_bytes(b"abc")
    assert (
        file_hash(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180-2, B.1
