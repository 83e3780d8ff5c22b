"""Why a record has its HRG, in lines for people.

This is the one place where a record's own values are shown, because they are asked for.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from casemix_risk.group.alternatives import alternatives
from casemix_risk.group.definitions import Definitions, set_label
from casemix_risk.group.scalar import CARE_DAYS, group_one, plain_tables
from casemix_risk.group.scalar_rules import cc_list_of
from casemix_risk.group.trace import Candidate, Grouped, Threshold, Trace

METHODS = {
    "P": "by procedure",
    "D": "by primary diagnosis",
    "M": "by injuries of several body regions",
    "G": "by a global exception",
    "U": "not grouped",
}
MOST_ALTERNATIVES = 8
_CONDITIONS = {
    "procedure": "the dominant procedure has {}",
    "any_procedure": "procedures have {}",
    "no_procedure": "no procedure has {}",
    "diagnosis": "the primary diagnosis has {}",
    "any_diagnosis": "diagnoses have {}",
    "flags_needed": "injured body {}",
    "age_from": "age from {}",
    "age_to": "age to {}",
    "sex": "sex {}",
    "days_from": "adjusted days from {}",
    "days_to": "adjusted days to {}",
    "admission": "admission {}",
    "patient_class": "patient class {}",
}


def explain(record: Mapping, definitions: Definitions) -> list[str]:
    """Why a record has its HRG: each step of the grouping, and the single changes that would give another.

    Args:
        record: one row of what `casemix_risk.group.engine.group_records` reads, by column.
        definitions: the definition set to group it by.
    """
    tables = plain_tables(definitions)
    grouped = group_one(record, tables)
    descriptions = dict(definitions.hrg.select("hrg", "description").iter_rows())
    trace = grouped.trace
    return [
        set_label(definitions),
        f"HRG {grouped.hrg}: {descriptions.get(grouped.hrg, 'not in hrg.csv')}",
        f"Method: {grouped.method}, {METHODS[grouped.method]}",
        *_record_lines(record, grouped),
        *_validation_lines(trace),
        *_procedure_lines(trace),
        *_rule_lines(trace, definitions),
        *_complication_lines(grouped),
        *_titled("Thresholds", (_threshold(each) for each in trace.thresholds)),
        f"Unbundled HRGs: {_times(grouped.unbundled) or 'none'}",
        *_titled(
            "Single changes that give another HRG",
            (
                f"{each.change}: {each.hrg}"
                for each in alternatives(record, grouped, tables)[:MOST_ALTERNATIVES]
            ),
        ),
    ]


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    """Indented lines under their title, or that there are none."""
    indented = [f"  {line}" for line in lines]
    yield f"{title}:{'' if indented else ' none'}"
    yield from indented


def _record_lines(record: Mapping, grouped: Grouped) -> Iterator[str]:
    care = [
        f"{column.replace('_', ' ')} {record[column]}" for column in CARE_DAYS.values() if record.get(column)
    ]
    facts = [
        f"age {_shown(record['age'])}",
        f"sex {_shown(record['sex'])}",
        f"days {_shown(record['days'])}",
        *care,
        f"admission {_shown(record['admission_type'])}",
        f"patient class {_shown(record['patient_class'])}",
    ]
    yield f"Record: {', '.join(facts)}"
    yield f"  diagnoses: {_shown(record['diagnoses'])}"
    yield f"  procedures: {_shown(record['procedures'])}"
    if grouped.changed_codes:
        yield f"  codes brought to the tables' form: {grouped.changed_codes}"
    if grouped.warnings:
        yield f"  not in the definitions, left out: {grouped.warnings}"


def _shown(value: object) -> str:
    return "none" if value is None or value == "" else str(value)


def _validation_lines(trace: Trace) -> Iterator[str]:
    last = trace.validation[-1]
    if last.passed:
        yield f"Validation: passed ({', '.join(each.check for each in trace.validation)})"
    else:
        yield f"Validation: failed at {last.check}: {last.message}"


def _procedure_lines(trace: Trace) -> Iterator[str]:
    yield from _titled("Candidate procedures", map(_candidate, trace.candidates))
    if trace.validation[-1].passed and not trace.dominant:
        yield "  no procedure dominates: the primary diagnosis decides"


def _candidate(each: Candidate) -> str:
    found = f"row {each.row}, hierarchy {each.hierarchy}: " if each.row else ""
    return f"{each.position}. {each.code}: {found}{each.why}"


def _rule_lines(trace: Trace, definitions: Definitions) -> Iterator[str]:
    tried = len(trace.tried)
    if trace.rule is None:
        if trace.validation[-1].passed:
            yield f"Rule: none of the {tried} rules fits"
        return
    rule = trace.rule
    line = definitions.rules["rule"].to_list().index(rule["rule"]) + 2
    asked = "; ".join(
        text.format(str(rule[column]).replace("|", " or "))
        for column, text in _CONDITIONS.items()
        if rule[column] not in ("", None)
    )
    yield f"Rule: {rule['rule']} (rules.csv line {line}, stage {rule['stage']}), after {tried} tried"
    yield f"  asked for: {asked or 'nothing'}"
    yield f"  leads to: {rule['root']}"


def _complication_lines(grouped: Grouped) -> Iterator[str]:
    trace = grouped.trace
    if trace.rule is None:
        return
    yield from _titled(
        f"Complications counted (list {cc_list_of(trace.rule)})",
        (f"{each.code}: row {each.row}, score {each.score}" for each in trace.counted),
    )
    if trace.counted:
        yield f"  total score {sum(each.score for each in trace.counted)}"
    yield from _titled("Complications not counted", (f"{each.code}: {each.why}" for each in trace.excluded))


def _times(words: str) -> str:
    return ", ".join(
        word if count == 1 else f"{word} {count} times" for word, count in Counter(words.split()).items()
    )


def _threshold(each: Threshold) -> str:
    dimension = "complication score" if each.dimension == "cc" else each.dimension
    return f"{each.node}: {dimension} {each.value} is within {each.low} to {each.high}: {each.goes_to}"
