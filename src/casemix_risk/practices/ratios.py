"""Practices' observed over expected: with limits, shrunken, and who stands out."""

import numpy as np
import pandas as pd
import polars as pl
from scipy.stats import norm

from casemix_risk.practices.effective_counts import effective_counts
from casemix_risk.practices.expected import KEY
from casemix_risk.statistics.funnel import judged, shmi_limits
from casemix_risk.statistics.intervals import poisson_limits
from casemix_risk.statistics.shrinkage import shrunken_ratios

FUNNEL_LIMITS = {"95": norm.isf(0.025), "998": norm.isf(0.001)}
COLUMNS = [
    *(*KEY, "observed", "expected", "ratio", "lower", "upper", "tau", "z"),
    *("lower_95", "upper_95", "lower_998", "upper_998"),
    *("shrunken", "shrunken_lower", "shrunken_upper", "q", "signal"),
]


def practice_ratios(expected: pd.DataFrame, counts: pl.DataFrame) -> pd.DataFrame:
    """Table ``practice_ratios``: each practice against its expectation, by year, measure and step.

    Everything is computed on `effective_counts`, so that cost needs no formula of its own. ``lower, upper``
    are Byar's limits of the ratio, exact ones below 10 events. Funnel limits are those of the SHMI method
    (`shmi_limits`, 95 and 99.8 %) with ``tau`` of all practices of the year, measure and step. ``z`` is
    2 (sqrt(O / E) - 1) over its standard deviation by chance and tau: on SHMI's own logarithmic scale small
    counts give too many false signals. ``q`` and ``signal`` as `judged`, ``shrunken`` as `shrunken_ratios`.

    Args:
        expected: table ``practice_expected``.
        counts: table ``practice_counts``.
    """
    rows = effective_counts(expected, counts)
    parts = [_of_one(of_step) for _, of_step in rows.groupby(["year", "measure", "step"])]
    return pd.concat(parts)[COLUMNS].sort_values(KEY, ignore_index=True)


def _of_one(rows: pd.DataFrame) -> pd.DataFrame:
    """One year, measure and step."""
    observed, expected = (rows[name].to_numpy() for name in ("observed", "expected"))
    ratio, own_unit = observed / expected, rows["own_unit"].to_numpy()
    variance = rows["unit"].to_numpy() / expected
    lower, upper = (limit * own_unit / expected for limit in poisson_limits(observed / own_unit))
    seen = judged(2 * (np.sqrt(ratio) - 1), variance)
    funnel = {}
    for name, quantile in FUNNEL_LIMITS.items():
        funnel[f"lower_{name}"], funnel[f"upper_{name}"] = shmi_limits(variance, seen.tau, quantile)
    shrunken = shrunken_ratios(ratio / variance, 1 / variance)
    return rows.assign(
        ratio=ratio,
        lower=lower,
        upper=upper,
        tau=seen.tau,
        z=seen.z,
        **funnel,
        shrunken=shrunken.ratio,
        shrunken_lower=shrunken.lower,
        shrunken_upper=shrunken.upper,
        q=seen.q,
        signal=seen.signal,
    )
