"""How often the drift monitor errs, and how often it finds what is planted: years drawn with a known truth."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from scipy.stats import poisson

from casemix_risk.coding.cells import AGE_BANDS
from casemix_risk.coding.drift import coding_drift
from casemix_risk.streams import stream

YEARS = ("2002-03", "2003-04", "2004-05")
GAMING_PROVIDERS = 2
RULES = 200
MOST_COMPLICATIONS = 8  # of an episode; more are as rare as 1 in 100,000
PROVIDER_SIZES = 0.6  # standard deviation of log episodes
SPECIALISATION = 2.0  # gamma shape of a provider's share of a rule's cases; smaller is more special


class Truth(NamedTuple):
    """What is true in simulated years.

    Attributes:
        providers: how many.
        episodes: mean of a provider and year; the gaming ones have the mean.
        spread: standard deviation of log depth between providers, the same in all years.
        wander: standard deviation of what log depth of a provider and year departs from that.
        share: of episodes without a complication whose HRG one could change, that get one at the two gaming
            providers in the last year.
    """

    providers: int = 150
    episodes: int = 700
    spread: float = 0.0
    wander: float = 0.0
    share: float = 0.0


def simulated_cells(truth: Truth, seed: int, run: int) -> dict[str, pl.DataFrame]:
    """Table ``coding_cells`` of three years.

    Complications and other secondary codes of an episode are Poisson, complications by cell with means of
    0.1 to 0.8, others of 0.5 to 2.5, both times the provider's factor. Every other rule splits, and the HRG with
    complications costs 20 to 80 % more. All episodes are admissions. Counts of episodes by number of
    complications are drawn exactly; the sum of squares of other codes is its expectation.
    """
    generator = stream(seed, "coding drift", *truth, run)
    cells = _cells(stream(seed, "coding drift", "cells"))
    size = generator.lognormal(-(PROVIDER_SIZES**2) / 2, PROVIDER_SIZES, truth.providers)
    size[:GAMING_PROVIDERS] = 1
    rule_share = generator.gamma(SPECIALISATION, 1 / SPECIALISATION, (truth.providers, RULES))
    own = rule_share[:, cells["place"].to_numpy()] * cells["share"].to_numpy()
    own *= truth.episodes * size[:, None] / own.sum(axis=1, keepdims=True)
    lasting = truth.spread * generator.standard_normal(truth.providers)
    tables = {}
    for year in YEARS:
        factor = np.exp(lasting + truth.wander * generator.standard_normal(truth.providers))
        share = truth.share if year == YEARS[-1] else 0.0
        tables[year] = _year(cells, generator.poisson(own), factor, share, generator)
    return tables


def _cells(generator: np.random.Generator) -> pl.DataFrame:
    """Kinds of case: Zipf's shares of rules, three age bands, two admission types."""
    rule = np.arange(RULES)
    price = generator.lognormal(7.0, 0.7, RULES)
    dearer = generator.uniform(1.2, 1.8, RULES)
    rules = pl.DataFrame(
        {
            "place": rule,
            "rule": [f"rule-{number:03}" for number in rule],
            "hrg_without": [f"without-{number:03}" for number in rule],
            "hrg_with": [f"with-{number:03}" if number % 2 else f"without-{number:03}" for number in rule],
            "without_gbp": price.round(),
            "with_gbp": np.where(rule % 2, price * dearer, price).round(),
            "rule_share": 1 / (rule + 10.0),
        }
    )
    bands = pl.DataFrame({"age_band": AGE_BANDS, "band_share": [0.15, 0.5, 0.35], "older": [0.5, 1.0, 1.6]})
    types = pl.DataFrame({"admission_type": ["elective", "emergency"]})
    crossed = rules.join(bands, how="cross").join(types, how="cross")
    return crossed.with_columns(
        share=pl.col("rule_share") * pl.col("band_share") / (pl.col("rule_share") * pl.col("band_share")).sum(),
        complications=pl.col("older") * pl.Series(generator.uniform(0.15, 0.45, crossed.height)),
        others=pl.col("older") * pl.Series(generator.uniform(0.8, 1.6, crossed.height)),
    )


def _year(
    cells: pl.DataFrame, episodes: np.ndarray, factor: np.ndarray, share: float, generator: np.random.Generator
) -> pl.DataFrame:
    """A year's table from episodes, providers x cells, and what each provider codes more than others."""
    number = np.arange(MOST_COMPLICATIONS + 1)
    mean = factor[:, None] * cells["complications"].to_numpy()
    chance = poisson.pmf(number, mean[..., None])
    chance /= chance.sum(axis=-1, keepdims=True)
    by_number = generator.multinomial(episodes, chance)
    splits = (cells["hrg_without"] != cells["hrg_with"]).to_numpy()
    clear = by_number[:GAMING_PROVIDERS, :, 0] * splits
    moved = generator.binomial(clear, share)
    by_number[:GAMING_PROVIDERS, :, 0] -= moved
    by_number[:GAMING_PROVIDERS, :, 1] += moved
    other_mean = factor[:, None] * cells["others"].to_numpy()
    others = generator.poisson(episodes * other_mean)
    complications = by_number @ number
    with_complications = episodes - by_number[..., 0]
    per_square = by_number @ number**2 + 2 * complications * other_mean + episodes * (other_mean + other_mean**2)
    cheap, dear = cells["without_gbp"].to_numpy(), cells["with_gbp"].to_numpy()
    without = by_number[..., 0]
    provider = [f"P{place:03}" for place in range(len(episodes))]
    key = cells.select("rule", "hrg_without", "hrg_with", "age_band", "admission_type")
    table = pl.concat([key] * len(provider)).with_columns(
        provider=pl.Series(provider).repeat_by(cells.height).explode(),
        episodes=pl.Series(episodes.ravel()),
        secondary_codes=pl.Series((complications + others).ravel()),
        secondary_codes_squared=pl.Series(per_square.ravel()),
        with_complications=pl.Series(with_complications.ravel()),
        admissions=pl.Series(episodes.ravel()),
        price_gbp=pl.Series((without * cheap + with_complications * dear).ravel()),
        price_gbp_squared=pl.Series((without * cheap**2 + with_complications * dear**2).ravel()),
    )
    return table.filter(pl.col("episodes") > 0)
