"""Rules, complications and splits for one record at a time, written from the specification alone."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from casemix_risk.group.trace import Candidate, Counted, Excluded, Threshold, Tried

STAGES = ("global", "trauma", "procedure", "diagnosis")
GREATEST_SPLIT = 9999


class Tables(NamedTuple):
    """A definition set's rows by what they are looked up by."""

    diagnosis: dict[str, dict]
    procedure: dict[str, dict]
    rules: dict[str, list[dict]]
    cc_list: dict[str, dict[str, dict]]
    cc_exclusion: dict[str, list[dict]]
    split: dict[str, list[dict]]
    unbundled: dict[str, dict]
    errors: dict[str, dict]


class Read(NamedTuple):
    """A code of the record and the table row it falls under; no row where it is not valid."""

    position: int
    code: str
    row: dict | None


class Case(NamedTuple):
    """A record after validation, as its rules see it."""

    primary: Read
    diagnoses: list[Read]
    procedures: list[Read]
    dominant: Candidate | None
    age: int
    sex: int
    days: int
    admission: str
    patient_class: str


class Held(NamedTuple):
    """The features that each part of a record has, and its number of injured body regions."""

    dominant: frozenset[str]
    exceptions: frozenset[str]
    procedures: frozenset[str]
    primary: frozenset[str]
    diagnoses: frozenset[str]
    regions: int


def match(case: Case, tables: Tables) -> tuple[dict | None, tuple[Tried, ...]]:
    """The first rule that fits, and those that were tried before it."""
    holds = _held(case)
    tried: list[Tried] = []
    for stage in STAGES:
        if stage == "procedure" and case.dominant is None:
            continue
        for rule in tables.rules[stage]:
            failed = next(_failed(rule, case, holds), None)
            if failed is None:
                return rule, tuple(tried)
            tried.append(Tried(rule["rule"], stage, failed))
    return None, tuple(tried)


def _held(case: Case) -> Held:
    regions = {flag for each in case.diagnoses for flag in each.row["flags"].split()}
    return Held(
        _features(
            each for each in case.procedures if case.dominant and each.position == case.dominant.position
        ),
        _features(each for each in case.procedures if "global" in each.row["flags"].split()),
        _features(case.procedures),
        _features(each for each in [case.primary] if tells(each)),
        _features(case.diagnoses),
        sum(flag.startswith("trauma_") for flag in regions),
    )


def _features(codes: Iterable[Read]) -> frozenset[str]:
    return frozenset(feature for each in codes for feature in each.row["features"].split())


def _failed(rule: Mapping, case: Case, held: Held) -> Iterator[str]:
    """The rule's conditions that the record does not meet, in words."""
    of_procedure = held.exceptions if rule["stage"] == "global" else held.dominant
    for column, wanted, has in (
        ("procedure", rule["procedure"], of_procedure),
        ("diagnosis", rule["diagnosis"], held.primary),
        ("any_procedure", rule["any_procedure"], held.procedures),
        ("any_diagnosis", rule["any_diagnosis"], held.diagnoses),
    ):
        for clause in _clauses(wanted):
            if clause.isdisjoint(has):
                yield f"{column} has no {' or '.join(sorted(clause))}"
    for clause in _clauses(rule["no_procedure"]):
        for feature in sorted(clause & held.procedures):
            yield f"a procedure has {feature}"
    if rule["flags_needed"] and held.regions < int(rule["flags_needed"].removeprefix("regions>=")):
        yield f"{held.regions} injured body regions, not {rule['flags_needed']}"
    for name, value in (("age", case.age), ("days", case.days)):
        low, high = rule[f"{name}_from"], rule[f"{name}_to"]
        if low is not None and value < low:
            yield f"{name} {value} is below {low}"
        if high is not None and value > high:
            yield f"{name} {value} is above {high}"
    if rule["sex"] is not None and case.sex != rule["sex"]:
        yield f"sex is not {rule['sex']}"
    if rule["admission"] and case.admission != rule["admission"]:
        yield f"admission is not {rule['admission']}"
    if rule["patient_class"] and case.patient_class not in rule["patient_class"].split("|"):
        yield f"patient class is not {rule['patient_class']}"


@cache
def _clauses(text: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(clause.split("|")) for clause in text.split())


def cc_list_of(rule: Mapping) -> str:
    """The list of complications that counts under a rule."""
    return rule["cc_list"] or "general"


def complications(
    secondary: Iterable[Read], primary: str, cc_list: str, tables: Tables
) -> tuple[tuple[Counted, ...], tuple[Excluded, ...]]:
    """Which secondary diagnoses count beside a primary one, and which of the list's codes do not, and why."""
    counted: list[Counted] = []
    excluded: list[Excluded] = []
    for each in secondary:
        row = longest(each.code, tables.cc_list.get(cc_list, {}))
        if not row or not each.row:
            continue
        excluding = [
            exclusion["primary"]
            for exclusion in tables.cc_exclusion.get(cc_list, [])
            if each.code.startswith(exclusion["code"]) and primary.startswith(exclusion["primary"])
        ]
        if "ignore" in each.row["flags"].split():
            excluded.append(Excluded(each.code, "it is ignored"))
        elif each.code == primary:
            excluded.append(Excluded(each.code, "it is the primary diagnosis"))
        elif each.code in {other.code for other in counted}:
            excluded.append(Excluded(each.code, "it is counted once already"))
        elif excluding:
            excluded.append(Excluded(each.code, f"it does not count beside a primary of {excluding[0]}"))
        else:
            counted.append(Counted(each.code, row["code"], row["score"]))
    return tuple(counted), tuple(excluded)


def walk(
    root: str, age: int, score: int, days: int, sex: int, tables: Tables
) -> tuple[str | None, tuple[Threshold, ...]]:
    """The HRG below a root and the splits on the way; no HRG where the splits have a gap or a circle."""
    values = {"age": age, "cc": score, "days": days, "sex": sex}
    passed: list[Threshold] = []
    place = root
    while not place[0].isupper():
        rows = tables.split.get(place, [])
        value = min(values[rows[0]["dimension"]], GREATEST_SPLIT) if rows else -1
        row = next((row for row in rows if row["from"] <= value <= row["to"]), None)
        if row is None or len(passed) > len(tables.split):
            return None, tuple(passed)
        passed.append(Threshold(place, row["dimension"], value, row["from"], row["to"], row["goes_to"]))
        place = row["goes_to"]
    return place, tuple(passed)


def longest(code: str, rows: Mapping[str, dict]) -> dict | None:
    """The row of the longest beginning of a code."""
    beginnings = (code[:length] for length in range(len(code), 0, -1))
    return next((rows[beginning] for beginning in beginnings if beginning in rows), None)


def tells(each: Read) -> bool:
    return each.row is not None and "ignore" not in each.row["flags"].split()
