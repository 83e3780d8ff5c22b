"""The report's tables of the risk: list sizes, practices, pools, quantiles, payment."""

from collections.abc import Mapping

import pandas as pd

from casemix_risk.audit.source import SUM, Source
from casemix_risk.formats import decimals, integer, percent, pounds
from casemix_risk.payment.options import OPTIONS
from casemix_risk.report.table import ReportTable, straight
from casemix_risk.risk.moments import TOLERANCE_CVS

RISKIEST_LINES_SHOWN = 15
QUANTILES_SHOWN = {0.05: "1 in 20 is smaller", 0.5: "the middle one", 0.95: "1 in 20 is larger"}

CONTRIBUTION_COLUMNS = {
    "admissions": ("Admissions a year", decimals(1)),
    "budget_share": ("Share of the budget", percent),
    "deviation_share": ("Share of the standard deviation", percent),
    "tail_95_share": ("Share of the cost of the worst 1 in 20 years", percent),
}


def sizes_table(summary: pd.DataFrame, optimum: pd.DataFrame, shared_pool: str, risk: str) -> ReportTable:
    """Budget, tolerance and the best pool of every list size."""
    exact = summary[(summary["method"] == "exact") & summary["pool"].isin(["none", shared_pool])]
    wide = exact.pivot(index="list_size", columns="pool", values="tolerance_pct")
    wide["budget_gbp"] = exact[exact["pool"] == "none"].set_index("list_size")["budget_gbp"]
    wide["best"] = optimum.set_index("list_size")["tolerance_pct"]

    def source(row: Mapping, column: str) -> Source:
        size = {"list_size": row["list_size"]}
        if column == "best":
            return Source(f"{risk}/pool_optimum", "tolerance_pct", size)
        if column == "budget_gbp":
            return Source(f"{risk}/risk_summary", column, size | {"method": "exact", "pool": "none"})
        return Source(f"{risk}/risk_summary", "tolerance_pct", size | {"method": "exact", "pool": column})

    return ReportTable(
        "sizes",
        "List sizes",
        "Budget tolerance in % (3 × CV, exact) by list size",
        wide.reset_index(),
        {
            "list_size": ("People", integer),
            "budget_gbp": ("Budget a year", pounds),
            "none": ("Nothing pooled, %", decimals(2)),
            shared_pool: (f"Pool {shared_pool}, %", decimals(2)),
            "best": ("Best cut pooled, %", decimals(2)),
        },
        ("list_size",),
        source,
    )


def practices_table(risk: pd.DataFrame) -> ReportTable:
    """Real practices and groups of them, with the tolerance of each."""
    rows = []
    for kind, words in (("practice", "practices"), ("group", "groups")):
        ordered = risk[risk["kind"] == kind].sort_values("patients")
        for quantile, which in QUANTILES_SHOWN.items():
            rows.append(ordered.iloc[round(quantile * (len(ordered) - 1))].to_dict())
            rows[-1] |= {"lists": words, "which": which}
    return ReportTable(
        "practices",
        "Practices",
        "Real practices and groups of them, from the smallest to the largest list",
        pd.DataFrame(rows),
        {
            "lists": ("Lists of", None),
            "which": ("Which", None),
            "patients": ("People", integer),
            "budget_gbp": ("Budget a year", pounds),
            "tolerance_pct": ("Tolerance, nothing pooled, %", decimals(1)),
            "best_tolerance_pct": ("Tolerance, best cut pooled, %", decimals(1)),
        },
        ("lists", "which"),
        straight("practices/practice_risk", "kind", "code"),
    )


def cuts_table(curve: pd.DataFrame, size: int, risk: str) -> ReportTable:
    """Pools of all lines above a price, at one list size."""
    wide = curve.pivot(index="price_cut_gbp", columns="method", values=["tolerance_pct", "cv_se_pct"])
    wide.columns = [f"{name}_{method}" for name, method in wide.columns]
    exact = curve[curve["method"] == "exact"].set_index("price_cut_gbp")
    wide[["pool", "pooled_budget_share"]] = exact[["pool", "pooled_budget_share"]]
    wide["simulated_se"] = TOLERANCE_CVS * wide["cv_se_pct_simulated"]

    def source(row: Mapping, column: str) -> Source:
        where = {"list_size": size, "pool": row["pool"]}
        summary = f"{risk}/risk_summary"
        if column == "simulated_se":
            times = f"{TOLERANCE_CVS:g} x the cell"
            return Source(summary, "cv_se_pct", where | {"method": "simulated"}, times)
        if column == "pooled_budget_share":
            return Source(summary, column, where | {"method": "exact"})
        name, _, method = column.rpartition("_")
        return Source(summary, name, where | {"method": method})

    return ReportTable(
        "cuts",
        "Price cuts",
        f"Figure 1 in numbers: tolerance in % of a list of {size:,}",
        wide.reset_index(),
        {
            "price_cut_gbp": ("Lines above are pooled", pounds),
            "pooled_budget_share": ("Budget pooled", percent),
            "tolerance_pct_exact": ("Exact, %", decimals(2)),
            "tolerance_pct_simulated": ("Simulated, %", decimals(2)),
            "simulated_se": ("Standard error of simulated, % points", decimals(2)),
            "tolerance_pct_paper": ("The paper's simulation, %", decimals(2)),
        },
        ("price_cut_gbp",),
        source,
    )


def contributions_table(lines: pd.DataFrame, risk: str) -> ReportTable:
    """The lines that carry most of the risk."""
    return ReportTable(
        "contributions",
        "Contributions",
        f"The {RISKIEST_LINES_SHOWN} lines that carry most of the risk, nothing pooled",
        lines.nlargest(RISKIEST_LINES_SHOWN, "deviation_share"),
        {
            "hrg": ("HRG", None),
            "description": ("Name", None),
            "admission_type": ("Type", None),
        }
        | CONTRIBUTION_COLUMNS,
        ("hrg", "admission_type"),
        straight(f"{risk}/contributions", "hrg", "admission_type"),
    )


def chapters_table(lines: pd.DataFrame, risk: str) -> ReportTable:
    """The HRG chapters' shares of budget and risk."""
    sums = lines.groupby(lines["hrg"].str[0].rename("chapter"), sort=False)
    return ReportTable(
        "chapters",
        "Chapters",
        "What each HRG chapter contributes to the risk, nothing pooled",
        sums[list(CONTRIBUTION_COLUMNS)]
        .sum(min_count=1)
        .sort_values("deviation_share", ascending=False)
        .reset_index(),
        {"chapter": ("Chapter", None)} | CONTRIBUTION_COLUMNS,
        ("chapter",),
        lambda row, column: Source(f"{risk}/contributions", column, {"hrg": f"{row['chapter']}*"}, SUM),
    )


def quantiles_table(quantiles: pd.DataFrame, size: int, risk: str) -> ReportTable:
    """What a year may cost at one list size: quantiles and tail means."""
    exact = quantiles.query("method == 'exact' and pool == 'none' and list_size == @size")
    fixed = {"method": "exact", "pool": "none", "list_size": size}
    return ReportTable(
        "quantiles",
        "Quantiles",
        f"The yearly cost of {size:,} people, nothing pooled, exact",
        exact,
        {
            "probability": ("Years that cost no more", percent),
            "cost_gbp": ("Cost", pounds),
            "tail_mean_gbp": ("Mean cost of the other years", pounds),
        },
        ("probability",),
        straight(f"{risk}/risk_quantiles", "probability", **fixed),
    )


def cells_table(cells: pd.DataFrame, size: int, risk: str) -> ReportTable:
    """Table 2: pools of dear and rare lines, at one list size."""
    pools = cells.set_index(["price_cut_gbp", "volume_ceiling"])["pool"]
    ceilings = sorted(cells["volume_ceiling"].unique())
    grid = cells.assign(exact=cells["exact"].where(cells["changes"])).pivot(
        index="price_cut_gbp", columns="volume_ceiling", values="exact"
    )
    return ReportTable(
        "cells",
        "Table 2",
        f"Table 2 in numbers: exact tolerance in % of a list of {size:,} with lines pooled that are priced "
        "above the row's price and have fewer admissions a year at 10,000 people than the column's ceiling",
        grid.reset_index(),
        {"price_cut_gbp": ("Priced above", pounds)}
        | {ceiling: (f"Under {ceiling:g}, %", decimals(2)) for ceiling in ceilings},
        ("price_cut_gbp",),
        lambda row, ceiling: Source(
            f"{risk}/risk_summary",
            "tolerance_pct",
            {"list_size": size, "method": "exact", "pool": pools[row["price_cut_gbp"], ceiling]},
        ),
        missing="the same lines as the cell to its left",
    )


def monte_carlo_table(searches: pd.DataFrame, risk: str) -> ReportTable:
    """How often a search with simulated years finds which best pool."""
    years, repeats = searches.iloc[0][["simulated_years", "repeats"]]
    words = {"common": "the same years for every cell", "separate": "years of its own for each cell"}
    return ReportTable(
        "monte_carlo",
        "Search by simulation",
        f"Table 2 searched with {years:,} simulated years, {repeats} times over",
        searches.assign(words=searches["years_shared"].map(words)),
        {
            "words": ("Simulated", None),
            "found_best": ("Searches that found the best cell", percent),
            "within_tenth": ("Came within 0.1 points of it", percent),
            "worse_by_pct": ("Mean excess, % points of tolerance", decimals(3)),
            "worst_pct": ("Largest excess, % points", decimals(3)),
            "tolerance_se_pct": ("Standard error of a tolerance, % points", decimals(3)),
        },
        ("years_shared",),
        straight(f"{risk}/monte_carlo", "years_shared"),
    )


def payment_table(effects: pd.DataFrame, size: int, risk: str) -> ReportTable:
    """What each option of payment does to budget and risk, at one list size."""
    words = OPTIONS | {"flat": "One price for every admission", "all": "All of these together"}
    return ReportTable(
        "payment",
        "Ways of payment",
        f"What each way of payment does to a list of {size:,}, alone and together, exact",
        effects[effects["list_size"] == size].assign(words=effects["option"].map(words)),
        {
            "words": ("Paid", None),
            "budget_gbp": ("Budget a year", pounds),
            "budget_change_gbp": ("Change from flat", pounds),
            "tolerance_pct": ("Tolerance, nothing pooled, %", decimals(2)),
            "tolerance_change_points": ("Change, % points", decimals(3)),
            "best_cut_gbp": ("Best cut", pounds),
            "best_tolerance_pct": ("Tolerance at the best cut, %", decimals(2)),
            "best_tolerance_change_points": ("Change, % points", decimals(3)),
        },
        ("option",),
        straight(f"{risk}/payment_effects", "option", list_size=size),
        missing="pooling nothing is best",
    )


def bands_table(bands: pd.DataFrame, risk: str) -> ReportTable:
    """Lines, admissions and budget by band of price."""
    return ReportTable(
        "bands",
        "Price bands",
        "Price bands of the lines that are not modelled on their own",
        bands,
        {
            "band": ("Band", integer),
            "lines": ("Lines", integer),
            "admissions": ("National admissions a year", integer),
            "price_gbp": ("Mean price", pounds),
        },
        ("band",),
        straight(f"{risk}/price_bands", "band"),
    )
