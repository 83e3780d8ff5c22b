"""Diagnoses and operations for the demonstration's episodes: columns that the grouper groups as it should.

A record draws a template of its HRG, then secondary diagnoses, as many as the score for complications lets it
have: its patient's chronic conditions, then others of the patient's sort. In the end the grouper groups them
all: records that a secondary diagnosis or a further operation leads astray, or that have no room for the
score, are coded again: what scores comes first then, and no rule looks at the codes.
"""

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.group.arrays import Compiled
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import Definitions
from casemix_risk.group.engine import group_records
from casemix_risk.synthetic.candidates import candidates
from casemix_risk.synthetic.code_frequencies import SORTS, code_frequencies
from casemix_risk.synthetic.conditions import condition_offers
from casemix_risk.synthetic.definition_paths import paths
from casemix_risk.synthetic.draws import pick_listed
from casemix_risk.synthetic.hes_file import DIAGNOSES, JOINED_CODES, OPERATIONS
from casemix_risk.synthetic.secondary import KINDS, Offer, diagnoses_within, offers_of, score_table
from casemix_risk.synthetic.templates import looked_at, places_of, rule_templates

NO_OPERATION = "-   "
_MANY = r"w cc|with Complications|Complex"


def code_columns(
    lines: pd.DataFrame, episodes: pd.DataFrame, definitions: Definitions, generator: np.random.Generator
) -> dict[str, pl.Series]:
    """Diagnosis and operation columns that the definitions group to the HRG; more of both with age.

    Args:
        lines: table ``truth_lines``.
        episodes: a row an episode: ``line`` (row of `lines`), ``age`` (years), ``days``, ``sex``,
            ``admission_type``, ``patient_class``, ``sort`` (of patient, a place in `SORTS`), ``depth`` (what
            the mean number of secondary diagnoses is multiplied by), ``conditions`` (the patient's, bits).
        definitions: the grouping definitions.
        generator: draws the codes.

    Raises:
        InputError: an HRG that no codes lead to.
    """
    frequencies, compiled = code_frequencies(), compile_definitions(definitions)
    line, count = episodes["line"].to_numpy(), len(episodes)
    records = episodes.assign(hrg=lines["hrg"].to_numpy()[line])
    templates = rule_templates(definitions, frequencies)
    found = candidates(records, paths(definitions), templates, compiled)
    choice = pick_listed(found.table["kind"], found.table["weight"], found.kind, generator.random(count))
    chosen = found.table.iloc[choice]
    carried = chosen["template"].to_numpy()
    primary = templates["primary"].to_numpy(dtype=object)[carried]
    needed, procedures = (places_of(templates[name])[carried] for name in ("needed", "procedures"))

    many = lines["description"].str.contains(_MANY).to_numpy()[line]
    mean = (0.4 + episodes["age"] / 45 + 1.2 * many) * episodes["depth"]
    sorts = np.array(SORTS)[episodes["sort"]]
    own = condition_offers(episodes["conditions"].to_numpy(), sorts, episodes["depth"].to_numpy(), generator)
    others = generator.poisson(mean) - sum(offer.wanted.astype(int) for offer in own)
    offers = [*own, *offers_of(episodes, frequencies, others, generator)]
    further = np.where(procedures[:, 0] != "", generator.poisson(0.6, count), 0)
    following = frequencies.loc[frequencies["kind"] == "further_procedure", "code"].to_numpy()
    begin = generator.integers(len(following), size=count)

    limits = chosen[["cc_list", "score", "cc_from", "cc_to"]].reset_index(drop=True)
    scores = score_table(primary, limits["cc_list"], offers, definitions)
    matters = sorted(looked_at(definitions, frequencies))
    columns = pd.DataFrame(index=range(count), columns=[*DIAGNOSES, *OPERATIONS], dtype=object)
    rows = np.arange(count)
    # Comorbidities first: many of those who have a complication have but a common illness.
    for barred, order in ([], reversed(KINDS)), (matters, KINDS):
        offered = [
            Offer(kind, code[rows], wanted[rows])
            for first in order
            for kind, code, wanted in offers
            if kind == first
        ]
        diagnoses = diagnoses_within(primary[rows], needed[rows], limits.iloc[rows], offered, scores, barred)
        allowed = np.array([code for code in following if code not in barred], dtype=object)
        operations = _operations(procedures[rows], further[rows], begin[rows], allowed)
        columns.iloc[rows] = np.hstack([diagnoses, operations])
        rows = rows[_astray(columns.iloc[rows], records.iloc[rows], compiled)]
        if not len(rows):
            return {name: pl.Series(columns[name].tolist(), dtype=pl.String) for name in columns}
    hrgs = ", ".join(records["hrg"].iloc[rows].unique())
    raise InputError(f"Secondary diagnoses with the score that {hrgs} needs lead to another HRG.")


def _operations(own: np.ndarray, further: np.ndarray, begin: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Operation codes, records x places: the template's, then as many more as each record is to have."""
    taken = np.full((len(own), len(OPERATIONS)), "", dtype=object)
    taken[:, : own.shape[1]] = own
    taken[own[:, 0] == "", 0] = NO_OPERATION
    records, filled = np.arange(len(own)), (taken != "").sum(axis=1)
    for place in range(further.max(initial=0)):
        take = (further > place) & (filled < len(OPERATIONS)) & (place < len(following))
        taken[records[take], filled[take]] = following[(begin[take] + place) % max(len(following), 1)]
        filled += take
    return taken


def _astray(columns: pd.DataFrame, records: pd.DataFrame, compiled: Compiled) -> np.ndarray:
    """The rows that the grouper gives another HRG than theirs."""
    codes = pl.DataFrame({name: columns[name].tolist() for name in columns})
    facts = pl.from_pandas(records[["age", "sex", "days", "admission_type", "patient_class"]])
    found = group_records(facts.hstack(codes.select(**JOINED_CODES)), compiled)
    return np.flatnonzero(found["hrg"].to_numpy() != records["hrg"].to_numpy())
