"""Years of coding with a known truth, and how often the drift monitor errs and finds what is planted."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from scipy.stats import poisson

from casemix_risk.coding.cells import AGE_BANDS, CELL
from casemix_risk.coding.drift import FAMILY_ERROR, coding_drift
from casemix_risk.streams import stream

YEARS = ("2002-03", "2003-04", "2004-05")
UPCODERS = ["P000", "P001"]
RULES = 200
RATES = ["rule", "years", "false_alarm", "false_alarm_error", "false_providers", "found"]
_MOST_COMPLICATIONS = 8  # of an episode; more is rarer than 1 in 100,000
_SIZES = 0.6  # standard deviation of log episodes of a provider
_SPECIALISATION = 2.0  # gamma shape of a provider's share of a rule's cases


class Truth(NamedTuple):
    """What is true in simulated years.

    Attributes:
        providers: how many.
        episodes: mean of a provider and year, and what each of the two that up-code has.
        spread: standard deviation of log depth between providers, lasting.
        wander: standard deviation of what a provider's log depth departs from that in a year.
        share: of the two's episodes of the last year that have no complication and whose HRG one can move,
            those that get one.
    """

    providers: int = 150
    episodes: int = 700
    spread: float = 0.0
    wander: float = 0.0
    share: float = 0.0


def alarm_rates(truth: Truth, seed: int, runs: int) -> pd.DataFrame:
    """False alarms, and up-coding providers found, over simulated runs of three years.

    Returns:
        A row each for the ``rule`` ``limits`` (the table's signals) and ``false_discovery`` (q up to 5 %):
        ``years`` judged, all of them or, with up-coding, the last of each run; ``false_alarm``, the share of
        these in which a provider that does not up-code is marked, and its standard error over runs;
        ``false_providers``, how many such a year; ``found``, the share of the up-coding providers that are
        marked as above; missing where none does.
    """
    tables = [coding_drift(simulated_cells(truth, seed, run)).assign(run=run) for run in range(runs)]
    drift = pd.concat(tables, ignore_index=True)
    if truth.share:
        drift = drift[drift["year"] == YEARS[-1]]
    planted = drift["provider"].isin(UPCODERS) & (truth.share > 0)
    unit = [drift[name] for name in ("run", "year", "provider")]
    rows = []
    for rule, marked in (
        ("limits", drift["signal"].isin(["above", "below"])),
        ("false_discovery", drift["q"] <= FAMILY_ERROR),
    ):
        wrong = (marked & ~planted).groupby(unit).any().groupby(["run", "year"]).sum()
        right = (marked & (drift["z"] > 0))[planted].groupby([each[planted] for each in unit]).any()
        by_run = (wrong > 0).groupby("run").mean()
        rows.append((rule, len(wrong), by_run.mean(), by_run.sem(), wrong.mean(), right.mean()))
    return pd.DataFrame(rows, columns=RATES)


def simulated_cells(truth: Truth, seed: int, run: int) -> dict[str, pl.DataFrame]:
    """Table ``coding_cells`` of three years.

    A kind of case has a mean of complications (0.08 to 0.7 an episode) and one of other secondary codes (0.4
    to 2.6), both Poisson and both times the provider's factor. Every other rule splits, and its HRG with
    complications costs 20 to 80 % more. All episodes are admissions. Providers differ in size and mix.
    """
    cells = _kinds_of_case(stream(seed, "coding drift", "cells"))
    generator = stream(seed, "coding drift", *truth, run)
    size = generator.lognormal(-(_SIZES**2) / 2, _SIZES, truth.providers)
    size[: len(UPCODERS)] = 1
    of_rule = generator.gamma(_SPECIALISATION, 1 / _SPECIALISATION, (truth.providers, RULES))
    mix = of_rule[:, cells["place"].to_numpy()] * cells["share"].to_numpy()
    expected = truth.episodes * size[:, None] * mix / mix.sum(axis=1, keepdims=True)
    lasting = generator.normal(0, truth.spread, truth.providers)
    tables = {}
    for year in YEARS:
        factor = np.exp(lasting + generator.normal(0, truth.wander, truth.providers))
        share = truth.share if year == YEARS[-1] else 0.0
        tables[year] = _year(cells, generator.poisson(expected), factor, share, generator)
    return tables


def _kinds_of_case(generator: np.random.Generator) -> pl.DataFrame:
    """Cells with their shares of all cases, mean codes and prices; a few rules are common and many rare."""
    rule = np.arange(RULES)
    cheaper, splits = generator.lognormal(7.0, 0.7, RULES).round(), rule % 2 == 1
    rules = pl.DataFrame(
        {
            "place": rule,
            "rule": [f"R-{number:03}" for number in rule],
            "hrg_without": [f"A{number:03}" for number in rule],
            "hrg_with": [f"{'B' if number % 2 else 'A'}{number:03}" for number in rule],
            "cheaper": cheaper,
            "dearer": np.where(splits, cheaper * generator.uniform(1.2, 1.8, RULES), cheaper).round(),
            "of_rule": 1 / (rule + 10),
        }
    )
    bands = pl.DataFrame({"age_band": AGE_BANDS, "of_band": [0.15, 0.5, 0.35], "codes": [0.5, 1.0, 1.6]})
    types = pl.DataFrame({"admission_type": ["elective", "emergency"]})
    cells = rules.join(bands, how="cross").join(types, how="cross")
    weight = pl.col("of_rule") * pl.col("of_band")
    return cells.with_columns(
        share=weight / weight.sum(),
        complications=pl.col("codes") * pl.Series(generator.uniform(0.15, 0.45, cells.height)),
        others=pl.col("codes") * pl.Series(generator.uniform(0.8, 1.6, cells.height)),
    )


def _year(
    cells: pl.DataFrame,
    episodes: np.ndarray,
    factor: np.ndarray,
    share: float,
    generator: np.random.Generator,
) -> pl.DataFrame:
    """A year's table.

    Args:
        cells: `_kinds_of_case`.
        episodes: providers x cells.
        factor: of each provider's means.
        share: `Truth`.
        generator: draws the codes. Of the sum of squares only the part of the complications is drawn; the
            rest is its expectation, as only national variances are made of it.
    """
    number = np.arange(_MOST_COMPLICATIONS + 1)
    chance = poisson.pmf(number, (factor[:, None] * cells["complications"].to_numpy())[..., None])
    by_number = generator.multinomial(episodes, chance / chance.sum(axis=-1, keepdims=True))
    splits = (cells["hrg_without"] != cells["hrg_with"]).to_numpy()
    moved = generator.binomial(by_number[: len(UPCODERS), :, 0] * splits, share)
    by_number[: len(UPCODERS), :, 0] -= moved
    by_number[: len(UPCODERS), :, 1] += moved
    without, complications = by_number[..., 0], by_number @ number
    other_mean = factor[:, None] * cells["others"].to_numpy()
    others = generator.poisson(episodes * other_mean)
    squares = by_number @ number**2 + 2 * complications * other_mean + episodes * (other_mean + other_mean**2)
    cheaper, dearer = cells["cheaper"].to_numpy(), cells["dearer"].to_numpy()
    sums = {
        "episodes": episodes,
        "secondary_codes": complications + others,
        "secondary_codes_squared": squares,
        "with_complications": episodes - without,
        "admissions": episodes,
        "price_gbp": without * cheaper + (episodes - without) * dearer,
        "price_gbp_squared": without * cheaper**2 + (episodes - without) * dearer**2,
    }
    providers = pl.DataFrame({"provider": [f"P{place:03}" for place in range(len(episodes))]})
    table = providers.join(cells.select(CELL), how="cross", maintain_order="left_right")
    return table.with_columns(**{name: pl.Series(values.ravel()) for name, values in sums.items()}).filter(
        pl.col("episodes") > 0
    )
