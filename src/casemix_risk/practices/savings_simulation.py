"""Districts with known true differences between practices, and how far each saving is from the true one."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.practices.matched import Year, saving_if_matched
from casemix_risk.practices.savings import practice_savings
from casemix_risk.streams import stream

YEARS = ("2003-04", "2004-05")
_LEAST_RATIO = 0.2
_PRICE_VARIATION = 1.0  # coefficient of variation of the price of an admission
_MIX_VARIATION = 0.08  # and of practices' true GBP per admission


class Truth(NamedTuple):
    """What is true of a simulated district.

    Attributes:
        spread: standard deviation of practices' true ratios, a Normal law about 1.
        factor: variance over mean of a count by chance.
        practices: how many.
        people: on all lists together.
        admissions_per_head: a year.
        gbp: mean cost of an admission.
        list_spread: standard deviation of log list size; 0.59 for practices of England with over 1,000.
    """

    spread: float
    factor: float = 1.0
    practices: int = 57
    people: int = 350_000
    admissions_per_head: float = 0.09
    gbp: float = 1_800.0
    list_spread: float = 0.6


class District(NamedTuple):
    """A simulated district: table ``practice_expected`` of two years, true ratios, the last year's counts."""

    expected: pd.DataFrame
    ratio: np.ndarray
    year: Year


def simulated_district(truth: Truth, seed: int, run: int) -> District:
    """A district whose expected counts and true ratios are the same in both years; ``year.gbp`` is true."""
    generator = stream(seed, "practice savings simulation", *truth, run)
    size = generator.lognormal(0, truth.list_spread, truth.practices)
    expected = truth.people * truth.admissions_per_head * size / size.sum()
    ratio = np.maximum(generator.normal(1, truth.spread, truth.practices), _LEAST_RATIO)
    unit_cost = truth.gbp * generator.lognormal(0, _MIX_VARIATION, truth.practices)
    tables = []
    for year in YEARS:
        observed = _counts(ratio * expected, truth.factor, generator)
        noise = generator.standard_normal(truth.practices) * _PRICE_VARIATION * np.sqrt(observed)
        for measure, count, mean in (
            ("admissions", observed, expected),
            ("cost", unit_cost * (observed + noise), truth.gbp * expected),
        ):
            table = pd.DataFrame({"observed": count, "expected": mean}).assign(year=year, measure=measure)
            tables.append(table.rename_axis("practice").reset_index())
    table = pd.concat(tables).assign(step="age_sex")
    return District(table, ratio, Year(observed, expected, unit_cost * expected))


def errors_of_savings(truth: Truth, seed: int, runs: int, best: int) -> pd.DataFrame:
    """How each estimator does over simulated districts, at one number of best practices.

    Returns:
        A row for each ``estimator`` and ``truncated``: GBP a year ``saving`` (mean over runs), ``true_best``,
        the mean true saving if all matched the n that are truly best, ``true_named``, if all matched those
        that the estimator names; ``covers_best`` and ``covers_named``, the share of runs whose interval holds
        each; ``covers_zero``.
    """
    tables = []
    for run in range(runs):
        district = simulated_district(truth, seed, run)
        savings = practice_savings(district.expected, run)
        tables.append(_with_truth(savings[savings["best"] == best], district, best))
    rows = pd.concat(tables)
    for target in ("true_best", "true_named", "zero"):
        held = rows["lower_gbp"].le(rows[target]) & rows["upper_gbp"].ge(rows[target])
        rows[f"covers_{target.removeprefix('true_')}"] = held
    means = rows.groupby(["estimator", "truncated"]).mean(numeric_only=True).reset_index()
    return means.rename(columns={"saving_gbp": "saving"})


def _counts(mean: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    """Poisson counts, or Negative Binomial ones of variance factor x mean."""
    if factor == 1:
        return generator.poisson(mean)
    return generator.negative_binomial(mean / (factor - 1), 1 / factor)


def _with_truth(savings: pd.DataFrame, district: District, best: int) -> pd.DataFrame:
    """The savings beside what is true."""
    admissions = district.expected[district.expected["measure"] == "admissions"]
    observed = admissions.pivot(index="practice", columns="year", values="observed").to_numpy()
    earlier, latest = (observed / district.year.expected[:, None]).T
    truly, named, before = (
        saving_if_matched(district.ratio[None], np.argsort(by)[None], np.array([best]), district.year)[
            :, 0, 0
        ]
        for by in (district.ratio, latest, earlier)
    )
    truncated = savings["truncated"].astype(int)
    of_year_before = savings["estimator"] == "next_year"
    return savings.assign(
        true_best=truly[truncated],
        true_named=np.where(of_year_before, before[truncated], named[truncated]),
        zero=0.0,
    ).round({"true_best": 2, "true_named": 2})
