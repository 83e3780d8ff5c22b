"""A group of practices in the demonstration: its admissions by month, with two special causes planted.

The group differs from the nation: each line's rate is a Gamma variable with mean 1 and a known variance,
the same in every year. A line of variance factor d > 1 also has a Gamma variable of variance (d - 1) / L a
year, which makes its yearly count Negative Binomial (Johnson, Kemp and Kotz 2005, *Univariate Discrete
Distributions*, 5.3). Given these, a month's count is Poisson with the line's season.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.progress.months import COLUMNS, months_of
from casemix_risk.streams import stream
from casemix_risk.synthetic.season import calendar, day_weights, season_of

VARIANCE = 0.02
YEARS_BEFORE = 2
MONTHS_KNOWN = 7


class Cause(NamedTuple):
    """What happens to a line: its admissions times a factor, from one month of the year to another."""

    hrg: str
    admission_type: str
    factor: float
    first: int  # month of the year in progress, April 1
    last: int


# More antenatal admissions from July on, as when a day unit closes; cataracts of a waiting list in September.
CAUSES = (Cause("N12", "emergency", 1.6, 4, 12), Cause("B02", "elective", 3.0, 6, 6))


def group_truth(lines: pd.DataFrame, year: str, seed: int) -> pd.DataFrame:
    """How the group differs from the nation, line by line.

    Args:
        lines: table ``truth_lines``.
        year: the financial year in progress.
        seed: the run's seed.

    Returns:
        Table ``group_truth``: the rates relative to the nation's and the planted causes.
    """
    rates = stream(seed, "group", "rates").gamma(1 / VARIANCE, VARIANCE, len(lines))
    truth = lines[["hrg", "admission_type"]].assign(relative_rate=rates)
    months = months_of(year)
    causes = pd.DataFrame(
        [
            (cause.hrg, cause.admission_type, cause.factor, months[cause.first - 1], months[cause.last - 1])
            for cause in CAUSES
        ],
        columns=["hrg", "admission_type", "planted_factor", "planted_from", "planted_to"],
    )
    return truth.merge(causes, on=["hrg", "admission_type"], how="left")


def group_months(
    lines: pd.DataFrame, truth: pd.DataFrame, year: str, people_share: float, seed: int
) -> pd.DataFrame:
    """The group's file: two years before and seven months of the year in progress.

    Args:
        lines: table ``truth_lines``; their admissions are those of the year in progress.
        truth: `group_truth`.
        year: the financial year in progress.
        people_share: the group's people over the population.
        seed: the run's seed.

    Returns:
        The columns of `casemix_risk.progress.months`, sorted; lines without an admission in a month have no
        row.
    """
    drawn = []
    for before in range(YEARS_BEFORE, -1, -1):
        first = int(year[:4]) - before
        months = np.array(months_of(str(first)))
        generator = partial(stream, seed, "group", f"{first}-{(first + 1) % 100:02}")
        grown = lines["admissions"] * np.exp(-lines["annual_growth"] * before) * people_share
        mean = (grown * truth["relative_rate"]).to_numpy()
        yearly = (lines["variance_factor"] - 1).to_numpy() / grown.to_numpy()
        clustered = np.where(
            yearly > 0, generator("patients").gamma(1 / np.where(yearly > 0, yearly, 1)) * yearly, 1.0
        )
        monthly = (mean * clustered)[:, None] * _shares(lines, f"{first}-04") * _planted(truth, months)
        counts = generator("admissions").poisson(monthly)[:, : MONTHS_KNOWN if before == 0 else None]
        line, month = np.nonzero(counts)
        keys = lines[["hrg", "admission_type"]].iloc[line].reset_index(drop=True)
        drawn.append(keys.assign(month=months[month], admissions=counts[line, month]))
    return pd.concat(drawn)[COLUMNS].sort_values(COLUMNS[:3], ignore_index=True)


def _shares(lines: pd.DataFrame, year: str) -> np.ndarray:
    """The true share of each month, lines x 12."""
    _, month, _ = calendar(year)
    by_month = np.add.reduceat(day_weights(year), np.searchsorted(month, range(12)), axis=1)
    return (by_month / by_month.sum(axis=1, keepdims=True))[season_of(lines)]


def _planted(truth: pd.DataFrame, months: np.ndarray) -> np.ndarray:
    """What the planted causes multiply by, lines x months."""
    begin = truth["planted_from"].fillna("9999").to_numpy(dtype=str)[:, None]
    end = truth["planted_to"].fillna("").to_numpy(dtype=str)[:, None]
    factor = truth["planted_factor"].fillna(1.0).to_numpy()[:, None]
    return np.where((begin <= months) & (months <= end), factor, 1.0)
