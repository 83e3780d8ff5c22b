from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from casemix_risk.configuration import complete_configuration
from casemix_risk.errors import InputError

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
SMALLEST = {
    "run": "mine",
    "extract": {"files": {"2021-22": "a.csv"}, "population_covered": 300_000},
    "population": 300_000,
    "target_year": "2023-24",
    "tariff": {
        "editions": {"2023-24": {"file": "t.csv", "columns": {"hrg": "H", "elective": "E", "emergency": "N"}}}
    },
}


def with_change(path, value):
    config = deepcopy(SMALLEST)
    place = config
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    return config


def test_defaults_are_filled_in_and_the_argument_is_left_alone():
    before = deepcopy(SMALLEST)
    complete = complete_configuration(SMALLEST, SCHEMA)
    assert complete["projection"] == "pooled_trend"
    assert complete["risk"]["shared_pool"]["otherwise_dearest_share"] == 0.023
    assert before == SMALLEST


@pytest.mark.parametrize("name", ["config.yaml", "mine.example.yaml", "schedule.yaml"])
def test_the_configurations_we_ship_are_valid(name):
    complete_configuration(yaml.safe_load((ROOT / "config" / name).read_text()), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("populaton",), 5, "unknown key populaton at the top level; did you mean population?"),
        (("risk", "simulated_year"), 5, "unknown key simulated_year at risk; did you mean simulated_years?"),
        (("population",), "many", "at population has a value it cannot have"),
        (("list_sizes",), [0], r"at list_sizes.0 has a value it cannot have"),
        (("projection",), "guess", "at projection has a value"),
        (("run",), "../elsewhere", "at run has a value"),
        (
            ("tariff", "editions", "x"),
            {"from": "y", "factor": 1.1},
            "x is made from y, which is not an edition",
        ),
        (("tariff", "editions", "x"), {"factor": 1.1}, "must name either a file with its columns"),
        (("risk", "list_size"), 7, "risk.list_size 7 is not one of list_sizes"),
        (("target_year",), "2020-21", "target_year 2020-21 is before the last base year 2021-22"),
        (("schedule",), {"files": {"2014-15": "a.xlsx"}}, "either an extract or a schedule, and not both"),
        (
            ("tariff", "editions", "x"),
            {"schedule_year": "2014-15"},
            "x takes unit costs of 2014-15, which schedule.files lacks",
        ),
    ],
)
def test_a_fault_is_named_in_one_sentence(path, value, words):
    with pytest.raises(InputError, match=words) as error:
        complete_configuration(with_change(path, value), SCHEMA)
    assert "\n" not in str(error.value)


def test_data_dir_stands_before_relative_paths_only():
    config = with_change(("data_dir",), "data")
    config["tariff"]["editions"]["y"] = {"from": "2023-24", "factors_file": "/elsewhere/f.csv"}
    editions = complete_configuration(config, SCHEMA)["tariff"]["editions"]
    assert (editions["2023-24"]["file"], editions["y"]["factors_file"]) == ("data/t.csv", "/elsewhere/f.csv")


def test_a_missing_key_is_named():
    config = {key: value for key, value in SMALLEST.items() if key != "tariff"}
    with pytest.raises(InputError, match="lacks the key tariff at the top level"):
        complete_configuration(config, SCHEMA)


def schema_keys(schema, prefix=""):
    for name, part in schema.get("properties", {}).items():
        yield f"{prefix}{name}", part
        yield from schema_keys(part, f"{prefix}{name}.")
        if isinstance(part.get("additionalProperties"), dict):
            yield from schema_keys(part["additionalProperties"], f"{prefix}{name}.<name>.")


def test_every_key_is_described_in_the_schema_and_in_the_config_reference():
    reference = (ROOT / "config/README.md").read_text()
    for key, part in schema_keys(yaml.safe_load(SCHEMA.read_text())):
        assert part.get("description"), key
        assert f"`{key}`" in reference, f"{key} is missing from config/README.md"


def test_the_config_reference_names_no_key_that_does_not_exist():
    known = {key for key, _ in schema_keys(yaml.safe_load(SCHEMA.read_text()))}
    reference = (ROOT / "config/README.md").read_text().split("## Every key")[1]
    named = {line.split("`")[1] for line in reference.splitlines() if line.startswith("| `")}
    assert named == known
