import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.progress.xmr import Limits, process_limits, signals

WIDE = Limits(0.0, -9.0, 9.0)  # near a limit: beyond 6


def marked(values, rule, limits=WIDE):
    return np.flatnonzero(signals(np.array(values, dtype=float), limits)[rule]).tolist()


def test_the_limits_of_a_textbook():
    # Montgomery, Introduction to Statistical Quality Control, 6th ed., 6.4: costs of processing loans.
    first = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306]
    second = [294, 299, 297, 299, 314, 295, 293, 306, 301, 304]
    assert process_limits(np.array(first + second)) == pytest.approx((300.5, 279.78, 321.22), abs=0.01)


def test_a_range_beyond_its_own_limit_is_left_out():
    # Ranges 1, 1, 1, 1, 1, 1, 20: mean 26 / 7, 3.267 times that 12.1; the others' mean is 1.
    limits = process_limits(np.array([1, 2, 1, 2, 1, 2, 1, 21]))
    assert limits == pytest.approx((31 / 8, 31 / 8 - 2.66, 31 / 8 + 2.66))


def test_a_series_that_never_varies_has_no_signal():
    values = np.full(31, 0.1 * 3)
    assert not np.any(list(signals(values, process_limits(values)).values()))


def test_points_beyond_a_limit():
    assert marked([9, 9.1, -9, -9.1], "beyond_limit") == [1, 3]


def test_a_shift_is_seven_on_one_side():
    assert marked([-1, *[1] * 6, -1], "shift") == []
    assert marked([-1, *[1] * 7, -1], "shift") == [*range(1, 8)]
    assert marked([*[1] * 3, 0, *[1] * 4], "shift") == []  # a point on the mean is on neither side
    assert marked([*[-1] * 9], "shift") == [*range(9)]


def test_a_trend_is_seven_points_that_all_rise_or_fall():
    assert marked([1, 2, 3, 4, 5, 6, 5], "trend") == []
    assert marked([1, 2, 3, 4, 5, 6, 7, 5], "trend") == [*range(7)]
    assert marked([5, 7, 6, 5, 4, 3, 2, 1, 1], "trend") == [*range(1, 8)]
    assert marked([1, 2, 3, 3, 4, 5, 6, 7], "trend") == []


def test_two_of_three_near_a_limit_on_one_side():
    assert marked([7, 1, 8], "near_limit") == [0, 2]
    assert marked([7, 7], "near_limit") == []  # no three in a row
    assert marked([7, -1, 8], "near_limit") == []
    assert marked([7, 1, 1, 8], "near_limit") == []
    assert marked([10, 7, 1], "near_limit") == []  # the first is beyond the limit, not near it
    assert marked([1, -7, -6.5, -1, 1], "near_limit") == [1, 2]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=40))
def test_the_rules_see_no_direction_of_time_and_no_up_or_down(counts):
    values = np.array(counts, dtype=float)
    limits = process_limits(values)
    here = signals(values, limits)
    back = signals(values[::-1], process_limits(values[::-1]))
    down = signals(-values, Limits(-limits.centre, -limits.upper, -limits.lower))
    for rule, points in here.items():
        assert points.tolist() == back[rule][::-1].tolist() == down[rule].tolist()


def test_chance_alone_gives_about_one_chart_of_31_months_in_four_a_signal():
    generator = np.random.default_rng(20)
    charts = generator.poisson(30, (2_000, 31)).astype(float)
    false = [np.any(list(signals(chart, process_limits(chart)).values())) for chart in charts]
    assert np.mean(false) == pytest.approx(0.26, abs=0.04)  # docs/year-in-progress.md
