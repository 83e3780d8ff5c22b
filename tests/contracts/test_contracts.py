from pathlib import Path

import pytest

from casemix_risk.audit.contract import ARROW_TYPES, read_contract

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"
CONTRACTS = sorted(path for path in SCHEMAS.glob("*.yaml") if path.stem != "config.schema")
COLUMN_KEYS = {
    "name",
    "type",
    "unit",
    "description",
    "nullable",
    "minimum",
    "maximum",
    "values",
    "pattern",
    "total",
}


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_is_complete(path):
    contract = read_contract(path)
    assert contract.name == path.stem
    assert contract.version >= 1
    assert contract.publication in {"internal", "publishable"}
    assert set(contract.key) <= set(contract.columns)
    for column in contract.columns.values():
        assert set(column) <= COLUMN_KEYS
        assert column["type"] in ARROW_TYPES
        assert column["description"]
        assert column["type"] != "number" or "unit" in column or not column["name"].endswith(("_gbp", "_pct"))
    assert not any(contract.columns[name].get("nullable") for name in contract.key)


def test_patient_level_tables_are_internal():
    patient_level = {"epikey", "patient", "source_row"}
    for path in CONTRACTS:
        contract = read_contract(path)
        if patient_level & set(contract.columns):
            assert contract.publication == "internal", contract.name
