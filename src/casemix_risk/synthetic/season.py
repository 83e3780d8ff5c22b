"""When admissions of the demonstration happen: by month and weekday, in round guesses."""

import numpy as np
import pandas as pd

from casemix_risk.synthetic import population as people_of

_WINTER = r"^D|Respiratory|Bronchiolitis|Croup|Asthma"

# Admissions by month, April first, and by weekday, Monday first.
_SEASONS = {
    "elective": (
        [1, 1, 1.03, 1, 0.96, 1.03, 1.05, 1.06, 0.82, 1, 1, 1.05],
        [1, 1.1, 1.1, 1.05, 0.9, 0.16, 0.1],
    ),
    "winter": ([1, 0.85, 0.75, 0.7, 0.65, 0.8, 1, 1.15, 1.6, 1.4, 1.15, 1.05], [1.1, 1, 1, 1, 1, 0.9, 0.9]),
    "other": ([1] * 12, [1.1, 1.05, 1, 1, 1.05, 0.9, 0.9]),
}


def calendar(year: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every day of the financial year (since 1970-01-01), its month (April 0) and its weekday (Monday 0)."""
    days = np.arange(people_of.year_start(year), people_of.year_end(year) + 1)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    return days, months - months[0], (days + 3) % 7


def season_of(lines: pd.DataFrame) -> np.ndarray:
    """Which season's row of `day_weights` a line has."""
    names = lines["hrg"] + " " + lines["description"]
    return np.select([lines["admission_type"] == "elective", names.str.contains(_WINTER)], [0, 1], default=2)


def day_weights(year: str) -> np.ndarray:
    """Relative numbers of admissions on each day of the financial year, seasons x days."""
    _, month, weekday = calendar(year)
    return np.array([np.array(m)[month] * np.array(w)[weekday] for m, w in _SEASONS.values()])
