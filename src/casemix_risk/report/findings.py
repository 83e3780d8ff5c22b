"""The report's figures in words: every sentence is made from the run's tables."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.risk.pools import shared_pool_of
from casemix_risk.volumes.back_test import preferred_method
from casemix_risk.volumes.figures import METHOD_NAMES

READABLE_TOLERANCE_PCT = 3.0
FLAT_PERCENTAGE_POINTS = 0.1


class Findings(NamedTuple):
    """What the first screen says, for one tariff edition and list size."""

    list_size: int
    budget_gbp: float
    tolerance_pct: float
    tolerance_gbp: float
    price_cut_gbp: float
    price_cut_tolerance_pct: float
    price_cut_budget_share: float
    flat_from_gbp: float
    flat_to_gbp: float
    best_cut_gbp: float
    best_tolerance_pct: float
    best_pooled_budget_share: float
    size_unpooled: int
    size_shared_pool: int
    size_best: int
    shared_pool_share: float


class YearsSaid(NamedTuple):
    """What known years say of the projection and of chance."""

    error_pct: float
    error_of_all_codes_pct: float
    inside_95: float
    preferred: str
    years: str


def years_said(tested: pd.DataFrame, method: str) -> YearsSaid:
    """The back test in a sentence's figures, over all target years.

    Args:
        tested: table ``back_test``.
        method: the run's projection method.
    """
    whole = tested[(tested["chapter"] == "all") & (tested["method"] == method)]
    sums = whole.groupby("codes")[["absolute_error", "admissions"]].sum()
    error = 100 * sums["absolute_error"] / sums["admissions"]
    return YearsSaid(
        error_pct=error["in every year"],
        error_of_all_codes_pct=error["all"],
        inside_95=whole.loc[whole["codes"] == "in every year", "inside_95"].mean(),
        preferred=METHOD_NAMES[preferred_method(tested)],
        years=", ".join(sorted(whole["target_year"].unique())),
    )


class PracticesSaid(NamedTuple):
    """What chance does to the middle practice and the middle group, and how many are large enough."""

    practices: int
    groups: int
    middle_practice: pd.Series
    middle_group: pd.Series
    practices_within: int
    groups_within: int


def practices_said(risk: pd.DataFrame) -> PracticesSaid:
    """The register in a sentence's figures; within means a tolerance of 3 % or less with the best pool.

    Args:
        risk: table ``practice_risk``.
    """
    practices, groups = (risk[risk["kind"] == kind] for kind in ("practice", "group"))
    middle = [rows[["patients", "tolerance_pct"]].median() for rows in (practices, groups)]
    within = [
        int((rows["best_tolerance_pct"] <= READABLE_TOLERANCE_PCT).sum()) for rows in (practices, groups)
    ]
    return PracticesSaid(len(practices), len(groups), *middle, *within)


def findings(tables: Mapping[str, pd.DataFrame], list_size: int) -> Findings:
    """The figures of the first screen.

    Args:
        tables: the risk tables of one edition: risk_summary, pool_optimum and pool_rules.
        list_size: heads.

    Returns:
        Findings. List sizes are what 3 x CV of 3 % takes, rounded up to the next 1,000 people. `price_cut`
        is the best of Figure 1's cuts on price alone, the flat range that of its cuts within 0.1 percentage
        points of it; `best` is the best of all choices of lines.
    """
    exact = tables["risk_summary"].query("method == 'exact' and list_size == @list_size").set_index("pool")
    optimum = tables["pool_optimum"].set_index("list_size").loc[list_size]
    shared = shared_pool_of(tables["pool_rules"])
    rules = tables["pool_rules"].query("price_cut_gbp.notna() and volume_ceiling.isna()")
    cuts = exact.loc[rules["pool"]].assign(price_cut_gbp=rules["price_cut_gbp"].to_numpy())
    best_price_cut = cuts.loc[cuts["tolerance_pct"].idxmin()]
    flat = cuts[cuts["tolerance_pct"] <= best_price_cut["tolerance_pct"] + FLAT_PERCENTAGE_POINTS]
    unpooled = exact.loc["none"]
    return Findings(
        list_size=list_size,
        budget_gbp=unpooled["budget_gbp"],
        tolerance_pct=unpooled["tolerance_pct"],
        tolerance_gbp=unpooled["budget_gbp"] * unpooled["tolerance_pct"] / 100,
        price_cut_gbp=best_price_cut["price_cut_gbp"],
        price_cut_tolerance_pct=best_price_cut["tolerance_pct"],
        price_cut_budget_share=best_price_cut["pooled_budget_share"],
        flat_from_gbp=flat["price_cut_gbp"].min(),
        flat_to_gbp=flat["price_cut_gbp"].max(),
        best_cut_gbp=optimum["cut_gbp"],
        best_tolerance_pct=optimum["tolerance_pct"],
        best_pooled_budget_share=optimum["pooled_budget_share"],
        size_unpooled=list_size_for(unpooled["tolerance_pct"], list_size),
        size_shared_pool=list_size_for(exact.loc[shared, "tolerance_pct"], list_size),
        size_best=list_size_for(optimum["tolerance_pct"], list_size),
        shared_pool_share=exact.loc[shared, "pooled_budget_share"],
    )


def list_size_for(tolerance_pct: float, list_size: int, wanted_pct: float = READABLE_TOLERANCE_PCT) -> int:
    """People needed for a tolerance, from the tolerance at one list size: it falls with the square root.

    Returns:
        Heads, rounded up to the next 1,000.
    """
    return int(np.ceil(list_size * (tolerance_pct / wanted_pct) ** 2 / 1_000) * 1_000)


def edition_comparison(editions: Mapping[str, Mapping[str, pd.DataFrame]], list_size: int) -> pd.DataFrame:
    """Budget, tolerance and best cut of each tariff edition at one list size, in the editions' order."""
    rows = []
    for edition, tables in editions.items():
        found = findings(tables, list_size)
        rows.append(
            {
                "edition": edition,
                "budget_gbp": found.budget_gbp,
                "tolerance_pct": found.tolerance_pct,
                "best_cut_gbp": found.best_cut_gbp,
                "best_tolerance_pct": found.best_tolerance_pct,
                "best_pooled_budget_share": found.best_pooled_budget_share,
                "size_best": found.size_best,
            }
        )
    table = pd.DataFrame(rows)
    table.insert(2, "budget_change_pct", 100 * (table["budget_gbp"] / table["budget_gbp"].iloc[0] - 1))
    return table
