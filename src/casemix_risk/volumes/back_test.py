"""How well each projection method would have foretold years that are known."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from casemix_risk.volumes.national import LINE, project
from casemix_risk.volumes.years import FEWEST_BASE_YEARS

# From the simplest: what each has to learn from the base years.
METHODS = ["last_year", "mean", "pooled_trend", "log_linear"]
INTERVAL = (0.025, 0.975)
ADEQUATE_COVERAGE = 0.90
WHOLE = "all"


def back_test(activity: pd.DataFrame) -> pd.DataFrame:
    """Every method's projection of each year that has two earlier years, against what came.

    Errors are weighted absolute: the sum over lines of |projected - observed| in % of the admissions
    observed. The interval is the 95 % predictive one, Negative Binomial with the projection's mean and the
    sum of its own variance and the year's chance.

    Args:
        activity: table ``activity`` of three years or more.

    Returns:
        Table ``back_test``: by target year, by codes (``in every year``: HRGs with admissions in the target
        year and in all base years; ``all``: every line seen in any of them), by chapter (``all`` for their
        sum) and method.
    """
    years = sorted(activity["year"].unique())
    tables = [
        _errors(lines, target, method, len(base))
        for number, target in enumerate(years[FEWEST_BASE_YEARS:], start=FEWEST_BASE_YEARS)
        for base in [years[:number]]
        for method in METHODS
        for lines in [_projected_and_observed(activity, base, target, method)]
    ]
    return pd.concat(tables).sort_values(["target_year", "codes", "chapter", "method"], ignore_index=True)


def preferred_method(tested: pd.DataFrame) -> str:
    """The method that the back test speaks for, by a rule that was stated before it was run.

    1. Methods that are clearly worse than the best are out: their error on codes in every year, all target
       years together, is more than one standard error above the smallest, chapters being the independent
       pieces that the error of the difference is found from (the one-standard-error rule; Breiman, Friedman,
       Olshen and Stone 1984, *Classification and Regression Trees*, sec. 3.4.3; ratio estimator of
       Cochran 1977, *Sampling Techniques*, ch. 6).
    2. Of the rest, those whose 95 % interval held less than 90 % of what came are out, unless all are; then
       the one that held most stays.
    3. Of the rest, the simplest.

    Args:
        tested: table ``back_test``.
    """
    common = tested[tested["codes"] == "in every year"]
    pieces = common[common["chapter"] != WHOLE]
    sums = pieces.groupby(["chapter", "method"])[["absolute_error", "admissions"]].sum().unstack()
    errors, observed = sums["absolute_error"][METHODS], sums["admissions"][METHODS[0]]
    excess = errors.sub(errors[errors.sum().idxmin()], axis=0)
    mean = excess.sum() / observed.sum()
    residuals = excess - np.outer(observed, mean)
    correction = len(errors) / max(len(errors) - 1, 1)
    standard_error = np.sqrt(correction * (residuals**2).sum()) / observed.sum()
    held = common[common["chapter"] == WHOLE].groupby("method")["inside_95"].mean()[METHODS]
    held = held[mean <= standard_error]
    return str((held >= min(ADEQUATE_COVERAGE, held.max())).idxmax())


def _projected_and_observed(
    activity: pd.DataFrame, base: list[str], target: str, method: str
) -> pd.DataFrame:
    """Each line seen in the base years or the target year, with its projection and what came."""
    projected = project(activity[activity["year"].isin(base)], base, target, method, 1, 1).set_index(LINE)
    observed = activity[activity["year"] == target].set_index(LINE)["admissions"]
    lines = projected[["admissions", "admissions_se", "variance_factor"]].join(
        observed.rename("observed"), how="outer"
    )
    lines["variance_factor"] = lines["variance_factor"].fillna(1.0)
    lines = lines.fillna(0.0)
    lines = lines[(lines["admissions"] > 0) | (lines["observed"] > 0)]
    seen = activity[activity["year"].isin([*base, target]) & (activity["admissions"] > 0)]
    years_seen = seen.groupby("hrg")["year"].nunique()
    lines["in_every_year"] = lines.index.get_level_values("hrg").map(years_seen) == len(base) + 1
    low, high = (_predictive_quantile(lines, probability) for probability in INTERVAL)
    return lines.assign(
        method=method,
        chapter=lines.index.get_level_values("hrg").str[0],
        absolute_error=(lines["admissions"] - lines["observed"]).abs(),
        inside=(lines["observed"] >= low) & (lines["observed"] <= high),
    )


def _predictive_quantile(lines: pd.DataFrame, probability: float) -> np.ndarray:
    mean = lines["admissions"].to_numpy()
    variance = mean * lines["variance_factor"].to_numpy() + lines["admissions_se"].to_numpy() ** 2
    spread = np.maximum(variance - mean, 1e-9 * mean)
    positive = mean > 0
    size = np.where(positive, mean**2 / np.where(positive, spread, 1.0), 1.0)
    success = np.where(positive, size / (size + mean), 1.0)
    return np.where(positive, stats.nbinom.ppf(probability, size, success), 0.0)


def _errors(lines: pd.DataFrame, target: str, method: str, base_years: int) -> pd.DataFrame:
    rows = [
        {
            "target_year": target,
            "codes": codes,
            "chapter": chapter,
            "method": method,
            "base_years": base_years,
            "lines": len(part),
            "admissions": part["observed"].sum(),
            "projected": part["admissions"].sum(),
            "absolute_error": part["absolute_error"].sum(),
            "inside_95": part["inside"].mean() if len(part) else np.nan,
        }
        for codes, some in (("all", lines), ("in every year", lines[lines["in_every_year"]]))
        for chapter, part in _whole_and_chapters(some)
    ]
    return pd.DataFrame(rows).assign(
        error_pct=lambda table: (
            100 * table["absolute_error"] / table["admissions"].where(table["admissions"] > 0)
        )
    )


def _whole_and_chapters(lines: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield WHOLE, lines
    yield from lines.groupby("chapter")
