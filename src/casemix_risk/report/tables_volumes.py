"""The report's tables of the volumes: projections, and known years beside them."""

from collections.abc import Mapping

import pandas as pd

from casemix_risk.audit.source import SUM, Source
from casemix_risk.formats import decimals, integer, percent
from casemix_risk.report.table import ReportTable, straight
from casemix_risk.volumes.figures import METHOD_NAMES


def projection_table(chapters: pd.DataFrame) -> ReportTable:
    """Admissions projected by HRG chapter."""
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


def back_test_table(tested: pd.DataFrame) -> ReportTable:
    """Known years as each method would have projected them."""
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
        straight("volumes/back_test", "target_year", "codes", "method", chapter="all"),
    )


def year_on_year_table(changes: pd.DataFrame) -> ReportTable:
    """Changes between years beside what chance would do."""
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
        straight("volumes/year_on_year", "to_year", "level", "code"),
        missing="no line seen in both years",
    )
