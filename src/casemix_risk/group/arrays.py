"""What the engine reads of a definition set: dictionaries of codes, and arrays of whole numbers."""

from typing import NamedTuple

import numpy as np

STAGES = ("global", "trauma", "procedure", "diagnosis")
METHODS = ("P", "D", "M", "G", "U")
ADMISSIONS = ("elective", "emergency")
IGNORED, NOT_PRIMARY, EXCEPTION = 1, 2, 4  # bits of `flags`; a region is a bit of `regions`
ANY_CLASS = (1 << 11) - 1  # the digits of CLASSPAT, and bit 10 for every other text


class Features(NamedTuple):
    """What each row of the diagnosis or procedure table says; the last row says nothing, for codes in none.

    Attributes:
        bits: features, rows x 64-bit words.
        flags: IGNORED, NOT_PRIMARY, EXCEPTION.
        regions: injured body regions, a bit each.
        hierarchy: of procedures.
    """

    bits: np.ndarray
    flags: np.ndarray
    regions: np.ndarray
    hierarchy: np.ndarray


class Rules(NamedTuple):
    """The rules by stage and order, each with clauses, each clause with terms: a word of `held` and bits.

    `held` is what a record has: the features of the dominant procedure, of the procedures that are global
    exceptions, of any procedure, of the primary diagnosis and of any diagnosis, one after the other. A
    clause holds where any of its terms has a bit in common with its word; a negated one where none has.
    """

    stage: np.ndarray
    clauses: np.ndarray
    negated: np.ndarray
    terms: np.ndarray
    word: np.ndarray
    mask: np.ndarray
    regions: np.ndarray
    low_age: np.ndarray
    high_age: np.ndarray
    low_days: np.ndarray
    high_days: np.ndarray
    sex: np.ndarray
    admission: np.ndarray
    patient_class: np.ndarray
    root: np.ndarray
    cc_list: np.ndarray
    method: np.ndarray


class Offered(NamedTuple):
    """The rules that may fit a record, by the code that decides: so few of a large set are tried.

    Attributes:
        always: how many of the first rules (stages ``global`` and ``trauma``) are tried whatever is coded.
        by_procedure: rules of the stage ``procedure`` whose condition on the dominant procedure its row
            meets: those of row n from ``procedure_rows[n]`` to ``procedure_rows[n + 1]``, in their order.
        by_diagnosis: likewise of the stage ``diagnosis``, by the row of the primary diagnosis.
    """

    always: int
    procedure_rows: np.ndarray
    by_procedure: np.ndarray
    diagnosis_rows: np.ndarray
    by_diagnosis: np.ndarray


class Nodes(NamedTuple):
    """The splits: rows of a node from `rows[node]` on. A place is a node, or below 0 the HRG -place - 1."""

    dimension: np.ndarray
    rows: np.ndarray
    low: np.ndarray
    high: np.ndarray
    goes_to: np.ndarray


class Complications(NamedTuple):
    """Scores by list and code, and which codes do not count beside which primary ones.

    The beginnings of a code that stand in `secondary` are those of its longest one, so that one number
    tells them all; likewise `primary`. `excluded` is lists x secondary x primary, the last for no beginning.
    """

    scores: list[dict[str, int]]
    secondary: dict[str, int]
    primary: dict[str, int]
    excluded: np.ndarray


class Unbundled(NamedTuple):
    """Rows by code, those of care days apart; the HRG is a place in `names`, `most` is large where empty."""

    rows: dict[str, int]
    care: np.ndarray
    hrg: np.ndarray
    most: np.ndarray
    names: list[str]


class Compiled(NamedTuple):
    """A definition set for `casemix_risk.group.engine`; `error_hrg` is in the order of ERRORS."""

    diagnosis_rows: dict[str, int]
    diagnosis: Features
    procedure_rows: dict[str, int]
    procedure: Features
    rules: Rules
    rule_names: list[str]
    offered: Offered
    nodes: Nodes
    complications: Complications
    unbundled: Unbundled
    hrgs: list[str]
    error_hrg: np.ndarray
