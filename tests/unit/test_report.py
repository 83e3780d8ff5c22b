import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import lines_of

import casemix_risk.report.facts as facts_module
from casemix_risk.audit.source import Source
from casemix_risk.formats import about_pounds, decimals, integer, percent, pounds
from casemix_risk.report.facts import Scene, figures, published_facts
from casemix_risk.report.findings import findings
from casemix_risk.report.html_table import html_table
from casemix_risk.report.numbers import Number, numbers_table
from casemix_risk.report.page import numbers_json
from casemix_risk.report.quality import planted_check
from casemix_risk.report.table import ReportTable
from casemix_risk.risk.moments import list_size_for
from casemix_risk.risk.pools import pool_rules

SHARED_POOL = {"hrgs": ["E01"], "otherwise_dearest_share": 0.1}
RULES = {
    "price_cuts_gbp": [3_000],
    "combined_price_cuts_gbp": [3_000],
    "volume_ceilings": [1, 10],
    "shared_pool": SHARED_POOL,
}
# at 10,000 heads: 0.5, 4, 100 and 2,000 admissions, costing 10,000, 16,000, 150,000 and 800,000
LINES = lines_of(
    [0.00005, 0.0004, 0.01, 0.2],
    [20_000, 4_000, 1_500, 400],
    bands=[0, 0, 1, 1],
    hrgs=["E01", "H70", "D33", "S22"],
)
SCENE = Scene(LINES, 3, 1_000_000, pool_rules(LINES, RULES), SHARED_POOL)


def test_facts_by_hand():
    figure = figures(SCENE)
    assert figure["admissions"] == pytest.approx(0.21045)
    assert figure["budget"] == pytest.approx(0.976)
    assert figure["under_1000"] == pytest.approx(100 * 2_000 / 2_104.5)
    assert figure["above_3000_budget"] == pytest.approx(100 * 26 / 976)
    assert figure["above_4000"] == pytest.approx(100 * 0.5 / 2_104.5)  # above, not at
    assert figure["rare_lines"] == 1 + 3
    assert figure["rare_budget"] == pytest.approx(100 * 10 / 976)
    assert figure["largest_48_admissions"] == pytest.approx(100)
    assert figure["table1_rate"] == pytest.approx(50)
    assert figure["table1_budget"] == pytest.approx(100 * 10 / 976)
    assert figure["volume_d33"] == pytest.approx(100)
    assert figure["price_h70"] == pytest.approx(4_000)
    assert np.isnan(figure["price_h04"])
    variance = 0.5 * 20_000**2 + 4 * 4_000**2 + 100 * 1_500**2 + 2_000 * 400**2
    assert figure["mean_error"] == pytest.approx(100 * np.sqrt(variance / 2_000) / 976_000)
    without_e01 = 9 * (variance - 0.5 * 20_000**2) / 966_000**2
    assert figure["size_table1"] == np.ceil(10 * without_e01 / 0.03**2) * 1_000
    assert figure["best_cell_cut"] == 3_000


def test_every_published_fact_has_a_figure_and_the_reverse():
    published = pd.read_csv(Path(facts_module.__file__).with_name("published_facts.csv"))
    assert sorted(published["fact"]) == sorted(figures(SCENE))
    assert published["kind"].isin(["in", "out"]).all()


def test_the_error_of_a_fact_is_the_error_of_its_admissions():
    published = pd.DataFrame(
        [
            ("volume_d33", "in", "D33", "admissions", 100, 100, None),
            ("price_h70", "in", "H70", "GBP", 4_000, 4_000, "As printed."),
        ],
        columns=["fact", "kind", "description", "unit", "low", "high", "reason"],
    )
    run = SCENE._replace(lines=LINES.assign(admissions_per_head=LINES["admissions_per_head"] * 1.05))
    national = [
        LINES[["hrg", "admission_type"]].assign(admissions=[50, 400, d33, 2e5]) for d33 in (9_800, 10_200)
    ]
    table = published_facts(published, SCENE, run, national).set_index("fact")
    assert table.loc["volume_d33", "this_run_se"] == pytest.approx(
        np.sqrt(8)
    )  # of 98 and 102 at 10,000 heads
    assert table.loc["volume_d33", "note"].startswith("Within two")
    assert table.loc["price_h70", "note"] == "This run equals the truth. As printed."


def test_a_list_must_grow_with_the_square_of_its_tolerance():
    assert list_size_for(6.0, 10_000) == 40_000
    assert list_size_for(3.0, 10_000) == 10_000
    assert list_size_for(3.01, 10_000) == 11_000


def test_findings_by_hand():
    cells = [
        ("none", 9.0, 1e6, 0.0),
        ("table1", 8.0, 9.8e5, 0.02),
        ("a", 6.05, 8e5, 0.2),
        ("b", 6.0, 7e5, 0.3),
        ("c", 6.2, 6e5, 0.4),
    ]
    summary = pd.DataFrame(
        cells, columns=["pool", "tolerance_pct", "budget_gbp", "pooled_budget_share"]
    ).assign(list_size=10_000, method="exact")
    rules = pd.DataFrame(
        {
            "pool": ["none", "table1", "a", "b", "c"],
            "price_cut_gbp": [np.nan, np.nan, 4_000, 3_000, 2_000],
            "volume_ceiling": np.nan,
        }
    )
    optimum = pd.DataFrame(
        {"list_size": [10_000], "cut_gbp": [2_900.0], "pooled_budget_share": [0.31], "tolerance_pct": [5.9]}
    )
    found = findings({"risk_summary": summary, "pool_rules": rules, "pool_optimum": optimum}, 10_000)
    assert (found.tolerance_gbp, found.size_unpooled, found.size_best) == (90_000, 90_000, 39_000)
    assert (found.flat_from_gbp, found.price_cut_gbp, found.flat_to_gbp) == (3_000, 3_000, 4_000)


def test_planted_check_compares_rows_not_only_counts():
    planted = pd.DataFrame({"source_row": [1, 2, 3], "rule": ["late", "late", "odd"]})
    excluded = pd.DataFrame({"source_row": [1, 9], "rule": ["late", "late"]})
    waterfall = pd.DataFrame(
        [(0, "late", "exclude", 2), (1, "odd", "flag", 1), (2, "none", "exclude", 0), (3, "kept", "keep", 7)],
        columns=["step", "rule", "action", "rows"],
    )
    check = planted_check([planted], [excluded], [waterfall])
    assert check.to_numpy().tolist() == [
        ["late", "exclude", 2, 2, 1],
        ["odd", "flag", 1, 1, 1],
        ["none", "exclude", 0, 0, 0],
    ]


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)


def test_html_tables_have_headers_captions_and_escaped_text():
    table = pd.DataFrame({"name": ["a <b> & c", "d"], "value": [1234.5, None]})
    parser = Cells()
    columns = {"name": ("Name", None), "value": ("Value", decimals(1))}
    shown = ReportTable("id", "Name", "Title", table, columns, ("name",), None, missing="unknown")
    parser.feed(html_table(shown))
    scopes = [attributes.get("scope") for tag, attributes in parser.tags if tag == "th"]
    assert scopes == ["col", "col", "row", "row"]
    assert parser.texts == ["Title; – means: unknown", "Name", "Value", "a <b> & c", "1,234.5", "d", "–"]
    links = [attributes["data-number"] for tag, attributes in parser.tags if tag == "a"]
    assert links == ["id/a-<b>-&-c/value"]


def test_numbers_of_the_page_are_json_even_where_there_is_none():
    source = Source("risk/x/pool_optimum", "cut_gbp", {"pool": "</script>"})
    table = numbers_table([Number("text/b", float("nan"), source), Number("text/a", 2, source)])
    text = numbers_json(table)
    assert "<" not in text
    assert json.loads(text) == {
        "text/a": [2.0, *source[:2], {"pool": "</script>"}, "the cell"],
        "text/b": [None, *source[:2], {"pool": "</script>"}, "the cell"],
    }


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (integer, 1234567.4, "1,234,567"),
        (percent, 0.2734, "27.3 %"),
        (pounds, 1234.5, "£1,234"),
        (pounds, 4.5, "£4.50"),
        (pounds, 0.0, "£0"),
        (about_pounds, 2_973_487, "£2.97 million"),
        (about_pounds, 269_812, "£270,000"),
        (about_pounds, -2_973_487, "−£2.97 million"),
        (pounds, -1_234.5, "−£1,234"),
        (pounds, -0.5, "−£0.50"),
        (decimals(2), 3.14159, "3.14"),
    ],
)
def test_number_formats(form, value, text):
    assert form(value) == text
