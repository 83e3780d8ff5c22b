import numpy as np
import pytest
from examples import lines_of
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from casemix_risk.errors import InputError
from casemix_risk.risk.lines import Lines, Shocks, any_pools, kept_sums, lines_from, pool_grid
from casemix_risk.risk.moments import coefficient_of_variation, cumulants, skewness_and_kurtosis

LINES = Lines(np.array([0.01, 0.04]), np.array([1_000.0, 500.0]), np.array([1.0, 3.0]))
ALL = any_pools(np.ones((1, 2), dtype=bool))


def one_pool(count):
    return any_pools(np.ones((1, count), dtype=bool))


def test_mean_and_variance_by_hand():
    pools = any_pools(np.array([[True, True], [False, True]]))
    moments = cumulants(LINES, pools, [1])[0]
    assert moments[:, 0] == pytest.approx([0.01 * 1_000 + 0.04 * 500, 20])
    assert moments[:, 1] == pytest.approx([0.01 * 1e6 + 0.04 * 500**2 * 3, 30_000])
    assert coefficient_of_variation(LINES, pools, [10_000])[0, 0] == pytest.approx(
        np.sqrt(40_000 / 10_000) / 30
    )


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_four_cumulants_of_a_line_are_scipys(factor):
    expected, price = 7.5, 20.0
    law = stats.poisson(expected) if factor == 1 else stats.nbinom(expected / (factor - 1), 1 / factor)
    mean, variance, skewness, kurtosis = (float(value) for value in law.stats("mvsk"))
    found = cumulants(Lines(*map(np.array, ([0.75], [price], [factor]))), one_pool(1), [10])[0, 0]
    assert found[:2] == pytest.approx([price * mean, price**2 * variance])
    assert skewness_and_kurtosis(found) == pytest.approx((skewness, kurtosis))


def test_a_shock_alone_makes_a_poisson_line_negative_binomial():
    """A Poisson count whose mean is Gamma with variance s has size 1 / s and mean L."""
    expected, shock = 50.0, 0.04
    law = stats.nbinom(1 / shock, 1 / (1 + shock * expected))
    mean, variance, skewness, kurtosis = (float(value) for value in law.stats("mvsk"))
    lines = Lines(np.array([expected]), np.array([1.0]), np.array([1.0]))
    for shocks in (Shocks(shock), Shocks(0.0, ((shock, np.array([True])),))):
        found = cumulants(lines, one_pool(1), [1], shocks)[0, 0]
        assert found[:2] == pytest.approx([mean, variance])
        assert skewness_and_kurtosis(found) == pytest.approx((skewness, kurtosis))


def test_shocks_within_a_shock_agree_with_simulated_years():
    generator = np.random.default_rng(5)
    years = 400_000
    common = generator.gamma(1 / 0.02, 0.02, years)
    group = generator.gamma(common / 0.03, 0.03)
    cost = 30.0 * generator.poisson(40 * group) + 100.0 * generator.poisson(10 * common)
    lines = Lines(np.array([40.0, 10.0]), np.array([30.0, 100.0]), np.ones(2))
    shocks = Shocks(0.02, ((0.03, np.array([True, False])),))
    found = cumulants(lines, ALL, [1], shocks)[0, 0]
    assert found[0] == pytest.approx(cost.mean(), rel=0.002)
    assert found[1] == pytest.approx(cost.var(), rel=0.01)
    # A Gamma shock above a shocked sum: variance V + s M^2, twice over.
    assert found[1] == pytest.approx(40 * 30**2 + 0.03 * 1_200**2 + 10 * 100**2 + 0.02 * (1_200 + 1_000) ** 2)
    assert skewness_and_kurtosis(found) == pytest.approx((stats.skew(cost), stats.kurtosis(cost)), abs=0.02)


POSITIVE = st.floats(0.001, 1_000)
ROWS = st.lists(st.tuples(POSITIVE, POSITIVE, st.floats(1, 30)), min_size=1, max_size=10)


@given(ROWS, st.integers(2, 50))
def test_a_list_m_times_as_large_has_a_squared_cv_m_times_as_small(rows, times):
    lines = Lines(*np.array(rows).T)
    small, large = coefficient_of_variation(lines, one_pool(len(rows)), [1_000, 1_000 * times])[:, 0]
    assert small**2 == pytest.approx(times * large**2)


@given(st.floats(0.1, 5), st.floats(0.1, 5), POSITIVE, st.floats(1, 9))
def test_merging_lines_of_equal_price_and_factor_changes_nothing(one, other, price, factor):
    apart = Lines(np.array([one, other]), np.full(2, price), np.full(2, factor))
    together = Lines(np.array([one + other]), np.array([price]), np.array([factor]))
    assert np.allclose(cumulants(apart, ALL, [3]), cumulants(together, one_pool(1), [3]))


@given(
    ROWS, st.lists(POSITIVE, min_size=1, max_size=4, unique=True), st.lists(POSITIVE, min_size=1, unique=True)
)
def test_a_grid_of_pools_is_the_pools_one_by_one(rows, cuts, ceilings):
    lines = Lines(*np.array(rows).T)
    cuts, ceilings = np.sort(cuts), np.sort(ceilings)
    kept = ~np.array([(lines.price > cut) & (lines.volume < ceiling) for cut in cuts for ceiling in ceilings])
    values = np.column_stack([lines.volume, lines.price])
    expected = kept @ values
    assert np.allclose(kept_sums(pool_grid(lines, cuts, ceilings), values), expected, atol=1e-9)
    assert np.allclose(kept_sums(any_pools(kept), values), expected, atol=1e-9)


def test_a_pool_that_takes_everything_is_an_error():
    with pytest.raises(InputError, match="takes every cost line"):
        coefficient_of_variation(LINES, any_pools(np.zeros((1, 2), dtype=bool)), [10])


@pytest.mark.parametrize(
    ("column", "value"),
    [("price_gbp", np.nan), ("price_gbp", -1), ("admissions_per_head", -0.1), ("variance_factor", 0.9)],
)
def test_lines_out_of_domain_are_named(column, value):
    table = lines_of([0.1, 0.2], [10, 20])
    table.loc[0, column] = value
    with pytest.raises(InputError, match=column):
        lines_from(table)
