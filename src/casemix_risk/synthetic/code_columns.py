"""Diagnoses and operations for the demonstration's episodes: columns that the grouper groups as it should.

Every HRG's codes come from ``clinical_codes.csv``. For an HRG that the demonstration's grouping definitions
define, the definitions also say how much its secondary diagnoses must score as complications, and may.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.group.definitions import Definitions, demonstration, read_definitions
from casemix_risk.synthetic.clinical_codes import KINDS, clinical_choices, has_procedure
from casemix_risk.synthetic.definition_paths import (
    complication_scores,
    defined_hrgs,
    hrgs_of_diagnoses,
    score_limits,
)
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.hes_file import DIAGNOSES, OPERATIONS

_NO_OPERATION = "-   "
_FURTHER_OPERATIONS = ["Y808", "Z942", "Y534", "Z943", "Y712", "Z944", "Y822", "Z281", "Y981", "Z923", "Y032"]
_SECONDARY = len(DIAGNOSES) - 1
_SECONDARY_KINDS = ("needed_diagnosis", "complication", "comorbidity")


def code_columns(
    lines: pd.DataFrame, episodes: pd.DataFrame, generator: np.random.Generator
) -> dict[str, pl.Series]:
    """Diagnosis and operation columns that fit the HRG; more of both with age and where it says 'w cc'.

    Args:
        lines: table ``truth_lines``.
        episodes: a row an episode: ``line`` (row of `lines`), ``age`` (years), ``days``, ``sex``.
        generator: draws the codes.
    """
    definitions = read_definitions(demonstration())
    line, age = episodes["line"].to_numpy(), episodes["age"].to_numpy()
    count, hrgs = len(line), lines["hrg"]
    by_age = pd.concat([hrgs, hrgs + "<50"])
    choices = {kind: clinical_choices(by_age if kind == "comorbidity" else hrgs, kind) for kind in KINDS}
    with_cc = lines["description"].str.contains(r"w cc|with Complications|Complex").to_numpy()[line]
    wanted = generator.poisson(0.4 + age / 45 + 1.2 * with_cc)
    begin = generator.random(count)
    primary = _drawn(choices["diagnosis"], line, generator.random(count))
    operated = _operated(lines, definitions)[line]
    operation = np.where(operated, _drawn(choices["procedure"], line, generator.random(count)), _NO_OPERATION)
    further = np.where(operated, generator.poisson(0.6, count), 0)
    further_begin = generator.integers(len(_FURTHER_OPERATIONS), size=count)
    needed = _drawn(choices["needed_diagnosis"], line, generator.random(count))
    needed_operation = _drawn(choices["needed_procedure"], line, generator.random(count))

    complications = _steps(choices["complication"], line, generator.random(count))
    comorbidities = _steps(choices["comorbidity"], line + len(lines) * (age < 50), begin)
    offered = itertools.chain(
        [("needed_diagnosis", needed, needed != "")],
        (("complication", code, np.full(count, True)) for code in complications),
        (("comorbidity", code, wanted > place) for place, code in enumerate(comorbidities)),
    )
    limits = score_limits(episodes.assign(hrg=hrgs.to_numpy()[line]), definitions)
    secondary = _secondary(primary, offered, limits, _scores(choices, definitions))
    codes = dict(zip(DIAGNOSES, [primary, *secondary.T], strict=True)) | {OPERATIONS[0]: operation}
    following = np.array(_FURTHER_OPERATIONS, dtype=object)
    for place, column in enumerate(OPERATIONS[1:]):
        codes[column] = np.where(further > place, following[(further_begin + place) % len(following)], "")
    codes[OPERATIONS[1]] = np.where(needed_operation != "", needed_operation, codes[OPERATIONS[1]])
    return {column: pl.Series(values.tolist(), dtype=pl.String) for column, values in codes.items()}


def _operated(lines: pd.DataFrame, definitions: Definitions) -> np.ndarray:
    """Whether a line's records carry operations: as the definitions say, or else the HRG's name."""
    defined = lines["hrg"].isin(defined_hrgs(definitions)).to_numpy()
    by_diagnosis = lines["hrg"].isin(hrgs_of_diagnoses(definitions)).to_numpy()
    return np.where(defined, ~by_diagnosis, has_procedure(lines["description"]))


def _drawn(choices: tuple[np.ndarray, np.ndarray], group: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """A code for each row, from what `clinical_choices` allows the row's group; ``""`` is none."""
    codes, weights = choices
    return codes[group, pick(weights, group, uniforms)]


def _steps(
    choices: tuple[np.ndarray, np.ndarray], group: np.ndarray, begin: np.ndarray
) -> Iterator[np.ndarray]:
    """Codes for each place of a secondary diagnosis in turn, no code twice in a row.

    Equal steps never take a code twice, for none weighs more than a step; 5 shuffles their order.
    """
    for place in range(_SECONDARY):
        yield _drawn(choices, group, (begin + place * 5 / _SECONDARY) % 1)


def _scores(choices: Mapping[str, tuple[np.ndarray, np.ndarray]], definitions: Definitions) -> pd.DataFrame:
    """`complication_scores` of all the codes that may stand side by side."""
    primaries = pd.unique(choices["diagnosis"][0].ravel())
    secondaries = pd.unique(np.concatenate([choices[kind][0].ravel() for kind in _SECONDARY_KINDS]))
    return pd.DataFrame(complication_scores(primaries, secondaries, definitions), primaries, secondaries)


def _secondary(
    primary: np.ndarray,
    offered: Iterable[tuple[str, np.ndarray, np.ndarray]],
    limits: tuple[np.ndarray, np.ndarray],
    score_table: pd.DataFrame,
) -> np.ndarray:
    """Secondary diagnoses whose complication score is within limits.

    Args:
        primary: the primary diagnosis of each record.
        offered: one after another, a kind, a code for each record and whether the record wants one. A
            ``complication`` is taken only until the least score is reached, and no code that passes the most.
        limits: the least and most score of each record.
        score_table: from `complication_scores`, by primary and secondary code.

    Returns:
        Codes, records x places; ``""`` in the places left.
    """
    least, most = limits
    main = score_table.index.get_indexer(primary)
    scores = score_table.to_numpy()
    taken = np.full((len(primary), _SECONDARY), "", dtype=object)
    score, filled = np.zeros(len(primary), dtype=int), np.zeros(len(primary), dtype=int)
    for kind, codes, wanted in offered:
        worth = scores[main, score_table.columns.get_indexer(codes)]
        take = wanted & (worth >= 0) & (score + worth <= most) & (filled < _SECONDARY)
        if kind == "complication":
            take &= (score < least) & (worth > 0)
        taken[take, filled[take]] = codes[take]
        score += worth * take
        filled += take
    return taken
