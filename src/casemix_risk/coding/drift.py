"""Which providers code differently from all others, or begin to, at constant case mix."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from scipy.stats import false_discovery_control, norm

from casemix_risk.coding.cells import CELL
from casemix_risk.statistics.overdispersion import between_variance, winsorised_phi

FAMILY_ERROR = 0.05
SMALLEST_EXPECTED = 30  # episodes with complications
FEWEST_PROVIDERS = 10
KEY = ["provider", "year", "measure", "kind"]
COLUMNS = [*KEY, "observed", "expected", "ratio", "lower", "upper", "tau", "z", "q", "signal"]
_SMALLEST_OBSERVED = 0.5  # a provider without any has a logarithm too
_SPLITS = pl.col("hrg_without") != pl.col("hrg_with")


class Measure(NamedTuple):
    """What a measure counts (episodes or admissions), and its total and sum of squares over them."""

    count: pl.Expr
    total: pl.Expr
    squares: pl.Expr


MEASURES = {
    "depth": Measure(pl.col("episodes"), pl.col("secondary_codes"), pl.col("secondary_codes_squared")),
    "complication_share": Measure(
        pl.col("episodes") * _SPLITS, pl.col("with_complications") * _SPLITS, pl.col("with_complications") * _SPLITS
    ),
    "price_index": Measure(pl.col("admissions"), pl.col("price_gbp"), pl.col("price_gbp_squared")),
}


def coding_drift(cells: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """..."""
    levels = _levels(standardised(cells))
    rows = pd.concat([levels, _changes(levels, sorted(cells))], ignore_index=True)
    judged = [_judged(of_year) for _, of_year in rows.groupby("year")]
    return pd.concat(judged)[COLUMNS].sort_values(KEY, ignore_index=True)


def standardised(cells: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """Observed and expected totals of each provider, year and measure, by indirect standardisation."""
    rows = pl.concat(
        table.select(
            *("provider", *CELL),
            pl.lit(year).alias("year"),
            *(
                expression.cast(pl.Float64).alias(f"{name}_{field}")
                for name, measure in MEASURES.items()
                for field, expression in measure._asdict().items()
            ),
        )
        for year, table in cells.items()
    )
    national = rows.group_by(CELL).agg(pl.exclude("provider", "year").sum()).sort(CELL)
    national = national.select(*CELL, *(each for name in MEASURES for each in _moments(name)))
    units = rows.select("provider", "year").unique().sort("provider", "year")
    rows = rows.join(national, on=CELL, how="left", maintain_order="left").join(
        units.with_row_index("unit"), on=["provider", "year"], how="left", maintain_order="left"
    )
    unit = rows["unit"].to_numpy()

    def summed(expression: pl.Expr) -> np.ndarray:
        # Not polars' own sums: those depend on the number of cores in the last digits.
        return np.bincount(unit, rows.select(expression).to_series().to_numpy(), minlength=units.height)

    tables = []
    for name in MEASURES:
        count, mean, variance, share = (pl.col(f"{name}_{field}") for field in ("count", "mean", "variance", "all"))
        tables.append(
            units.to_pandas().assign(
                measure=name,
                observed=summed(pl.col(f"{name}_total")),
                expected=summed(count * mean),
                level_variance=summed(count * variance * (1 - count / share)),
                change_variance=summed(count * variance),
            )
        )
    return pd.concat(tables, ignore_index=True)


def _moments(name: str) -> list[pl.Expr]:
    """Mean and variance within each cell over all providers and years, and the count behind them."""
    count, total, squares = (pl.col(f"{name}_{field}") for field in Measure._fields)
    at_least_one = pl.max_horizontal(count, 1.0)
    mean = total / at_least_one
    variance = pl.max_horizontal(squares - total * mean, 0.0) / pl.max_horizontal(count - 1, 1.0)
    return [
        mean.alias(f"{name}_mean"),
        variance.alias(f"{name}_variance"),
        at_least_one.alias(f"{name}_all"),
    ]


def _levels(sums: pd.DataFrame) -> pd.DataFrame:
    """Each provider against all providers of its year."""
    of_year = sums.groupby(["year", "measure"])[["observed", "expected"]].transform("sum")
    national = of_year["observed"] / of_year["expected"]
    complications = sums[sums["measure"] == "complication_share"].set_index(["provider", "year"])["expected"]
    expected = sums["expected"] * national
    events = sums.set_index(["provider", "year"]).index.map(complications)
    return sums.assign(
        kind="level",
        expected=expected,
        log_ratio=np.log(sums["observed"].clip(_SMALLEST_OBSERVED) / expected),
        variance=sums["level_variance"] * national / expected**2,
        change_variance=sums["change_variance"] * national / expected**2,
        enough=(events >= SMALLEST_EXPECTED) & (expected > 0),
    )


def _changes(levels: pd.DataFrame, years: Sequence[str]) -> pd.DataFrame:
    """Each provider's level less its level of the year before, against the other providers' changes."""
    following = dict(zip(years, years[1:], strict=False))
    before = levels.assign(year=levels["year"].map(following)).dropna(subset="year")
    both = levels.merge(before, on=["provider", "year", "measure"], suffixes=("", "_before"))
    return both.assign(
        kind="change",
        expected=both["expected"] * np.exp(both["log_ratio_before"]),
        log_ratio=both["log_ratio"] - both["log_ratio_before"],
        variance=both["change_variance"] + both["change_variance_before"],
        enough=both["enough"] & both["enough_before"],
    )


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Limits and signals of one year."""
    compared = rows[rows["enough"]].groupby(["measure", "kind"])["variance"]
    tested = rows["enough"] & (compared.transform("size") >= FEWEST_PROVIDERS)
    tau_squared = pd.Series(np.nan, rows.index)
    for _, units in rows[tested].groupby(["measure", "kind"]):
        z = (units["log_ratio"] / np.sqrt(units["variance"])).to_numpy()
        weight = (1 / units["variance"]).to_numpy()
        tau_squared[units.index] = between_variance(z, weight, winsorised_phi(z))
    spread = np.sqrt(rows["variance"] + tau_squared)
    z = rows["log_ratio"] / spread
    limit = norm.isf(FAMILY_ERROR / 2 / max(tested.sum(), 1))
    p_value = 2 * norm.sf(z.abs())
    q = pd.Series(np.nan, rows.index)
    q[tested] = false_discovery_control(p_value[tested])
    return rows.assign(
        ratio=rows["observed"] / rows["expected"],
        lower=np.exp(-limit * spread),
        upper=np.exp(limit * spread),
        tau=np.sqrt(tau_squared),
        z=z,
        q=q,
        signal=np.select([~tested, z > limit, z < -limit], ["too_few", "above", "below"], "none"),
    )
