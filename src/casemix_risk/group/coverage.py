"""What a definition set covers, chapter by chapter, as a page of Markdown.

A chapter is an HRG's first letter. A rule belongs to the chapters of the HRGs that its root leads to.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from casemix_risk.group.definitions import Definitions, set_label

DIMENSIONS = {"age": "age", "cc": "complications", "days": "length of stay", "sex": "sex"}
EXAMPLES = 6
DECIDING = {"diagnosis": "diagnosis", "procedure": "procedure"}  # the stage, and the column it turns on


class _Rule(NamedTuple):
    row: dict
    chapters: tuple[str, ...]
    nodes: frozenset[str]


def coverage_page(definitions: Definitions) -> str:
    """The page: HRGs, rules, codes and splits by chapter, and the codes that more than one chapter uses."""
    rules = _rules(definitions)
    return "\n".join(
        [
            *("# What the definitions cover", ""),
            set_label(definitions),
            *("This page is made from its tables by `casemix-risk definitions coverage`.", ""),
            *("## By chapter", ""),
            "A root is where a rule leads: an HRG, or the first of the splits that end in HRGs. Codes are",
            "the tables' rows that a rule of the chapter asks for; a row stands for all longer codes that",
            *("begin with it.", ""),
            *_table(*_by_chapter(definitions, rules)),
            *("", "## Codes that more than one chapter uses", ""),
            "The chapters stand in the order in which their rules are tried, each with what else they ask",
            *("for. A procedure's rules are tried before those of the primary diagnosis.", ""),
            *_table(*_used_twice(definitions, rules)),
            "",
        ]
    )


def _rules(definitions: Definitions) -> list[_Rule]:
    chapter = {row["hrg"]: row["chapter"] for row in definitions.hrg.to_dicts() if row["kind"] == "core"}
    below: dict[str, list[str]] = {}
    for row in definitions.split.to_dicts():
        below.setdefault(row["node"], []).append(row["goes_to"])
    found = []
    for row in definitions.rules.to_dicts():
        nodes, ends = _below(row["root"], below)
        letters = sorted({chapter[end] for end in ends if end in chapter})
        found.append(_Rule(row, tuple(letters), frozenset(nodes)))
    return found


def _below(root: str, below: Mapping[str, list[str]]) -> tuple[set[str], set[str]]:
    """The nodes and the HRGs that a root leads to."""
    nodes, ends, waiting = set(), set(), [root]
    while waiting:
        place = waiting.pop()
        if place not in below:
            ends.add(place)
        elif place not in nodes:
            nodes.add(place)
            waiting += below[place]
    return nodes, ends


def _by_chapter(definitions: Definitions, rules: list[_Rule]) -> tuple[list[str], Iterator[list]]:
    header = [
        *("chapter", "HRGs", "names published", "rules", "roots", "diagnosis rows", "procedure rows"),
        *(f"splits by {words}" for words in DIMENSIONS.values()),
    ]
    hrgs = [row for row in definitions.hrg.to_dicts() if row["kind"] == "core"]
    dimension = dict(definitions.split.select("node", "dimension").iter_rows())

    def rows() -> Iterator[list]:
        for chapter in [*sorted({row["chapter"] for row in hrgs}), "all"]:
            own = [row for row in hrgs if chapter in (row["chapter"], "all")]
            of_chapter = [rule for rule in rules if chapter == "all" or chapter in rule.chapters]
            nodes = {node for rule in of_chapter for node in rule.nodes}
            yield [
                chapter,
                len(own),
                sum(row["name_source"] == "published" for row in own),
                len(of_chapter),
                len({rule.row["root"] for rule in of_chapter}),
                *(_rows_asked_for(definitions, of_chapter, table) for table in ("diagnosis", "procedure")),
                *(sum(dimension[node] == each for node in nodes) for each in DIMENSIONS),
            ]

    return header, rows()


def _rows_asked_for(definitions: Definitions, rules: Iterable[_Rule], table: str) -> int:
    asked = {
        name for rule in rules for column in (table, f"any_{table}") for name in _names(rule.row[column])
    }
    return sum(bool(asked & set(features.split())) for features in getattr(definitions, table)["features"])


def _used_twice(definitions: Definitions, rules: list[_Rule]) -> tuple[list[str], Iterator[list]]:
    header = ["codes", "chapters, and what decides", "rows", "for example"]
    found: dict[tuple[str, str], list[str]] = {}
    for stage, column in DECIDING.items():
        asked = [(rule, _names(rule.row[column])) for rule in rules if rule.row["stage"] == stage]
        for row in getattr(definitions, stage).to_dicts():
            features = set(row["features"].split())
            tried = _tried([rule for rule, names in asked if features & names], column)
            if len({rule.chapters for rule in tried}) > 1:
                found.setdefault((stage, _told_apart(tried, column)), []).append(row["code"])

    def rows() -> Iterator[list]:
        for (stage, words), codes in sorted(
            found.items(), key=lambda pair: (pair[0][0], -len(pair[1]), pair[0])
        ):
            shown = ", ".join(codes[:EXAMPLES]) + (", ..." if len(codes) > EXAMPLES else "")
            yield [stage, words, len(codes), shown]

    return header, rows()


def _tried(rules: list[_Rule], column: str) -> list[_Rule]:
    """The rules up to the first that asks for nothing else: those after it never have their turn."""
    last = next((n for n, rule in enumerate(rules) if not _conditions(rule.row, column)), len(rules))
    return rules[: last + 1]


def _told_apart(tried: list[_Rule], column: str) -> str:
    """``P (age 0 to 15); else D``: the chapters in turn, each with what else its rules ask for."""
    words = dict.fromkeys(
        f"{' or '.join(rule.chapters)} {_conditions(rule.row, column)}".rstrip() for rule in tried
    )
    return "; else ".join(words)


def _conditions(row: Mapping, column: str) -> str:
    """What a rule asks for besides the code that decides, in words; none is empty."""
    said = []
    for name, words in (("age", "age"), ("days", "days")):
        low, high = row[f"{name}_from"], row[f"{name}_to"]
        if low is not None or high is not None:
            said.append(f"{words} {low or 0} to {high}" if high is not None else f"{words} {low} and over")
    if row["sex"]:
        said.append("men" if row["sex"] == 1 else "women")
    said += [row[name] for name in ("admission", "flags_needed") if row[name]]
    if row["patient_class"]:
        said.append(f"class {row['patient_class'].replace('|', ' or ')}")
    other = {
        "diagnosis": "primary diagnosis of",
        "any_diagnosis": "any diagnosis of",
        "procedure": "procedure of",
        "any_procedure": "any procedure of",
        "no_procedure": "no procedure of",
    }
    said += [
        f"{words} {row[name].replace('|', ' or ').replace('_', ' ')}"
        for name, words in other.items()
        if name != column and row[name]
    ]
    return f"({', '.join(said)})" if said else ""


def _names(text: str) -> set[str]:
    return set(text.replace("|", " ").split())


def _table(header: list[str], rows: Iterable[list]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in row)} |"
