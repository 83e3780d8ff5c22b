"""Factors by provider and fixed shares by line, as they come in files."""

from pathlib import Path

import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.tariff.read import ADMISSION_TYPES, rows_below_header


def read_market_forces(path: Path | str) -> pd.Series:
    """Market forces factors by provider, from a CSV or workbook with columns ``provider`` and ``factor``.

    Raises:
        InputError: the file or a column is not there, a provider comes twice, or a factor is not a number
            above 0 and below 2.
    """
    rows = rows_below_header(Path(path), {"provider": "provider", "factor": "factor"})
    rows = rows[rows["provider"] != ""]
    _refuse_repeated(rows["provider"], path)
    factors = pd.to_numeric(rows["factor"], errors="coerce")
    wrong = rows.loc[~((factors > 0) & (factors < 2)), "provider"]
    if len(wrong):
        raise InputError(
            f"{path}: the factor of {', '.join(wrong[:5])} is not a number above 0 and below 2 (1.08 pays "
            "8 % more); mend it."
        )
    return factors.set_axis(rows["provider"])


def read_fixed_shares(path: Path | str) -> pd.Series:
    """Fixed shares by HRG and admission type, from columns ``hrg``, ``admission_type`` and ``fixed_share``.

    Raises:
        InputError: the file or a column is not there, a line comes twice, an admission type is neither
            elective nor emergency, or a share is not a number from 0 to 1.
    """
    columns = ["hrg", "admission_type", "fixed_share"]
    rows = rows_below_header(Path(path), {name: name for name in columns})
    rows = rows[rows["hrg"] != ""]
    line = rows["hrg"] + " " + rows["admission_type"]
    _refuse_repeated(line, path)
    unknown = line[~rows["admission_type"].isin(ADMISSION_TYPES)]
    if len(unknown):
        raise InputError(f"{path}: {unknown.iloc[0]} is neither elective nor emergency; mend it.")
    shares = pd.to_numeric(rows["fixed_share"], errors="coerce")
    wrong = line[~shares.between(0, 1)]
    if len(wrong):
        raise InputError(
            f"{path}: the fixed share of {', '.join(wrong[:5])} is not a number from 0 (by activity) to 1 "
            "(a block); mend it."
        )
    return shares.set_axis(pd.MultiIndex.from_frame(rows[columns[:2]]))


def _refuse_repeated(names: pd.Series, path: Path | str) -> None:
    repeated = names[names.duplicated()].unique()
    if len(repeated):
        raise InputError(f"{path} has {', '.join(repeated[:5])} more than once; keep one row each.")
