"""What the grouping definitions ask of a record that is to be grouped to a given HRG.

The demonstration's grouper definitions are read backwards: from an HRG to the ranges of age, sex, days and
complication score that lead to it, whether a procedure must, and what each secondary diagnosis scores beside
a primary one.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from casemix_risk.group.codes import normalise_diagnosis
from casemix_risk.group.definitions import Definitions

_DIMENSIONS = ("age", "cc", "days", "sex")
_EVERYTHING = (0, 9999)


def defined_hrgs(definitions: Definitions) -> set[str]:
    """The HRGs that an episode can be grouped to."""
    return {row["hrg"] for row in definitions.hrg.to_dicts() if row["kind"] == "core"}


def hrgs_of_diagnoses(definitions: Definitions) -> set[str]:
    """The HRGs that a primary diagnosis alone can lead to; the other defined ones need a procedure."""
    splits = _splits(definitions)
    roots = {rule["root"] for rule in definitions.rules.to_dicts() if rule["stage"] == "diagnosis"}
    return {hrg for root in roots for hrg, _ in _leaves(root, {}, splits)}


def paths(definitions: Definitions) -> pd.DataFrame:
    """The ranges of age, complication score, days and sex that lead from the roots to each HRG.

    Returns:
        A row a path, without repeats: ``hrg`` and for each dimension of a split (``age``, ``cc``, ``days``,
        ``sex``) its first and last value, as ``age_from`` and ``age_to``.
    """
    splits = _splits(definitions)
    rows = [
        {"hrg": hrg}
        | {
            f"{dimension}_{end}": ranges.get(dimension, _EVERYTHING)[place]
            for dimension in _DIMENSIONS
            for place, end in enumerate(("from", "to"))
        }
        for root in dict.fromkeys(definitions.rules["root"])
        for hrg, ranges in _leaves(root, {}, splits)
    ]
    return pd.DataFrame(rows).drop_duplicates(ignore_index=True)


def score_limits(records: pd.DataFrame, definitions: Definitions) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most complication score with which each record is grouped to its HRG.

    Args:
        records: a row a record: ``hrg, age, days, sex``.
        definitions: the grouping definitions.

    Returns:
        Two arrays. An HRG without a path for that age, days and sex may have any score.
    """
    fitting = records.reset_index(drop=True).rename_axis("record").reset_index()
    fitting = fitting.merge(paths(definitions), on="hrg")
    for name in ("age", "days", "sex"):
        fitting = fitting[fitting[name].between(fitting[f"{name}_from"], fitting[f"{name}_to"])]
    by_record = fitting.groupby("record")
    every = range(len(records))
    least = by_record["cc_from"].min().reindex(every, fill_value=_EVERYTHING[0])
    most = by_record["cc_to"].max().reindex(every, fill_value=_EVERYTHING[1])
    return least.to_numpy(), most.to_numpy()


def complication_scores(
    primaries: Sequence[str], secondaries: Sequence[str], definitions: Definitions, cc_list: str = "general"
) -> np.ndarray:
    """What each secondary diagnosis scores beside each primary one.

    Args:
        primaries: diagnoses as a record has them, X-padded.
        secondaries: the same.
        definitions: the grouping definitions.
        cc_list: the list that counts.

    Returns:
        Whole numbers, primaries x secondaries; -1 where the two are the same code.
    """
    scores = {
        row["code"]: row["score"] for row in definitions.cc_list.to_dicts() if row["cc_list"] == cc_list
    }
    excluded = {
        (row["code"], row["primary"])
        for row in definitions.cc_exclusion.to_dicts()
        if row["cc_list"] == cc_list
    }
    plain = [normalise_diagnosis(code).code for code in secondaries]
    table = np.array([[_longest(code, scores) for code in plain]] * len(primaries))
    for row, primary in enumerate(primaries):
        main = normalise_diagnosis(primary).code
        for column, code in enumerate(plain):
            if code == main:
                table[row, column] = -1
            elif table[row, column] and any((c, p) in excluded for c in _begins(code) for p in _begins(main)):
                table[row, column] = 0
    return table


def _begins(code: str) -> list[str]:
    return [code[:length] for length in range(1, len(code) + 1)]


def _longest(code: str, scores: dict[str, int]) -> int:
    """The score of the longest row that the code begins with, 0 where none does."""
    return next((scores[begin] for begin in reversed(_begins(code)) if begin in scores), 0)


def _splits(definitions: Definitions) -> dict[str, list[dict]]:
    nodes: dict[str, list[dict]] = {}
    for row in definitions.split.to_dicts():
        nodes.setdefault(row["node"], []).append(row)
    return nodes


def _leaves(
    place: str, ranges: dict[str, tuple[int, int]], splits: dict[str, list[dict]]
) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """The HRGs below a root or node, each with the ranges that lead to it."""
    if place not in splits:
        yield place, ranges
    for row in splits.get(place, []):
        low, high = ranges.get(row["dimension"], _EVERYTHING)
        low, high = max(low, row["from"]), min(high, row["to"])
        if low <= high:
            yield from _leaves(row["goes_to"], ranges | {row["dimension"]: (low, high)}, splits)
