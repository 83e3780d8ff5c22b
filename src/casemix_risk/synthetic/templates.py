"""The codes that meet a grouping rule: primary diagnosis, operations, and what else the rule needs.

A template is what a record must carry so that a rule fits it; `casemix_risk.synthetic.candidates` lets the
grouper judge whether no earlier rule takes it.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.group.codes import normalise_diagnosis, normalise_procedure
from casemix_risk.group.definitions import Definitions
from casemix_risk.group.scalar import plain_tables
from casemix_risk.group.scalar_rules import longest
from casemix_risk.synthetic.code_frequencies import as_written, sex_of_diagnoses, sex_of_procedures

# The likeliest do: a rule for all of a chapter would have tens of thousands.
_MOST_TEMPLATES = 300
_MOST_FURTHER_CODES = 12
_REGION = "trauma_"
_ADULT = 18


class _Code(NamedTuple):
    code: str
    of: str
    weight: float
    features: frozenset[str]
    regions: frozenset[str]
    sex: int
    hierarchy: int


def rule_templates(definitions: Definitions, frequencies: pd.DataFrame) -> pd.DataFrame:
    """The likeliest templates of every rule.

    Args:
        definitions: the grouping definitions.
        frequencies: from `casemix_risk.synthetic.code_frequencies.code_frequencies`.

    Returns:
        A row a template: ``rule``; ``primary``, ``needed`` (further diagnoses) and ``procedures`` (first the
        one that is to dominate), as HES writes codes, with a space between; ``sex`` (1 or 2 where a code is
        one sex's, else 0); ``weight``, comparable over all rules.
    """
    tables = plain_tables(definitions)
    kind = frequencies["kind"]
    operations = _codes(frequencies[kind == "procedure"], tables.procedure)
    of_childhood = (kind == "diagnosis") & (frequencies["of"] == "childhood")
    primaries = _codes(frequencies[(kind == "diagnosis") & ~of_childhood], tables.diagnosis)
    of_children = _codes(frequencies[of_childhood], tables.diagnosis)
    everything = frequencies[kind.isin(["diagnosis", "indication", "comorbidity", "complication"])]
    others = _codes(everything.drop_duplicates("code"), tables.diagnosis)
    indications: dict[str, list[_Code]] = {}
    for code in _codes(frequencies[kind == "indication"], tables.diagnosis):
        indications.setdefault(code.of, []).append(code)
    rows = []
    for rule in definitions.rules.to_dicts():
        found: dict[tuple[str, ...], tuple[float, int]] = {}
        illnesses = _of_age(rule, primaries, indications, of_children)
        for operated in _operations(rule, operations):
            for primary in _primaries(rule, operated, *illnesses):
                for needed in _needed(rule, primary, others):
                    codes = [primary, *needed, *operated]
                    sexes = {code.sex for code in codes} - {0}
                    if len(sexes) < 2:
                        weight = np.prod([code.weight for code in codes])
                        texts = (primary.code, _joined(needed), _joined(operated))
                        found[texts] = (weight, max(sexes, default=0))
        likeliest = sorted(found.items(), key=lambda item: -item[1][0])[:_MOST_TEMPLATES]
        rows += [(rule["rule"], *texts, sex, weight) for texts, (weight, sex) in likeliest]
    return pd.DataFrame(rows, columns=["rule", "primary", "needed", "procedures", "sex", "weight"])


def _codes(rows: pd.DataFrame, table: dict[str, dict]) -> list[_Code]:
    """The codes of some rows of the frequencies, with what the definitions say of them."""
    of_procedures = rows["kind"].eq("procedure").all()
    normalise = normalise_procedure if of_procedures else normalise_diagnosis
    written = rows["code"] if of_procedures else as_written(rows["code"])
    sexes = (sex_of_procedures if of_procedures else sex_of_diagnoses)(rows["code"])
    codes = []
    for code, of, weight, sex in zip(written, rows["of"], rows["weight"], sexes, strict=True):
        row = longest(normalise(code).code, table)
        if row and "ignore" not in row["flags"].split():
            regions = frozenset(flag for flag in row["flags"].split() if flag.startswith(_REGION))
            features = frozenset(row["features"].split())
            codes.append(_Code(code, of, weight, features, regions, sex, row.get("hierarchy", 0)))
    return codes


def _of_age(
    rule: dict, primaries: list[_Code], indications: dict[str, list[_Code]], of_children: list[_Code]
) -> tuple[list[_Code], dict[str, list[_Code]]]:
    """Diagnoses and indications: children's for a rule for children, if any of these is what it asks for."""
    if rule["age_to"] is None or rule["age_to"] >= _ADULT or not rule["diagnosis"]:
        return primaries, indications
    own = _having(*_clauses(rule["diagnosis"]), of_children)
    if not own:
        return primaries, indications
    codes = {code.code for code in own}
    return own, {name: [code for code in known if code.code in codes] for name, known in indications.items()}


def _operations(rule: dict, operations: list[_Code]) -> Iterator[list[_Code]]:
    """The operations that the rule needs, the one that is to dominate first."""
    clauses = _clauses(rule["any_procedure"])
    if rule["procedure"]:
        dominants = _having(*_clauses(rule["procedure"]), operations)
    elif clauses:
        dominants = _having(clauses[0], operations)
    elif rule["stage"] == "procedure":
        dominants = operations
    else:
        yield []
        return
    for dominant in dominants:
        lacking = [clause for clause in clauses if clause.isdisjoint(dominant.features)]
        for further in itertools.product(*(_shares(_having(clause, operations)) for clause in lacking)):
            # Of equals the first dominates, and the rule's own comes first.
            yield [dominant, *further]


def _primaries(
    rule: dict, operated: list[_Code], primaries: list[_Code], indications: dict[str, list[_Code]]
) -> Iterable[_Code]:
    """The primary diagnoses: of people so operated, or else whatever the rule asks for."""
    wanted = _clauses(rule["diagnosis"])
    if not operated:
        asked = wanted or _clauses(rule["any_diagnosis"])[:1]
        return _having(asked[0], primaries) if asked else primaries
    own = operated[0].features
    asked = [own.intersection(*_clauses(rule["procedure"])), own, *(code.features for code in operated[1:])]
    for features in asked:
        known = [code for feature in sorted(features) for code in indications.get(feature, [])]
        fitting = _having(wanted[0], known) if wanted else known
        if fitting:
            return _shares(fitting)
    return _shares(_having(wanted[0], primaries)) if wanted else []


def _needed(rule: dict, primary: _Code, others: list[_Code]) -> Iterator[list[_Code]]:
    """The further diagnoses that the rule needs beside a primary one."""
    lists = [
        _having(clause, others)
        for clause in _clauses(rule["any_diagnosis"])
        if clause.isdisjoint(primary.features)
    ]
    if rule["flags_needed"]:
        lists.append([code for code in others if code.regions - primary.regions])
    for needed in itertools.product(*map(_shares, lists)):
        codes = [primary.code, *(code.code for code in needed)]
        if len(set(codes)) == len(codes):
            yield list(needed)


def _shares(codes: list[_Code]) -> list[_Code]:
    """The likeliest codes, their weights as shares of one."""
    likeliest = sorted(codes, key=lambda code: -code.weight)[:_MOST_FURTHER_CODES]
    total = sum(code.weight for code in likeliest)
    return [code._replace(weight=code.weight / total) for code in likeliest]


def _having(features: frozenset[str], codes: list[_Code]) -> list[_Code]:
    return [code for code in codes if not features.isdisjoint(code.features)]


def _clauses(text: str) -> list[frozenset[str]]:
    return [frozenset(clause.split("|")) for clause in text.split()]


def _joined(codes: Iterable[_Code]) -> str:
    return " ".join(code.code for code in codes)


def places_of(texts: pd.Series) -> np.ndarray:
    """The codes of texts such as ``needed``, texts x places; ``""`` in the places left."""
    return texts.str.split(" ", expand=True).fillna("").to_numpy(dtype=object)


def looked_at(definitions: Definitions, frequencies: pd.DataFrame) -> set[str]:
    """The codes of the frequencies, as HES writes them, that may matter wherever they stand in a record.

    These are diagnoses of an injury, or with a feature that a rule wants on any diagnosis, and operations
    that may dominate, or with a feature that a rule wants on any procedure or on none.
    """
    tables, rules = plain_tables(definitions), definitions.rules
    on_any = {
        name: frozenset().union(*(clause for text in rules[name] for clause in _clauses(text)))
        for name in ("any_diagnosis", "any_procedure", "no_procedure")
    }
    operations = frequencies["kind"].isin(["procedure", "further_procedure"])
    diagnoses = _codes(frequencies[~operations], tables.diagnosis)
    procedures = _codes(frequencies[operations].assign(kind="procedure"), tables.procedure)
    wanted = on_any["any_procedure"] | on_any["no_procedure"]
    return {code.code for code in diagnoses if code.regions or code.features & on_any["any_diagnosis"]} | {
        code.code for code in procedures if code.hierarchy or code.features & wanted
    }
