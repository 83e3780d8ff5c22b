"""The report's figures in words: every sentence is made from the run's tables."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from casemix_risk.audit.source import Source
from casemix_risk.risk.moments import READABLE_TOLERANCE_PCT, list_size_for
from casemix_risk.risk.optimum import FLAT_PERCENTAGE_POINTS
from casemix_risk.risk.pools import shared_pool_of
from casemix_risk.volumes.back_test import preferred_method
from casemix_risk.volumes.figures import METHOD_NAMES


class Findings(NamedTuple):
    """What the first screen says, for one tariff edition and list size."""

    list_size: int
    budget_gbp: float
    tolerance_pct: float
    tolerance_gbp: float
    price_cut_pool: str
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
    shared_pool: str
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
        price_cut_pool=best_price_cut.name,
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
        shared_pool=shared,
        shared_pool_share=exact.loc[shared, "pooled_budget_share"],
    )


def finding_sources(edition: str, found: Findings) -> dict[str, Source]:
    """Where each of the findings of a tariff edition comes from."""
    summary, optimum = f"risk/{edition}/risk_summary", f"risk/{edition}/pool_optimum"
    exact, size = {"method": "exact", "list_size": found.list_size}, {"list_size": found.list_size}
    unpooled, cut = exact | {"pool": "none"}, exact | {"pool": found.price_cut_pool}
    shared = exact | {"pool": found.shared_pool}
    flat = f"{{}} of the cuts within {FLAT_PERCENTAGE_POINTS} points of the best one"
    people = f"list_size x (tolerance_pct / {READABLE_TOLERANCE_PCT:g})^2, up to the next 1,000"
    return {
        "budget_gbp": Source(summary, "budget_gbp", unpooled),
        "tolerance_pct": Source(summary, "tolerance_pct", unpooled),
        "tolerance_gbp": Source(summary, "tolerance_pct", unpooled, "budget_gbp x tolerance_pct / 100"),
        "price_cut_gbp": Source(
            f"risk/{edition}/pool_rules", "price_cut_gbp", {"pool": found.price_cut_pool}
        ),
        "price_cut_tolerance_pct": Source(summary, "tolerance_pct", cut),
        "price_cut_budget_share": Source(summary, "pooled_budget_share", cut),
        "flat_from_gbp": Source(summary, "tolerance_pct", exact, flat.format("the lowest")),
        "flat_to_gbp": Source(summary, "tolerance_pct", exact, flat.format("the highest")),
        "best_cut_gbp": Source(optimum, "cut_gbp", size),
        "best_tolerance_pct": Source(optimum, "tolerance_pct", size),
        "best_pooled_budget_share": Source(optimum, "pooled_budget_share", size),
        "size_unpooled": Source(summary, "tolerance_pct", unpooled, people),
        "size_shared_pool": Source(summary, "tolerance_pct", shared, people),
        "size_best": Source(optimum, "tolerance_pct", size, people),
        "shared_pool_share": Source(summary, "pooled_budget_share", shared),
    }


def edition_comparison(editions: Mapping[str, Mapping[str, pd.DataFrame]], list_size: int) -> pd.DataFrame:
    """The findings of each tariff edition at one list size, in the editions' order.

    Returns:
        `edition, found` (Findings), a column for each field of it, and `budget_change_pct` from the first.
    """
    found = {edition: findings(tables, list_size) for edition, tables in editions.items()}
    table = pd.DataFrame(
        [{"edition": edition, "found": said} | said._asdict() for edition, said in found.items()]
    )
    change = 100 * (table["budget_gbp"] / table["budget_gbp"].iloc[0] - 1)
    return table.assign(budget_change_pct=change)
