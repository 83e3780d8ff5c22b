"""What would be saved if all practices had the admissions of the best, four ways."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from casemix_risk.practices.expected import ALL_YEARS
from casemix_risk.practices.matched import Year, saving_if_matched, standard_error
from casemix_risk.statistics.true_ratios import true_ratio_draws, variance_factor
from casemix_risk.streams import stream

FEWEST_BEST = 3
FEWEST_PRACTICES = 3 * FEWEST_BEST
MOST_VALUES = 20  # of the number of best practices
CONFIDENCE = 0.95
TAILS = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
STUDY_BEST, STUDY_PRACTICES = 8, 57  # of the Leicester study
KEY = ["step", "best", "estimator", "truncated"]
COLUMNS = [*KEY, "year", "practices", "saving_gbp", "lower_gbp", "upper_gbp"]
_FACTOR_STEP = "age_sex"  # the only step whose expected counts mean the same in all years
_CHUNK = 500_000  # draws x practices at a time, so that they stay in the processor's cache


class Opportunity(NamedTuple):
    """The figure to use: the opportunity if the difference between practices is causal.

    Attributes:
        best: how many practices all others match.
        practices: how many are compared.
        year: the year of admissions and prices.
        saving_gbp: GBP a year.
        lower_gbp: lower end of its 95 % interval.
        upper_gbp: upper end.
    """

    best: int
    practices: int
    year: str
    saving_gbp: float
    lower_gbp: float
    upper_gbp: float


def practice_savings(expected: pd.DataFrame, seed: int, replicates: int = 1_000) -> pd.DataFrame:
    """GBP a year saved if all practices had the ratio of observed to expected admissions of the best n.

    With ratio r, expected admissions E and GBP per admission c of the practice (its own mix of lines), and
    R = sum r E / sum E of the best n, the saving is sum (r - R) E c; truncated, sum max(0, r - R) E c: a
    practice below the best counts 0. Differences between mixes are no part of it. The estimators:

    - ``naive``: r = observed / expected. The best are partly the luckiest, so this is too large. Its interval
      knows chance in counts only (variance of the sum, the best held fixed).
    - ``shrunken``: the same n, and what their true ratios, and all others', may be (`true_ratio_draws`): the
      saving if all matched the practices that can be named.
    - ``next_year``: the best n chosen in the year before, all measured in this year. Not selected by what is
      measured, so right on average (untruncated; truncated, chance still adds).
    - ``bootstrap``: the same draws as ``shrunken``, with the best n selected anew in each: the saving if all
      matched the n that are truly best.

    Both drawn ones give the median and the 2.5 and 97.5 % quantiles of the draws. Chance is Poisson times the
    `variance_factor` of the years in the table. Expected counts and costs per admission are taken as known.

    Args:
        expected: table ``practice_expected`` of the practices to compare; the latest year is valued.
        seed: the run's.
        replicates: draws of the true ratios.

    Returns:
        Table ``practice_savings``: n from 3 to a third of the practices, at most 20 values. A step with fewer
        than 9 practices has no rows, nor has ``next_year`` where fewer than 9 have the year before.
    """
    rows = expected[expected["year"] != ALL_YEARS]
    admissions = rows[rows["measure"] == "admissions"]
    latest, *before = sorted(admissions["year"].unique(), reverse=True)[:2]
    factor = _factor(admissions[admissions["step"] == _FACTOR_STEP])
    unit_cost = _unit_cost(rows[rows["year"] == latest])
    tables = []
    for step, of_step in admissions.groupby("step", sort=False):
        by_practice = of_step.set_index("practice").sort_index()
        now = by_practice[by_practice["year"] == latest]
        if len(now) < FEWEST_PRACTICES:
            continue
        year = _year(now, unit_cost)
        by_ratio = np.argsort(year.observed / year.expected, kind="stable")
        generator = stream(seed, "practice savings", step)
        draws = true_ratio_draws(year.observed, year.expected, factor, replicates, generator)
        parts = [_measured("naive", year, by_ratio, factor), *_drawn(year, by_ratio, draws)]
        for earlier in before:
            last = by_practice[by_practice["year"] == earlier]
            both = now.index.intersection(last.index)
            if len(both) < FEWEST_PRACTICES:
                continue
            chosen = np.argsort((last["observed"] / last["expected"])[both].to_numpy(), kind="stable")
            parts.append(_measured("next_year", _year(now.loc[both], unit_cost), chosen, factor))
        tables.append(pd.concat(parts).assign(step=step, year=latest))
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(tables)[COLUMNS].sort_values(KEY, ignore_index=True)


def recommended_saving(savings: pd.DataFrame, step: str) -> Opportunity | None:
    """The figure that survives scrutiny: the opportunity if the difference is causal.

    It is ``bootstrap``, the only one of the four whose interval holds the saving of truly matching the best
    about as often as it says, whether practices differ or not, and holds 0 where they do not (docs/decisions,
    14). Not truncated: the smaller figure. The best are 8 of 57 as in the Leicester study, or the number of
    the table nearest to that share.

    Args:
        savings: table ``practice_savings``.
        step: of expected, such as ``deprivation``.

    Returns:
        None where the table has no such row: too few practices.
    """
    rows = savings[(savings["step"] == step) & (savings["estimator"] == "bootstrap") & ~savings["truncated"]]
    if rows.empty:
        return None
    distance = (rows["best"] - rows["practices"] * STUDY_BEST / STUDY_PRACTICES).abs()
    nearest = rows.loc[[distance.idxmin()], list(Opportunity._fields)]
    return Opportunity(*next(nearest.itertuples(index=False)))


def step_to_use(savings: pd.DataFrame, steps: Collection[str]) -> str:
    """The step of expected at which `recommended_saving` is smallest.

    Without diagnoses, illness that the step does not know passes for a saving; with them, differences in
    coding can make one or hide one. The smaller is what survives either objection, and is rather too small
    than too large.

    Args:
        savings: table ``practice_savings``, with rows of all the steps.
        steps: those to choose from.
    """
    return min(steps, key=lambda step: recommended_saving(savings, step).saving_gbp)


def _factor(admissions: pd.DataFrame) -> float:
    """Variance factor over the practices that are there in all years."""
    wide = admissions.pivot(index="practice", columns="year", values=["observed", "expected"]).dropna()
    counted = wide[wide["observed"].sum(axis=1) > 0]
    return variance_factor(counted["observed"].to_numpy(), counted["expected"].to_numpy())


def _unit_cost(rows: pd.DataFrame) -> pd.Series:
    """GBP per admission of each practice in the year; where it had none, that of all."""
    of_one_step = rows[rows["step"] == _FACTOR_STEP]
    totals = of_one_step.pivot(index="practice", columns="measure", values="observed")
    return (totals["cost"] / totals["admissions"]).where(
        totals["admissions"] > 0, totals["cost"].sum() / totals["admissions"].sum()
    )


def _year(admissions: pd.DataFrame, unit_cost: pd.Series) -> Year:
    gbp = admissions["expected"] * unit_cost[admissions.index]
    return Year(*(part.to_numpy(float) for part in (admissions["observed"], admissions["expected"], gbp)))


def _best(year: Year) -> np.ndarray:
    """Numbers of best practices, spread evenly from 3 to a third of all."""
    every = np.arange(FEWEST_BEST, len(year.observed) // 3 + 1)
    kept = np.linspace(0, len(every) - 1, min(MOST_VALUES, len(every))).round().astype(int)
    return every[kept]


def _drawn(year: Year, order: np.ndarray, draws: np.ndarray) -> list[pd.DataFrame]:
    """The estimators that know what chance does to ratios: the best as named, and selected anew."""
    best = _best(year)
    named, anew = [], []
    for chunk in np.array_split(draws, -(-draws.size // _CHUNK)):
        named.append(saving_if_matched(chunk, np.broadcast_to(order, chunk.shape), best, year))
        anew.append(saving_if_matched(chunk, np.argsort(chunk, axis=1), best, year))
    return [
        _rows(estimator, year, np.quantile(np.concatenate(parts, axis=1), [0.5, *TAILS], axis=1))
        for estimator, parts in (("shrunken", named), ("bootstrap", anew))
    ]


def _measured(estimator: str, year: Year, order: np.ndarray, factor: float) -> pd.DataFrame:
    """An estimator that takes the ratios of the year as they are."""
    best = _best(year)
    saving = saving_if_matched((year.observed / year.expected)[None], order[None], best, year)[:, 0]
    half = ndtri(TAILS[1]) * standard_error(order, best, year, factor)
    return _rows(estimator, year, np.stack([saving, saving - half, saving + half]))


def _rows(estimator: str, year: Year, gbp: np.ndarray) -> pd.DataFrame:
    """Rows of the table from GBP: (saving, lower, upper) x (not truncated, truncated) x best."""
    pence = gbp.round(2) + 0.0  # adding 0 turns -0 into 0
    tables = [
        pd.DataFrame(dict(zip(COLUMNS[-3:], pence[:, place], strict=True))).assign(
            best=_best(year), estimator=estimator, truncated=truncated, practices=len(year.observed)
        )
        for place, truncated in enumerate((False, True))
    ]
    return pd.concat(tables)
