"""The report's tables: what the page shows under its figures and the workbook holds, one a sheet."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from casemix_risk.report.findings import edition_comparison
from casemix_risk.report.formats import Format, decimals, integer, percent, pounds, significant
from casemix_risk.risk.figures import price_and_volume_cells, price_cut_curve
from casemix_risk.risk.pools import shared_pool_of
from casemix_risk.volumes.figures import METHOD_NAMES

ESTIMATED_LINES_SHOWN = 15
RISKIEST_LINES_SHOWN = 15
QUANTILES_SHOWN = {0.05: "1 in 20 is smaller", 0.5: "the middle one", 0.95: "1 in 20 is larger"}

Columns = Mapping[object, tuple[str, Format | None]]

CONTRIBUTION_COLUMNS = {
    "admissions": ("Admissions a year", decimals(1)),
    "budget_share": ("Share of the budget", percent),
    "deviation_share": ("Share of the standard deviation", percent),
    "tail_95_share": ("Share of the cost of the worst 1 in 20 years", percent),
}


class ReportTable(NamedTuple):
    """A table for readers: every place that shows it shows this frame."""

    id: str
    name: str  # a few words
    title: str  # what it shows, with units
    frame: pd.DataFrame
    columns: Columns  # column of the frame -> (heading, format); no format means text
    sheet_columns: Columns | None = None  # in the workbook, where the page words a number
    missing: str = "no value"  # what a missing value means


def report_tables(
    editions: Mapping[str, Mapping[str, pd.DataFrame]],
    list_size: int,
    volumes: Mapping[str, pd.DataFrame],
    practices: pd.DataFrame | None,
    facts: pd.DataFrame | None,
    planted: pd.DataFrame | None,
) -> dict[str, ReportTable]:
    """Every table of the report that has rows, by id, in the order of the page.

    Args:
        editions: edition -> its tables by name (the tariff and risk tables), the leading edition first.
        list_size: heads, of the tables that show one list size.
        volumes: ``projection`` (`casemix_risk.volumes.figures.chapter_projections`), and the tables
            ``back_test`` and ``year_on_year`` where the run has the years for them.
        practices: table ``practice_risk``; None where the run has no register.
        facts: table ``published_facts``; None where the run is not the demonstration.
        planted: `casemix_risk.report.quality.planted_check`; None where nothing was planted.
    """
    leading, tables = next(iter(editions.items()))
    summary, rules = tables["risk_summary"], tables["pool_rules"]
    shown = [
        _sizes(summary, tables["pool_optimum"], shared_pool_of(rules)),
        *([] if practices is None else [_practices(practices)]),
        _cuts(price_cut_curve(summary, rules).query("list_size == @list_size"), list_size),
        _contributions(tables["contributions"]),
        _chapters(tables["contributions"]),
        _quantiles(tables["risk_quantiles"], list_size),
        _cells(price_and_volume_cells(summary, rules, list_size), list_size),
        _monte_carlo(tables["monte_carlo"]),
        _editions(edition_comparison(editions, list_size), list_size),
        _bands(tables["price_bands"]),
        *([] if facts is None else [_facts(facts)]),
        _waterfall(tables["priced_waterfall"], leading),
        *([] if planted is None else [_planted(planted)]),
        _projection(volumes["projection"]),
        *([_back_test(volumes["back_test"])] if "back_test" in volumes else []),
        *([_year_on_year(volumes["year_on_year"])] if "year_on_year" in volumes else []),
        _coverage(tables["tariff_coverage"], leading),
        _estimated(tables["tariff_coverage"], tables["prices"]),
    ]
    return {table.id: table for table in shown if len(table.frame)}


def _sizes(summary: pd.DataFrame, optimum: pd.DataFrame, shared_pool: str) -> ReportTable:
    exact = summary[(summary["method"] == "exact") & summary["pool"].isin(["none", shared_pool])]
    wide = exact.pivot(index="list_size", columns="pool", values="tolerance_pct")
    wide["budget_gbp"] = exact[exact["pool"] == "none"].set_index("list_size")["budget_gbp"]
    wide["best"] = optimum.set_index("list_size")["tolerance_pct"]
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
    )


def _practices(risk: pd.DataFrame) -> ReportTable:
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
    )


def _cuts(curve: pd.DataFrame, size: int) -> ReportTable:
    wide = curve.pivot(index="price_cut_gbp", columns="method", values=["tolerance_pct", "cv_se_pct"])
    wide.columns = [f"{name}_{method}" for name, method in wide.columns]
    exact = curve[curve["method"] == "exact"].set_index("price_cut_gbp")
    wide["pooled_budget_share"] = exact["pooled_budget_share"]
    wide["simulated_se"] = 3 * wide["cv_se_pct_simulated"]
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
    )


def _contributions(lines: pd.DataFrame) -> ReportTable:
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
    )


def _chapters(lines: pd.DataFrame) -> ReportTable:
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
    )


def _quantiles(quantiles: pd.DataFrame, size: int) -> ReportTable:
    exact = quantiles.query("method == 'exact' and pool == 'none' and list_size == @size")
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
    )


def _cells(cells: pd.DataFrame, size: int) -> ReportTable:
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
        missing="the same lines as the cell to its left",
    )


def _monte_carlo(searches: pd.DataFrame) -> ReportTable:
    years, repeats = searches.iloc[0][["simulated_years", "repeats"]]
    words = {"common": "the same years for every cell", "separate": "years of its own for each cell"}
    return ReportTable(
        "monte_carlo",
        "Search by simulation",
        f"Table 2 searched with {years:,} simulated years, {repeats} times over",
        searches.assign(years_shared=searches["years_shared"].map(words)),
        {
            "years_shared": ("Simulated", None),
            "found_best": ("Searches that found the best cell", percent),
            "within_tenth": ("Came within 0.1 points of it", percent),
            "worse_by_pct": ("Mean excess, % points of tolerance", decimals(3)),
            "worst_pct": ("Largest excess, % points", decimals(3)),
            "tolerance_se_pct": ("Standard error of a tolerance, % points", decimals(3)),
        },
    )


def _editions(comparison: pd.DataFrame, size: int) -> ReportTable:
    return ReportTable(
        "editions",
        "Editions",
        f"Tariff editions side by side, list of {size:,}",
        comparison,
        {
            "edition": ("Edition", None),
            "budget_gbp": ("Budget a year", pounds),
            "budget_change_pct": ("Change from the first, %", decimals(2)),
            "tolerance_pct": ("Tolerance, nothing pooled, %", decimals(2)),
            "best_cut_gbp": ("Best cut", pounds),
            "best_tolerance_pct": ("Tolerance at the best cut, %", decimals(2)),
            "best_pooled_budget_share": ("Budget pooled", percent),
            "size_best": ("People for ± 3 %", integer),
        },
    )


def _bands(bands: pd.DataFrame) -> ReportTable:
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
    )


def _facts(facts: pd.DataFrame) -> ReportTable:
    limits = zip(facts["published_low"], facts["published_high"], strict=True)
    what = {"description": ("Fact", None), "kind": ("Kind", None), "unit": ("Unit", None)}
    outcome = {
        "truth": ("Truth", significant),
        "this_run": ("This run", significant),
        "this_run_se": ("Its standard error", significant),
        "note": ("Note", None),
    }
    return ReportTable(
        "facts",
        "Published facts",
        "Published, in the demonstration's truth, and in this run",
        facts.assign(
            kind=facts["kind"].map({"in": "input", "out": "result"}),
            published=[_published(low, high) for low, high in limits],
        ),
        what | {"published": ("Published", None)} | outcome,
        what
        | {
            "published_low": ("Published, from", significant),
            "published_high": ("Published, to", significant),
        }
        | outcome,
        missing="no upper limit published, or no value",
    )


def _published(low: float, high: float) -> str:
    if pd.isna(high):
        return f"above {significant(low)}"
    return significant(low) if low == high else f"{significant(low)} to {significant(high)}"


def _waterfall(waterfall: pd.DataFrame, edition: str) -> ReportTable:
    return ReportTable(
        "waterfall",
        "Waterfall",
        f"What cleaning did, all years together, at {edition} prices",
        waterfall,
        {
            "rule": ("Rule", None),
            "description": ("In words", None),
            "action": ("Action", None),
            "rows": ("Episodes", integer),
            "admissions": ("Admissions", integer),
            "value_gbp": ("Value", pounds),
            "unpriced_admissions": ("Admissions without a price", integer),
        },
    )


def _planted(planted: pd.DataFrame) -> ReportTable:
    return ReportTable(
        "planted",
        "Planted defects",
        "Planted defects against what ingest found, all years",
        planted,
        {
            "rule": ("Rule", None),
            "action": ("Action", None),
            "planted": ("Rows planted", integer),
            "found": ("Rows found", integer),
            "same_rows": ("The same rows", integer),
        },
    )


def _projection(chapters: pd.DataFrame) -> ReportTable:
    return ReportTable(
        "projection",
        "Projection",
        "Admissions by HRG chapter, from the base years to the target year",
        chapters.reset_index(),
        {
            "chapter": ("Chapter", None),
            "base": ("Mean of the base years", integer),
            "projected": ("Target year", integer),
            "change_pct": ("Change, %", decimals(1)),
            "margin_pct": ("95 % margin of the change, % points", decimals(1)),
        },
    )


def _back_test(tested: pd.DataFrame) -> ReportTable:
    whole = tested[tested["chapter"] == "all"]
    return ReportTable(
        "back_test",
        "Back test",
        "Known years projected from the years before them, by method",
        whole.assign(method=whole["method"].map(METHOD_NAMES)),
        {
            "target_year": ("Year projected", None),
            "codes": ("HRGs", None),
            "method": ("Method", None),
            "lines": ("Lines", integer),
            "admissions": ("Admissions that came", integer),
            "projected": ("Projected", integer),
            "error_pct": ("Sum of absolute errors, % of admissions", decimals(2)),
            "inside_95": ("Lines inside their 95 % interval", percent),
        },
    )


def _year_on_year(changes: pd.DataFrame) -> ReportTable:
    last = changes[(changes["to_year"] == changes["to_year"].max()) & (changes["level"] != "line")]
    years = f"{last['from_year'].iloc[0]} to {last['to_year'].iloc[0]}"
    return ReportTable(
        "year_on_year",
        "Year on year",
        f"Change of admissions beside chance, {years}",
        last,
        {
            "code": ("Chapter", None),
            "admissions_before": ("Admissions before", integer),
            "admissions_after": ("Admissions after", integer),
            "change_pct": ("Change, %", decimals(2)),
            "chance_pct": ("Chance, one standard deviation, %", decimals(2)),
            "z": ("z-score", decimals(1)),
            "lines": ("Lines seen in both years", integer),
            "beyond_chance": ("Of them beyond chance (5 % would be by chance)", percent),
        },
        missing="no line seen in both years",
    )


def _coverage(coverage: pd.DataFrame, edition: str) -> ReportTable:
    words = {
        "priced": "in the tariff",
        "estimated_blank": "estimated: in the tariff without a price",
        "estimated_missing": "estimated: not in the tariff",
        "left_out": "left out: no price",
        "no_activity": "in the tariff, no admission seen",
    }
    sums = coverage.groupby("status").agg(
        lines=("hrg", "size"), admissions=("admissions", "sum"), budget_gbp=("budget_gbp", "sum")
    )
    sums = sums.reindex(list(words), fill_value=0)
    sums["words"] = sums.index.map(words)
    sums["budget_share"] = sums["budget_gbp"] / sums["budget_gbp"].sum()
    sums["admissions_share"] = sums["admissions"] / sums["admissions"].sum()
    return ReportTable(
        "coverage",
        "Tariff coverage",
        f"Lines by how their price in {edition} was found",
        sums,
        {
            "words": ("Price", None),
            "lines": ("Lines", integer),
            "admissions": ("National admissions a year", integer),
            "budget_gbp": ("Budget", pounds),
            "budget_share": ("Share of the budget", percent),
        },
    )


def _estimated(coverage: pd.DataFrame, prices: pd.DataFrame) -> ReportTable:
    estimated = coverage.query("status.str.startswith('estimated')")
    largest = estimated.nlargest(ESTIMATED_LINES_SHOWN, "budget_gbp").merge(
        prices, on=["hrg", "admission_type"]
    )
    return ReportTable(
        "estimated",
        "Estimated prices",
        f"Estimated prices: the {len(largest)} of {len(estimated)} lines that carry the most",
        largest.assign(share=largest["budget_gbp"] / coverage["budget_gbp"].sum()),
        {
            "hrg": ("HRG", None),
            "description": ("Name", None),
            "admission_type": ("Type", None),
            "price_gbp": ("Estimated price", pounds),
            "admissions": ("National admissions", integer),
            "share": ("Share of the budget", percent),
        },
    )
