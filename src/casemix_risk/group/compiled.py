"""A definition set turned into what the engine reads."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from casemix_risk.group.arrays import (
    ADMISSIONS,
    ANY_CLASS,
    EXCEPTION,
    IGNORED,
    METHODS,
    NOT_PRIMARY,
    STAGES,
    Compiled,
    Complications,
    Features,
    Nodes,
    Offered,
    Rules,
    Unbundled,
)
from casemix_risk.group.definitions import Definitions, error_rows

DIMENSIONS = ("age", "cc", "days", "sex")
CARE_DAYS = ("CRITICALCAREDAYS", "REHABILITATIONDAYS", "SPCDAYS")
DEFAULT_LIST = "general"
WORD = 64
NO_MOST = 2**31 - 1


def compile_definitions(definitions: Definitions) -> Compiled:
    """Turn the tables into what the engine reads.

    Args:
        definitions: of good form (`read_definitions`); faults of meaning are `lint`'s: a root or node that is
            not there makes the records that reach it `no_rule`.

    Raises:
        InputError: the errors table lacks a row.
    """
    rules = definitions.rules.sort(pl.col("stage").replace_strict(STAGES, range(len(STAGES))), "order")
    split = definitions.split
    places = [*rules["root"], *split["goes_to"]]
    hrgs = _unique([*definitions.hrg["hrg"], *definitions.errors["hrg"], *filter(_is_hrg, places)])
    nodes = _unique([*split["node"], *(place for place in places if not _is_hrg(place))])
    lists = _unique([*definitions.cc_list["cc_list"], *(name or DEFAULT_LIST for name in rules["cc_list"])])
    place_of = {node: place for place, node in enumerate(nodes)}
    place_of |= {hrg: -place - 1 for place, hrg in enumerate(hrgs)}
    names = [
        _unique(
            [
                feature
                for text in [*table["features"], *(text for column in columns for text in rules[column])]
                for feature in _names(text)
            ]
        )
        for table, columns in (
            (definitions.diagnosis, ("diagnosis", "any_diagnosis")),
            (definitions.procedure, ("procedure", "any_procedure", "no_procedure")),
        )
    ]
    diagnosis_features, procedure_features = ({name: n for n, name in enumerate(each)} for each in names)
    return Compiled(
        _places(definitions.diagnosis["code"]),
        _features(definitions.diagnosis, diagnosis_features),
        _places(definitions.procedure["code"]),
        _features(definitions.procedure, procedure_features),
        _rules(rules, procedure_features, diagnosis_features, place_of, _places(lists)),
        rules["rule"].to_list(),
        _offered(rules, definitions),
        _nodes(split, nodes, place_of),
        _complications(definitions, lists),
        _unbundled(definitions.unbundled),
        hrgs,
        _numbers(hrgs.index(row["hrg"]) for row in error_rows(definitions).values()),
    )


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _is_hrg(place: str) -> bool:
    return place[0].isupper()


def _names(text: str) -> list[str]:
    return text.replace("|", " ").split()


def _words(features: dict[str, int]) -> int:
    return len(features) // WORD + 1


def _features(table: pl.DataFrame, features: dict[str, int]) -> Features:
    rows = table.height + 1
    bits = np.zeros((rows, _words(features)), dtype=np.uint64)
    flags, regions, hierarchy = (np.zeros(rows, dtype=np.int64) for _ in range(3))
    known = {"ignore": IGNORED, "not_primary": NOT_PRIMARY, "global": EXCEPTION}
    trauma = _places(sorted({each for text in table["flags"] for each in text.split()} - set(known)))
    for row, (names, of_row) in enumerate(table.select("features", "flags").iter_rows()):
        for name in names.split():
            word, bit = divmod(features[name], WORD)
            bits[row, word] |= np.uint64(1) << np.uint64(bit)
        for flag in of_row.split():
            flags[row] |= known.get(flag, 0)
            regions[row] |= 0 if flag in known else 1 << trauma[flag]
    if "hierarchy" in table.columns:
        hierarchy[:-1] = table["hierarchy"].to_numpy()
    return Features(bits, flags, regions, hierarchy)


def _rules(
    rules: pl.DataFrame,
    procedures: dict[str, int],
    diagnoses: dict[str, int],
    place_of: dict[str, int],
    list_of: dict[str, int],
) -> Rules:
    of_procedures, of_diagnoses = _words(procedures), _words(diagnoses)
    primary = 3 * of_procedures
    clauses, negated, terms, word, mask = [0], [], [0], [], []

    def add(texts: Sequence[str], first_word: int, features: dict[str, int], *, negate: bool) -> None:
        for text in texts:
            for name in text.split("|"):
                own_word, bit = divmod(features[name], WORD)
                word.append(first_word + own_word)
                mask.append(1 << bit)
            terms.append(len(word))
            negated.append(negate)

    for rule in rules.iter_rows(named=True):
        looked_at = of_procedures if rule["stage"] == "global" else 0
        add(rule["procedure"].split(), looked_at, procedures, negate=False)
        add(rule["diagnosis"].split(), primary, diagnoses, negate=False)
        add(rule["any_procedure"].split(), 2 * of_procedures, procedures, negate=False)
        add(rule["any_diagnosis"].split(), primary + of_diagnoses, diagnoses, negate=False)
        add(rule["no_procedure"].split(), 2 * of_procedures, procedures, negate=True)
        clauses.append(len(negated))
    return Rules(
        stage=_numbers(map(STAGES.index, rules["stage"])),
        clauses=_numbers(clauses),
        negated=np.array(negated, dtype=np.bool_),
        terms=_numbers(terms),
        word=_numbers(word),
        mask=np.array(mask, dtype=np.uint64),
        regions=_numbers(int(text[-1]) if text else 0 for text in rules["flags_needed"]),
        low_age=_numbers(rules["age_from"].fill_null(0)),
        high_age=_numbers(rules["age_to"].fill_null(NO_MOST)),
        low_days=_numbers(rules["days_from"].fill_null(0)),
        high_days=_numbers(rules["days_to"].fill_null(NO_MOST)),
        sex=_numbers(rules["sex"].fill_null(0)),
        admission=_numbers(1 + ADMISSIONS.index(text) if text else 0 for text in rules["admission"]),
        patient_class=_numbers(
            sum(1 << int(digit) for digit in set(text.split("|"))) if text else ANY_CLASS
            for text in rules["patient_class"]
        ),
        root=_numbers(place_of[root] for root in rules["root"]),
        cc_list=_numbers(list_of[name or DEFAULT_LIST] for name in rules["cc_list"]),
        method=_numbers(map(METHODS.index, rules["method"])),
    )


def _offered(rules: pl.DataFrame, definitions: Definitions) -> Offered:
    def by_row(table: pl.DataFrame, stage: str) -> tuple[np.ndarray, np.ndarray]:
        asked = [
            (place, set(_names(text)))
            for place, (of_stage, text) in enumerate(rules.select("stage", stage).iter_rows())
            if of_stage == stage
        ]
        rows = [
            [place for place, features in asked if not features or features & own]
            for own in [*(set(_names(text)) for text in table["features"]), set[str]()]
        ]
        return _numbers(np.cumsum([0, *map(len, rows)])), _numbers(itertools.chain(*rows))

    return Offered(
        rules["stage"].is_in(STAGES[:2]).sum(),
        *by_row(definitions.procedure, "procedure"),
        *by_row(definitions.diagnosis, "diagnosis"),
    )


def _nodes(split: pl.DataFrame, nodes: list[str], place_of: dict[str, int]) -> Nodes:
    rows = [split.filter(pl.col("node") == node) for node in nodes]
    ordered = pl.concat([split.clear(), *rows])
    return Nodes(
        _numbers(DIMENSIONS.index(each["dimension"][0]) if each.height else 0 for each in rows),
        _numbers(np.cumsum([0, *(each.height for each in rows)])),
        _numbers(ordered["from"]),
        _numbers(ordered["to"]),
        _numbers(place_of[place] for place in ordered["goes_to"]),
    )


def _complications(definitions: Definitions, lists: list[str]) -> Complications:
    scores: list[dict[str, int]] = [{} for _ in lists]
    for name, code, score in definitions.cc_list.select("cc_list", "code", "score").iter_rows():
        scores[lists.index(name)][code] = score
    exclusion = definitions.cc_exclusion
    secondary, primary = _unique(exclusion["code"]), _unique(exclusion["primary"])
    excluded = np.zeros((len(lists), len(secondary) + 1, len(primary) + 1), dtype=np.bool_)
    for name, code, beside in exclusion.select("cc_list", "code", "primary").iter_rows():
        if name in lists:
            longer = [place for place, each in enumerate(secondary) if each.startswith(code)]
            longer_primary = [place for place, each in enumerate(primary) if each.startswith(beside)]
            excluded[np.ix_([lists.index(name)], longer, longer_primary)] = True
    return Complications(scores, _places(secondary), _places(primary), excluded)


def _unbundled(table: pl.DataFrame) -> Unbundled:
    names, codes = _unique(table["hrg"]), _places(table["code"])
    return Unbundled(
        {code: row for code, row in codes.items() if code not in CARE_DAYS},
        _numbers(codes.get(code, -1) for code in CARE_DAYS),
        _numbers(map(names.index, table["hrg"])),
        _numbers(table["most"].fill_null(NO_MOST)),
        names,
    )


def _numbers(values: Iterable[int]) -> np.ndarray:
    return np.array(list(values), dtype=np.int64)
