import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.decisions.pool_fees import GROUPS, pool_fees
from casemix_risk.risk.lines import Shocks

LINES = lines_of([0.1, 0.0004], [500, 5_000])
POOLS = {"none": np.array([True, True]), "dearest": np.array([True, False])}


def test_fees_of_one_dear_line_are_poisson_quantiles():
    table = pool_fees(LINES, POOLS, [10_000])
    assert set(table["pool"]) == {"dearest"}
    rows = table[table["list_size"] == 10_000]
    assert rows["groups"].tolist() == list(GROUPS)
    mean = 4.0 * rows["groups"].to_numpy()
    assert rows["heads"].tolist() == [10_000 * groups for groups in GROUPS]
    assert rows["pooled_budget_gbp"].to_numpy() == pytest.approx(5_000 * mean)
    assert rows["cv_pct"].to_numpy() == pytest.approx(100 / np.sqrt(mean))
    assert rows["fee_gbp"].to_numpy() == pytest.approx(2.0)
    for probability, name in ((0.95, "95"), (0.995, "995")):
        ratio = stats.poisson.ppf(probability, mean) / mean
        assert rows[f"fee_{name}_gbp"].to_numpy() == pytest.approx(2 * ratio)
        assert rows[f"loading_{name}_pct"].to_numpy() == pytest.approx(100 * (ratio - 1))


def test_a_pool_of_a_million_people_has_a_row_once():
    table = pool_fees(LINES, POOLS, [10_000])
    row = table[table["list_size"] == 1_000_000].squeeze()
    assert (row["groups"], row["heads"]) == (1, 1_000_000)
    assert row["fee_95_gbp"] == pytest.approx(5_000 * stats.poisson.ppf(0.95, 400) / 1_000_000)
    both = pool_fees(LINES, POOLS, [10_000, 1_000_000])
    assert len(both) == 2 * len(GROUPS)


def test_what_is_fixed_is_charged_and_needs_no_loading():
    lines = LINES.assign(fixed_share=[0.0, 0.4])
    row = pool_fees(lines, POOLS, [10_000]).query("list_size == 10_000 and groups == 1").squeeze()
    assert row["fee_gbp"] == pytest.approx(2.0)
    assert row["fee_95_gbp"] == pytest.approx((3_000 * stats.poisson.ppf(0.95, 4) + 8_000) / 10_000)
    assert row["cv_pct"] == pytest.approx(60 / np.sqrt(4))


def test_a_shared_shock_is_not_shared_away():
    """Fifty groups under one shock: a Negative Binomial, and a loading above the shock's own."""
    shock, mean = 0.05**2, 4 * 50
    epidemic = Shocks(0.0, ((shock, np.array([False, True])),))
    law = stats.nbinom(1 / shock, 1 / (1 + shock * mean))
    for shocks in (Shocks(shock), epidemic):
        row = pool_fees(LINES, POOLS, [10_000], shocks).query("groups == 50 and shock == 'with'").squeeze()
        assert row["cv_pct"] == pytest.approx(100 * np.sqrt(1 / mean + shock))
        assert row["fee_95_gbp"] == pytest.approx(2 * law.ppf(0.95) / mean)


def test_where_nothing_is_pooled_there_is_no_fee():
    table = pool_fees(LINES, {"none": POOLS["none"], "best": POOLS["none"]}, [10_000])
    assert table.empty
    assert table.columns.tolist() == pool_fees(LINES, POOLS, [10_000]).columns.tolist()
