"""Which practices moved from one year to the next more than chance and the others' moves explain."""

from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.practices.effective_counts import effective_counts
from casemix_risk.practices.expected import ALL_YEARS, KEY
from casemix_risk.statistics.funnel import judged
from casemix_risk.statistics.intervals import rate_ratio_limits

COLUMNS = [*KEY, "ratio_before", "ratio", "change", "lower", "upper", "tau", "z", "q", "signal"]


def practice_change(expected: pd.DataFrame, counts: pl.DataFrame) -> pd.DataFrame:
    """Table ``practice_change``: a practice's ratio over its ratio of the year before.

    Limits of the ratio of ratios are exact (`rate_ratio_limits`), on `effective_counts`. ``z``, ``q`` and
    ``signal`` compare practices' moves with each other as `practice_ratios` compares their levels: the
    difference of 2 sqrt(O / E) between the years has by chance the sum of its variances.

    Args:
        expected: table ``practice_expected``.
        counts: table ``practice_counts``.

    Returns:
        A row for each practice and year with one before it; none where there is one year. Without events in
        the year before there is no change and no upper limit.
    """
    rows = effective_counts(expected, counts)
    rows = rows[rows["year"] != ALL_YEARS]
    following = dict(pairwise(sorted(rows["year"].unique())))
    before = rows.assign(year=rows["year"].map(following)).dropna(subset="year")
    both = rows.merge(before, on=KEY, suffixes=("", "_before"))
    parts = [_of_one(of_step) for _, of_step in both.groupby(["year", "measure", "step"])]
    table = pd.concat(parts) if parts else both.reindex(columns=COLUMNS)
    return table[COLUMNS].sort_values(KEY, ignore_index=True)


def _of_one(rows: pd.DataFrame) -> pd.DataFrame:
    """One pair of years, measure and step."""
    ratio, ratio_before = (
        rows["observed"] / rows["expected"],
        rows["observed_before"] / rows["expected_before"],
    )
    variance = (rows["unit"] / rows["expected"] + rows["unit_before"] / rows["expected_before"]).to_numpy()
    seen = judged(2 * (np.sqrt(ratio) - np.sqrt(ratio_before)).to_numpy(), variance)
    events, events_before = (
        (rows[f"observed{when}"] / rows[f"own_unit{when}"]).to_numpy() for when in ("", "_before")
    )
    # From a ratio of mean events to one of observed over expected.
    worth, worth_before = (rows[f"own_unit{when}"] / rows[f"expected{when}"] for when in ("", "_before"))
    scale = (worth / worth_before).to_numpy()
    lower, upper = rate_ratio_limits(events_before, events)
    return rows.assign(
        ratio_before=ratio_before,
        ratio=ratio,
        change=(ratio / ratio_before).where(ratio_before > 0),
        lower=scale * lower,
        upper=pd.Series(scale * upper, rows.index).where(ratio_before > 0),
        tau=seen.tau,
        z=seen.z,
        q=seen.q,
        signal=seen.signal,
    )
