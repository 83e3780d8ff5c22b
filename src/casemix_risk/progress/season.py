"""Expected admissions of lines by month."""

import calendar

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.progress.months import months_of
from casemix_risk.volumes.seasons import KEY, MONTHS

LINE = ["hrg", "admission_type"]


def check_priced(lines: pd.DataFrame, admissions: pd.DataFrame) -> None:
    """Check that a group's file has admissions on some of the lines.

    Raises:
        InputError: it has none, as where it was grouped into other HRGs.
    """
    if admissions.loc[admissions["hrg"].isin(lines["hrg"]), "admissions"].sum() == 0:
        raise InputError(
            "The file of monthly admissions has none with an HRG of this run's cost lines: give it in the "
            "HRG version of the extract and the price list."
        )


def month_shares(lines: pd.DataFrame, seasons: pd.DataFrame, year: str) -> np.ndarray:
    """The share of a line's yearly admissions in each month of a financial year.

    Args:
        lines: ``hrg, admission_type``.
        seasons: table ``seasons``. A line whose chapter and admission type are not in it, as with a schedule,
            which has no months, has shares by the days of the months.
        year: the financial year, for its February.

    Returns:
        Lines x 12, April first; rows add up to 1.
    """
    days = np.array([calendar.monthrange(*map(int, month.split("-")))[1] for month in months_of(year)])
    profiles = seasons.pivot(index=KEY[:2], columns="month", values="share").reindex(
        columns=range(1, MONTHS + 1)
    )
    place = pd.MultiIndex.from_arrays([lines["hrg"].str[0], lines["admission_type"]], names=KEY[:2])
    shares = profiles.reindex(place).to_numpy(dtype=float)
    return np.where(np.isnan(shares), days / days.sum(), shares)


def counts_by_month(lines: pd.DataFrame, admissions: pd.DataFrame, months: list[str]) -> np.ndarray:
    """What a group's file has of some lines in some months.

    Args:
        lines: ``hrg, admission_type``.
        admissions: `casemix_risk.progress.months.read_months`.
        months: of the file.

    Returns:
        Whole numbers, lines x months; 0 where the file has no row.
    """
    counts = admissions.pivot(index=LINE, columns="month", values="admissions")
    places = pd.MultiIndex.from_frame(lines[LINE])
    return counts.reindex(index=places, columns=months).fillna(0).to_numpy(dtype=np.int64)
