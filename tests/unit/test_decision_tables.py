from pathlib import Path

import numpy as np
import pytest
from examples import lines_of

from casemix_risk.audit.contract import read_contract
from casemix_risk.audit.tables import write_table
from casemix_risk.decisions.cover_figures import cover_figure, pool_fee_figure
from casemix_risk.decisions.external_checks import external_checks
from casemix_risk.decisions.group_figure import smallest_group_figure
from casemix_risk.decisions.pool_fees import pool_fees
from casemix_risk.decisions.reserve_figures import reserve_by_size_figure, reserve_by_years_figure
from casemix_risk.decisions.reserves import overspend, reserves
from casemix_risk.decisions.shock import shock_floor_pct
from casemix_risk.decisions.smallest_group import smallest_group
from casemix_risk.decisions.stop_loss import stop_loss
from casemix_risk.figure_style import save_figure
from casemix_risk.risk.lines import NO_SHOCKS, Shocks

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"
LINES = lines_of([0.1, 0.05, 0.002, 0.0002], [300, 900, 4_000, 20_000], factors=[1, 3, 1, 1])
POOLS = {
    "none": np.ones(4, dtype=bool),
    "dearest": np.array([True, True, True, False]),
    "best": np.array([True, True, False, False]),
}
SIZES = [20_000, 5_000, 10_000]
SHOCKS = Shocks(0.02**2)


def tables(shocks):
    return {
        "reserves": reserves(LINES, POOLS, SIZES, shocks),
        "overspend": overspend(LINES, POOLS, SIZES, shocks),
        "smallest_group": smallest_group(LINES, POOLS, shocks),
        "external_checks": external_checks(LINES),
        "pool_fees": pool_fees(LINES, POOLS, SIZES, shocks),
        "stop_loss": stop_loss(LINES, POOLS, SIZES, shocks),
    }


@pytest.fixture(scope="module")
def shocked():
    return tables(SHOCKS)


@pytest.mark.parametrize("shocks", [NO_SHOCKS, SHOCKS], ids=["none", "common"])
def test_tables_keep_their_contracts(shocks, shocked, tmp_path):
    for name, table in (shocked if shocks is SHOCKS else tables(shocks)).items():
        facts = write_table(
            table,
            tmp_path / f"{name}.parquet",
            read_contract(SCHEMAS / f"{name}.yaml"),
            parents={},
            settings={},
            code="",
        )
        assert facts["rows"] == len(table) > 0


def test_the_floor_is_a_line_that_the_figure_names(shocked):
    figure = reserve_by_size_figure(shocked["reserves"])
    for axes, probability in zip(figure.axes, (0.95, 0.99), strict=True):
        floor = shock_floor_pct(SHOCKS, LINES, POOLS["none"], [probability])[0]
        assert f"{floor:.1f} % at any size" in axes.texts[0].get_text()
        assert any(np.allclose(line.get_ydata(), floor) for line in axes.lines)


def test_without_a_shock_the_figures_show_chance_alone():
    plain = reserves(LINES, POOLS, SIZES)
    assert all(len(axes.lines) == 1 for axes in reserve_by_size_figure(plain).axes)
    assert all(len(axes.lines) == 1 for axes in reserve_by_years_figure(plain, 10_000).axes)


def test_figures_can_be_saved(shocked, tmp_path):
    figures = [
        reserve_by_years_figure(shocked["reserves"], 10_000),
        smallest_group_figure(shocked["smallest_group"], shocked["external_checks"]),
        pool_fee_figure(shocked["pool_fees"], 10_000),
        cover_figure(shocked["stop_loss"], 10_000),
    ]
    for number, figure in enumerate(figures):
        save_figure(figure, [tmp_path / f"{number}.svg"])
        assert (tmp_path / f"{number}.svg").stat().st_size > 5_000
