"""Which templates a record may carry so that the grouper gives it its HRG: the engine is asked."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.group.arrays import Compiled
from casemix_risk.group.engine import group_records

_FACTS = ["age", "days", "sex", "admission_type", "patient_class"]
_STRETCHED = ("age", "days")


class Candidates(NamedTuple):
    """The templates that fit, by kinds of record that the definitions treat alike.

    Attributes:
        kind: of each record.
        table: a row a template that a kind of record may have, by kind: ``kind, template, cc_list``,
            ``score`` (of the template's own diagnoses), ``cc_from, cc_to`` (the complication scores that lead
            to the HRG), ``weight``.
    """

    kind: np.ndarray
    table: pd.DataFrame


def candidates(
    records: pd.DataFrame, ways: pd.DataFrame, templates: pd.DataFrame, compiled: Compiled
) -> Candidates:
    """Find them.

    Args:
        records: a row a record: ``hrg, age`` (years), ``days, sex, admission_type, patient_class``.
        ways: from `casemix_risk.synthetic.definition_paths.paths`.
        templates: from `casemix_risk.synthetic.templates.rule_templates`.
        compiled: the definitions that both are read from.

    Raises:
        InputError: an HRG has no template for some of its records.
    """
    stretches = pd.DataFrame({name: _stretch(name, records[name], ways) for name in _STRETCHED})
    alike = pd.concat([records["hrg"], stretches, records[_FACTS[2:]]], axis=1)
    kind = alike.groupby(list(alike), sort=False).ngroup().to_numpy()
    kinds = records.loc[~pd.Series(kind).duplicated().to_numpy()].reset_index(drop=True)
    fitting = kinds.reset_index(names="kind").merge(ways, on="hrg")
    fitting = fitting[_within(fitting)]
    fitting = fitting.merge(templates.reset_index(names="template"), on="rule", suffixes=("", "_of_codes"))
    fitting = fitting[(fitting["sex_of_codes"] == 0) | (fitting["sex_of_codes"] == fitting["sex"])]
    fitting = _judged(fitting, ways, compiled).sort_values(["kind", "template"], kind="stable")
    lacking = kinds.loc[~kinds.index.isin(fitting["kind"])]
    if len(lacking):
        raise InputError(
            f"No codes of the definitions lead to {', '.join(lacking['hrg'].unique())} for all patients that "
            f"the extract has: {_described(lacking.iloc[0])}."
        )
    columns = ["kind", "template", "cc_list", "score", "cc_from", "cc_to", "weight"]
    return Candidates(kind, fitting[columns].reset_index(drop=True))


def _stretch(name: str, values: pd.Series, ways: pd.DataFrame) -> np.ndarray:
    """The number of the stretch between bounds of rules and splits that each value is in."""
    bounds = np.union1d(ways[f"{name}_from"], ways[f"{name}_to"] + 1)
    return np.searchsorted(bounds, values, side="right")


def _within(fitting: pd.DataFrame) -> pd.Series:
    """Whether the kinds of record meet what the ways ask for."""
    named = [
        admission in ("", own) and (not classes or own_class in classes.split("|"))
        for admission, own, classes, own_class in zip(
            *(
                fitting[name]
                for name in ("admission", "admission_type", "patient_class_y", "patient_class_x")
            ),
            strict=True,
        )
    ]
    within = pd.Series(named, index=fitting.index, dtype=bool)
    for name in ("age", "days", "sex"):
        within &= fitting[name].between(fitting[f"{name}_from"], fitting[f"{name}_to"])
    return within


def _judged(fitting: pd.DataFrame, ways: pd.DataFrame, compiled: Compiled) -> pd.DataFrame:
    """Those whose rule is what the grouper finds, with the score of their codes, if it is not too high.

    The grouper is asked once for all records that the rules treat alike, whatever their HRG.
    """
    alike = fitting[["template", "sex", "admission_type", "patient_class_x"]].assign(
        **{name: _stretch(name, fitting[name], ways) for name in _STRETCHED}
    )
    asked = alike.groupby(list(alike), sort=False).ngroup().to_numpy()
    first = ~pd.Series(asked).duplicated().to_numpy()
    questions = fitting[first].rename(columns={"patient_class_x": "patient_class"})
    diagnoses = questions["primary"] + " " + questions["needed"]
    found = group_records(
        pl.from_pandas(questions[[*_FACTS, "procedures"]].assign(diagnoses=diagnoses)), compiled
    )
    rule, score = found["rule"].to_numpy()[asked], found["cc_score"].to_numpy()[asked]
    judged = fitting.assign(score=score)
    return judged[(rule == judged["rule"]) & (judged["score"] <= judged["cc_to"])]


def _described(record: pd.Series) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {record[name]}" for name in _FACTS)
