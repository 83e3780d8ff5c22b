"""The one way a table is written, and the facts written with it."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from casemix_risk.audit.content_hash import ContentHash, file_hash
from casemix_risk.audit.contract import Contract, ContractError, check_domain, check_key

METADATA_KEY = b"casemix_risk"
ROW_GROUP_ROWS = 2**17


def write_table(
    rows: pd.DataFrame | pa.Table | Iterable[pa.Table | pa.RecordBatch],
    path: Path | str,
    contract: Contract,
    *,
    parents: Mapping[str, str],
    settings: Mapping,
    code: str,
) -> dict:
    """Check a table against its contract and write it as Parquet, all of it or nothing.

    The same rows, parents, settings and code give the same bytes, however the rows arrive in batches.

    Args:
        rows: the table, or its batches in order, with exactly the contract's columns in the contract's order.
        path: where it goes; a temporary file beside it is renamed at the end.
        contract: columns, types, domains and sort key.
        parents: name of each input -> its content hash (`parent_hash`).
        settings: the settings the rows depend on; their hash is kept.
        code: fingerprint of the code that made the rows (`casemix_risk.audit.fingerprint`).

    Returns:
        The facts kept in the file's metadata: schema, version, publication, content, parents, settings, code,
        rows and control totals. Nothing in it depends on time, machine or user.

    Raises:
        ContractError: the rows do not keep the contract; nothing is left behind.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.writing")
    content = ContentHash(contract.schema)
    totals = {name: [] for name in contract.totals}
    count = 0
    previous_key = None
    try:
        with pq.ParquetWriter(
            temporary, contract.schema, compression="zstd", write_page_checksum=True
        ) as writer:
            for group in _row_groups(rows, contract):
                check_domain(group, contract)
                keys = group.select(contract.key)
                check_key(pa.concat_tables([previous_key, keys]) if previous_key else keys, contract)
                previous_key = keys.slice(max(keys.num_rows - 1, 0))
                content.update(group)
                count += group.num_rows
                for name, parts in totals.items():
                    parts.append(math.fsum(group.column(name).drop_null().to_pylist()))
                writer.write_table(pa.table(group.columns, schema=contract.schema), ROW_GROUP_ROWS)
            facts = {
                "schema": contract.name,
                "version": contract.version,
                "publication": contract.publication,
                "content": content.hexdigest(),
                "parents": dict(sorted(parents.items())),
                "settings": settings_hash(settings),
                "code": code,
                "rows": count,
                "totals": {name: math.fsum(parts) for name, parts in totals.items()},
            }
            writer.add_key_value_metadata({METADATA_KEY: json.dumps(facts, sort_keys=True).encode()})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return facts


def read_table(path: Path | str) -> pd.DataFrame:
    """The rows of a table as a data frame."""
    return pd.read_parquet(path)


def table_facts(path: Path | str) -> dict | None:
    """The facts that `write_table` kept with a table; None where the file is not one of its tables."""
    path = Path(path)
    if path.suffix != ".parquet":
        return None
    facts = (pq.read_metadata(path).metadata or {}).get(METADATA_KEY)
    return json.loads(facts) if facts else None


def parent_hash(path: Path | str) -> str:
    """What a table's metadata says of an input: a table's content hash, or the SHA-256 of any other file."""
    facts = table_facts(path)
    return facts["content"] if facts else file_hash(path)


def settings_hash(settings: Mapping) -> str:
    """SHA-256 of settings as canonical JSON: the order of keys does not matter, every value does."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()


def _row_groups(rows, contract: Contract) -> Iterator[pa.Table]:
    """The rows as tables of ROW_GROUP_ROWS rows, but for the last; at least one, so that empty is a table."""
    batches = [rows] if isinstance(rows, pd.DataFrame | pa.Table) else rows
    waiting = [_as_contract(contract.schema.empty_table(), contract)]
    waiting_rows, written = 0, False
    for batch in batches:
        waiting.append(_as_contract(batch, contract))
        waiting_rows += waiting[-1].num_rows
        while waiting_rows >= ROW_GROUP_ROWS:
            together = pa.concat_tables(waiting)
            yield together.slice(0, ROW_GROUP_ROWS).combine_chunks()
            written = True
            waiting = [together.slice(ROW_GROUP_ROWS)]
            waiting_rows -= ROW_GROUP_ROWS
    if waiting_rows or not written:
        yield pa.concat_tables(waiting).combine_chunks()


def _as_contract(batch: pd.DataFrame | pa.Table | pa.RecordBatch, contract: Contract) -> pa.Table:
    expected = list(contract.columns)
    given = list(batch.columns) if isinstance(batch, pd.DataFrame) else batch.schema.names
    if given != expected:
        raise ContractError(
            f"table {contract.name}: the columns are {', '.join(given)}; expected {', '.join(expected)}"
        )
    schema = pa.schema([field.with_nullable(True) for field in contract.schema])
    try:
        if isinstance(batch, pd.DataFrame):
            table = pa.Table.from_pandas(batch, schema=schema, preserve_index=False)
        else:
            table = pa.table(batch).cast(schema)
    except pa.ArrowException as error:
        raise ContractError(
            f"table {contract.name}: a column's values do not fit its type ({type(error).__name__})"
        ) from None
    return table.replace_schema_metadata(None)
