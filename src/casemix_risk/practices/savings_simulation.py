"""Districts with known true differences between practices, and how far each saving is from the true one."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.practices.matched import Year, saving_if_matched
from casemix_risk.practices.savings import practice_savings
from casemix_risk.streams import stream

YEARS = ("2003-04", "2004-05")
MEANS = [
    *("saving_gbp", "lower_gbp", "upper_gbp", "true_best", "true_named"),
    *("covers_best", "covers_named", "covers_zero"),
]
_LEAST_RATIO = 0.2
_PRICE_VARIATION = 1.0  # coefficient of variation of the price of an admission
_MIX_VARIATION = 0.08  # and of practices' true GBP per admission


class Truth(NamedTuple):
    """What is true of a simulated district.

    Attributes:
        spread: standard deviation of practices' true ratios about 1.
        factor: variance over mean of a count by chance.
        freedom: degrees of freedom of the Student law of true ratios; 30 is nearly Normal.
        practices: how many.
        people: on all lists together.
        admissions_per_head: a year.
        gbp: mean cost of an admission.
        list_spread: standard deviation of log list size; 0.59 for practices of England with over 1,000.
    """

    spread: float
    factor: float = 1.0
    freedom: int = 30
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
    differs = generator.standard_t(truth.freedom, truth.practices) * np.sqrt(1 - 2 / truth.freedom)
    ratio = np.maximum(1 + truth.spread * differs, _LEAST_RATIO)
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


def errors_of_savings(truth: Truth, seed: int, runs: int) -> pd.DataFrame:
    """How each estimator does over simulated districts.

    Returns:
        A row for each ``estimator``, ``truncated`` and ``best`` (n): means over runs of GBP a year
        ``saving_gbp``, ``lower_gbp``, ``upper_gbp``; ``true_best``, what would be saved if all matched the n
        that are truly best, and ``true_named``, if all matched those with the lowest observed ratio (for
        ``next_year``, of the year before); ``covers_best``, ``covers_named`` and ``covers_zero``, the share
        of runs whose interval holds each.
    """
    tables = []
    for run in range(runs):
        district = simulated_district(truth, seed, run)
        tables.append(_with_truth(practice_savings(district.expected, run), district))
    rows = pd.concat(tables).assign(zero=0.0)
    for name, target in (("best", "true_best"), ("named", "true_named"), ("zero", "zero")):
        held = rows["lower_gbp"].le(rows[target]) & rows["upper_gbp"].ge(rows[target])
        rows[f"covers_{name}"] = held
    return rows.groupby(["estimator", "truncated", "best"])[MEANS].mean().reset_index()


def _counts(mean: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    """Poisson counts, or Negative Binomial ones of variance factor x mean."""
    if factor == 1:
        return generator.poisson(mean)
    return generator.negative_binomial(mean / (factor - 1), 1 / factor)


def _with_truth(savings: pd.DataFrame, district: District) -> pd.DataFrame:
    """The savings beside what is true, in whole pence as they are."""
    admissions = district.expected[district.expected["measure"] == "admissions"]
    observed = admissions.pivot(index="practice", columns="year", values="observed").to_numpy()
    earlier, latest = (observed / district.year.expected[:, None]).T
    best = np.unique(savings["best"])
    truly, named, before = (
        saving_if_matched(district.ratio[None], np.argsort(by)[None], best, district.year)[:, 0].round(2)
        for by in (district.ratio, latest, earlier)
    )
    place = savings["truncated"].astype(int), np.searchsorted(best, savings["best"])
    of_year_before = savings["estimator"] == "next_year"
    true_named = np.where(of_year_before, before[place], named[place])
    return savings.assign(true_best=truly[place], true_named=true_named)
