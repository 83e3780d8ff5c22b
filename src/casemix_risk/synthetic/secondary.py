"""Secondary diagnoses of each sort of patient, as many as the complication score lets a record have."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.group.definitions import Definitions
from casemix_risk.synthetic.code_frequencies import SORTS, as_written, sex_of_diagnoses
from casemix_risk.synthetic.definition_paths import complication_scores
from casemix_risk.synthetic.draws import pick
from casemix_risk.synthetic.hes_file import DIAGNOSES

COMPLICATION, COMORBIDITY = KINDS = ("complication", "comorbidity")
_SECONDARY = len(DIAGNOSES) - 1


class Offer(NamedTuple):
    """A secondary diagnosis for each record: the code, and whether the record wants one."""

    kind: str
    code: np.ndarray
    wanted: np.ndarray


def offers_of(
    episodes: pd.DataFrame, frequencies: pd.DataFrame, wanted: np.ndarray, generator: np.random.Generator
) -> list[Offer]:
    """Complications, which every record wants, then as many comorbidities as are wanted."""
    sort, sex = episodes["sort"].to_numpy(), episodes["sex"].to_numpy()
    offers = []
    for kind in KINDS:
        codes, weights = _choices(frequencies[frequencies["kind"] == kind])
        only = sex_of_diagnoses(pd.Series(codes.ravel())).reshape(codes.shape)
        for place, chosen in enumerate(_steps(weights, sort, generator.random(len(sort)))):
            fits = (only[sort, chosen] == 0) | (only[sort, chosen] == sex)
            fits &= (kind == COMPLICATION) | (wanted > place)
            offers.append(Offer(kind, codes[sort, chosen], fits))
    return offers


def _choices(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Codes and weights of each sort of patient, sorts x choices; short rows have ``""`` of weight 0."""
    own = [rows[rows["of"] == (sort if (rows["of"] == sort).any() else "")] for sort in SORTS]
    width = max(map(len, own))
    codes = np.full((len(SORTS), width), "", dtype=object)
    weights = np.zeros((len(SORTS), width))
    for place, each in enumerate(own):
        codes[place, : len(each)] = as_written(each["code"])
        weights[place, : len(each)] = each["weight"]
    return codes, weights


def _steps(weights: np.ndarray, group: np.ndarray, begin: np.ndarray) -> Iterator[np.ndarray]:
    """A choice for each place of a secondary diagnosis in turn, none twice in a row.

    Equal steps never take one twice, for none weighs more than a step; 5 shuffles their order.
    """
    for place in range(_SECONDARY):
        yield pick(weights, group, (begin + place * 5 / _SECONDARY) % 1)


def score_table(
    primary: np.ndarray, cc_list: pd.Series, offers: Iterable[Offer], definitions: Definitions
) -> pd.DataFrame:
    """`complication_scores` by list and primary diagnosis, and secondary one."""
    secondaries = pd.unique(np.concatenate([offer.code for offer in offers]))
    parts = {
        name: pd.DataFrame(
            complication_scores(primaries, secondaries, definitions, name), primaries, secondaries
        )
        for name, primaries in pd.Series(primary).groupby(cc_list).unique().items()
    }
    return pd.concat(parts)


def diagnoses_within(
    primary: np.ndarray,
    needed: np.ndarray,
    limits: pd.DataFrame,
    offers: Sequence[Offer],
    scores: pd.DataFrame,
    barred: Sequence[str],
) -> np.ndarray:
    """Diagnoses whose complication score is within limits.

    Args:
        primary: the primary diagnosis of each record.
        needed: further diagnoses that it must have, records x places, ``""`` in those left.
        limits: ``cc_list, score, cc_from, cc_to`` of each record; ``score`` is the template's own.
        offers: one after another. A complication is taken only until the least score is reached, and no code
            that passes the most.
        scores: from `score_table`.
        barred: codes that are not taken.

    Returns:
        Codes, records x places; ``""`` in the places left.
    """
    records = np.arange(len(primary))
    main = scores.index.get_indexer(pd.MultiIndex.from_arrays([limits["cc_list"], primary]))
    worths, (score, least, most) = (
        scores.to_numpy(),
        limits[["score", "cc_from", "cc_to"]].to_numpy(copy=True).T,
    )
    taken = np.full((len(primary), len(DIAGNOSES)), "", dtype=object)
    taken[:, 0] = primary
    filled = np.ones(len(primary), dtype=int)
    for codes in needed.T:
        taken[records, filled] = codes
        filled += codes != ""
    for kind, codes, wanted in offers:
        worth = worths[main, scores.columns.get_indexer(codes)]
        take = wanted & (worth >= 0) & (score + worth <= most) & (filled < len(DIAGNOSES))
        take &= (needed != codes[:, None]).all(axis=1) & ~np.isin(codes, barred)
        if kind == COMPLICATION:
            take &= (score < least) & (worth > 0)
        taken[records[take], filled[take]] = codes[take]
        score += worth * take
        filled += take
    return taken
