"""What the grouping definitions ask of a record that is to be grouped to a given HRG.

The demonstration's grouper definitions are read backwards: from an HRG to the rules that lead to it, and the
ranges of age, sex, days and complication score of each; and what each secondary diagnosis scores beside a
primary one.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from casemix_risk.group.codes import normalise_diagnosis
from casemix_risk.group.definitions import Definitions

GENERAL = "general"
_DIMENSIONS = ("age", "cc", "days", "sex")
NO_LIMIT = 9999
_EVERYTHING = (0, NO_LIMIT)
_DAY_CASES = {"2", "3", "4"}


def paths(definitions: Definitions) -> pd.DataFrame:
    """The ways from the rules to the HRGs.

    Returns:
        A row a way: ``rule, hrg, cc_list``; for ``age``, ``cc`` (complication score), ``days`` and ``sex``
        the first and last value that it takes, as ``age_from`` and ``age_to``; ``admission`` (``""`` is
        either) and ``patient_class`` (digits with ``|`` between, ``""`` is any).
    """
    splits: dict[str, list[dict]] = {}
    for row in definitions.split.to_dicts():
        splits.setdefault(row["node"], []).append(row)
    rows = [
        {"rule": rule["rule"], "hrg": hrg, "cc_list": rule["cc_list"] or GENERAL}
        | {
            f"{dimension}_{end}": ranges.get(dimension, _EVERYTHING)[place]
            for dimension in _DIMENSIONS
            for place, end in enumerate(("from", "to"))
        }
        | {"admission": rule["admission"], "patient_class": rule["patient_class"]}
        for rule in definitions.rules.to_dicts()
        for hrg, ranges in _leaves(rule["root"], _own_ranges(rule), splits)
    ]
    return pd.DataFrame(rows)


def stay_limits(lines: pd.DataFrame, ways: pd.DataFrame) -> pd.DataFrame:
    """What all the ways to a line's HRG ask of its stays.

    Args:
        lines: table ``truth_lines``.
        ways: from `paths`.

    Returns:
        A row a line: ``least_days``, ``most_days``, ``patient_class`` (the first that they take, ``""`` where
        some takes any).
    """
    keys = lines[["hrg", "admission_type"]].reset_index(names="line")
    fits = keys.merge(ways, on="hrg")
    fits = fits[(fits["admission"] == "") | (fits["admission"] == fits["admission_type"])]
    by_day = fits["patient_class"].map(lambda text: set(text.split("|")) <= _DAY_CASES)
    by_line = fits.assign(days_to=fits["days_to"].where(~by_day, 0)).groupby("line")
    limits = pd.DataFrame(
        {
            "least_days": by_line["days_from"].min(),
            "most_days": by_line["days_to"].max(),
            "patient_class": by_line["patient_class"].min().str[:1],
        }
    )
    every = {"least_days": _EVERYTHING[0], "most_days": _EVERYTHING[1], "patient_class": ""}
    return limits.reindex(lines.index).fillna(every).astype({"least_days": int, "most_days": int})


def complication_scores(
    primaries: Sequence[str], secondaries: Sequence[str], definitions: Definitions, cc_list: str = GENERAL
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


def _own_ranges(rule: dict) -> dict[str, tuple[int, int]]:
    """The ranges that a rule itself asks for."""
    ends = {name: (rule[f"{name}_from"], rule[f"{name}_to"]) for name in ("age", "days")}
    ends["sex"] = (rule["sex"], rule["sex"])
    return {
        name: tuple(end if given is None else given for given, end in zip(own, _EVERYTHING, strict=True))
        for name, own in ends.items()
    }


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
