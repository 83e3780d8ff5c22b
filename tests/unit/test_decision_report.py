"""The decision page's numbers and tables lead back to their cells and say what the tables hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from casemix_risk.audit.source import recomputed
from casemix_risk.configuration import complete_configuration
from casemix_risk.decisions.tables import decided_pools, decision_tables
from casemix_risk.formats import decimals, integer
from casemix_risk.report.decision_numbers import _distance, decision_numbers
from casemix_risk.report.table import Spread, spread_table
from casemix_risk.report.tables_decisions import decision_report_tables, editions_decided_table
from casemix_risk.risk.tables import risk_tables

ROOT = Path(__file__).parents[2]
EDITION = "2006-07"


@pytest.fixture(scope="module")
def tables():
    """Every table of ten lines at two list sizes, with a scenario of shocks."""
    config = yaml.safe_load((ROOT / "config/mine.example.yaml").read_text())
    config["shocks"] = {"common_pct": 2, "groups": [{"name": "winter", "pct": 5, "lines": ["A"]}]}
    config = complete_configuration(config, ROOT / "workflow/schemas/config.schema.yaml")
    lines = pd.DataFrame(
        {
            "hrg": [f"A{number:02d}" for number in range(5)] + [f"B{number:02d}" for number in range(5)],
            "admission_type": "emergency",
        }
    )
    national = lines.assign(
        admissions=np.geomspace(60_000, 600, 10), variance_factor=np.where(lines["hrg"] == "B00", 4.0, 1.0)
    )
    prices = lines.assign(
        description="a line",
        price_gbp=np.geomspace(300, 12_000, 10).round(),
        payment_cv=0.0,
        fixed_share=0.0,
    )
    risk = risk_tables(
        national,
        prices,
        population=1_000_000,
        list_sizes=[10_000, 100_000],
        seed=1,
        cost_line_settings=config["cost_lines"],
        risk=config["risk"] | {"simulated_years": 20},
    )
    return risk | decision_tables(
        risk["cost_lines"],
        risk["pool_rules"],
        risk["pool_lines"],
        list_sizes=[10_000, 100_000],
        risk=config["risk"],
        shocks=config["shocks"],
    )


def test_every_number_in_a_sentence_is_that_of_its_cells(tables):
    numbers = list(decision_numbers(EDITION, tables, 10_000))
    assert len({number.id for number in numbers}) == len(numbers) > 50
    worked_out_again = 0
    for number in numbers:
        again = recomputed(number.source, tables[number.source.table.rpartition("/")[2]])
        if again is not None:
            assert again == pytest.approx(number.value, nan_ok=True), number.id
            worked_out_again += 1
    assert worked_out_again > 45


def test_every_number_of_a_table_is_that_of_its_cell(tables):
    for shown in decision_report_tables(tables, 10_000, EDITION):
        assert len(shown.frame), shown.id
        for row in shown.frame.to_dict("records"):
            for column, (_, form) in shown.columns.items():
                if form is not None and column not in shown.key:
                    source = shown.source(row, column)
                    again = recomputed(source, tables[source.table.rpartition("/")[2]])
                    assert again == pytest.approx(row[column], nan_ok=True), (shown.id, column)


def test_editions_stand_side_by_side_with_their_own_numbers(tables):
    shown = editions_decided_table({EDITION: tables, "2007-08": tables}, 10_000)
    assert shown.frame["edition"].tolist() == [EDITION, "2007-08"]
    optimum = tables["pool_optimum"].set_index("list_size")["pooled_lines"][10_000]
    assert shown.frame["optimum_pooled_lines"].tolist() == [optimum] * 2
    second = shown.source(shown.frame.iloc[1], "reserve_gbp_95")
    assert second.table == "decisions/2007-08/reserves"


def test_the_distance_told_is_the_widest_that_is_met_once_in_200_years_or_more():
    rows = pd.DataFrame(
        {
            "list_size": 10_000,
            "pool": "none",
            "years": 1,
            "shock": "none",
            "over_pct": [1.0, 3, 5, 8, 10],
            "over_probability": [0.4, 0.2, 0.05, 0.004, 0.001],
            "under_probability": [0.4, 0.2, 0.05, 0.002, 0.0005],
        }
    )
    distance, once = _distance(EDITION, rows, {"list_size": 10_000})
    assert distance.value == 8  # 6 in 1,000; at 10 % it is 1.5 in 1,000
    assert once.value == pytest.approx(1 / 0.006)
    huge = rows.assign(over_probability=1e-9, under_probability=1e-9)
    distance, once = _distance(EDITION, huge, {"list_size": 10_000})
    assert (distance.value, once.value) == (1, pytest.approx(5e8))


def test_table_2_is_compared_with_price_cuts_alone(tables):
    said = {number.id: number.value for number in decision_numbers(EDITION, tables, 10_000)}
    exact = tables["risk_summary"].query("method == 'exact' and list_size == 10_000").set_index("pool")
    rules = tables["pool_rules"].dropna(subset=["price_cut_gbp", "volume_ceiling"])
    pairs = [
        (exact["tolerance_pct"][rule.pool], exact["tolerance_pct"][f"price_above_{rule.price_cut_gbp:g}"])
        for rule in rules.itertuples()
    ]
    assert said["text/table_2_cells"] == len(pairs)
    assert said["text/table_2_equal"] == sum(abs(cell - cut) < 1e-9 for cell, cut in pairs)
    assert said["text/table_2_better"] == sum(cell < cut - 1e-9 for cell, cut in pairs)


def test_the_pools_compared_are_none_the_shared_one_and_the_best(tables):
    shared = {"hrgs": ["B04"], "otherwise_dearest_share": 0.1}
    rules = tables["pool_rules"].replace({"pool": {"dearest": "table1"}})
    pools = decided_pools(tables["cost_lines"], rules, tables["pool_lines"], shared)
    assert sorted(pools) == ["best", "none", "table1"]
    assert pools["none"].all()
    assert tables["cost_lines"]["hrg"][~pools["table1"]].tolist() == ["B04"]
    assert (pools["best"] == ~tables["pool_lines"]["pooled"]).all()


def test_a_long_table_is_spread_by_hand():
    rows = pd.DataFrame(
        [("a", 1, "x", 10.0), ("a", 1, "y", 20), ("b", 1, "x", 30), ("a", 2, "x", 99)],
        columns=["place", "size", "kind", "cost"],
    )
    wide = spread_table(
        "id",
        "Name",
        "Title",
        "room/table",
        rows,
        {"place": ("Place", None)},
        {
            "one": Spread("X", integer, "cost", {"kind": "x"}),
            "two": Spread("Y", decimals(1), "cost", {"kind": "y"}),
        },
        {"size": 1},
        words={"place": {"a": "Aston", "b": "Bourne"}},
    )
    assert wide.frame.iloc[0][["place", "one", "two"]].tolist() == ["a", 10, 20]
    assert wide.frame["two"].isna().tolist() == [False, True]
    assert list(wide.columns) == ["place_words", "one", "two"]
    assert wide.frame["place_words"].tolist() == ["Aston", "Bourne"]
    source = wide.source(wide.frame.iloc[1], "one")
    assert (source.table, source.column) == ("room/table", "cost")
    assert source.where == {"size": 1, "kind": "x", "place": "b"}
