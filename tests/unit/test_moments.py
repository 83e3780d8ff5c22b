import numpy as np
import pytest
from examples import lines_of
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.errors import InputError
from casemix_risk.risk.moments import coefficient_of_variation, moments_per_head

ALL = np.ones((1, 2), dtype=bool)
LINES = lines_of([0.01, 0.04], [1_000, 500], factors=[1, 3])


def test_mean_and_variance_by_hand():
    mean, variance = moments_per_head(LINES, np.array([[True, True], [False, True]]))
    assert mean.tolist() == pytest.approx([0.01 * 1_000 + 0.04 * 500, 20])
    assert variance.tolist() == pytest.approx([0.01 * 1e6 + 0.04 * 500**2 * 3, 30_000])


def test_coefficient_of_variation_by_hand():
    assert coefficient_of_variation(LINES, ALL, np.array([10_000])) == pytest.approx(
        np.sqrt(40_000 / 10_000) / 30
    )


POSITIVE = st.floats(0.001, 1_000)


@given(st.lists(st.tuples(POSITIVE, POSITIVE, st.floats(1, 30)), min_size=1, max_size=10), st.integers(2, 50))
def test_a_list_m_times_as_large_has_a_squared_cv_m_times_as_small(rows, times):
    lines = lines_of(*zip(*rows, strict=True))
    kept = np.ones((1, len(rows)), dtype=bool)
    small, large = coefficient_of_variation(lines, kept, np.array([1_000, 1_000 * times]))[:, 0]
    assert small**2 == pytest.approx(times * large**2)


@given(st.floats(0.1, 5), st.floats(0.1, 5), POSITIVE, st.floats(1, 9))
def test_merging_lines_of_equal_price_and_factor_changes_nothing(one, other, price, factor):
    apart = moments_per_head(lines_of([one, other], [price] * 2, factor), ALL)
    together = moments_per_head(lines_of([one + other], [price], factor), ALL[:, :1])
    assert np.allclose(apart, together)


def test_a_pool_that_takes_everything_is_an_error():
    with pytest.raises(InputError, match="takes every cost line"):
        coefficient_of_variation(LINES, ~ALL, np.array([10]))
