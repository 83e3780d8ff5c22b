"""The report's tables: what the page shows under its figures and the workbook holds, one a sheet."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd

from casemix_risk.audit.source import ROWS, SHARE, SUM, Source
from casemix_risk.report.findings import edition_comparison, finding_sources
from casemix_risk.report.formats import Format, decimals, integer, percent, pounds, significant
from casemix_risk.risk.figures import price_and_volume_cells, price_cut_curve
from casemix_risk.risk.moments import TOLERANCE_CVS
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
    key: tuple[str, ...]  # columns of the frame that name a row
    source: Callable[[Mapping, str], Source]  # of a row's number in a column
    sheet_columns: Columns | None = None  # in the workbook, where the page words a number
    missing: str = "no value"  # what a missing value means


def number_id(table: ReportTable, row: Mapping, column: object) -> str:
    """The id of a number: the table's, the row's key, the column."""
    parts = [table.id, *(row[name] for name in table.key), column]
    return "/".join(f"{part:g}" if isinstance(part, float) else f"{part}" for part in parts).replace(" ", "-")


def is_number(table: ReportTable, row: Mapping, column: object) -> bool:
    """Whether a cell holds a number of its own, not a text, a name of the row, or nothing."""
    return table.columns[column][1] is not None and column not in table.key and pd.notna(row[column])


def _straight(table: str, *by: str, **fixed: object) -> Callable[[Mapping, str], Source]:
    """Sources of a frame that is rows of a published table, found by columns that both have."""
    return lambda row, column: Source(table, column, {name: row[name] for name in by} | fixed)


def report_tables(
    editions: Mapping[str, Mapping[str, pd.DataFrame]],
    list_size: int,
    volumes: Mapping[str, pd.DataFrame],
    checks: pd.DataFrame,
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
        checks: table ``checks``.
        practices: table ``practice_risk``; None where the run has no register.
        facts: table ``published_facts``; None where the run is not the demonstration.
        planted: `casemix_risk.report.quality.planted_check`; None where nothing was planted.
    """
    leading, tables = next(iter(editions.items()))
    summary, rules = tables["risk_summary"], tables["pool_rules"]
    risk = f"risk/{leading}"
    shown = [
        _sizes(summary, tables["pool_optimum"], shared_pool_of(rules), risk),
        *([] if practices is None else [_practices(practices)]),
        _cuts(price_cut_curve(summary, rules).query("list_size == @list_size"), list_size, risk),
        _contributions(tables["contributions"], risk),
        _chapters(tables["contributions"], risk),
        _quantiles(tables["risk_quantiles"], list_size, risk),
        _cells(price_and_volume_cells(summary, rules, list_size), list_size, risk),
        _monte_carlo(tables["monte_carlo"], risk),
        _editions(edition_comparison(editions, list_size), list_size),
        _bands(tables["price_bands"], risk),
        *([] if facts is None else [_facts(facts)]),
        _waterfall(tables["priced_waterfall"], leading),
        _checks(checks),
        *([] if planted is None else [_planted(planted, leading)]),
        _projection(volumes["projection"]),
        *([_back_test(volumes["back_test"])] if "back_test" in volumes else []),
        *([_year_on_year(volumes["year_on_year"])] if "year_on_year" in volumes else []),
        _coverage(tables["tariff_coverage"], leading),
        _estimated(tables["tariff_coverage"], tables["prices"], leading),
    ]
    return {table.id: table for table in shown if len(table.frame)}


def _sizes(summary: pd.DataFrame, optimum: pd.DataFrame, shared_pool: str, risk: str) -> ReportTable:
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
        ("lists", "which"),
        _straight("practices/practice_risk", "kind", "code"),
    )


def _cuts(curve: pd.DataFrame, size: int, risk: str) -> ReportTable:
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


def _contributions(lines: pd.DataFrame, risk: str) -> ReportTable:
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
        _straight(f"{risk}/contributions", "hrg", "admission_type"),
    )


def _chapters(lines: pd.DataFrame, risk: str) -> ReportTable:
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


def _quantiles(quantiles: pd.DataFrame, size: int, risk: str) -> ReportTable:
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
        _straight(f"{risk}/risk_quantiles", "probability", **fixed),
    )


def _cells(cells: pd.DataFrame, size: int, risk: str) -> ReportTable:
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


def _monte_carlo(searches: pd.DataFrame, risk: str) -> ReportTable:
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
        _straight(f"{risk}/monte_carlo", "years_shared"),
    )


def _editions(comparison: pd.DataFrame, size: int) -> ReportTable:
    def source(row: Mapping, column: str) -> Source:
        sources = finding_sources(row["edition"], row["found"])
        if column == "budget_change_pct":
            return sources["budget_gbp"]._replace(how="100 x (the cell / the first edition's - 1)")
        return sources[column]

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
        ("edition",),
        source,
    )


def _bands(bands: pd.DataFrame, risk: str) -> ReportTable:
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
        _straight(f"{risk}/price_bands", "band"),
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
        ("fact",),
        _straight("report/published_facts", "fact"),
        sheet_columns=what
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
        ("rule",),
        _straight(f"tariff/{edition}/waterfall", "step"),
    )


def _planted(planted: pd.DataFrame, edition: str) -> ReportTable:
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
        ("rule",),
        lambda row, column: Source(
            f"tariff/{edition}/waterfall",
            "rows",
            {"rule": row["rule"]},
            SUM if column == "found" else "compared with the tables planted_defects of all years",
        ),
    )


def _checks(checks: pd.DataFrame) -> ReportTable:
    kinds = {"tie": "two counts", "quality": "data quality"}
    return ReportTable(
        "checks",
        "Checks",
        "What was checked: that rows and pounds tie from step to step, and that the data are fit for use",
        checks.assign(words=checks["kind"].map(kinds), name=checks["check"].str.replace("_", " ")),
        {
            "name": ("Check", None),
            "scope": ("Of", None),
            "words": ("Kind", None),
            "unit": ("Unit", None),
            "value": ("Found", significant),
            "expected": ("Expected", significant),
            "limit": ("Limit", significant),
            "outcome": ("Outcome", None),
        },
        ("position",),
        _straight("audit/checks", "position"),
        missing="does not apply",
    )


def _projection(chapters: pd.DataFrame) -> ReportTable:
    base = "the sum of the cells, a base year, scaled to the population"

    def source(row: Mapping, column: str) -> Source:
        where = {"hrg": f"{row['chapter']}*"}
        if column == "base":
            return Source("volumes/activity", "admissions", where, base)
        formulas = {
            "projected": SUM,
            "change_pct": "100 x (the sum of the cells / the mean of the base years - 1)",
            "margin_pct": "docs/method.md, chapter intervals",
        }
        return Source("volumes/national", "admissions", where, formulas[column])

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
        ("chapter",),
        source,
    )


def _back_test(tested: pd.DataFrame) -> ReportTable:
    whole = tested[tested["chapter"] == "all"]
    return ReportTable(
        "back_test",
        "Back test",
        "Known years projected from the years before them, by method",
        whole.assign(words=whole["method"].map(METHOD_NAMES)),
        {
            "target_year": ("Year projected", None),
            "codes": ("HRGs", None),
            "words": ("Method", None),
            "lines": ("Lines", integer),
            "admissions": ("Admissions that came", integer),
            "projected": ("Projected", integer),
            "error_pct": ("Sum of absolute errors, % of admissions", decimals(2)),
            "inside_95": ("Lines inside their 95 % interval", percent),
        },
        ("target_year", "codes", "method"),
        _straight("volumes/back_test", "target_year", "codes", "method", chapter="all"),
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
        ("code",),
        _straight("volumes/year_on_year", "to_year", "level", "code"),
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

    def source(row: Mapping, column: str) -> Source:
        table, where = f"tariff/{edition}/tariff_coverage", {"status": row["status"]}
        if column == "budget_share":
            return Source(table, "budget_gbp", where, SHARE)
        return Source(table, "hrg", where, ROWS) if column == "lines" else Source(table, column, where, SUM)

    return ReportTable(
        "coverage",
        "Tariff coverage",
        f"Lines by how their price in {edition} was found",
        sums.reset_index(),
        {
            "words": ("Price", None),
            "lines": ("Lines", integer),
            "admissions": ("National admissions a year", integer),
            "budget_gbp": ("Budget", pounds),
            "budget_share": ("Share of the budget", percent),
        },
        ("status",),
        source,
    )


def _estimated(coverage: pd.DataFrame, prices: pd.DataFrame, edition: str) -> ReportTable:
    estimated = coverage.query("status.str.startswith('estimated')")
    largest = estimated.nlargest(ESTIMATED_LINES_SHOWN, "budget_gbp").merge(
        prices, on=["hrg", "admission_type"]
    )

    def source(row: Mapping, column: str) -> Source:
        where = {"hrg": row["hrg"], "admission_type": row["admission_type"]}
        if column == "price_gbp":
            return Source(f"tariff/{edition}/prices", column, where)
        table = f"tariff/{edition}/tariff_coverage"
        if column == "share":
            return Source(table, "budget_gbp", where, SHARE)
        return Source(table, column, where)

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
        ("hrg", "admission_type"),
        source,
    )
