"""The report's tables and numbers of grouping: how episodes grouped, and what it does to the budget."""

from collections.abc import Iterator, Mapping

import pandas as pd

from casemix_risk.audit.source import SUM, Source
from casemix_risk.formats import integer, percent, pounds
from casemix_risk.report.numbers import Number
from casemix_risk.report.table import ReportTable

PAIRS_SHOWN = 15
WORST_SHOWN = 20
METHODS = {
    "P": "by the dominant procedure",
    "D": "by the primary diagnosis",
    "M": "as multiple trauma",
    "G": "as a global exception",
    "U": "not grouped",
}
PAIR = ("given_hrg", "derived_hrg", "admission_type")


def grouping_tables(
    quality: pd.DataFrame, pairs: pd.DataFrame, prices: pd.DataFrame, year: str, edition: str
) -> list[ReportTable]:
    """The tables of one year, in the order of the page.

    Args:
        quality: table ``grouping_quality`` of the year.
        pairs: table ``given_and_derived`` of it.
        prices: table ``prices`` of an edition.
        year: financial year.
        edition: the edition's name.
    """
    table = f"group/grouping_quality_{year}"
    return [
        _kinds(quality, "method", METHODS, "How the episodes grouped", table),
        _kinds(quality, "error", {}, "Why episodes could not be grouped", table),
        _kinds(quality, "unknown", {}, f"The {WORST_SHOWN} commonest codes that the definitions lack", table),
        _moved(_priced(pairs, prices), year, edition),
    ]


def _kinds(quality: pd.DataFrame, kind: str, words: Mapping[str, str], title: str, table: str) -> ReportTable:
    rows = quality[quality["kind"] == kind].nlargest(WORST_SHOWN, "rows")
    said = rows["value"].map(words) if words else rows["value"].str.replace("_", " ")
    return ReportTable(
        f"grouping_{kind}",
        {"method": "Grouping", "error": "Not grouped", "unknown": "Unknown codes"}[kind],
        title,
        rows.assign(words=said, share=rows["rows"] / quality.loc[quality["kind"] == kind, "rows"].sum()),
        {"words": ("Which", None), "rows": ("Rows", integer), "share": ("Share", percent)},
        ("kind", "value"),
        lambda row, column: Source(
            table,
            "rows",
            {"kind": kind, "value": row["value"]},
            SUM if column == "rows" else "the cell over the sum of the kind",
        ),
    )


def _priced(pairs: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Pairs of unlike HRGs that both have a price, with what the admissions are worth more as derived."""
    price = prices.set_index(["hrg", "admission_type"])["price_gbp"]
    unlike = pairs[pairs["given_hrg"] != pairs["derived_hrg"]]
    given, derived = (
        price.reindex(pd.MultiIndex.from_frame(unlike[[side, "admission_type"]])).to_numpy()
        for side in PAIR[:2]
    )
    return unlike.assign(change_gbp=unlike["admissions"] * (derived - given)).dropna(subset="change_gbp")


def _moved(priced: pd.DataFrame, year: str, edition: str) -> ReportTable:
    order = priced["change_gbp"].abs().sort_values(ascending=False, kind="stable").index
    table = f"group/given_and_derived_{year}"
    return ReportTable(
        "given_and_derived",
        "Given and derived",
        f"Given HRGs that grouped to another, {year}, by what it is worth at the prices of {edition}",
        priced.loc[order[:PAIRS_SHOWN]],
        {
            "given_hrg": ("Given", None),
            "derived_hrg": ("Grouped to", None),
            "admission_type": ("Type", None),
            "rows": ("Episodes", integer),
            "admissions": ("Admissions", integer),
            "change_gbp": ("Worth more", pounds),
        },
        PAIR,
        lambda row, column: Source(
            table,
            "admissions" if column == "change_gbp" else column,
            {name: row[name] for name in PAIR},
            f"the cell x (price as derived - price as given), {edition}"
            if column == "change_gbp"
            else "the cell",
        ),
    )


def grouping_numbers(
    quality: pd.DataFrame, pairs: pd.DataFrame, prices: pd.DataFrame, year: str, edition: str
) -> Iterator[Number]:
    """What is said of the grouping of one year; arguments as `grouping_tables`."""
    methods = Source(f"group/grouping_quality_{year}", "rows", {"kind": "method"}, SUM)
    by_method = quality[quality["kind"] == "method"].set_index("value")["rows"]
    yield Number("text/grouping_rows", by_method.sum(), methods)
    ungrouped = "the rows of U over the sum of the cells"
    yield Number(
        "text/not_grouped_share", by_method.get("U", 0) / by_method.sum(), methods._replace(how=ungrouped)
    )
    table = f"group/given_and_derived_{year}"
    given = pairs[pairs["given_hrg"] != ""]
    same = given.loc[given["given_hrg"] == given["derived_hrg"], "rows"].sum()
    if len(given):
        agree = "the rows whose HRGs agree over those with a given one"
        yield Number(
            "text/grouping_agree_share", same / given["rows"].sum(), Source(table, "rows", {}, agree)
        )
    effect = f"the sum of admissions x (price as derived - price as given), {edition}"
    worth = _priced(pairs, prices)["change_gbp"].sum()
    yield Number("text/grouping_effect_gbp", worth, Source(table, "admissions", {}, effect))
