import hashlib

import numpy as np
import pandas as pd
import pytest

from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.figures import waterfall_figure
from casemix_risk.risk.figures import figure_1, figure_2, price_and_volume_cells, table_2
from casemix_risk.risk.tables import risk_tables
from casemix_risk.synthetic.figures import LABELLED, truth_figure
from casemix_risk.tariff.figures import price_figure
from casemix_risk.tariff.prices import FLAT
from casemix_risk.volumes.activity_figure import activity_figure
from casemix_risk.volumes.figures import projection_figure

ACTIVITY = pd.DataFrame(
    [
        ("2003-04", "A01", "elective", 80),
        ("2004-05", "A01", "elective", 120),
        ("2004-05", "B02", "emergency", 10),
    ],
    columns=["year", "hrg", "admission_type", "admissions"],
)


def axes_of(figure):
    return figure.axes[0]


def points_of(axes):
    """Every line's points, whatever the order of drawing."""
    return {tuple(point) for line in axes.lines for point in np.column_stack(line.get_data()).tolist()}


def test_the_waterfall_shows_every_rule_in_its_order_and_what_is_kept():
    waterfall = pd.DataFrame(
        [
            (0, "late_row", "exclude", 3),
            (0, "late_row", "exclude", 2),
            (1, "odd", "flag", 1),
            (2, "kept", "keep", 95),
        ],
        columns=["step", "rule", "action", "rows"],
    )
    axes = axes_of(waterfall_figure(waterfall, "2004-05"))
    assert axes.get_title(loc="left") == "2004-05: 95 of 100 rows kept (95.0 %)"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["late row", "odd"]
    assert sorted(bar.get_width() for bar in axes.patches) == [1, 5]
    assert {text.get_text() for text in axes.texts} == {"5  exclude", "1  flag"}


def test_activity_shows_each_chapter_type_and_year():
    axes = axes_of(activity_figure(ACTIVITY))
    heights = {height for _, height in points_of(axes) if not np.isnan(height)}
    assert heights == {80, 120, 10}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["A", "B"]


def test_the_projection_shows_change_and_interval_by_hand():
    national = pd.DataFrame(
        {
            "hrg": ["A01", "A02"],
            "admissions": [900.0, 200.0],
            "admissions_se": [30.0, 40.0],
            "method": "mean",
        }
    )
    axes = axes_of(projection_figure(ACTIVITY[:2], national, "2007-08", scale=10))
    change = 100 * (1_100 / 1_000 - 1)
    margin = 100 * 1.96 * 50 / 1_000
    bounds = axes.collections[0].get_segments()[0][:, 1]
    assert bounds == pytest.approx([change - margin, change + margin])
    assert axes.texts[0].get_text() == "1k"


def test_prices_tell_estimates_apart():
    key = {"hrg": ["A01", "A02", "A03"], "admission_type": "elective"}
    prices = pd.DataFrame(
        key | {"price_gbp": [100.0, 200.0, 300.0], "source": ["published", "estimated", "published"]}
    )
    national = pd.DataFrame(key | {"mean_los": [1.0, 2.0, 3.0], "admissions": [10.0, 10.0, 10.0]})
    axes = axes_of(price_figure(prices, national, "2006-07"))
    drawn = {group.get_label(): group.get_offsets().tolist() for group in axes.collections}
    assert drawn == {
        "published price (2 lines)": [[1, 100], [3, 300]],
        "estimated from length of stay (1 lines)": [[2, 200]],
    }


def test_the_truth_names_the_papers_lines():
    lines = pd.DataFrame(LABELLED, columns=["hrg", "admission_type"]).assign(
        admissions=range(10, 10 + len(LABELLED)), price_gbp=1_000.0
    )
    words = {text.get_text() for text in axes_of(truth_figure(lines)).texts}
    assert {f"{hrg} {admission_type}" for hrg, admission_type in LABELLED} < words


@pytest.fixture(scope="module")
def tables():
    key = pd.DataFrame({"hrg": ["A01", "B02", "C03", "D04"], "admission_type": "emergency"})
    return risk_tables(
        key.assign(admissions=[2_000.0, 800.0, 100.0, 8.0], variance_factor=1.0),
        key.assign(description="x", price_gbp=[300.0, 900.0, 4_000.0, 20_000.0], source="published", **FLAT),
        population=50_000,
        list_sizes=[10_000, 40_000],
        seed=5,
        cost_line_settings={"individual_price_gbp": 3_000, "individual_admissions": 1_000, "bands": 1},
        risk={
            "price_cuts_gbp": [500, 1_000],
            "combined_price_cuts_gbp": [3_000],
            "volume_ceilings": [1, 2, 3],
            "quantiles": [0.5],
            "list_size": 10_000,
            "simulated_years": 200,
            "shared_pool": {"hrgs": ["D04"], "otherwise_dearest_share": 0.1},
            "always_pooled": [],
            "never_pooled": [],
        },
    )


def test_figure_1_draws_the_exact_curve_with_simulated_points_on_top(tables):
    axes = axes_of(figure_1(tables["risk_summary"], tables["pool_rules"], 10_000))
    rows = tables["risk_summary"].query("list_size == 10_000").set_index(["pool", "method"])["tolerance_pct"]
    for cut in (500, 1_000, 3_000):
        for method in ("exact", "simulated"):
            assert (cut, rows[f"price_above_{cut}", method]) in points_of(axes)


def test_figure_2_draws_each_pool_at_each_size(tables):
    axes = axes_of(figure_2(tables["risk_summary"], tables["pool_optimum"], tables["pool_rules"]))
    exact = tables["risk_summary"].query("method == 'exact' and pool in ['none', 'table1']")
    assert set(zip(exact["list_size"], exact["tolerance_pct"], strict=True)) <= points_of(axes)
    assert "the paper's Table 1 pooled (8.5 % of the budget)" in [
        text.get_text() for text in axes.get_legend().get_texts()
    ]


def test_table_2_has_a_dash_where_the_ceiling_changes_nothing(tables):
    cells = price_and_volume_cells(tables["risk_summary"], tables["pool_rules"], 10_000)
    words = [text.get_text() for text in axes_of(table_2(cells, 10_000)).texts]
    assert [word == "–" for word in words] == [False, False, True]


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    hashes = set()
    for name in ("one", "two"):
        paths = [tmp_path / f"{name}.svg", tmp_path / f"{name}.png"]
        save_figure(activity_figure(ACTIVITY), paths)
        hashes.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths))
    assert len(hashes) == 1
