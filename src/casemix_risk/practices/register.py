"""Patients registered at each GP practice, as the NHS publishes them."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from casemix_risk.errors import InputError

# Field -> the headings it goes by in the file 'gp-reg-pat-prac-all'.
ALIASES = {
    "practice": ("CODE",),
    "commissioner": ("CCG_CODE", "SUB_ICB_LOCATION_CODE", "SUB_ICB_LOC_CODE"),
    "sex": ("SEX",),
    "age": ("AGE",),
    "patients": ("NUMBER_OF_PATIENTS",),
}


def read_register(path: Path | str) -> pd.DataFrame:
    """The list of every practice in a file 'Patients Registered at a GP Practice' (all persons).

    Args:
        path: CSV with a row for each practice whose SEX and AGE are ALL; other rows are not read.

    Returns:
        `practice, commissioner, patients`, sorted by practice.

    Raises:
        InputError: the file or a column is missing, it has no practices, a practice comes twice, or a list is
            not a whole number above 0.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no practice register {path}: check practices.register.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise InputError(f"{path} is not a CSV table: fetch it again.") from None
    table.columns = table.columns.str.strip().str.upper()
    found = {
        field: next((alias for alias in aliases if alias in table), None)
        for field, aliases in ALIASES.items()
    }
    missing = [" or ".join(ALIASES[field]) for field, alias in found.items() if alias is None]
    if missing:
        raise InputError(f"{path} has no column {'; '.join(missing)}: give the published file.")
    rows = table[list(found.values())].set_axis(list(found), axis=1)
    rows = rows[(rows["sex"].str.upper() == "ALL") & (rows["age"].str.upper() == "ALL")]
    if rows.empty:
        raise InputError(f"{path} has no row with SEX and AGE of ALL: give the file of all persons.")
    repeated = rows.loc[rows["practice"].duplicated(), "practice"].unique()
    if len(repeated):
        raise InputError(f"{path} has {', '.join(repeated[:5])} more than once: keep one row a practice.")
    patients = pd.to_numeric(rows["patients"], errors="coerce")
    wrong = rows.loc[~((patients > 0) & (patients % 1 == 0)), "practice"]
    if len(wrong):
        raise InputError(
            f"{path}: the list of {', '.join(wrong[:5])} is not a whole number above 0: mend the row."
        )
    register = rows[["practice", "commissioner"]].assign(patients=patients.astype("int64"))
    return register.sort_values("practice", ignore_index=True)


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
        members = register.rename(columns={"commissioner": "group"})
    else:
        named = pd.DataFrame(
            [(name, code) for name, codes in groups.items() for code in dict.fromkeys(codes)],
            columns=["group", "practice"],
        )
        members = named.merge(register, on="practice", how="left")
        _check_known(members, register)
    grouped = members.groupby("group").agg(practices=("practice", "size"), patients=("patients", "sum"))
    alone = register.rename(columns={"practice": "code"}).assign(kind="practice", practices=1)
    together = grouped.rename_axis("code").reset_index().assign(kind="group")
    lists = pd.concat([together, alone])[["kind", "code", "practices", "patients"]]
    return lists.astype({"patients": "int64"}).sort_values(["kind", "code"], ignore_index=True)


def _check_known(members: pd.DataFrame, register: pd.DataFrame) -> None:
    unknown = members[members["patients"].isna()]
    if unknown.empty:
        return
    first = unknown.iloc[0]
    nearest = difflib.get_close_matches(first["practice"], register["practice"], n=1, cutoff=0.0)[0]
    raise InputError(
        f"practices.groups.{first['group']} names the practice {first['practice']}, which the register "
        f"lacks; did you mean {nearest}?"
    )
