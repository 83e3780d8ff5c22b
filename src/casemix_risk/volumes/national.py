"""Base years projected to the target year, line by line, with standard errors."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.volumes.growth import slope_variance, trend, yearly_shift_variance

LINE = ["hrg", "admission_type"]
CHANCE_OF_A_FALSE_EDGE = 0.001


def project(
    activity: pd.DataFrame,
    base_years: Sequence[str],
    target_year: str,
    method: str,
    population: float,
    population_covered: float,
) -> pd.DataFrame:
    """National admissions of each line in the target year.

    A line's yearly counts are taken as independent with variance = variance factor x mean. With log growth b
    a year the level at the target year T is sum(y) / sum(exp(b (t - T))), whose relative variance is
    d / sum(y) + (T - tbar)^2 var(b), tbar being the mean year at that growth; `casemix_risk.volumes.growth`
    has the whole.

    Args:
        activity: table ``activity``; a line missing from a base year had no admission in it.
        base_years: financial years to use, each in `activity`.
        target_year: financial year to project to.
        method: ``last_year``: the last count; ``mean``: the mean count; ``log_linear``: own growth of each
            line by Poisson maximum likelihood (McCullagh and Nelder 1989, *Generalized Linear Models*,
            ch. 6); ``pooled_trend``: own growth shrunk towards its chapter's by empirical Bayes (Efron and
            Morris 1973), and levels that may shift from year to year. A line with all its admissions in the
            first or the last year has no growth of its own and takes its chapter's under both trend methods.
            Years before a code begins are no evidence, and a code that has ended is projected to 0.
        population: people whom the result belongs to.
        population_covered: people whose admissions `activity` holds.

    Returns:
        Table ``national``: a row for each line with an admission in any base year.

    Raises:
        InputError: a base year is missing from the activity, or a trend is asked of a single year.
    """
    years = sorted(base_years)
    missing = sorted(set(years) - set(activity.loc[activity["admissions"] > 0, "year"]))
    if missing:
        raise InputError(f"The activity has no admissions in {', '.join(missing)}; check those extracts.")
    if method in ("log_linear", "pooled_trend") and len(years) < 2:
        raise InputError(
            f"The projection {method} needs two base years or more and there is only {years[0]}; "
            "add a year or set projection to last_year."
        )
    counts, factor, mean_los, day_case_share = _lines(activity[activity["year"].isin(years)], years)
    used = years_in_use(counts.to_numpy(), factor)
    if method == "last_year":
        level, variance = counts[years[-1]].to_numpy(), factor * counts[years[-1]].to_numpy()
    elif method == "mean":
        level = counts.sum(axis=1).to_numpy() / used.sum(axis=1)
        variance = factor * level / used.sum(axis=1)
    else:
        time = _time(years, target_year)
        level, variance = trend(counts, used, factor, time, pooled=method == "pooled_trend")
    level, variance = level * used[:, -1], variance * used[:, -1]
    scale = population / population_covered
    return counts.index.to_frame(index=False).assign(
        admissions=level * scale,
        admissions_se=np.sqrt(variance) * scale,
        method=method,
        mean_los=mean_los,
        day_case_share=day_case_share,
        variance_factor=factor,
    )


def chapter_errors(activity: pd.DataFrame, national: pd.DataFrame, target_year: str) -> pd.Series:
    """Standard error of each chapter's admissions.

    Under ``pooled_trend`` the lines of a chapter share the error of its growth, so their variances do not
    simply add: the chapter's summed counts are projected as one line and give its relative error, with what
    the yearly shifts of chapters add to it on the way to the target year, and through the growth that they
    draw. Under the other methods each line errs by itself.

    Args:
        activity: table ``activity`` of the base years.
        national: table ``national`` made from it.
        target_year: financial year projected to.

    Returns:
        Admissions a year, by chapter letter.
    """
    chapter = national["hrg"].str[0].rename("chapter")
    if (national["method"] != "pooled_trend").any():
        return np.sqrt((national["admissions_se"] ** 2).groupby(chapter).sum())
    lines = activity.assign(hrg=activity["hrg"].str[0], admission_type="all")
    lines["variance_factor"] *= lines["admissions"]
    summed = lines.groupby(["year", *LINE], as_index=False)[["admissions", "variance_factor"]].sum()
    summed["variance_factor"] /= summed["admissions"]
    years = sorted(activity["year"].unique())
    summed = summed.assign(mean_los=np.nan, day_case_share=0.0)
    whole = project(summed, years, target_year, "log_linear", 1, 1).set_index("hrg")
    time = _time(years, target_year)
    together = summed.assign(hrg="any", chapter=summed["hrg"])
    counts = together.pivot(index=["hrg", "chapter"], columns="year", values="admissions")
    factor = together.groupby("chapter")["variance_factor"].mean().to_numpy()
    shift = yearly_shift_variance(counts.fillna(0.0), counts.notna().to_numpy(), factor, time)
    variance = (whole["admissions_se"] / whole["admissions"]) ** 2
    variance += shift * (slope_variance(time) * time[-1] ** 2 - time[-1])
    return np.sqrt(variance) * national["admissions"].groupby(chapter).sum()


def _lines(activity: pd.DataFrame, years: list[str]) -> tuple[pd.DataFrame, np.ndarray, ...]:
    """Counts (lines x years); and, pooled over the years, variance factor, mean stay and day case share."""
    counts = activity.pivot(index=LINE, columns="year", values="admissions").reindex(columns=years)
    counts = counts.fillna(0.0).sort_index()
    counts = counts[counts.sum(axis=1) > 0]
    pooled = activity.assign(
        clustered=activity["admissions"] * activity["variance_factor"],
        days=activity["admissions"] * activity["mean_los"],
        with_days=activity["admissions"].where(activity["mean_los"].notna(), 0),
        day_cases=activity["admissions"] * activity["day_case_share"],
    )
    summed = ["admissions", "clustered", "days", "with_days", "day_cases"]
    sums = pooled.groupby(LINE)[summed].sum().loc[counts.index]
    factor = (sums["clustered"] / sums["admissions"]).clip(lower=1.0).to_numpy()
    mean_los = (sums["days"] / sums["with_days"].where(sums["with_days"] > 0)).to_numpy()
    return counts, factor, mean_los, (sums["day_cases"] / sums["admissions"]).clip(0, 1).to_numpy()


def years_in_use(counts: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Whether each line's code was in use in each year: codes begin and end when the classification changes.

    Empty years before a line's first admission or after its last are taken for years without the code where
    chance would empty one, at the line's mean between them, less than once in a thousand times. A year of a
    Negative Binomial is empty with probability d^(-mean / (d - 1)), d being the variance factor.
    """
    seen = counts > 0
    begun = np.maximum.accumulate(seen, axis=1)
    not_ended = np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    between = begun & not_ended
    mean = counts.sum(axis=1) / between.sum(axis=1)
    rate = np.where(factor > 1, np.log(factor) / np.where(factor > 1, factor - 1, 1.0), 1.0)
    plausible = np.exp(-mean * rate) >= CHANCE_OF_A_FALSE_EDGE
    return between | plausible[:, None]


def _time(years: list[str], target_year: str) -> np.ndarray:
    """Years before the target year, as negative numbers."""
    return np.array([int(year[:4]) - int(target_year[:4]) for year in years], dtype=float)
