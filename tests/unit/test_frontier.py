from itertools import product

import numpy as np
import pytest
from examples import lines_of
from scipy.optimize import LinearConstraint, linprog, milp

from casemix_risk.decisions.frontier import SHARE_LIMITS, frontier
from casemix_risk.decisions.frontier_figure import frontier_figure
from casemix_risk.errors import InputError
from casemix_risk.risk.optimum import pool_optimum

SETS = np.array(list(product([False, True], repeat=10))[1:])


def random_lines(number, count=10):
    generator = np.random.default_rng(number)
    return lines_of(
        generator.lognormal(-7, 1.3, count),
        np.round(generator.lognormal(7, 1, count), -1) + 100,
        generator.choice([1, 1, 4], count),
        fixed_shares=generator.choice([0, 0.5], count) if number % 2 else 0.0,
    )


def budgets_and_variances(lines):
    budget = (lines["admissions_per_head"] * lines["price_gbp"]).to_numpy()
    varying = lines["price_gbp"] * (1 - lines["fixed_share"])
    return budget, (lines["admissions_per_head"] * varying**2 * lines["variance_factor"]).to_numpy()


def lowest(lines, kept, limit, size=10_000):
    """The lowest tolerance of the sets kept that pool no more than a limit."""
    budget, variance = budgets_and_variances(lines)
    sets = kept[kept @ budget >= (1 - limit - 1e-12) * budget.sum()]
    return 300 * np.sqrt((sets @ variance / (sets @ budget) ** 2).min() / size) if len(sets) else np.nan


def curves(table, size=10_000):
    return table[table["list_size"] == size].pivot(
        index="share_limit", columns="rule", values="tolerance_pct"
    )


@pytest.mark.parametrize("number", range(30))
def test_every_kind_against_enumeration(number):
    lines = random_lines(number)
    table = frontier(lines, [10_000])
    found = curves(table)
    gaps = table[table["rule"] == "best_set"].set_index("share_limit")["gap_points"]
    price, volume = lines["price_gbp"].to_numpy(), lines["admissions_per_head"].to_numpy()
    slope = price * lines["variance_factor"].to_numpy() * (1 - lines["fixed_share"].to_numpy()) ** 2
    everywhere = np.append(volume, np.inf)
    by_price = np.array([price <= cut for cut in price])
    by_both = np.array([~((price > cut) & (volume < top)) for cut in [0, *price] for top in everywhere])
    by_slope = np.array([slope <= cut for cut in slope])
    for limit in (0.0, 0.07, 0.2, 0.35, 0.5, 0.8):
        assert found.loc[limit, "price_cut"] == pytest.approx(lowest(lines, by_price, limit))
        assert found.loc[limit, "price_and_volume"] == pytest.approx(lowest(lines, by_both, limit))
        assert found.loc[limit, "best_cut"] == pytest.approx(lowest(lines, by_slope, limit))
        best = lowest(lines, SETS, limit)
        bound = found.loc[limit, "best_set"] - gaps[limit]
        assert bound <= best * (1 + 1e-9)
        assert best <= found.loc[limit, "best_set"] * (1 + 1e-9)


@pytest.mark.parametrize("number", range(20))
def test_the_lists_bind_the_best_cut_and_the_best_set(number):
    lines = random_lines(number)
    drawn = np.random.default_rng(number).permutation(10)[:3]
    always, never = drawn[:1], drawn[1:]
    table = frontier(lines, [10_000], lines["hrg"].iloc[always], lines["hrg"].iloc[never])
    found = curves(table)
    gaps = table[table["rule"] == "best_set"].set_index("share_limit")["gap_points"]
    allowed = SETS[~SETS[:, always].any(axis=1) & SETS[:, never].all(axis=1)]
    for limit in (0.0, 0.2, 0.5, 0.8):
        best = lowest(lines, allowed, limit)
        if np.isnan(best):
            assert np.isnan(found.loc[limit, "best_set"])
            assert np.isnan(found.loc[limit, "best_cut"])
        else:
            assert found.loc[limit, "best_set"] - gaps[limit] <= best * (1 + 1e-9)
            assert best <= found.loc[limit, "best_set"] * (1 + 1e-9)
            assert found.loc[limit, "best_set"] <= found.loc[limit, "best_cut"] * (1 + 1e-9)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_best_set_is_at_most_1_in_100_above_that_of_a_mixed_integer_programme(number):
    """HiGHS keeps the least variance with the budget in a narrow band at the limit."""
    lines = random_lines(number, count=300)
    budget, variance = budgets_and_variances(lines)
    table = frontier(lines, [10_000])
    best = table[table["rule"] == "best_set"].set_index("share_limit")
    for limit in (0.05, 0.15):
        share = budget / budget.sum()
        band = LinearConstraint(share[None, :], 1 - limit, (1 - limit) * (1 + 1e-3))
        kept = np.round(milp(variance, integrality=np.ones(300), bounds=(0, 1), constraints=band).x)
        oracle = 300 * np.sqrt(kept @ variance / 10_000) / (kept @ budget)
        assert best.loc[limit, "tolerance_pct"] <= oracle * 1.01
        assert best.loc[limit, "tolerance_pct"] - best.loc[limit, "gap_points"] <= oracle * (1 + 1e-6)


def test_the_bound_is_a_linear_programme():
    """Twenty-one lines of equal budgets: a tenth is two lines and a tenth of one, and fewer than is best."""
    price = np.geomspace(100, 20_000, 21)
    lines = lines_of(10 / price, price)
    budget, variance = budgets_and_variances(lines)
    table = frontier(lines, [10_000])
    row = table[(table["rule"] == "best_set") & (table["share_limit"] == 0.1)].squeeze()
    least = linprog(variance, A_ub=-budget[None, :], b_ub=-0.9 * budget.sum(), bounds=(0, 1))
    bound = 300 * np.sqrt(least.fun / 10_000) / (0.9 * budget.sum())
    assert row["tolerance_pct"] - row["gap_points"] == pytest.approx(bound)
    assert row["gap_points"] > 0


def test_beyond_the_best_pool_nothing_more_is_gained_and_size_only_scales():
    lines = random_lines(6)
    optimum = pool_optimum(lines, [10_000, 40_000]).set_index("list_size")
    table = frontier(lines, [40_000, 10_000])
    assert table["list_size"].unique().tolist() == [10_000, 40_000]
    small, large = curves(table), curves(table, 40_000)
    assert small.to_numpy() == pytest.approx(2 * large.to_numpy())
    beyond = small.index >= optimum.loc[10_000, "pooled_budget_share"]
    assert beyond.any()
    assert small.loc[beyond, ["best_set", "best_cut"]].to_numpy() == pytest.approx(
        optimum.loc[10_000, "tolerance_pct"]
    )
    assert (table["pooled_budget_share"] <= table["share_limit"] + 1e-6).all()
    assert (small.diff().iloc[1:] <= 1e-9).all(axis=None)


def test_a_list_beyond_every_limit_is_an_error():
    lines = lines_of([0.1, 0.1], [900, 100], hrgs=["A01", "B02"])
    with pytest.raises(InputError, match="takes more than 80% of the budget"):
        frontier(lines, [100], always_pooled=["A01"])


def test_the_figure_draws_every_kind_and_marks_the_best_set():
    lines = random_lines(6)
    table = frontier(lines, [10_000])
    left, right = frontier_figure(table, 10_000).axes
    found = curves(table)
    drawn = [line.get_ydata() for line in left.lines if len(line.get_ydata()) == len(SHARE_LIMITS)]
    assert np.array(drawn) == pytest.approx(
        found[["price_cut", "price_and_volume", "best_cut", "best_set"]].T.to_numpy()
    )
    words = {text.get_text() for text in right.texts}
    assert words == {"price cut", "price and volume", "best cut", "best set of lines"}
    optimum = pool_optimum(lines, [10_000]).squeeze()
    star = next(line for line in left.lines if line.get_marker() == "*")
    assert star.get_xydata()[0] == pytest.approx(
        [100 * optimum["pooled_budget_share"], optimum["tolerance_pct"]]
    )
