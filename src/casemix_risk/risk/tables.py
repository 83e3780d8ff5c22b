"""All the risk tables of one tariff edition."""

from collections.abc import Mapping, Sequence

import pandas as pd

from casemix_risk.risk.cost_lines import banded, cost_lines, price_bands
from casemix_risk.risk.lines import fixed_costs, line_names, lines_from
from casemix_risk.risk.optimum import pool_lines, pool_optimum
from casemix_risk.risk.pools import kept_lines, pool_rules, shared_pool_of
from casemix_risk.risk.simulate import paper_costs
from casemix_risk.risk.simulator import simulate
from casemix_risk.risk.summary import (
    CELL,
    banding,
    contributions,
    exact_quantiles,
    exact_summary,
    simulated_quantiles,
    simulated_summary,
    simulated_years,
)


def risk_tables(
    national: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    population: float,
    list_sizes: Sequence[int],
    seed: int,
    cost_line_settings: Mapping,
    risk: Mapping,
) -> dict[str, pd.DataFrame]:
    """From volumes and prices to every risk table.

    Args:
        national: table ``national``.
        prices: table ``prices``.
        population: people whom the national admissions belong to.
        list_sizes: heads.
        seed: the run's seed.
        cost_line_settings: the configuration's ``cost_lines``.
        risk: the configuration's ``risk``.

    Returns:
        Tables by name: cost_lines, price_bands, banding, pool_rules, risk_summary, risk_quantiles,
        contributions, simulated, pool_optimum and pool_lines. Simulated years are kept for two pools only:
        none and the shared pool.
    """
    sizes = sorted(list_sizes)
    lines = cost_lines(national, prices, population, **cost_line_settings)
    rules = pool_rules(lines, risk)
    kept = kept_lines(lines, rules, risk["shared_pool"])
    summaries = [exact_summary(lines, rules["pool"], kept, sizes)]
    years = []
    for method, model in {"simulated": lines, "paper": banded(lines)}.items():
        summary, drawn = _simulate(model, rules, method, sizes, seed, risk)
        summaries += summary
        years += drawn
    simulated = pd.concat(years).sort_values([*CELL, "simulated_year"], ignore_index=True)
    probabilities = sorted(risk["quantiles"])
    quantiles = exact_quantiles(lines, rules["pool"], kept, sizes, probabilities)
    same_in_bands = _pools_only_individual_lines(rules, cost_line_settings["individual_price_gbp"])
    forced = {name: risk[name] for name in ("always_pooled", "never_pooled")}
    return {
        "cost_lines": lines,
        "price_bands": price_bands(lines, population),
        "banding": banding(lines, rules.loc[same_in_bands, "pool"], kept[same_in_bands], sizes),
        "pool_rules": rules,
        "risk_summary": pd.concat(summaries).sort_values(CELL, ignore_index=True),
        "risk_quantiles": pd.concat([quantiles, simulated_quantiles(simulated, probabilities)]).sort_values(
            [*CELL, "probability"], ignore_index=True
        ),
        "contributions": contributions(lines, risk["list_size"]),
        "simulated": simulated,
        "pool_optimum": pool_optimum(lines, sizes, **forced),
        "pool_lines": pool_lines(lines, **forced),
    }


def _simulate(
    model: pd.DataFrame, rules: pd.DataFrame, method: str, sizes: list[int], seed: int, risk: Mapping
):
    pools = rules["pool"].to_numpy()
    kept = kept_lines(model, rules, risk["shared_pool"])
    exact = exact_summary(model, pools, kept, sizes)
    stored = rules.index[rules["pool"].isin(["none", shared_pool_of(rules)])]
    summaries, years = [], []
    for size in sizes:
        if method == "paper":
            costs = paper_costs(model, size, kept, risk["simulated_years"], seed)
        else:
            costs = simulate(lines_from(model), line_names(model), kept, size, risk["simulated_years"], seed)
            costs += size * (kept @ fixed_costs(model))
        summaries.append(simulated_summary(exact, costs, size, method))
        years.append(simulated_years(costs[:, stored], pools[stored], size, method))
    return summaries, years


def _pools_only_individual_lines(rules: pd.DataFrame, individual_price_gbp: float) -> pd.Series:
    high_cut = (rules["price_cut_gbp"] >= individual_price_gbp) & rules["volume_ceiling"].isna()
    return high_cut | (rules["pool"] == "none")
