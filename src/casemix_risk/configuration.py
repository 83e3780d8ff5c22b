"""A run's configuration, checked against its schema and completed with the defaults."""

import difflib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path

import jsonschema
import yaml

from casemix_risk.errors import InputError
from casemix_risk.payment.options import options_on
from casemix_risk.tariff.editions import edition_chain
from casemix_risk.tariff.registry import FACTS, PRICE_FILES, chosen_editions, read_registry

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
}
_LIMITS = {
    "minimum": "of at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "of at most {}",
    "exclusiveMaximum": "below {}",
}
_LONGEST_SHOWN = 40
RESERVED = ("changes", "releases", "watch")


def complete_configuration(config: Mapping, schema_path: Path) -> dict:
    """The configuration with every default filled in and every tariff edition looked up in the registry.

    Args:
        config: what the user wrote.
        schema_path: JSON schema in YAML.

    Returns:
        A new dictionary; the argument is left as it is.

    Raises:
        InputError: a key is unknown, missing or has a value it cannot have; the sentence names the key and,
            for an unknown one, the nearest that exists; or the keys contradict one another. The same for the
            registry of tariff editions, where it is used.
    """
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    complete = _as_json(config)
    _fill_defaults(complete, schema)
    tariff = complete.get("tariff")
    if isinstance(tariff, dict) and isinstance(tariff.get("editions"), list):
        tariff["editions"] = _from_registry(tariff, schema)
    _refuse_faults(complete, schema, "The configuration")
    for edition in complete["tariff"]["editions"]:
        edition_chain(complete["tariff"]["editions"], edition)
    for fault in _inconsistencies(complete):
        raise InputError(f"The configuration cannot run: {fault}.")
    return _with_data_dir(complete)


def _from_registry(tariff: Mapping, schema: Mapping) -> dict[str, dict]:
    path = Path(tariff["registry"])
    registry = _as_json(read_registry(path))
    refuse_repeated_keys(path)
    one_edition = schema["properties"]["tariff"]["properties"]["editions"]["additionalProperties"]
    files = {"if": {"anyOf": [{"required": [key]} for key in ("file", "factors_file")]}}
    registered = {
        "type": "object",
        "additionalProperties": one_edition
        | files
        | {"required": list(FACTS), "then": {"required": ["sha256"]}},
    }
    _refuse_faults(registry, registered, f"The tariff registry {path}")
    return chosen_editions(registry, tariff["editions"])


def _refuse_faults(value: object, schema: Mapping, what: str) -> None:
    validator = jsonschema.Draft202012Validator
    checked = validator(schema, format_checker=validator.FORMAT_CHECKER).iter_errors(value)
    error = jsonschema.exceptions.best_match(checked)
    if error is not None:
        raise InputError(_sentence(error, what))


def base_years(config: Mapping) -> list[str]:
    """The financial years that the projection starts from, in order."""
    return sorted((config.get("extract") or config["schedule"])["files"])


def refuse_repeated_keys(path: Path) -> None:
    """Check that no key of a configuration file stands twice, where YAML would silently take the last.

    Raises:
        InputError: a key is repeated; the sentence names it and both its lines.
    """
    root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    for mapping in _mappings(root):
        lines: dict[str, int] = {}
        for key, _ in mapping.value:
            line = key.start_mark.line + 1
            if key.value in lines:
                raise InputError(
                    f"{path} has the key {key.value} twice in one place, on lines {lines[key.value]} and "
                    f"{line}: keep one of them."
                )
            lines[key.value] = line


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        parts = [value for _, value in node.value]
    else:
        parts = node.value if isinstance(node, yaml.SequenceNode) else []
    for part in parts:
        yield from _mappings(part)


def _as_json(value: object) -> object:
    """A copy in which a key such as 2004, which YAML reads as a number, and a date are text."""
    if isinstance(value, Mapping):
        return {str(key): _as_json(part) for key, part in value.items()}
    return value.isoformat() if isinstance(value, date) else deepcopy(value)


def _fill_defaults(value: dict, schema: Mapping) -> None:
    for name, part in schema.get("properties", {}).items():
        if "default" in part:
            value.setdefault(name, deepcopy(part["default"]))
        if isinstance(value.get(name), dict):
            _fill_defaults(value[name], part)


def _sentence(error: jsonschema.ValidationError, what: str) -> str:
    where = ".".join(map(str, error.absolute_path)) or "the top level"
    if error.validator == "additionalProperties" and error.schema.get("properties"):
        known = list(error.schema["properties"])
        unknown = next(name for name in error.instance if name not in known)
        nearest = difflib.get_close_matches(str(unknown), known, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known keys: {', '.join(known)}."
        return f"{what} has an unknown key {unknown} at {where}; {hint}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{what} lacks the key {', '.join(missing)} at {where}; add it."
    if error.validator == "oneOf":
        return (
            f"{what} must name either an extract or a schedule, and not both."
            if where == "the top level"
            else f"{what} at {where} must name either a file with its columns, "
            "or an edition in from with a factor or a factors_file, or a schedule_year."
        )
    value = json.dumps(error.instance, default=str)
    shown = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."
    kind = "key" if "propertyNames" in error.absolute_schema_path else "value"
    return f"{what} at {where} has a {kind} it cannot have, {shown}: give {_wanted(error)}."


def _wanted(error: jsonschema.ValidationError) -> str:
    """What the schema would take in place of a value, in words."""
    schema, value = error.schema, error.instance
    if error.validator == "enum":
        nearest = difflib.get_close_matches(str(value), schema["enum"], n=1, cutoff=0.5)
        known = ", ".join(map(str, schema["enum"]))
        return f"{nearest[0]}, or another of {known}" if nearest else f"one of {known}"
    if error.validator == "uniqueItems":
        return "each value once"
    if error.validator in ("minItems", "minProperties"):
        return f"at least {'one' if error.validator_value == 1 else error.validator_value}"
    kind = _TYPES.get(schema.get("type"), "text")
    limit = " and ".join(words.format(schema[key]) for key, words in _LIMITS.items() if key in schema)
    example = f" such as {schema['examples'][0]}" if "examples" in schema else ""
    return " ".join(filter(None, [kind, limit])) + example


def _inconsistencies(config: Mapping) -> Iterator[str]:
    if config["run"] in RESERVED:
        yield f"results/{config['run']} is a folder that all runs share; give run another name"
    if config["small_numbers"] == "suppress" and options_on(config["payment"]):
        yield "payment needs the exact counts that small_numbers suppresses; leave one of them out"
    may_show = ("keep", "national") if "synthetic" in config else ("keep",)
    if "year_in_progress" in config and config["small_numbers"] not in may_show:
        yield (
            "year_in_progress shows the exact counts of a group, so small_numbers must be keep; leave one of "
            "them out"
        )
    years = base_years(config)
    for year in (*years, config["target_year"]):
        if int(year[-2:]) != (int(year[:4]) + 1) % 100:
            yield f"{year} is not a financial year, which ends in the year after it begins, such as 2004-05"
    if config["risk"]["list_size"] not in config["list_sizes"]:
        yield f"risk.list_size {config['risk']['list_size']} is not one of list_sizes"
    if config["target_year"] < max(years):
        yield f"target_year {config['target_year']} is before the last base year {max(years)}"
    for name, edition in config["tariff"]["editions"].items():
        year = edition.get("schedule_year")
        if year and year not in config.get("schedule", {"files": {}})["files"]:
            yield f"tariff edition {name} takes unit costs of {year}, which schedule.files lacks"
    if "schedule" in config and config["grouper"] != "given":
        yield "grouper needs the diagnoses and procedures of an extract, and a schedule has none"
    practices = config.get("practices", {})
    if "profile" in practices and "schedule" in config:
        yield "practices.profile needs the admissions of an extract, and a schedule has none"
    if "district" in practices and "profile" not in practices:
        yield "practices.district is of no use without practices.profile; give both or neither"
    if "definitions" in config and config["grouper"] == "given":
        yield "definitions are of no use with grouper given; set grouper to missing or always"
    if "schedule" in config and "market_forces" in config["payment"]:
        yield "payment.market_forces needs the providers of an extract, and a schedule names none"


def _with_data_dir(config: dict) -> dict:
    """Put the data folder before the paths that start from it; an absolute path stays as it is.

    Files of prices and payment lie beside the registry or in the data folder.
    """
    folder, registry = Path(config.pop("data_dir")), Path(config["tariff"]["registry"]).parent
    source = config.get("extract") or config["schedule"]
    source["files"] = {year: str(folder / path) for year, path in source["files"].items()}
    for room, key in (("practices", "register"), ("practices", "profile"), ("year_in_progress", "file")):
        if key in config.get(room, {}):
            config[room][key] = str(folder / config[room][key])
    payment = (config["payment"], config["payment"]["fixed_share"])
    for named in (*config["tariff"]["editions"].values(), *payment):
        for key in (*PRICE_FILES, "market_forces"):
            if key in named:
                beside = registry / named[key]
                named[key] = str(beside if beside.is_file() else folder / named[key])
    return config
