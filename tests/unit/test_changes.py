import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from casemix_risk.changes.account import TERMS, account
from casemix_risk.changes.brief import (
    change_in_words,
    largest_lines,
    main_reason,
    render_brief,
    risk_drivers,
    signed_pounds,
)
from casemix_risk.changes.figures import change_figure
from casemix_risk.changes.risk import (
    MEASURES,
    risk_change,
    risk_change_by_line,
    risk_measures,
    why_the_cut_moved,
)
from casemix_risk.changes.tables import edition_notes, heads
from casemix_risk.risk.optimum import pool_lines

BEFORE = pd.DataFrame(
    {
        "hrg": ["A01", "B02", "C03"],
        "admission_type": "elective",
        "description": ["brain", "eye", "heart"],
        "admissions_per_head": [0.1, 0.02, 0.001],
        "price_gbp": [500.0, 2_000.0, 9_000.0],
        "variance_factor": [1.0, 1.5, 1.0],
        "fixed_share": 0.0,
    }
)
TEMPLATE = Path(__file__).parents[2] / "src/casemix_risk/changes/brief.html"


def tolerance(lines, list_size):
    """3 x CV in %, from first principles."""
    mean = sum(lines.admissions_per_head * lines.price_gbp)
    variance = sum(lines.admissions_per_head * lines.price_gbp**2 * lines.variance_factor)
    return 300 * math.sqrt(variance / list_size) / mean


def edition(lines, *pooled):
    """Cost lines and a pool of some of them."""
    return {"cost_lines": lines, "pool_lines": pool_lines(lines).assign(pooled=lines["hrg"].isin(pooled))}


def test_the_lines_add_up_to_the_change_of_the_tolerance():
    after = BEFORE.assign(price_gbp=[510.0, 1_900.0, 9_500.0], admissions_per_head=[0.11, 0.02, 0.0012])[1:]
    table = risk_change_by_line(edition(BEFORE, "B02", "C03"), edition(after, "C03"), 10_000)
    moved = tolerance(after, 10_000) - tolerance(BEFORE, 10_000)
    assert table["tolerance_points"].sum() == pytest.approx(moved)
    assert table["hrg"].tolist() == ["A01", "B02", "C03"]  # A01 left the budget
    assert table["slope_before"].tolist() == [500, 3_000, 9_000]
    assert table["pooled_before"].tolist() == [False, True, True]
    assert table["pooled_after"].tolist() == [False, False, True]
    assert table["risk_share_before"].sum() == pytest.approx(1)
    assert table["risk_share_after"].iloc[0] == 0


def test_a_line_that_the_lists_keep_out_of_the_pool_has_not_left_it():
    """The pool is read from its table, not from the cut: C03 is above any cut and never pooled."""
    kept = {"cost_lines": BEFORE, "pool_lines": pool_lines(BEFORE, never_pooled=["C03"])}
    table = risk_change_by_line(kept, kept, 10_000)
    assert table["slope_after"].iloc[2] == 9_000
    assert not table["pooled_after"].iloc[2]


def test_an_even_uplift_moves_no_line_s_risk():
    after = BEFORE.assign(price_gbp=BEFORE["price_gbp"] * 1.025)
    table = risk_change_by_line(edition(BEFORE), edition(after, "C03"), 10_000)
    assert table["tolerance_points"].abs().max() < 1e-12
    assert not table["pooled_before"].any()
    assert risk_drivers(table) == []


def tables(budget, tolerance_pct, cut, quantiles):
    whole = {"list_size": 10_000, "pool": "none", "method": "exact"}
    return {
        "risk_summary": pd.DataFrame(
            [whole | {"budget_gbp": budget, "tolerance_pct": tolerance_pct}, whole | {"pool": "other"}]
        ),
        "risk_quantiles": pd.DataFrame(
            [whole | {"probability": p, "cost_gbp": cost} for p, cost in quantiles.items()]
        ),
        "pool_optimum": pd.DataFrame(
            {"list_size": [10_000], "cut_gbp": [cut], "tolerance_pct": [6.0], "pooled_budget_share": [0.4]}
        ),
    }


def test_the_measures_of_an_edition_by_hand():
    measures = risk_measures(tables(3e6, 9.0, 2_000.0, {0.95: 3.15e6})).loc[10_000]
    assert measures["reserve_95_gbp"] == pytest.approx(150_000)
    assert np.isnan(measures["reserve_99_gbp"])  # the run has no such quantile
    assert measures["smallest_group_unpooled"] == 90_000  # (9 / 3)^2 times as many
    assert measures["smallest_group"] == 40_000


def test_risk_before_and_after_stand_side_by_side():
    table = risk_change(
        tables(3e6, 9.0, 2_000.0, {0.95: 3.15e6}), tables(3.3e6, 8.0, np.nan, {0.95: 3.4e6, 0.99: 3.5e6})
    )
    assert table["measure"].tolist() == list(MEASURES)
    rows = table.set_index("measure")
    assert rows.loc["budget_gbp", ["before", "after"]].tolist() == [3e6, 3.3e6]
    assert np.isnan(rows.loc["best_cut_gbp", "after"])


def cut_lines(*rows):
    columns = ["hrg", "slope_before", "slope_after", "pooled_before", "pooled_after"]
    return pd.DataFrame(rows, columns=columns).assign(
        admission_type="elective", risk_share_before=0.1, risk_share_after=0.1
    )


def test_why_the_cut_moved():
    same = cut_lines(("A01", 500, 510, False, False), ("B02", 3_000, 3_075, True, True))
    assert why_the_cut_moved(same, 3_000, 3_075) == (
        "The best cut goes from £3,000 to £3,075 (+2.5%). It pools the same 1 lines: it moved only as far as "
        "their own prices did."
    )
    other = cut_lines(
        ("A01", 3_000, 3_000, True, False),
        ("B02", 4_000, np.nan, True, False),
        ("C03", 5_000, 5_000, True, True),
    )
    said = why_the_cut_moved(other, 3_000, 5_000)
    assert (
        "1 lines stay in the pool; 1 left it (A01 elective); 1 are no longer in the budget (B02 elective)"
        in said
    )
    assert (
        why_the_cut_moved(other, np.nan, 5_000)
        == "Pooling nothing is best before. The best cut is £5,000 after."
    )


def test_the_words_of_the_brief():
    assert change_in_words(74_291.4, 2_971_278.9) == "rises by £74,291 (+2.50 %)"
    assert change_in_words(-10, 100) == "falls by £10 (-10.00 %)"
    assert change_in_words(0, 100) == "does not change"
    assert signed_pounds(-1234.5) == "−£1,234.50"
    sums = dict.fromkeys(TERMS, 0.0)
    assert main_reason(sums, 1.0) == "Nothing that makes up the budget changed."
    said = main_reason(sums | {"uplift": 75.0, "mix": -25.0}, 1.02)
    assert said == (
        "The main reason, 75.0 % of all movement: the general change of prices (+2.00 % in the middle of all "
        "lines), +£75.00."
    )


def test_the_lines_shown_are_those_that_changed_by_themselves():
    lines = pd.DataFrame({"hrg": list("ABC"), **{term: [0.0, 0.0, 0.0] for term in TERMS}})
    lines["uplift"] = [1_000.0, 5.0, 5.0]
    lines["mix"] = [0.4, -30.0, 20.0]
    assert [(line["hrg"], line["own"]) for line in largest_lines(lines)] == [("B", -30), ("C", 20)]


@pytest.fixture
def change():
    """100 admissions a head at GBP 10 before, 120 at GBP 11 after, on two lines."""
    lines = pd.DataFrame(
        {"hrg": ["A01", "B02"], "admission_type": "elective", "description": ["brain", None]}
    )
    lines = lines.assign(volume_before=0.01, volume_restated=0.01, volume_after=[0.012, 0.013])
    lines = lines.assign(price_before=1_000.0, price_after=[1_100.0, 1_150.0])
    return account(lines.assign(source_before="published", source_after="published"), 1.1, [10_000])


def test_the_brief_says_every_term_and_both_budgets(change):
    after = BEFORE.assign(price_gbp=BEFORE["price_gbp"] * 1.1)
    page = render_brief(
        before="old & new",
        after="2007-08",
        account=change,
        risk=risk_change(
            tables(2e5, 9.0, 2_000.0, {0.95: 2.1e5}), tables(2.815e5, 9.0, 2_200.0, {0.95: 3e5})
        ),
        risk_lines=risk_change_by_line(edition(BEFORE, "B02"), edition(after, "B02"), 10_000),
        list_size=10_000,
        uplift=1.1,
        figure="<svg/>",
        notes=["A note."],
        template=TEMPLATE.read_text(),
    )
    assert "From old &amp; new to 2007-08" in page
    assert "£200,000.00" in page and "£281,500.00" in page
    assert "rises by £81,500 (+40.75 %)" in page
    sums = change[list(TERMS)].sum()
    assert sums.sum() == pytest.approx(81_500)
    for term in ("volume", "mix", "uplift", "price"):
        assert signed_pounds(sums[term]) in page
    assert "A note." in page


def test_the_waterfall_steps_from_one_budget_to_the_other(change):
    figure = change_figure(change, "before", "after", 10_000)
    bars = figure.axes[0].patches
    sums = change[["before_gbp", *TERMS, "after_gbp"]].sum()
    shown = [term for term in TERMS if sums[term]]
    level = sums["before_gbp"]
    for bar, term in zip(bars, shown, strict=False):
        assert bar.get_y() == pytest.approx(level)
        level += sums[term]
        assert bar.get_height() == pytest.approx(sums[term])
    ends = [bar.get_y() + bar.get_height() for bar in bars[len(shown) :]]
    assert ends == pytest.approx([sums["before_gbp"], sums["after_gbp"]])


def test_notes_say_where_editions_come_from():
    facts = {"source": "The publisher", "published_on": "2006-01-31", "effective_from": "2006-04-01"}
    editions = {
        "a": facts | {"sha256": "0123456789" * 6},
        "b": facts | {"restates": "a"},
        "c": {"file": "c.csv"},
    }
    assert list(edition_notes(editions, ["a", "b", "c"])) == [
        "Tariff a: The publisher; published 2006-01-31, paid from 2006-04-01 (sha256 01234567).",
        "Tariff b, which restates a: The publisher; published 2006-01-31, paid from 2006-04-01.",
    ]


def test_heads_are_admissions_a_head():
    national = pd.DataFrame({"hrg": ["A01"], "admission_type": ["elective"], "admissions": [500.0]})
    assert heads(national, 50_000).tolist() == [0.01]
