"""Faults of split.csv: what the walk from a rule's root to an HRG falls over, and what it never reaches."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from casemix_risk.group.definitions import Definitions
from casemix_risk.group.fault import Fault, numbered

_FILE = "split.csv"
_LOWEST, _HIGHEST = 0, 9999
# What a valid record can have; a record outside these bounds never comes to a split.
_VALID = {"age": (0, 130), "cc": (_LOWEST, _HIGHEST), "days": (_LOWEST, _HIGHEST), "sex": (1, 2)}


class _Row(NamedTuple):
    line: int
    dimension: str
    low: int
    high: int
    goes_to: str


def split_faults(definitions: Definitions) -> Iterator[Fault]:
    """Ranges that overlap, leave a gap or run backwards, mixed dimensions, unknown ends, and cycles."""
    nodes = _nodes(definitions)
    hrgs = set(definitions.hrg["hrg"])
    for node, rows in nodes.items():
        yield from _range_faults(node, rows)
        for row in rows:
            if row.goes_to not in nodes and row.goes_to not in hrgs:
                yield Fault(
                    _FILE,
                    row.line,
                    f"{row.goes_to} is neither a node of this file nor an HRG of hrg.csv: add it, or "
                    "mend the name.",
                )
    try:
        TopologicalSorter({node: {row.goes_to for row in rows} for node, rows in nodes.items()}).prepare()
    except CycleError as error:
        cycle = error.args[1][::-1]  # the sorter's arrows point back
        yield Fault(
            _FILE,
            nodes[cycle[0]][0].line,
            f"The nodes {' -> '.join(cycle)} go round in a circle: let one of them go to an HRG.",
        )


def unreached_faults(definitions: Definitions) -> Iterator[Fault]:
    """Nodes, rows of split.csv and core HRGs that no record can come to from any rule's root."""
    nodes = _nodes(definitions)
    places, lines = _walk(definitions, nodes)
    for node, rows in nodes.items():
        if node not in places:
            yield Fault(
                _FILE,
                rows[0].line,
                f"No rule and no other node leads to the node {node}: name it as a root, or take it out.",
            )
            continue
        for row in rows:
            if row.line not in lines and row.low <= row.high:
                yield Fault(
                    _FILE,
                    row.line,
                    f"No record reaches {row.dimension} {row.low} to {row.high} of the node {node}: what "
                    "leads there leaves it out; mend the range or take the row out.",
                )
    for line, row in numbered(definitions.hrg):
        if row["kind"] == "core" and row["hrg"] not in places:
            yield Fault(
                "hrg.csv",
                line,
                f"No path leads to the HRG {row['hrg']}: add a rule or a split that does, or take it out.",
            )


def _nodes(definitions: Definitions) -> Mapping[str, list[_Row]]:
    nodes: dict[str, list[_Row]] = {}
    for line, row in numbered(definitions.split):
        nodes.setdefault(row["node"], []).append(
            _Row(line, row["dimension"], row["from"], row["to"], row["goes_to"])
        )
    return nodes


def _range_faults(node: str, rows: list[_Row]) -> Iterator[Fault]:
    first = rows[0]
    mixed = [row for row in rows if row.dimension != first.dimension]
    backwards = [row for row in rows if row.low > row.high]
    for row in mixed:
        yield Fault(
            _FILE,
            row.line,
            f"The node {node} splits by {first.dimension} in line {first.line} and by {row.dimension} here: "
            "give the second split a node of its own.",
        )
    for row in backwards:
        yield Fault(_FILE, row.line, f"The range {row.low} to {row.high} runs backwards: exchange its ends.")
    if mixed or backwards:
        return  # what their gaps are cannot be said
    covered = _LOWEST - 1
    for row in sorted(rows, key=lambda row: (row.low, row.high)):
        if row.low <= covered:
            yield Fault(
                _FILE,
                row.line,
                f"The node {node}: {row.dimension} {row.low} to {min(covered, row.high)} stands in another "
                "row too: give every value one row.",
            )
        elif row.low > covered + 1:
            yield _gap(node, row, covered + 1, row.low - 1)
        covered = max(covered, row.high)
    if covered < _HIGHEST:
        yield _gap(node, rows[-1], covered + 1, _HIGHEST)


def _gap(node: str, row: _Row, low: int, high: int) -> Fault:
    return Fault(
        _FILE,
        row.line,
        f"The node {node} has no row for {row.dimension} {low} to {high}, so a record there has no HRG: "
        f"cover {_LOWEST} to {_HIGHEST}.",
    )


def _walk(definitions: Definitions, nodes: Mapping[str, list[_Row]]) -> tuple[set[str], set[int]]:
    """Nodes and HRGs that some valid record can come to, and the lines of split.csv that lead there.

    A path carries the ranges that its rule and its rows so far leave: a row that has nothing in common with
    them is not on it.
    """
    waiting = [(row["root"], _bounds(row)) for _, row in numbered(definitions.rules)]
    seen = set()
    lines = set()
    while waiting:
        place, bounds = waiting.pop()
        if (place, bounds) in seen:
            continue
        seen.add((place, bounds))
        for row in nodes.get(place, ()):
            left = dict(bounds)
            low, high = left[row.dimension]
            left[row.dimension] = max(low, row.low), min(high, row.high)
            if max(low, row.low) <= min(high, row.high):
                lines.add(row.line)
                waiting.append((row.goes_to, tuple(left.items())))
    return {place for place, _ in seen}, lines


def _bounds(rule: dict) -> tuple[tuple[str, tuple[int, int]], ...]:
    """The values that a rule lets through, by dimension."""
    asked = {
        "age": (rule["age_from"], rule["age_to"]),
        "days": (rule["days_from"], rule["days_to"]),
        "sex": (rule["sex"], rule["sex"]),
    }
    bounds = dict(_VALID)
    for dimension, (low, high) in asked.items():
        lowest, highest = _VALID[dimension]
        bounds[dimension] = (
            lowest if low is None else max(low, lowest),
            highest if high is None else min(high, highest),
        )
    return tuple(bounds.items())
