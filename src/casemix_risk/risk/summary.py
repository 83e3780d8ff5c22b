"""The risk tables: each list size under each pool rule, in closed form and simulated."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.risk.contributions import deviation_shares, tail_shares
from casemix_risk.risk.cost_lines import banded
from casemix_risk.risk.distribution import tails
from casemix_risk.risk.lines import any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import TOLERANCE_CVS, coefficient_of_variation, cumulants
from casemix_risk.risk.simulate import standard_deviation

CELL = ["list_size", "pool", "method"]


def exact_summary(
    lines: pd.DataFrame, pools: Sequence[str], kept: np.ndarray, list_sizes: Sequence[int]
) -> pd.DataFrame:
    """Rows of table ``risk_summary`` with method ``exact``.

    Args:
        lines: table ``cost_lines``.
        pools: names of the pool rules.
        kept: booleans, pools x lines.
        list_sizes: heads.

    Returns:
        A row for each list size and pool.
    """
    sizes = np.asarray(list_sizes)
    arrays = lines_from(lines)
    volume, fixed = arrays.volume, fixed_costs(lines)
    cost = volume * lines["price_gbp"].to_numpy()
    moments = cumulants(arrays, any_pools(kept), sizes, orders=2)
    budget = moments[..., 0] + np.outer(sizes, kept @ fixed)
    cv_pct = 100 * np.sqrt(moments[..., 1]) / budget
    shares = {
        "pooled_admissions_share": np.where(kept, 0.0, volume).sum(axis=1) / volume.sum(),
        "pooled_budget_share": np.where(kept, 0.0, cost).sum(axis=1) / cost.sum(),
    }
    cells = pd.MultiIndex.from_product([sizes, pools], names=CELL[:2]).to_frame(index=False)
    return cells.assign(
        method="exact",
        budget_gbp=budget.ravel(),
        **{name: np.tile(share, len(sizes)) for name, share in shares.items()},
        cv_pct=cv_pct.ravel(),
        cv_se_pct=0.0,
        tolerance_pct=TOLERANCE_CVS * cv_pct.ravel(),
    )


def simulated_summary(exact: pd.DataFrame, costs: np.ndarray, list_size: int, method: str) -> pd.DataFrame:
    """Rows of table ``risk_summary`` for one list size from simulated costs.

    Args:
        exact: `exact_summary`; budgets and shares are taken from it.
        costs: GBP, years x pools, in the order of the pools in `exact`.
        list_size: heads.
        method: ``simulated`` or ``paper``.

    Returns:
        A row a pool, the coefficient of variation with its standard error.
    """
    cells = exact[exact["list_size"] == list_size].assign(method=method)
    deviation, error = standard_deviation(costs)
    cv_pct = 100 * deviation / cells["budget_gbp"]
    return cells.assign(
        cv_pct=cv_pct,
        cv_se_pct=100 * error / cells["budget_gbp"],
        tolerance_pct=TOLERANCE_CVS * cv_pct,
    )


def simulated_years(costs: np.ndarray, pools: Sequence[str], list_size: int, method: str) -> pd.DataFrame:
    """Rows of table ``simulated``: a row for each pool and simulated year."""
    years = len(costs)
    return pd.DataFrame(
        {
            "list_size": list_size,
            "pool": np.repeat(np.asarray(pools, dtype=object), years),
            "method": method,
            "simulated_year": np.tile(np.arange(1, years + 1), len(pools)),
            "cost_gbp": costs.T.ravel(),
        }
    )


def exact_quantiles(
    lines: pd.DataFrame,
    pools: Sequence[str],
    kept: np.ndarray,
    list_sizes: Sequence[int],
    probabilities: Sequence[float],
) -> pd.DataFrame:
    """Rows of table ``risk_quantiles`` with method ``exact``.

    Args:
        lines: table ``cost_lines``.
        pools: names of the pool rules.
        kept: booleans, pools x lines.
        list_sizes: heads.
        probabilities: between 0 and 1.

    Returns:
        A row for each list size, pool and probability.
    """
    found = tails(lines_from(lines), kept, list_sizes, probabilities)
    certain = np.outer(list_sizes, kept @ fixed_costs(lines))[..., None]
    cells = pd.MultiIndex.from_product(
        [list_sizes, pools, probabilities], names=[*CELL[:2], "probability"]
    ).to_frame(index=False)
    cells.insert(2, "method", "exact")
    return cells.assign(
        cost_gbp=(found.quantile_gbp + certain).ravel(),
        cost_se_gbp=0.0,
        tail_mean_gbp=(found.tail_mean_gbp + certain).ravel(),
        computed_by=np.repeat(found.method.ravel(), len(probabilities)),
    )


def contributions(lines: pd.DataFrame, list_size: int) -> pd.DataFrame:
    """Table ``contributions``: each line's share of budget and risk with nothing pooled.

    Args:
        lines: table ``cost_lines``.
        list_size: heads.
    """
    arrays, kept, fixed = lines_from(lines), np.ones(len(lines), dtype=bool), fixed_costs(lines)
    cost = arrays.volume * lines["price_gbp"].to_numpy()
    return lines[["hrg", "admission_type", "description"]].assign(
        list_size=list_size,
        admissions=arrays.volume * list_size,
        budget_share=cost / cost.sum(),
        deviation_share=deviation_shares(arrays, kept, list_size),
        tail_95_share=tail_shares(arrays, kept, list_size, 0.95, fixed=fixed),
        tail_99_share=tail_shares(arrays, kept, list_size, 0.99, fixed=fixed),
    )


def simulated_quantiles(simulated: pd.DataFrame, probabilities: Sequence[float]) -> pd.DataFrame:
    """Rows of table ``risk_quantiles`` from table ``simulated``: empirical quantiles of the yearly cost.

    The standard error is half the distance between the quantiles one binomial standard error either side of
    the probability, which needs no assumption on the distribution (David and Nagaraja 2003, *Order
    Statistics*, 7.1).
    """
    costs = simulated.groupby(CELL)["cost_gbp"]
    parts = []
    for probability in sorted(probabilities):
        step = np.sqrt(probability * (1 - probability) / costs.size().min())
        low, middle, high = (
            costs.quantile(point) for point in np.clip(probability + np.array([-1, 0, 1]) * step, 0, 1)
        )
        worst = costs.agg(lambda years, p=probability: years[years >= years.quantile(p)].mean())
        part = pd.DataFrame(
            {"cost_gbp": middle, "cost_se_gbp": (high - low) / 2, "tail_mean_gbp": worst}
        ).reset_index()
        part.insert(len(CELL), "probability", probability)
        parts.append(part)
    return pd.concat(parts).assign(computed_by="simulation")


def banding(
    lines: pd.DataFrame, pools: Sequence[str], kept: np.ndarray, list_sizes: Sequence[int]
) -> pd.DataFrame:
    """Table ``banding``: what price bands and clustering do to the coefficient of variation.

    Args:
        lines: table ``cost_lines``.
        pools: names of pool rules that take only lines modelled on their own, so that they mean the same in
            the banded model.
        kept: booleans, pools x lines.
        list_sizes: heads.

    Returns:
        A row for each list size, pool and model.
    """
    merged = banded(lines)
    own = (lines["band"] == 0).to_numpy()
    kept_merged = np.ones((len(pools), len(merged)), dtype=bool)
    kept_merged[:, : own.sum()] = kept[:, own]
    models = {
        "banded_clustered": (merged, kept_merged),
        "banded_poisson": (merged.assign(variance_factor=1.0), kept_merged),
        "unbanded_clustered": (lines, kept),
        "unbanded_poisson": (lines.assign(variance_factor=1.0), kept),
    }
    cells = pd.MultiIndex.from_product([list_sizes, pools], names=CELL[:2]).to_frame(index=False)
    parts = [
        cells.assign(
            model=model,
            cv_pct=100
            * coefficient_of_variation(
                lines_from(table), any_pools(keep), list_sizes, fixed=fixed_costs(table)
            ).ravel(),
        )
        for model, (table, keep) in models.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    table["tolerance_pct"] = TOLERANCE_CVS * table["cv_pct"]
    return table.sort_values(["list_size", "pool", "model"], ignore_index=True)
