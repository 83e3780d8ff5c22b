"""The report's tables of the tariff: editions, what changed between them, coverage, the waterfall in GBP."""

from collections.abc import Mapping

import pandas as pd

from casemix_risk.audit.source import ROWS, SHARE, SUM, Source
from casemix_risk.changes.account import TERMS
from casemix_risk.formats import decimals, integer, percent, pounds
from casemix_risk.report.findings import finding_sources
from casemix_risk.report.table import ReportTable, straight

ESTIMATED_LINES_SHOWN = 15


def editions_table(comparison: pd.DataFrame, size: int) -> ReportTable:
    """Budget and risk of every edition of the run, at one list size."""

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


def registry_table(registry: pd.DataFrame) -> ReportTable:
    """The editions of the run: dates, sources, hashes."""
    words = {True: "in force", False: "restated since"}
    return ReportTable(
        "registry",
        "Tariff registry",
        "What the tariff editions are, and which are in force",
        registry.assign(words=registry["in_force"].map(words)),
        {
            "edition": ("Edition", None),
            "words": ("Status", None),
            "effective_from": ("Paid from", None),
            "published_on": ("Published", None),
            "restates": ("Restates", None),
            "prices": ("Prices", None),
            "source": ("Source", None),
        },
        ("edition",),
        straight("tariff/editions", "edition"),
        missing="does not apply, or an edition outside the registry",
    )


def changes_table(changes: Mapping[str, pd.DataFrame], size: int) -> ReportTable:
    """What changed the budget from edition to edition, at one list size."""
    rows = []
    for change, table in changes.items():
        sums = table.loc[table["list_size"] == size, ["before_gbp", *TERMS, "after_gbp"]].sum()
        words = {"before_gbp": "Budget before"} | TERMS | {"after_gbp": "Budget after"}
        rows += [
            {
                "change": change,
                "term": term,
                "words": words[term],
                "gbp": gbp,
                "share": gbp / sums["before_gbp"],
            }
            for term, gbp in sums.items()
            if gbp or term not in TERMS
        ]

    def source(row: Mapping, column: str) -> Source:
        how = SUM if column == "gbp" else "the sum of the cells over that of before_gbp"
        return Source(f"tariff/changes/{row['change']}/account", row["term"], {"list_size": size}, how)

    return ReportTable(
        "changes",
        "Changes",
        f"What changed the budget of {size:,} people from edition to edition",
        pd.DataFrame(rows).assign(pair=lambda table: table["change"].str.replace("_to_", " to ")),
        {
            "pair": ("Change", None),
            "words": ("Reason", None),
            "gbp": ("GBP a year", decimals(2)),
            "share": ("Of the budget before", percent),
        },
        ("change", "term"),
        source,
    )


def waterfall_table(waterfall: pd.DataFrame, edition: str) -> ReportTable:
    """The waterfall of episodes, in GBP."""
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
        straight(f"tariff/{edition}/waterfall", "step"),
    )


def coverage_table(coverage: pd.DataFrame, edition: str) -> ReportTable:
    """How much of the activity has a price, and of which kind."""
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


def estimated_table(coverage: pd.DataFrame, prices: pd.DataFrame, edition: str) -> ReportTable:
    """The lines with most activity whose price is an estimate."""
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
