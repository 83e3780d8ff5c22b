"""How each provider codes each kind of case: codes an episode, complications, and what that is paid."""

from collections.abc import Iterable

import numpy as np
import polars as pl
from numba import njit

from casemix_risk.group.arrays import Compiled
from casemix_risk.group.kernel import GREATEST_SPLIT, walk

CELL = ["rule", "hrg_without", "hrg_with", "age_band", "admission_type"]
AGE_BANDS = ["0-15", "16-69", "70+"]
_ROWS_TO_ADD = 1_000_000
_SEXES = {"1": 1, "2": 2}
_EITHER = 1  # a row with a rule and no known sex has the HRG that either would have


def coding_cells(
    batches: Iterable[tuple[pl.DataFrame, pl.DataFrame]], prices: pl.DataFrame, compiled: Compiled
) -> pl.DataFrame:
    """Sums by provider and kind of case of one year.

    A kind of case is what secondary diagnoses do not change: the rule that grouped the episode, the HRGs that
    its age, days and sex lead to without any complication and with the most (equal where complications do
    not matter), the age band and the admission type. So within a cell only complications move the HRG, and
    with it the price. Episodes without a rule (error HRGs) or a provider are left out.

    Args:
        batches: rows of table ``episodes`` with their rows of table ``grouping``, in the same order.
        prices: table ``prices`` of one edition (``hrg, admission_type, price_gbp``). Every year has the same
            one, so that a new edition is not taken for coding.
        compiled: the definition set that made the grouping.

    Returns:
        Table ``coding_cells``. Pounds are sums of whole pence over the admissions (first episodes of a spell)
        that have a price.
    """
    pence = prices.select(
        *("hrg", "admission_type"), pence=(100 * pl.col("price_gbp")).round().cast(pl.Int64)
    )
    parts: list[pl.DataFrame] = []
    for episodes, grouped in batches:
        parts.append(_counted(_coded(episodes, grouped, compiled), pence))
        if sum(part.height for part in parts[1:]) > _ROWS_TO_ADD:
            parts = [_added(parts)]
    return (
        _added(parts)
        .with_columns(price_gbp=pl.col("pence") / 100, price_gbp_squared=pl.col("pence_squared") / 10_000)
        .drop("pence", "pence_squared")
        .sort("provider", *CELL)
    )


def _coded(episodes: pl.DataFrame, grouped: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """A row an episode that counts: its provider, its cell, and what was coded."""
    rows = episodes.select("provider", "age", "sex", "admission_type", "episode_order", "diagnoses").hstack(
        grouped.select("derived_hrg", "rule", "cc_score", "adjusted_days")
    )
    rows = rows.drop_nulls(["provider", "rule"])
    rule = rows["rule"].replace_strict(compiled.rule_names, range(len(compiled.rule_names)))
    ends = _ends(
        compiled.rules.root[rule.cast(pl.Int64).to_numpy()],
        rows["age"].to_numpy(),
        rows["adjusted_days"].to_numpy(),
        rows["sex"].replace_strict(_SEXES, default=_EITHER, return_dtype=pl.Int64).to_numpy(),
        compiled.nodes,
    )
    hrgs = pl.Series(compiled.hrgs)
    return rows.with_columns(
        hrg_without=hrgs.gather(ends[0]),
        hrg_with=hrgs.gather(ends[1]),
        age_band=pl.when(pl.col("age") < 16)
        .then(pl.lit(AGE_BANDS[0]))
        .when(pl.col("age") < 70)
        .then(pl.lit(AGE_BANDS[1]))
        .otherwise(pl.lit(AGE_BANDS[2])),
        codes=pl.col("diagnoses").str.count_matches(" ").cast(pl.Int64),
        complicated=pl.col("cc_score") > 0,
        hrg=pl.col("derived_hrg"),
    )


@njit(cache=True)
def _ends(root, age, days, sex, nodes):
    """Places of the HRGs that records reach without a complication and with the most, 2 x records."""
    ends = np.empty((2, len(root)), np.int64)
    for record in range(len(root)):
        for place, score in enumerate((0, GREATEST_SPLIT)):
            ends[place, record] = walk(root[record], age[record], score, days[record], sex[record], nodes)
    return ends


def _counted(rows: pl.DataFrame, pence: pl.DataFrame) -> pl.DataFrame:
    paid = pl.col("pence").filter(pl.col("episode_order") == 1)
    return (
        rows.join(pence, on=["hrg", "admission_type"], how="left")
        .group_by("provider", *CELL)
        .agg(
            episodes=pl.len().cast(pl.Int64),
            secondary_codes=pl.col("codes").sum(),
            secondary_codes_squared=(pl.col("codes") ** 2).sum(),
            with_complications=pl.col("complicated").sum().cast(pl.Int64),
            admissions=paid.count().cast(pl.Int64),
            pence=paid.sum(),
            pence_squared=(paid**2).sum(),
        )
    )


def _added(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).group_by("provider", *CELL).agg(pl.all().sum())
