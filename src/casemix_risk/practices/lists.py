"""Which practices are looked at: alone, in groups, or with each other."""

import difflib
from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import polars as pl

from casemix_risk.errors import InputError

FEWEST_PRACTICES = 20  # of a register


def practice_lists(register: pd.DataFrame, groups: Mapping[str, Sequence[str]] | None) -> pd.DataFrame:
    """The lists of practices and of groups of them.

    Args:
        register: `read_register`.
        groups: name -> practice codes; a practice may be in several. None groups practices by commissioner.

    Returns:
        Table ``practice_lists``.

    Raises:
        InputError: a group names a practice that the register lacks.
    """
    if groups is None:
        members = register[register["commissioner"] != ""].rename(columns={"commissioner": "group"})
    else:
        named = pd.DataFrame(
            [(name, code) for name, codes in groups.items() for code in dict.fromkeys(codes)],
            columns=["group", "practice"],
        )
        known = set(register["practice"])
        for name, practice in named.itertuples(index=False):
            _check_known(f"practices.groups.{name}", practice, known)
        members = named.merge(register, on="practice")
    grouped = members.groupby("group").agg(practices=("practice", "size"), patients=("patients", "sum"))
    alone = register.rename(columns={"practice": "code"}).assign(kind="practice", practices=1)
    together = grouped.rename_axis("code").reset_index().assign(kind="group")
    lists = pd.concat([together, alone])[["kind", "code", "practices", "patients"]]
    return lists.astype({"patients": "int64"}).sort_values(["kind", "code"], ignore_index=True)


def practices_compared(district: Sequence[str] | None, people: pl.DataFrame) -> list[str]:
    """The practices that are compared with each other.

    Args:
        district: their codes; None for all of the register.
        people: table ``practice_people``.

    Returns:
        Their codes, sorted, each once.

    Raises:
        InputError: the register lacks one, or has too few practices to fit what need explains on each half.
    """
    known = set(people["practice"])
    if len(known) < FEWEST_PRACTICES:
        raise InputError(
            f"Comparing practices needs at least {FEWEST_PRACTICES} on the register, which has {len(known)}: "
            "give a larger one, or leave practices.profile out."
        )
    for code in district or ():
        _check_known("practices.district", code, known)
    return sorted(set(district or known))


def _check_known(key: str, practice: str, known: Collection[str]) -> None:
    if practice in known:
        return
    nearest = difflib.get_close_matches(practice, known, n=1, cutoff=0.0)[0]
    raise InputError(
        f"{key} names the practice {practice}, which the register lacks; did you mean {nearest}?"
    )
