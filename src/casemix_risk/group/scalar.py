"""One record at a time, written from the specification alone: the tests' oracle, and the source of reasons.

It shares only `codes` with the engine, so that a slip of either shows as a difference.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import isfinite

from casemix_risk.group.codes import KINDS_OF_CHANGE, normalise_diagnosis, normalise_procedure, split_codes
from casemix_risk.group.definitions import Definitions, error_rows
from casemix_risk.group.scalar_rules import (
    STAGES,
    Case,
    Read,
    Tables,
    cc_list_of,
    complications,
    longest,
    match,
    tells,
    walk,
)
from casemix_risk.group.trace import Candidate, Check, Grouped, Trace

CARE_DAYS = {
    "CRITICALCAREDAYS": "critical_care_days",
    "REHABILITATIONDAYS": "rehabilitation_days",
    "SPCDAYS": "palliative_days",
}
BABIES = range(7001, 7008)
GREATEST_AGE, GREATEST_DAYS = 130, 9999


def plain_tables(definitions: Definitions) -> Tables:
    """The tables as `group_one` reads them; made once for many records."""
    rows = {stem: table.to_dicts() for stem, table in definitions._asdict().items() if stem != "manifest"}
    rules = sorted(rows["rules"], key=lambda rule: rule["order"])
    lists = {row["cc_list"] for row in rows["cc_list"]}
    return Tables(
        diagnosis=_by(rows["diagnosis"], "code"),
        procedure=_by(rows["procedure"], "code"),
        rules={stage: [rule for rule in rules if rule["stage"] == stage] for stage in STAGES},
        cc_list={
            name: _by((row for row in rows["cc_list"] if row["cc_list"] == name), "code") for name in lists
        },
        cc_exclusion={
            name: [row for row in rows["cc_exclusion"] if row["cc_list"] == name] for name in lists
        },
        split={
            node: [row for row in rows["split"] if row["node"] == node]
            for node in {row["node"] for row in rows["split"]}
        },
        unbundled=_by(rows["unbundled"], "code"),
        errors=error_rows(definitions),
    )


def _by(rows: Iterable[dict], column: str) -> dict[str, dict]:
    return {row[column]: row for row in rows}


def group_one(record: Mapping, tables: Tables) -> Grouped:
    """Group one episode.

    Args:
        record: the columns that `casemix_risk.group.engine.group_records` reads, by name.
        tables: `plain_tables`.
    """
    changes: Counter = Counter()
    diagnoses = _read(record["diagnoses"], normalise_diagnosis, tables.diagnosis, changes)
    procedures = _read(record["procedures"], normalise_procedure, tables.procedure, changes)
    warnings = [f"diagnosis:{each.code}" for each in _invalid(diagnoses)]
    warnings += [f"procedure:{each.code}" for each in _invalid(procedures)]
    care = {code: _care_days(record.get(column)) for code, column in CARE_DAYS.items()}
    days = whole_number(record["days"])
    said = {
        "adjusted_days": days - sum(care.values()) if _good_days(days) and _good_care(care, days) else None,
        "warnings": " ".join(warnings),
        "changed_codes": " ".join(f"{kind}:{changes[kind]}" for kind in KINDS_OF_CHANGE if changes[kind]),
    }
    validation = _validate(record, diagnoses, procedures, care, tables)
    if not validation[-1].passed:
        error = validation[-1].check
        failed = tables.errors[error]["hrg"]
        return Grouped(failed, "U", None, error, None, 0, unbundled="", **said, trace=Trace(validation))
    valid = [each for each in diagnoses if tells(each)]
    candidates = _candidates(procedures)
    dominant = next((each for each in candidates if each.why == "dominates"), None)
    case = Case(
        diagnoses[0],
        valid,
        [each for each in procedures if tells(each)],
        dominant,
        age_of(record["age"]),
        int(text_of(record["sex"])),
        said["adjusted_days"],
        text_of(record["admission_type"]),
        text_of(record["patient_class"]),
    )
    said["unbundled"] = _unbundled(case.procedures, care, tables)
    said["dominant_procedure"] = dominant.code if dominant else None
    rule, tried = match(case, tables)
    trace = Trace(validation, candidates, dominant, rule, tried)
    if rule:
        counted, excluded = complications(diagnoses[1:], case.primary.code, cc_list_of(rule), tables)
        score = sum(each.score for each in counted)
        hrg, thresholds = walk(rule["root"], case.age, score, case.days, case.sex, tables)
        trace = trace._replace(counted=counted, excluded=excluded, thresholds=thresholds)
        if hrg:
            return Grouped(hrg, rule["method"], rule["rule"], error=None, cc_score=score, **said, trace=trace)
    unmatched = tables.errors["no_rule"]["hrg"]
    return Grouped(unmatched, "U", None, "no_rule", cc_score=0, **said, trace=trace)


def _read(text: str | None, normalise: Callable, rows: Mapping[str, dict], changes: Counter) -> list[Read]:
    """The codes in their order, missing ones as ""; `changes` counts what normalising did."""
    read = []
    for position, part in enumerate(split_codes(text), 1):
        code = normalise(part)
        changes.update(code.changes)
        read.append(Read(position, code.code, longest(code.code, rows)))
    return read


def _invalid(codes: list[Read]) -> list[Read]:
    """All but the first, of which the validation speaks."""
    return [each for each in codes[1:] if each.code and not each.row]


def whole_number(value: object) -> int | None:
    """A whole number of at most nine digits, also from text; None for all else."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[ \t]*-?[0-9]{1,9}[ \t]*", value) else None
    if value is None or not isfinite(value) or value != int(value) or abs(value) > 999_999_999:
        return None
    return int(value)


def text_of(value: object) -> str:
    return "" if value is None else str(value).strip(" \t")


def age_of(value: object) -> int | None:
    years = whole_number(value)
    return 0 if years in BABIES else years


def _care_days(value: object) -> int:
    """Blank is none; what cannot be read is -1, which the validation refuses."""
    if text_of(value) == "":
        return 0
    days = whole_number(value)
    return -1 if days is None else days


def _good_days(days: int | None) -> bool:
    return days is not None and 0 <= days <= GREATEST_DAYS


def _good_care(care: Mapping[str, int], days: int) -> bool:
    return min(care.values()) >= 0 and sum(care.values()) <= days


def _validate(
    record: Mapping, diagnoses: list[Read], procedures: list[Read], care: Mapping[str, int], tables: Tables
) -> tuple[Check, ...]:
    """The checks in their order, up to the first that fails."""
    primary = diagnoses[0] if diagnoses else Read(1, "", None)
    first = procedures[0] if procedures else Read(1, "", None)
    age, days = age_of(record["age"]), whole_number(record["days"])
    passed = {
        "no_primary": primary.code != "",
        "invalid_primary": primary.row is not None,
        "not_primary": primary.row is not None and "not_primary" not in primary.row["flags"].split(),
        "bad_age": age is not None and 0 <= age <= GREATEST_AGE,
        "bad_sex": text_of(record["sex"]) in ("1", "2"),
        "bad_days": _good_days(days),
        "care_days": _good_days(days) and _good_care(care, days),
        "invalid_dominant_procedure": first.code == "" or first.row is not None,
    }
    checks: list[Check] = []
    for check, good in passed.items():
        checks.append(Check(check, good, "" if good else tables.errors[check]["message"]))
        if not good:
            break
    return tuple(checks)


def _candidates(procedures: list[Read]) -> tuple[Candidate, ...]:
    """Every procedure, and why it dominates or not."""
    able = [each for each in procedures if tells(each) and each.row["hierarchy"] >= 1]
    # max keeps the first of equals
    dominant = max(able, key=lambda each: each.row["hierarchy"], default=None)
    return tuple(
        Candidate(
            each.position,
            each.code,
            each.row["code"] if each.row else "",
            each.row["hierarchy"] if each.row else 0,
            _why(each, dominant),
        )
        for each in procedures
        if each.code
    )


def _why(each: Read, dominant: Read | None) -> str:
    if each is dominant:
        return "dominates"
    if not each.row:
        return "not in the definitions"
    if not tells(each):
        return "ignored"
    if each.row["hierarchy"] == 0:
        return "never dominates"
    return "lower hierarchy" if each.row["hierarchy"] < dominant.row["hierarchy"] else "same hierarchy, later"


def _unbundled(procedures: list[Read], care: Mapping[str, int], tables: Tables) -> str:
    times: Counter = Counter()
    of_procedures = {code: row for code, row in tables.unbundled.items() if code not in CARE_DAYS}
    rows = [longest(each.code, of_procedures) for each in procedures]
    times.update(row["code"] for row in rows if row)
    times.update({code: days for code, days in care.items() if code in tables.unbundled})
    added: Counter = Counter()
    for code, row in tables.unbundled.items():
        added[row["hrg"]] += times[code] if row["most"] is None else min(times[code], row["most"])
    return " ".join(added.elements())
