"""Base years projected to the target year, line by line, with standard errors."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError

LINE = ["hrg", "admission_type"]
NEWTON_STEPS = 60
LARGEST_STEP = 1.0
SMALLEST_STEP = 1e-13


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
    d / sum(y) + (T - tbar)^2 var(b), tbar being the mean year at that growth.

    Args:
        activity: table ``activity``; a line missing from a base year had no admission in it.
        base_years: financial years to use, each in `activity`.
        target_year: financial year to project to.
        method: ``last_year``: the last count; ``mean``: the mean count; ``log_linear``: own growth of each
            line by Poisson maximum likelihood (McCullagh and Nelder 1989, *Generalized Linear Models*,
            ch. 6); ``pooled_trend``: own growth shrunk towards its chapter's by empirical Bayes (Efron and
            Morris 1973). A line with all its admissions in the first or the last year has no growth of its
            own and takes its chapter's under both trend methods.
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
    if method == "last_year":
        level, variance = counts[years[-1]].to_numpy(), factor * counts[years[-1]].to_numpy()
    elif method == "mean":
        level = counts.mean(axis=1).to_numpy()
        variance = factor * level / len(years)
    else:
        level, variance = _trend(counts, factor, _time(years, target_year), pooled=method == "pooled_trend")
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
    simply add: the chapter's summed counts are projected as one line and give its relative error. Under the
    other methods each line errs by itself.

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
    return whole["admissions_se"] / whole["admissions"] * national["admissions"].groupby(chapter).sum()


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


def _time(years: list[str], target_year: str) -> np.ndarray:
    """Years before the target year, as negative numbers."""
    return np.array([int(year[:4]) - int(target_year[:4]) for year in years], dtype=float)


def _trend(
    counts: pd.DataFrame, factor: np.ndarray, time: np.ndarray, *, pooled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Level in the target year and its variance, from each line's growth."""
    y = counts.to_numpy()
    total = y.sum(axis=1)
    growth, growth_variance = _line_growth(counts, factor, time, pooled=pooled)
    relative = np.exp(growth[:, None] * time)
    level = total / relative.sum(axis=1)
    mean_time = (relative * time).sum(axis=1) / relative.sum(axis=1)
    return level, level**2 * (factor / total + mean_time**2 * growth_variance)


def _line_growth(
    counts: pd.DataFrame, factor: np.ndarray, time: np.ndarray, *, pooled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Log growth of each line, drawn towards its chapter's, and its variance.

    With v the variance of the line's own and tau^2 that of true growth between lines, the chapter's weighs
    w = v / (v + tau^2). At this weight a line's own part in its chapter's growth adds no covariance, and the
    variance is (1 - w)^2 v + w^2 (tau^2 + variance of the chapter's) (Morris 1983, Journal of the American
    Statistical Association 78, 47-55). A line without growth of its own has w = 1; a chapter where no line
    has any takes that of all lines.
    """
    y = counts.to_numpy()
    own, own_variance = _poisson_growth(y, factor, time)
    known = np.isfinite(own_variance)
    precision, own_variance = 1 / own_variance, np.where(known, own_variance, 0.0)
    chapter = counts.index.get_level_values("hrg").str[0].to_numpy()
    growth, variance = np.empty(len(y)), np.empty(len(y))
    for name in np.unique(chapter):
        inside = chapter == name
        peers = inside if known[inside].any() else np.full(len(y), True)
        between = _between_lines_variance(own[peers], precision[peers])
        common, common_variance = _common_growth(y[peers], factor[peers], time, between)
        towards = 1 / (1 + between * precision[inside]) if pooled else np.where(known[inside], 0.0, 1.0)
        growth[inside] = own[inside] + towards * (common - own[inside])
        variance[inside] = (1 - towards) ** 2 * own_variance[inside] + towards**2 * (
            between + common_variance
        )
    return growth, variance


def _common_growth(
    y: np.ndarray, factor: np.ndarray, time: np.ndarray, between: float
) -> tuple[float, float]:
    """Growth of the summed counts of lines, and its variance as the centre of the lines' true growth.

    The sum's variance factor is the admissions-weighted mean of the lines'.
    """
    total = y.sum(axis=1)
    together = np.array([np.average(factor, weights=total)])
    growth, variance = _poisson_growth(y.sum(axis=0, keepdims=True), together, time)
    return growth[0], variance[0] + between * ((total / total.sum()) ** 2).sum()


def _poisson_growth(y: np.ndarray, factor: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Poisson maximum likelihood of b in mean = exp(a + b t), row by row, by Newton's method.

    Given a row's total its counts are multinomial with probabilities proportional to exp(b t), so b makes the
    expected mean time the observed one, and its information is total x variance of time / variance factor.
    Where all counts are in the first or the last year b is not finite: growth 0, variance infinite.
    """
    total = y.sum(axis=1)
    observed = (y @ time) / total
    identified = (observed > time.min() + 1e-9) & (observed < time.max() - 1e-9)
    growth = np.zeros(len(y))
    for _ in range(NEWTON_STEPS):
        mean, spread = _time_moments(growth, time)
        step = np.where(identified, (observed - mean) / spread, 0.0)
        growth = growth + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        if np.abs(step).max() < SMALLEST_STEP:
            break
    _, spread = _time_moments(growth, time)
    return growth, np.where(identified, factor / (total * spread), np.inf)


def _time_moments(growth: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weights = np.exp(growth[:, None] * (time - time.max()))
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ time
    return mean, (weights * (time - mean[:, None]) ** 2).sum(axis=1)


def _between_lines_variance(growth: np.ndarray, precision: np.ndarray) -> float:
    """How much true growth differs between lines of a chapter, by the method of moments.

    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.
    """
    known = precision > 0
    weights = precision[known]
    if len(weights) < 2:
        return 0.0
    centre = np.average(growth[known], weights=weights)
    excess = (weights * (growth[known] - centre) ** 2).sum() - (len(weights) - 1)
    return max(0.0, excess / (weights.sum() - (weights**2).sum() / weights.sum()))
