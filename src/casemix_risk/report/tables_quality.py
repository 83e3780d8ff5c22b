"""The report's tables of checks: the published facts, the run's own checks, planted defects."""

import pandas as pd

from casemix_risk.audit.source import SUM, Source
from casemix_risk.formats import integer, significant
from casemix_risk.report.table import ReportTable, straight


def facts_table(facts: pd.DataFrame) -> ReportTable:
    """The paper's published facts beside this run."""
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
        straight("report/published_facts", "fact"),
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


def checks_table(checks: pd.DataFrame) -> ReportTable:
    """The run's own checks, with their limits."""
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
        straight("audit/checks", "position"),
        missing="does not apply",
    )


def planted_table(planted: pd.DataFrame, edition: str) -> ReportTable:
    """Planted defects that came back."""
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
