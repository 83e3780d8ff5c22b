"""The tables of a definition set: their columns, and what a cell of each may hold."""

from typing import NamedTuple

ERRORS = (
    "no_primary",
    "invalid_primary",
    "not_primary",
    "bad_age",
    "bad_sex",
    "bad_days",
    "care_days",
    "invalid_dominant_procedure",
    "no_rule",
    "inconsistent_spell",
    "duplicate_order",
)


class Kind(NamedTuple):
    """What a cell may hold.

    Attributes:
        pattern: of the whole cell.
        says: the same in words.
        number: the column is of whole numbers; an empty cell is null there, and "" elsewhere.
    """

    pattern: str
    says: str
    number: bool = False


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_EITHER = rf"{_NAME}(\|{_NAME})*"
_TRAUMA_REGIONS = ("head", "chest", "abdomen", "limb", "spine")


def _one_of(*words: str) -> Kind:
    return Kind("|".join(words), f"one of {', '.join(words)}")


def _some_of(*words: str) -> Kind:
    word = f"({'|'.join(words)})"
    return Kind(f"({word}( {word})*)?", f"empty or some of {', '.join(words)} with one space between")


def _or_empty(kind: Kind) -> Kind:
    return Kind(f"({kind.pattern})?", f"empty or {kind.says}", kind.number)


_TEXT = Kind(r"\S(.*\S)?", "a text without spaces around it")
_CODE = Kind(r"[A-Z0-9]+", "a code of capital letters and digits, without a dot")
_IDENTIFIER = Kind(r"[A-Za-z0-9][A-Za-z0-9_.-]*", "an identifier without spaces")
_LIST = Kind(_NAME, "the name of a list, of letters, digits and underscores")
_FEATURES = Kind(rf"({_NAME}( {_NAME})*)?", "empty or names of features with one space between")
_EITHER_FEATURE = Kind(rf"({_EITHER})?", "empty, a feature, or features with | between")
_ALL_FEATURES = Kind(rf"({_EITHER}( {_EITHER})*)?", "empty or features with a space (and) or | (or) between")
_NUMBER = Kind(r"[0-9]{1,9}", "a whole number", number=True)
_HIERARCHY = Kind(r"[0-9]|1[0-2]", "a whole number from 0 to 12", number=True)
_SCORE = Kind(r"[1-5]", "a whole number from 1 to 5", number=True)
_HRG = Kind(r"[A-Z][A-Z0-9]*", "an HRG, which begins with a capital letter")
_NODE = Kind(r"[a-z][A-Za-z0-9_]*", "a node, which begins with a small letter")
_HRG_OR_NODE = Kind(r"[A-Za-z][A-Za-z0-9_]*", "an HRG or a node")
_BOUND = _or_empty(_NUMBER)

COLUMNS: dict[str, dict[str, Kind]] = {
    "hrg": {
        "hrg": _HRG,
        "description": _TEXT,
        "chapter": _TEXT,
        "kind": _one_of("core", "unbundled", "error"),
        "name_source": _one_of("published", "ours"),
    },
    "diagnosis": {
        "code": _CODE,
        "features": _FEATURES,
        "flags": _some_of("ignore", "not_primary", *(f"trauma_{region}" for region in _TRAUMA_REGIONS)),
    },
    "procedure": {
        "code": _CODE,
        "hierarchy": _HIERARCHY,
        "features": _FEATURES,
        "flags": _some_of("ignore", "global"),
    },
    "rules": {
        "rule": _IDENTIFIER,
        "order": _NUMBER,
        "stage": _one_of("global", "trauma", "procedure", "diagnosis"),
        "procedure": _EITHER_FEATURE,
        "any_procedure": _ALL_FEATURES,
        "no_procedure": _ALL_FEATURES,
        "diagnosis": _EITHER_FEATURE,
        "any_diagnosis": _ALL_FEATURES,
        "flags_needed": Kind(r"(regions>=[1-5])?", "empty or as regions>=2"),
        "age_from": _BOUND,
        "age_to": _BOUND,
        "sex": Kind("[12]?", "empty, 1 or 2", number=True),
        "days_from": _BOUND,
        "days_to": _BOUND,
        "admission": _or_empty(_one_of("elective", "emergency")),
        "patient_class": Kind(r"([0-9](\|[0-9])*)?", "empty or digits of CLASSPAT with | between"),
        "root": _HRG_OR_NODE,
        "cc_list": _or_empty(_LIST),
        "method": _one_of("P", "D", "M", "G"),
    },
    "cc_list": {"cc_list": _LIST, "code": _CODE, "score": _SCORE},
    "cc_exclusion": {"cc_list": _LIST, "code": _CODE, "primary": _CODE},
    "split": {
        "node": _NODE,
        "dimension": _one_of("age", "cc", "days", "sex"),
        "from": _NUMBER,
        "to": _NUMBER,
        "goes_to": _HRG_OR_NODE,
    },
    "unbundled": {"code": _CODE, "hrg": _HRG, "most": _BOUND},
    "errors": {"error": _LIST, "hrg": _HRG, "message": _TEXT},
}
for _columns in COLUMNS.values():
    _columns["provenance"] = _TEXT
