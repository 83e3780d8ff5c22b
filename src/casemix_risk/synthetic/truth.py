"""The truth behind the demonstration: a national line table that has every published figure of the paper.

Admissions and prices are those that :mod:`casemix_risk.synthetic.calibration` found; the seed moves only
length of stay and growth. Length of stay follows price: log price is linear in the log of mean stay, by
admission type, with a residual SD of 0.25. The HRGs without a national price lie a little above that line on
average, so a price estimated from stay is on the low side, as the paper's were.
"""

from importlib.resources import files

import numpy as np
import pandas as pd

from casemix_risk.streams import stream
from casemix_risk.synthetic.catalogue import catalogue_lines

COLUMNS = [
    "hrg",
    "admission_type",
    "chapter",
    "description",
    "description_source",
    "admissions",
    "price_gbp",
    "has_national_price",
    "mean_los_days",
    "variance_factor",
    "annual_growth",
    "in_table1",
]

# Log growth of admissions a year, 2002/03 to 2007/08: chosen, about 0.7 % over all.
_CHAPTER_GROWTH = {
    **{"A": 0.008, "B": 0.015, "C": -0.006, "D": 0.010, "E": 0.012, "F": 0.014, "G": 0.013, "H": 0.012},
    **{"J": 0.006, "K": 0.009, "L": 0.014, "M": -0.008, "N": 0.004, "P": -0.002, "Q": -0.002, "R": 0.016},
    **{"S": 0.010, "T": -0.010},
}

# Days of stay at GBP 1,000 and the elasticity of price to stay, by admission type.
_STAY = {"elective": (1.1, 0.90), "emergency": (2.2, 0.90)}
_PRICE_RESIDUAL_SD = 0.25
_UNPRICED_RESIDUAL_MEAN = 0.05


def national_truth(seed: int) -> pd.DataFrame:
    """The demonstration's national line table for 2007/08, at the prices of 2006/07.

    Args:
        seed: moves length of stay and growth; admissions and prices do not depend on it.

    Returns:
        1,200 rows sorted by ``hrg, admission_type``: both, ``chapter, description, description_source``
        (``published`` or ``synthetic``), ``admissions`` (expected in the year, 51 million heads, whole),
        ``price_gbp`` (whole pounds), ``has_national_price``, ``mean_los_days``, ``variance_factor`` (variance
        over mean of a yearly count), ``annual_growth`` (log growth a year from 2002/03 to 2007/08),
        ``in_table1``.
    """
    calibrated = pd.read_csv(files(__package__) / "national_lines.csv", dtype={"price_gbp": float})
    lines = catalogue_lines().merge(calibrated, on=["hrg", "admission_type"], validate="one_to_one")
    lines["mean_los_days"] = _mean_stay(lines, stream(seed, "truth", "length of stay"))
    lines["annual_growth"] = _growth(lines, stream(seed, "truth", "growth"))
    return lines[COLUMNS]


def _mean_stay(lines: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Mean length of stay in days, on whose log the log of national prices regresses as ``_STAY`` says.

    A residual uncorrelated with stay has to lean on price, by its share of the variance of log price; noise
    makes up the rest of it.
    """
    noise = pd.Series(rng.standard_normal(len(lines)), lines.index)
    log_price = np.log(lines["price_gbp"] / 1_000)
    log_stay = []
    for kind, (days, elasticity) in _STAY.items():
        of_kind = lines["admission_type"] == kind
        priced, unpriced = of_kind & lines["has_national_price"], of_kind & ~lines["has_national_price"]
        lean = _PRICE_RESIDUAL_SD**2 / log_price[priced].var()
        leaning = lean * (log_price[priced] - log_price[priced].mean())
        residual = [
            leaning + _PRICE_RESIDUAL_SD * np.sqrt(1 - lean) * noise[priced],
            _UNPRICED_RESIDUAL_MEAN + _PRICE_RESIDUAL_SD * (noise[unpriced] - noise[unpriced].mean()),
        ]
        log_stay.append(np.log(days) + (log_price[of_kind] - pd.concat(residual)) / elasticity)
    return np.exp(pd.concat(log_stay)).round(2)


def _growth(lines: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Log growth a year: the chapter's rate and the line's own deviation, SD 0.5 %."""
    return (lines["chapter"].map(_CHAPTER_GROWTH) + 0.005 * rng.standard_normal(len(lines))).round(5)
