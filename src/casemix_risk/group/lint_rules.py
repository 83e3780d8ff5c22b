"""Faults of rules.csv: names that mean nothing, features no code has, and rules that never get a record."""

import math
import re
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from casemix_risk.group.definitions import Definitions
from casemix_risk.group.fault import Fault, numbered
from casemix_risk.group.scalar_rules import cc_list_of

_FILE = "rules.csv"
_SEPARATORS = re.compile(r"[ |]")
_ASKS = {
    "procedure": ("procedure", "any_procedure", "no_procedure"),
    "diagnosis": ("diagnosis", "any_diagnosis"),
}
_RANGES = {"age": (0, 130), "days": (0, 9999)}

_Codes = Mapping[str, Mapping[str, frozenset[str]]]


class _Asked(NamedTuple):
    """What a rule asks for, in sets of codes: a feature stands for the codes that have it.

    Attributes:
        stage: of the rule.
        dominant: one of these must be the dominant procedure, in the global stage a global one; empty where
            none is asked for.
        procedures: of each of these sets some procedure must be, the dominant one included.
        without: no procedure may be one of these.
        primary: one of these must be the primary diagnosis; empty where none is asked for.
        diagnoses: of each of these sets some diagnosis must be, the primary included.
        regions: injured body regions, at least.
        ranges: of age and days.
        words: what sex, admission and patient class must be one of; empty where they may be anything.
    """

    stage: str
    dominant: frozenset[str]
    procedures: list[frozenset[str]]
    without: frozenset[str]
    primary: frozenset[str]
    diagnoses: list[frozenset[str]]
    regions: int
    ranges: list[tuple[float, float]]
    words: list[set]


def rule_faults(definitions: Definitions) -> Iterator[Fault]:
    """Faults of single rules: their order, words, ranges, roots, complication lists and features."""
    hrgs, nodes = set(definitions.hrg["hrg"]), set(definitions.split["node"])
    cc_lists = set(definitions.cc_list["cc_list"])
    codes = _codes_asked(definitions)
    before = 0
    for line, rule in numbered(definitions.rules):
        sentences = [
            *_order_sentences(rule["order"], before),
            *_range_sentences(rule),
            *_feature_sentences(rule, codes),
        ]
        if rule["root"] not in hrgs | nodes:
            sentences.append(
                f"The root {rule['root']} is neither a node of split.csv nor an HRG of hrg.csv: add it, or "
                "mend the name."
            )
        cc_list = cc_list_of(rule)
        if cc_list not in cc_lists and (rule["cc_list"] or rule["root"] in nodes):
            sentences.append(f"cc_list.csv has no list {cc_list}: add its codes, or name another list.")
        yield from (Fault(_FILE, line, sentence) for sentence in sentences)
        before = max(before, rule["order"])


def unused_features(definitions: Definitions) -> list[str]:
    """Features that codes have and no rule asks for: harmless, or a name spelled in two ways."""
    unused = set()
    for table, columns in _ASKS.items():
        had = " ".join(getattr(definitions, table)["features"]).split()
        asked = {
            feature
            for column in columns
            for cell in definitions.rules[column]
            for feature in _SEPARATORS.split(cell)
        }
        unused |= {*had} - asked
    return sorted(unused)


def unreachable_faults(definitions: Definitions) -> Iterator[Fault]:
    """Rules that never have their turn: all that they ask for, an earlier rule takes by asking for less."""
    codes = _codes_asked(definitions)
    asked = [
        (line, rule["rule"], _asked(rule, codes))
        for line, rule in sorted(numbered(definitions.rules), key=lambda each: each[1]["order"])
        if not any(_feature_sentences(rule, codes))
    ]
    for place, (line, _, later) in enumerate(asked):
        if later.dominant and later.dominant <= later.without:
            yield Fault(
                _FILE, line, "The rule asks for a dominant procedure that it forbids: mend no_procedure."
            )
        taker = next((rule for rule in asked[:place] if _takes_all(rule[2], later)), None)
        if taker:
            yield Fault(
                _FILE,
                line,
                f"No record comes to this rule: the rule {taker[1]} in line {taker[0]} takes all it asks "
                "for; put it before that rule, ask for less, or take it out.",
            )


def _order_sentences(order: int, before: int) -> Iterator[str]:
    if order <= before:
        yield f"The order {order} does not come after {before}: number the rules upwards, each number once."


def _range_sentences(rule: Mapping) -> Iterator[str]:
    for name, (lowest, highest) in _RANGES.items():
        low, high = _range(rule, name)
        if low > high:
            yield f"{name}_from is above {name}_to: exchange them."
        elif low > highest or high < lowest:
            yield f"No valid record has the range of {name}: give one within {lowest} to {highest}."


def _feature_sentences(rule: Mapping, codes: _Codes) -> Iterator[str]:
    for table, columns in _ASKS.items():
        for column in columns:
            for feature in filter(None, _SEPARATORS.split(rule[column])):
                if feature not in codes[_looked_at(rule, column)]:
                    yield (
                        f"{column} asks for the feature {feature}, which no code of {table}.csv has that it "
                        "looks at: give it to a code, or mend the name."
                    )


def _looked_at(rule: Mapping, column: str) -> str:
    """In the global stage the column procedure looks at global procedures, not at the dominant one."""
    return "global" if column == "procedure" and rule["stage"] == "global" else column


def _codes_asked(definitions: Definitions) -> _Codes:
    """Column of rules.csv, as `_looked_at` names it -> feature -> the codes with it that are looked at."""
    procedures = [row for _, row in numbered(definitions.procedure) if "ignore" not in row["flags"].split()]
    diagnoses = [row for _, row in numbered(definitions.diagnosis) if "ignore" not in row["flags"].split()]
    looked_at = {
        "global": [row for row in procedures if "global" in row["flags"].split()],
        "procedure": [row for row in procedures if row["hierarchy"] >= 1],
        "any_procedure": procedures,
        "no_procedure": procedures,
        "diagnosis": [row for row in diagnoses if "not_primary" not in row["flags"].split()],
        "any_diagnosis": diagnoses,
    }
    return {column: _by_feature(rows) for column, rows in looked_at.items()}


def _by_feature(rows: list[dict]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for feature in row["features"].split():
            found.setdefault(feature, set()).add(row["code"])
    return {feature: frozenset(codes) for feature, codes in found.items()}


def _asked(rule: Mapping, codes: _Codes) -> _Asked:
    def needed(column: str) -> list[frozenset[str]]:
        """The codes that meet each part of a cell: parts have a space between, choices within one a bar."""
        return [
            frozenset().union(*(codes[_looked_at(rule, column)][feature] for feature in part.split("|")))
            for part in rule[column].split()
        ]

    dominant, primary = needed("procedure"), needed("diagnosis")
    return _Asked(
        rule["stage"],
        frozenset().union(*dominant),
        dominant + needed("any_procedure"),
        frozenset().union(*needed("no_procedure")),
        frozenset().union(*primary),
        primary + needed("any_diagnosis"),
        int(rule["flags_needed"].removeprefix("regions>=") or 0),
        [_range(rule, name) for name in _RANGES],
        [{rule["sex"]} - {None}, {rule["admission"]} - {""}, {*rule["patient_class"].split("|")} - {""}],
    )


def _range(rule: Mapping, name: str) -> tuple[float, float]:
    low, high = rule[f"{name}_from"], rule[f"{name}_to"]
    return -math.inf if low is None else low, math.inf if high is None else high


def _takes_all(earlier: _Asked, later: _Asked) -> bool:
    """Whether every record that meets the later rule meets the earlier one too, of the same stage."""
    return (
        earlier.stage == later.stage
        and _within(later.dominant, earlier.dominant)
        and all(any(given <= asked for given in later.procedures) for asked in earlier.procedures)
        and earlier.without <= later.without
        and _within(later.primary, earlier.primary)
        and all(any(given <= asked for given in later.diagnoses) for asked in earlier.diagnoses)
        and earlier.regions <= later.regions
        and all(
            low <= later_low and later_high <= high
            for (low, high), (later_low, later_high) in zip(earlier.ranges, later.ranges, strict=True)
        )
        and all(_within(given, asked) for given, asked in zip(later.words, earlier.words, strict=True))
    )


def _within(given: Set, asked: Set) -> bool:
    """Whether what is given is sure to be among what is asked; an empty set asks, or gives, no word."""
    return not asked or (bool(given) and given <= asked)
