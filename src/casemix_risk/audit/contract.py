"""A table's contract: its columns in order, their types and domains, and the key it is sorted by."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


class ContractError(ValueError):
    """A table does not keep its contract; the message names the table, the column and the kind of fault."""


@dataclass(frozen=True)
class Contract:
    """What a published table promises.

    Attributes:
        name: the table's name.
        version: raised whenever columns or their meaning change.
        publication: ``internal`` (patient-level or small numbers) or ``publishable``.
        key: the columns that identify a row and by which rows are sorted, ascending.
        columns: name -> description of the column (``type``, ``unit``, ``description``, ``nullable``,
            ``minimum``, ``maximum``, ``values``, ``pattern``, ``total``).
    """

    name: str
    version: int
    publication: str
    key: tuple[str, ...]
    columns: Mapping[str, Mapping]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema: the columns in order, nullable where the contract says so."""
        return pa.schema(
            pa.field(name, ARROW_TYPES[column["type"]], nullable=column.get("nullable", False))
            for name, column in self.columns.items()
        )

    @property
    def totals(self) -> list[str]:
        """The columns whose sum is kept as a control total."""
        return [name for name, column in self.columns.items() if column.get("total")]


def read_contract(path: Path | str) -> Contract:
    """The contract written in a YAML file."""
    text = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    columns = {column["name"]: column for column in text["columns"]}
    return Contract(text["name"], text["version"], text["publication"], tuple(text["key"]), columns)


def check_domain(table: pa.Table, contract: Contract) -> None:
    """Check every column of a table against its contract.

    Args:
        table: rows in the contract's schema.
        contract: what they must keep.

    Raises:
        ContractError: naming the first column at fault and the rule it breaks, never a value.
    """
    for name, column in contract.columns.items():
        values = table.column(name)
        for fault, broken in _faults(values, column):
            if broken:
                raise ContractError(f"table {contract.name}, column {name}: {fault}")


def _faults(values: pa.ChunkedArray, column: Mapping):
    def fails(holds: pa.ChunkedArray) -> bool:
        return pc.all(holds).as_py() is False

    yield "a value is missing", values.null_count > 0 and not column.get("nullable", False)
    if column["type"] == "number":
        yield "a value is not finite", fails(pc.is_finite(values))
    if "minimum" in column:
        yield f"a value is below {column['minimum']}", fails(pc.greater_equal(values, column["minimum"]))
    if "maximum" in column:
        yield f"a value is above {column['maximum']}", fails(pc.less_equal(values, column["maximum"]))
    if "values" in column:
        allowed = pa.array(column["values"], values.type)
        yield (
            f"a value is not one of {', '.join(column['values'])}",
            fails(pc.is_in(pc.drop_null(values), allowed)),
        )
    if "pattern" in column:
        matches = pc.match_substring_regex(values, f"^(?:{column['pattern']})$")
        yield f"a value does not match {column['pattern']}", fails(matches)


def check_key(keys: pa.Table, contract: Contract) -> None:
    """Check that rows are sorted by their key and that no key comes twice.

    Args:
        keys: the key columns, in the order of the rows.
        contract: whose key it is.

    Raises:
        ContractError: naming the table and the key.
    """
    if keys.num_rows < 2:
        return
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in contract.key])
    if not np.array_equal(order, np.arange(keys.num_rows)):
        raise ContractError(f"table {contract.name}: rows are not sorted by {', '.join(contract.key)}")
    same_as_previous = np.ones(keys.num_rows - 1, dtype=bool)
    for name in contract.key:
        column = keys.column(name)
        same_as_previous &= pc.equal(column[1:], column[:-1]).to_numpy()
    if same_as_previous.any():
        raise ContractError(f"table {contract.name}: two rows have the same {', '.join(contract.key)}")
