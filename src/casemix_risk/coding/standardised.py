"""Observed and expected coding of each provider and year, by indirect standardisation."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.coding.cells import CELL

_ROUNDING = 1e-12
_SPLITS = pl.col("hrg_without") != pl.col("hrg_with")


class Measure(NamedTuple):
    """What a measure counts (episodes or admissions), and its total and sum of squares over them."""

    count: pl.Expr
    total: pl.Expr
    squares: pl.Expr


MEASURES = {
    "depth": Measure(pl.col("episodes"), pl.col("secondary_codes"), pl.col("secondary_codes_squared")),
    "complication_share": Measure(
        pl.col("episodes") * _SPLITS,
        pl.col("with_complications") * _SPLITS,
        pl.col("with_complications") * _SPLITS,
    ),
    "price_index": Measure(pl.col("admissions"), pl.col("price_gbp"), pl.col("price_gbp_squared")),
}


def standardised(cells: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """Totals of each provider, year and measure, and what the means of its cells lead to expect.

    With n of a provider's N cases of a cell, and the cell's mean m and variance v over all N, expected is
    sum n m. Observed less expected has the variance sum n (1 - n / N) v, as m includes the provider's own
    cases; from a year to the next, with the same cases, m cancels and each year has sum n v.

    Args:
        cells: as `coding_drift`.

    Returns:
        A row each: ``provider, year, measure, observed, expected, level_variance, change_variance``; none
        where nothing is expected.
    """
    tables = list(cells.values())
    providers = _numbered(tables, ["provider"])
    cell = _numbers(tables, CELL, _numbered(tables, CELL))
    years = np.repeat(np.arange(len(tables)), [table.height for table in tables])
    unit = years * providers.height + _numbers(tables, ["provider"], providers)
    present = np.flatnonzero(np.bincount(unit))
    year, provider = np.divmod(present, providers.height)
    names = {"provider": providers["provider"].to_numpy()[provider], "year": np.array(list(cells))[year]}

    def by_provider(values: np.ndarray) -> np.ndarray:
        return np.bincount(unit, values)[present]

    parts = []
    for name, measure in MEASURES.items():
        # Not polars' sums, which in the last digit depend on the number of cores.
        count, total, squares = (
            np.concatenate([table.select(each).to_series().cast(pl.Float64).to_numpy() for table in tables])
            for each in measure
        )
        of_all = np.bincount(cell, count).clip(1)
        mean, of_squares = np.bincount(cell, total) / of_all, np.bincount(cell, squares)
        about_mean = of_squares - of_all * mean**2
        about_mean[about_mean < _ROUNDING * of_squares] = 0.0  # one price paid every time does not vary
        own_variance = count * (about_mean / (of_all - 1).clip(1))[cell]
        sums = {
            "observed": by_provider(total),
            "expected": by_provider(count * mean[cell]),
            "level_variance": by_provider(own_variance * (1 - count / of_all[cell])),
            "change_variance": by_provider(own_variance),
        }
        parts.append(pd.DataFrame({**names, "measure": name, **sums}))
    table = pd.concat(parts, ignore_index=True)
    return table[table["expected"] > 0].reset_index(drop=True)


def _numbered(tables: Sequence[pl.DataFrame], key: list[str]) -> pl.DataFrame:
    """Every key that occurs, sorted, with its number."""
    each = pl.concat(table.select(key).unique() for table in tables)
    return each.unique().sort(key).with_row_index("number")


def _numbers(tables: Sequence[pl.DataFrame], key: list[str], numbered: pl.DataFrame) -> np.ndarray:
    """The number of each row's key, table after table."""
    return np.concatenate(
        [table.join(numbered, on=key, how="left", maintain_order="left")["number"] for table in tables]
    ).astype(np.int64)
