"""The paper's published facts beside the demonstration's truth and this run.

Published values (``published_facts.csv``): Jones R (2008), Financial risk in practice based commissioning,
BJHCM 14(5). Facts of kind ``in`` are what the demonstration's line table was calibrated to; ``out`` are
results, which are compared and never calibrated to.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.risk.cost_lines import LINE, cost_lines, price_bands
from casemix_risk.risk.lines import any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import TOLERANCE_CVS, coefficient_of_variation, list_size_for
from casemix_risk.risk.optimum import pool_optimum
from casemix_risk.risk.pools import kept_lines
from casemix_risk.tariff.prices import FLAT

HEADS = 10_000
PAPER_YEARS = 2_000
PRICED_HRGS = ("H04", "L01", "S22", "N12", "D33", "H70")


class Scene(NamedTuple):
    """One version of the cost lines, with what else its figures depend on."""

    lines: pd.DataFrame  # table cost_lines
    unseen_lines: int  # lines of the tariff without a single admission
    population: float
    rules: pd.DataFrame  # table pool_rules
    shared_pool: Mapping  # the configuration's risk.shared_pool


def figures(scene: Scene) -> dict[str, float]:
    """Every fact's figure, by the ids of ``published_facts.csv`` and in its units."""
    lines = scene.lines
    price = lines["price_gbp"].to_numpy()
    per_head = lines["admissions_per_head"].to_numpy()
    admissions = per_head * scene.population
    cost = admissions * price
    size_rank = np.argsort(np.argsort(-admissions, kind="stable"))
    rare = per_head * HEADS < 1
    table1 = lines["hrg"].isin(scene.shared_pool["hrgs"]).to_numpy()
    bands = price_bands(lines, scene.population)
    everything = np.ones(len(lines), dtype=bool)
    pools = any_pools(np.array([everything, ~table1]))
    cv_all, cv_without_table1 = coefficient_of_variation(
        lines_from(lines), pools, [HEADS], fixed=fixed_costs(lines)
    )[0]
    optimum = pool_optimum(lines, [HEADS]).squeeze()
    cell = _best_cell(scene)

    def share(part: np.ndarray, whole: np.ndarray) -> float:
        return 100 * whole[part].sum() / whole.sum()

    def of(hrg: str, admission_type: str | None = None) -> np.ndarray:
        same_type = everything if admission_type is None else (lines["admission_type"] == admission_type)
        return ((lines["hrg"] == hrg) & same_type).to_numpy()

    def mean_price(part: np.ndarray) -> float:
        return cost[part].sum() / admissions[part].sum() if admissions[part].sum() else np.nan

    return {
        "admissions": admissions.sum() / 1e6,
        "budget": cost.sum() / scene.population * HEADS / 1e6,
        "price_s16_elective": mean_price(of("S16", "elective")),
        "price_h81_emergency": mean_price(of("H81", "emergency")),
        "under_1000": share(price < 1_000, admissions),
        "above_3000": share(price > 3_000, admissions),
        "above_3000_budget": share(price > 3_000, cost),
        "above_4000": share(price > 4_000, admissions),
        "above_4000_budget": share(price > 4_000, cost),
        "rare_lines": rare.sum() + scene.unseen_lines,
        "rare_admissions": share(rare, admissions),
        "rare_budget": share(rare, cost),
        "largest_280_admissions": share(size_rank < 280, admissions),
        "largest_280_budget": share(size_rank < 280, cost),
        "largest_48_admissions": share(size_rank < 48, admissions),
        "largest_48_budget": share(size_rank < 48, cost),
        "table1_rate": 1e6 * per_head[table1].sum(),
        "table1_budget": share(table1, cost),
        "volume_d33": HEADS * per_head[of("D33")].sum(),
        "volume_h04": HEADS * per_head[of("H04")].sum(),
        "volume_l01": admissions[of("L01")].sum(),
        **{f"price_{hrg.lower()}": mean_price(of(hrg)) for hrg in PRICED_HRGS},
        "cheapest_band": bands["price_gbp"].iloc[0],
        "dearest_band": bands["price_gbp"].iloc[-1],
        "band_admissions": bands["admissions"].mean() / 1e3,
        "best_price_cut_poisson": pool_optimum(lines.assign(variance_factor=1.0), [HEADS])["cut_gbp"].item(),
        "best_cut": optimum["cut_gbp"],
        "best_cell_cut": cell["price_cut_gbp"],
        "best_cell_ceiling": cell["volume_ceiling"],
        "best_cell_budget": share(~cell["kept"], cost),
        "size_table1": list_size_for(100 * TOLERANCE_CVS * cv_without_table1, HEADS),
        "size_best": list_size_for(optimum["tolerance_pct"], HEADS),
        "mean_error": 100 * cv_all / np.sqrt(PAPER_YEARS),
    }


def _best_cell(scene: Scene) -> dict:
    """The cell of Table 2 with the smallest coefficient of variation; of equal cells the lowest ceiling."""
    rules = scene.rules.dropna(subset="volume_ceiling").sort_values(["price_cut_gbp", "volume_ceiling"])
    kept = kept_lines(scene.lines, rules, scene.shared_pool)
    variation = coefficient_of_variation(
        lines_from(scene.lines), any_pools(kept), [HEADS], fixed=fixed_costs(scene.lines)
    )[0]
    best = int(np.argmin(variation))
    return rules.iloc[best].to_dict() | {"kept": kept[best]}


def published_facts(
    published: pd.DataFrame, truth: Scene, run: Scene, redrawn: Iterable[pd.DataFrame]
) -> pd.DataFrame:
    """Table ``published_facts``.

    The standard error of this run's figures is their spread over redrawn projections, so that errors which
    lines share, such as their chapter's growth, count as shared.

    Args:
        published: ``published_facts.csv``; an empty `high` means 'above `low`'.
        truth: the demonstration's own lines.
        run: this run's lines at the first tariff edition.
        redrawn: tables ``national`` from `casemix_risk.volumes.redraw.redrawn_projections`.

    Returns:
        A row a fact, in the order of the paper.
    """
    true, here = figures(truth), figures(run)
    at_true_prices = figures(run._replace(lines=_with_prices_of(truth.lines, run.lines)))
    spread = [
        figures(run._replace(lines=_with_admissions_of(national, run.lines, run.population)))
        for national in redrawn
    ]
    errors = pd.DataFrame(spread).std(ddof=1)
    errors[errors < 1e-9 * pd.Series(here).abs()] = 0.0  # a price: only rounding differs between redraws
    table = published.rename(columns={"low": "published_low", "high": "published_high"}).astype(
        {"published_low": float, "published_high": float}
    )
    table["truth"] = table["fact"].map(true).astype(float)
    table["this_run"] = table["fact"].map(here).astype(float)
    table["this_run_se"] = table["fact"].map(errors).astype(float)
    table["note"] = [
        f"{_gap(row.truth, row.this_run, at_true_prices[row.fact], row.this_run_se)} {row.reason}".strip()
        for row in table.fillna({"reason": ""}).itertuples()
    ]
    table.insert(0, "position", range(1, len(table) + 1))
    return table.drop(columns="reason")


def truth_cost_lines(
    truth_lines: pd.DataFrame, population: float, cost_line_settings: Mapping
) -> pd.DataFrame:
    """The demonstration's truth as table ``cost_lines``, at its own prices."""
    return cost_lines(
        truth_lines.drop(columns=["description", "price_gbp"]),
        truth_lines[["hrg", "admission_type", "description", "price_gbp"]].assign(**FLAT),
        population,
        **cost_line_settings,
    )


def _with_admissions_of(national: pd.DataFrame, lines: pd.DataFrame, population: float) -> pd.DataFrame:
    matched = lines[LINE].merge(national, on=LINE, how="left")["admissions"].fillna(0.0)
    return lines.assign(admissions_per_head=matched.to_numpy() / population)


def _with_prices_of(priced: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    return lines.drop(columns="price_gbp").merge(priced[[*LINE, "price_gbp"]], on=LINE)[lines.columns]


def _gap(truth: float, run: float, run_at_true_prices: float, error: float) -> str:
    if np.isnan(run):
        return "This run has no such line."
    if abs(run - truth) <= 1e-9 * abs(truth):
        return "This run equals the truth."
    if abs(run - truth) <= 2 * error:
        return "Within two standard errors of the truth."
    if abs(run_at_true_prices - truth) <= 2 * error:
        return "The gap to the truth comes from prices that the tariff lacks, estimated here on the low side."
    distance = f"{abs(run - truth) / error:.1f} standard errors" if error > 0 else "not by sampling"
    return (
        f"Away from the truth by {distance}; at the truth's own prices it would be {run_at_true_prices:.4g}."
    )
