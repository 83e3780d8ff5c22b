"""Growth of lines over the base years, and the level it leads to in the target year."""

import numpy as np
import pandas as pd

NEWTON_STEPS = 60
LARGEST_STEP = 1.0
SMALLEST_STEP = 1e-13
SMALLEST_COUNT_FOR_SHIFTS = 10
VARIANCE_OF_AN_UNUSED_YEAR = 1e12


def trend(
    counts: pd.DataFrame, used: np.ndarray, factor: np.ndarray, time: np.ndarray, *, pooled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Level of each line in the target year and its variance, from growth over the base years.

    Unpooled, each line follows its own Poisson growth. Pooled, a line's log level is a random walk whose
    drift is its growth (local level with drift; Harvey 1989, *Forecasting, Structural Time Series Models and
    the Kalman Filter*, ch. 2): every year shifts it by an amount of variance q that does not return, so the
    last count weighs most where lines are large, and all years alike where they are small.

    Args:
        counts: admissions, lines (``hrg, admission_type``) x base years.
        used: whether a line's code was in use in a year; same shape.
        factor: variance factor of each line.
        time: the base years as years before the target year, negative or 0, ascending.
        pooled: draw growth towards the chapter's and let levels shift.
    """
    y = counts.to_numpy()
    shift = yearly_shift_variance(counts, used, factor, time) if pooled else 0.0
    growth, growth_variance = _line_growth(counts, used, factor, time, shift, pooled=pooled)
    relative = np.exp(growth[:, None] * time) * used
    smooth = y.sum(axis=1) / relative.sum(axis=1)
    weights, level_variance = _level_weights(smooth[:, None] * relative, factor, time, shift)
    level = (weights * y * np.exp(-growth[:, None] * time)).sum(axis=1)
    mean_time = weights @ time
    return level, level**2 * (level_variance + mean_time**2 * growth_variance)


def yearly_shift_variance(
    counts: pd.DataFrame, used: np.ndarray, factor: np.ndarray, time: np.ndarray
) -> float:
    """Variance q of the shift that a line's log level takes in a year beyond chance and growth.

    The method of moments, as `_between_lines_variance`. With three base years or more from the changes of a
    line's own growth; growth that lasts does not enter. With two, growth that lasts cannot be told from a
    shift, and the whole spread between the lines of a chapter is taken for shifts. With one, 0.
    """
    large = used.all(axis=1) & (counts.to_numpy() >= SMALLEST_COUNT_FOR_SHIFTS).all(axis=1)
    if len(time) == 1 or not large.any():
        return 0.0
    y, chance, step = counts.to_numpy()[large], factor[large, None], np.diff(time)
    growth = np.diff(np.log(y)) / step
    if len(time) == 2:
        precision = step[0] ** 2 / (chance / y).sum(axis=1)
        chapter = counts.index.get_level_values("hrg").str[0].to_numpy()[large]
        inside = [chapter == name for name in np.unique(chapter)]
        spreads = [_between_lines_variance(growth[lines, 0], precision[lines]) for lines in inside]
        return step[0] * np.average(spreads, weights=[lines.sum() for lines in inside])
    change = np.diff(growth)
    noise = (
        chance[:, 0, None] / y[:, 2:] / step[1:] ** 2
        + chance / y[:, :-2] / step[:-1] ** 2
        + chance / y[:, 1:-1] * (1 / step[1:] + 1 / step[:-1]) ** 2
    )
    return max(0.0, (change**2 / noise - 1).sum() / ((1 / step[1:] + 1 / step[:-1]) / noise).sum())


def _level_weights(
    mean: np.ndarray, factor: np.ndarray, time: np.ndarray, shift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a line's detrended counts in its level, and the level's relative variance at known growth.

    Generalised least squares: a year's detrended count errs by chance, factor / mean, and by the shifts
    between that year and the last, which the years before it share. Without shifts the weights are the means.
    """
    chance = factor[:, None] / np.where(mean > 0, mean, factor[:, None] / VARIANCE_OF_AN_UNUSED_YEAR)
    shared = shift * np.minimum.outer(time[-1] - time, time[-1] - time)
    covariance = shared + chance[:, :, None] * np.eye(len(time))
    weights = np.linalg.solve(covariance, np.ones((*mean.shape, 1)))[:, :, 0]
    information = weights.sum(axis=1)
    return weights / information[:, None], 1 / information - shift * time[-1]


def _line_growth(
    counts: pd.DataFrame,
    used: np.ndarray,
    factor: np.ndarray,
    time: np.ndarray,
    shift: float,
    *,
    pooled: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Log growth of each line, drawn towards its chapter's, and its variance.

    With v the variance of the line's own and tau^2 that of true growth between lines, the chapter's weighs
    w = v / (v + tau^2). At this weight a line's own part in its chapter's growth adds no covariance, and the
    variance is (1 - w)^2 v + w^2 (tau^2 + variance of the chapter's) (Morris 1983, Journal of the American
    Statistical Association 78, 47-55). A line without growth of its own has w = 1; a chapter where no line
    has any takes that of all lines.
    """
    y = counts.to_numpy()
    own, own_variance = poisson_growth(y, used, factor, time)
    known = np.isfinite(own_variance)
    precision = 1 / own_variance
    drift = shift * slope_variance(time)
    own_variance = np.where(known, own_variance + drift, 0.0)
    chapter = counts.index.get_level_values("hrg").str[0].to_numpy()
    growth, variance = np.empty(len(y)), np.empty(len(y))
    for name in np.unique(chapter):
        inside = chapter == name
        peers = inside if known[inside].any() else np.full(len(y), True)
        between = max(0.0, _between_lines_variance(own[peers], precision[peers]) - drift)
        if pooled and len(time) == 2:
            between = 0.0
        common, common_variance = _common_growth(y[peers], factor[peers], time, between + drift)
        own_share = between / (between + own_variance[inside]) if pooled and between else 0.0
        towards = np.where(known[inside], (1 - own_share) if pooled else 0.0, 1.0)
        growth[inside] = own[inside] + towards * (common - own[inside])
        variance[inside] = (1 - towards) ** 2 * own_variance[inside] + towards**2 * (
            between + common_variance
        )
    return growth, variance


def slope_variance(time: np.ndarray) -> float:
    """Variance of the least-squares slope through a random walk whose yearly steps have variance 1."""
    if len(time) == 1:
        return 0.0
    centred = time - time.mean()
    slope = centred / (centred**2).sum()
    return float((np.cumsum(slope[::-1])[::-1][1:] ** 2 * np.diff(time)).sum())


def _common_growth(
    y: np.ndarray, factor: np.ndarray, time: np.ndarray, between: float
) -> tuple[float, float]:
    """Growth of the summed counts of lines, and its variance as the centre of the lines' true growth.

    The sum's variance factor is the admissions-weighted mean of the lines'.
    """
    total = y.sum(axis=1)
    together = np.array([np.average(factor, weights=total)])
    summed = y.sum(axis=0, keepdims=True)
    growth, variance = poisson_growth(summed, np.full(summed.shape, True), together, time)
    return growth[0], variance[0] + between * ((total / total.sum()) ** 2).sum()


def poisson_growth(
    y: np.ndarray, used: np.ndarray, factor: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Poisson maximum likelihood of b in mean = exp(a + b t), row by row, by Newton's method.

    Given a row's total its counts are multinomial with probabilities proportional to exp(b t), so b makes the
    expected mean time the observed one, and its information is total x variance of time / variance factor.
    Only years in which the code was in use count. Where all counts are in the first or the last of them b is
    not finite: growth 0, variance infinite.
    """
    total = y.sum(axis=1)
    observed = (y @ time) / total
    first = np.where(used, time, np.inf).min(axis=1)
    last = np.where(used, time, -np.inf).max(axis=1)
    identified = (observed > first + 1e-9) & (observed < last - 1e-9)
    growth = np.zeros(len(y))
    for _ in range(NEWTON_STEPS):
        mean, spread = _time_moments(growth, used, time)
        step = np.where(identified, (observed - mean) / np.where(identified, spread, 1.0), 0.0)
        growth = growth + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        if np.abs(step).max() < SMALLEST_STEP:
            break
    _, spread = _time_moments(growth, used, time)
    return growth, np.where(identified, factor / np.where(identified, total * spread, 1.0), np.inf)


def _time_moments(growth: np.ndarray, used: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weights = np.exp(growth[:, None] * (time - time.max())) * used
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
