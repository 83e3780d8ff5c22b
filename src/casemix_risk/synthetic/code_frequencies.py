"""How common ICD-10 and OPCS-4 codes are in the demonstration's extract, in round guesses.

``code_frequencies.csv`` says nothing of HRGs: which one a code leads to is for the grouping definitions. A
row is a code, without a dot, of a kind:

- ``diagnosis``: as primary diagnosis, or beside one where a rule needs it; ``of`` is ``childhood`` for what
  rules for children ask for;
- ``procedure``: as an operation;
- ``indication``: the primary diagnoses of people who have a procedure with the feature ``of``;
- ``comorbidity``: secondary diagnoses of the sort of patient ``of``, one of `SORTS`;
- ``complication``: those that score as one; ``of`` is empty, or a sort that has its own;
- ``further_procedure``: operation codes that say more of the one before.

Weights of a kind are comparable over the whole table.
"""

from importlib.resources import files

import numpy as np
import pandas as pd

SORTS = ("newborn", "childhood", "under_50", "50_and_over", "mothers")

# Categories limited to one sex: WHO, ICD-10 volume 2, 4.2.5 (checks for consistency between sex and
# diagnosis); OPCS-4 chapters N, P, Q and R and the outlets of the male and the female bladder.
_SEX_OF_DIAGNOSIS = {
    1: "C6[0-3]|D07[4-6]|D176|D29|D40|E29|E895|F524|I861|L291|N4|N5[01]|Q5[345]|R86|S31[23]|Z125",
    2: (
        "A34|B373|C5[1-8]|C796|D06|D07[0-3]|D2[5-8]|D39|E28|E894|F525|F53|I863|L292|L705|M80[01]|M81[01]|M830"
        "|N7|N8|N9[0-8]|O|Q5[0-2]|R87|S314|S37[4-6]|T19[23]|T833|Y76|Z014|Z124|Z30[13]|Z31[12]|Z32|Z3[3-7]"
        "|Z39|Z437|Z875|Z975"
    ),
}
_SEX_OF_PROCEDURE = {1: "N|M6[1-8]|M70", 2: "P|Q|R|M5[1-8]"}


def code_frequencies() -> pd.DataFrame:
    """The table, ``kind, of, code, weight``; an empty ``of`` is ``""``."""
    return pd.read_csv(files(__package__) / "code_frequencies.csv", keep_default_na=False)


def as_written(codes: pd.Series) -> pd.Series:
    """Diagnoses as HES writes them: the code of a category alone is filled with X."""
    return codes.where(codes.str.len() != 3, codes + "X")


def sex_of_diagnoses(codes: pd.Series) -> np.ndarray:
    """The only sex whose diagnosis each code can be: 1, 2, or 0 for either."""
    return _sex(codes, _SEX_OF_DIAGNOSIS)


def sex_of_procedures(codes: pd.Series) -> np.ndarray:
    """The only sex whose operation each code can be: 1, 2, or 0 for either."""
    return _sex(codes, _SEX_OF_PROCEDURE)


def _sex(codes: pd.Series, patterns: dict[int, str]) -> np.ndarray:
    return np.select([codes.str.match(pattern) for pattern in patterns.values()], list(patterns), default=0)
