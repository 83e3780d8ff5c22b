from itertools import product

import numpy as np
import pytest
from examples import lines_of

from casemix_risk.risk.lines import NO_SHOCKS, Shocks, any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import coefficient_of_variation
from casemix_risk.risk.optimum import pool_optimum
from casemix_risk.risk.shocked_pool import shocked_pool

SETS = np.array(list(product([False, True], repeat=10))[1:])


def random_problem(number, fixed=False):
    generator = np.random.default_rng(number)
    lines = lines_of(
        generator.lognormal(-6, 1.3, 10),
        np.round(generator.lognormal(7, 1, 10), -2) + 100,  # ties on purpose
        generator.choice([1, 1, 4], 10),
        fixed_shares=generator.choice([0, 0.5], 10) if fixed else 0.0,
    )
    group = generator.integers(0, 3, 10)
    return lines, Shocks(0.02**2, ((0.1**2, group == 1), (0.2**2, group == 2)))


def best_by_enumeration(lines, shocks, size, allowed=SETS):
    """The lowest tolerance over all sets, by the closed form of the cumulants."""
    cv = coefficient_of_variation(lines_from(lines), any_pools(allowed), [size], shocks, fixed_costs(lines))
    return 300 * cv.min()


def by_pool(table, size=10_000):
    return table[table["list_size"] == size].set_index("pool")


def test_by_hand():
    """Two lines of £10 a head, one of them shocked: alone (1 + 4) / 100 and 1 / 100, both 6 / 400 of B^2.

    With a part x of the shocked one (1 + x + 4 x^2) / (10 + 10 x)^2, lowest at x = 1 / 7.
    """
    lines = lines_of([0.1, 0.1], [100, 100])
    table = by_pool(shocked_pool(lines, [1_000], Shocks(0.0, ((0.04, np.array([False, True])),))), 1_000)
    assert table.loc["best_cut", "tolerance_pct"] == pytest.approx(300 * np.sqrt(6 / 400))
    assert table.loc["best_set", "tolerance_pct"] == pytest.approx(300 * np.sqrt(1 / 100))
    assert table.loc["best_set", "pooled_lines"] == 1
    assert table.loc["best_set", "pooled_budget_share"] == pytest.approx(0.5)
    part = 1 / 7
    lowest = (1 + part + 4 * part**2) / (10 + 10 * part) ** 2
    assert table["bound_pct"].tolist() == pytest.approx([300 * np.sqrt(lowest)] * 2)


@pytest.mark.parametrize("size", [1_000, 200_000])
def test_the_search_nearly_always_finds_the_best_of_all_sets_and_the_bound_holds(size):
    found = []
    for number in range(40):
        lines, shocks = random_problem(number)
        table = by_pool(shocked_pool(lines, [size], shocks), size)
        best = best_by_enumeration(lines, shocks, size)
        assert table.loc["best_set", "bound_pct"] <= best * (1 + 1e-9)
        assert table.loc["best_cut", "tolerance_pct"] >= best * (1 - 1e-9)
        found.append(table.loc["best_set", "tolerance_pct"] / best)
    assert min(found) >= 1 - 1e-9
    assert max(found) <= 1.01
    assert np.isclose(found, 1, rtol=1e-9).sum() >= 38


@pytest.mark.parametrize("number", range(20))
def test_the_lists_bind_the_search(number):
    lines, shocks = random_problem(number)
    always, never = [0, 1], [2, 3]
    table = by_pool(
        shocked_pool(lines, [10_000], shocks, lines["hrg"].iloc[always], lines["hrg"].iloc[never])
    )
    allowed = SETS[~SETS[:, always].any(axis=1) & SETS[:, never].all(axis=1)]
    best = best_by_enumeration(lines, shocks, 10_000, allowed)
    assert table.loc["best_set", "tolerance_pct"] == pytest.approx(best)
    assert table.loc["best_set", "bound_pct"] <= best * (1 + 1e-9)


@pytest.mark.parametrize("number", range(20))
def test_where_parts_are_fixed_the_search_has_no_bound(number):
    lines, shocks = random_problem(number, fixed=True)
    table = by_pool(shocked_pool(lines, [10_000], shocks))
    assert table["bound_pct"].isna().all()
    best = best_by_enumeration(lines, shocks, 10_000)
    assert best * (1 - 1e-9) <= table.loc["best_set", "tolerance_pct"] <= best * 1.02


@pytest.mark.parametrize("shocks", [NO_SHOCKS, Shocks(0.05**2)])
@pytest.mark.parametrize("number", range(10))
def test_under_a_shock_that_all_lines_share_the_best_cut_is_best(number, shocks):
    lines, _ = random_problem(number)
    table = shocked_pool(lines, [1_000, 100_000], shocks)
    optimum = pool_optimum(lines, [1_000, 100_000])
    floor = 9e4 * shocks.common
    for pool in ("best_cut", "best_set"):
        rows = table[table["pool"] == pool]
        expected = np.sqrt(optimum["tolerance_pct"] ** 2 + floor)
        assert rows["tolerance_pct"].tolist() == pytest.approx(expected.tolist())
        assert rows["bound_pct"].tolist() == pytest.approx(expected.tolist())
        assert rows["pooled_budget_share"].tolist() == pytest.approx(
            optimum["pooled_budget_share"].tolist(), abs=1e-12
        )


def test_the_pool_depends_on_the_list_size():
    """The dear line is above twice the mean price at any size; the shocked one goes when chance has faded."""
    lines = lines_of([0.1, 0.1, 1e-5], [100, 110, 9_000])
    table = shocked_pool(lines, [1_000, 10_000_000], Shocks(0.0, ((0.1**2, np.array([False, True, False])),)))
    sets = table[table["pool"] == "best_set"].set_index("list_size")
    assert sets["pooled_budget_share"].tolist() == pytest.approx([0.09 / 21.09, 11.09 / 21.09])
