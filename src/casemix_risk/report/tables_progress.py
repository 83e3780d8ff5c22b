"""The report's tables of the year in progress."""

from collections.abc import Mapping

import pandas as pd

from casemix_risk.audit.source import Source
from casemix_risk.formats import decimals, integer, percent, pounds
from casemix_risk.report.table import ReportTable, straight

LINES_SHOWN = 12
SIGNALS = {
    "beyond_limit": "beyond a limit",
    "shift": "seven on one side",
    "trend": "seven rising or falling",
    "near_limit": "two of three near a limit",
}


def progress_tables(tables: Mapping[str, pd.DataFrame], edition: str) -> list[ReportTable]:
    """The tables of the year in progress, in the order of the page.

    Args:
        tables: ``year_end``, ``year_end_by_month``, ``year_end_lines`` and ``control_chart``.
        edition: the leading tariff edition.
    """
    folder = f"progress/{edition}"
    return [
        _months(tables["year_end_by_month"], f"{folder}/year_end_by_month"),
        _quantiles(tables["year_end"], f"{folder}/year_end"),
        _lines(tables["year_end_lines"], f"{folder}/year_end_lines"),
        _signals(tables["control_chart"]),
    ]


def _months(by_month: pd.DataFrame, table: str) -> ReportTable:
    return ReportTable(
        "year_end_months",
        "Year end by month",
        "Where the year will end, as it looked after each month",
        by_month,
        {
            "month": ("After", None),
            "cost_so_far_gbp": ("Cost so far", pounds),
            "expected_so_far_gbp": ("Budget so far", pounds),
            "year_end_mean_gbp": ("Expected year end", pounds),
            "year_end_sd_gbp": ("Standard deviation", pounds),
            "chance_over_0": ("Chance of an overspend", percent),
            "chance_over_1": ("above 1 %", percent),
            "chance_over_3": ("above 3 %", percent),
            "chance_over_5": ("above 5 %", percent),
        },
        ("months_known",),
        straight(table, "months_known"),
    )


def _quantiles(year_end: pd.DataFrame, table: str) -> ReportTable:
    return ReportTable(
        "year_end",
        "Year end",
        "The cost of the whole year, given all months known",
        year_end[year_end["months_known"] == year_end["months_known"].max()],
        {
            "probability": ("Not exceeded with probability", percent),
            "cost_gbp": ("Cost", pounds),
            "overspend_share": ("Over the budget", percent),
        },
        ("months_known", "probability"),
        straight(table, "months_known", "probability"),
    )


def _lines(lines: pd.DataFrame, table: str) -> ReportTable:
    order = lines["expected_overspend_gbp"].abs().sort_values(ascending=False, kind="stable").index
    return ReportTable(
        "year_end_lines",
        "Year end by line",
        f"The {LINES_SHOWN} lines that move the year end most",
        lines.loc[order[:LINES_SHOWN]],
        {
            "hrg": ("HRG", None),
            "admission_type": ("Type", None),
            "admissions": ("Admissions so far", integer),
            "expected_admissions": ("Expected so far", decimals(1)),
            "relative_rate": ("Rate, the nation's is 1", decimals(2)),
            "relative_rate_low": ("from", decimals(2)),
            "relative_rate_high": ("to (90 %)", decimals(2)),
            "year_end_admissions": ("Expected in the year", decimals(1)),
            "expected_overspend_gbp": ("Over its budget at the year end", pounds),
        },
        ("hrg", "admission_type"),
        straight(table, "hrg", "admission_type"),
    )


def _signals(charts: pd.DataFrame) -> ReportTable:
    found = charts[charts[list(SIGNALS)].any(axis=1)]
    words = [
        ", ".join(words for rule, words in SIGNALS.items() if row[rule]) for row in found.to_dict("records")
    ]
    return ReportTable(
        "signals",
        "Signals",
        "Months of the charted lines that a rule points at",
        found.assign(words=words),
        {
            "hrg": ("HRG", None),
            "admission_type": ("Type", None),
            "month": ("Month", None),
            "admissions": ("Admissions", integer),
            "adjusted": ("Season apart", decimals(1)),
            "centre": ("Mean", decimals(1)),
            "lower": ("Lower limit", decimals(1)),
            "upper": ("Upper limit", decimals(1)),
            "words": ("Rule", None),
        },
        ("hrg", "admission_type", "month"),
        lambda row, column: Source(
            "progress/control_chart", column, {name: row[name] for name in ("hrg", "admission_type", "month")}
        ),
    )
