"""ICD-10 and OPCS-4 codes as hospitals write them, brought to the form of the definition tables."""

from typing import NamedTuple

KINDS_OF_CHANGE = ("dot", "case", "filler", "dagger")
NO_CODE = frozenset({"", "-", "&", "R69"})  # HES writes R69X, &, or - where no code is known
_MARKS = ("-", "A", "D")
_CATEGORY_AND_FILLER = 4


class Code(NamedTuple):
    """A code in the tables' form: upper case, no dot, no padding.

    Attributes:
        code: "" where the text says that there is none.
        changes: those of KINDS_OF_CHANGE that it needed; none where there is no code.
    """

    code: str
    changes: tuple[str, ...]


def normalise_diagnosis(text: str) -> Code:
    """An ICD-10 code: `i21.4` is I214, `R54X` is R54, `H360A` is H360, `E103D` is E103."""
    code, changes = _plain(text)
    unmarked = code
    while len(unmarked) in (5, 6) and unmarked.endswith(_MARKS):
        unmarked = unmarked[:-1]
    if unmarked != code:
        changes = (*changes, "dagger")
    if len(unmarked) == _CATEGORY_AND_FILLER and unmarked.endswith("X"):
        unmarked, changes = unmarked[:-1], (*changes, "filler")
    return _code(unmarked, changes)


def normalise_procedure(text: str) -> Code:
    """An OPCS-4 code: `w37.1` is W371."""
    return _code(*_plain(text))


def split_codes(text: str | None) -> list[str]:
    """The codes of a text that has a space between them; no text is no code."""
    return [part for part in (text or "").split(" ") if part]


def _plain(text: str) -> tuple[str, tuple[str, ...]]:
    stripped = text.strip()
    upper = stripped.upper()
    code = upper.replace(".", "")
    return code, tuple(
        kind for kind, changed in (("case", upper != stripped), ("dot", code != upper)) if changed
    )


def _code(code: str, changes: tuple[str, ...]) -> Code:
    if code in NO_CODE:
        return Code("", ())
    return Code(code, tuple(kind for kind in KINDS_OF_CHANGE if kind in changes))
