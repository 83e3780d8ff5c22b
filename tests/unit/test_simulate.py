import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.risk.simulate import simulated_costs, standard_deviation


def one_line(expected, factor, method, years=20_000):
    return simulated_costs(lines_of([expected], [1], factor), 1, np.ones((1, 1), bool), years, 7, method)[
        :, 0
    ]


@pytest.mark.parametrize("method", ["simulated", "paper"])
def test_small_lines_are_poisson(method):
    counts = one_line(3.0, 1.0, method).astype(int)
    observed = np.bincount(counts, minlength=12)[:12]
    expected = stats.poisson.pmf(np.arange(12), 3.0)
    expected[-1] = stats.poisson.sf(10, 3.0)
    observed[-1] = (counts > 10).sum()
    assert stats.chisquare(observed, expected * len(counts)).pvalue > 0.001


def test_clustered_lines_are_negative_binomial():
    counts = one_line(20.0, 5.0, "simulated")
    law = stats.nbinom(20 / 4, 1 / 5)
    assert law.mean() == pytest.approx(20)
    assert law.var() == pytest.approx(100)
    quarters = law.ppf([0.25, 0.5, 0.75])
    cells = np.searchsorted(quarters, counts)
    expected = np.diff([0, *law.cdf(quarters), 1]) * len(counts)
    assert stats.chisquare(np.bincount(cells, minlength=4), expected).pvalue > 0.001


def test_the_paper_takes_the_normal_above_a_thousand_and_no_clustering():
    counts = one_line(1_000.0, 9.0, "paper")
    assert stats.kstest(counts, stats.norm(1_000, np.sqrt(1_000)).cdf).pvalue > 0.001
    whole = one_line(999.0, 9.0, "paper")
    assert (whole == whole.round()).all()
    assert whole.var() == pytest.approx(999, rel=0.05)


def test_a_lines_years_depend_on_no_other_line():
    lines = lines_of([0.001, 0.002, 0.003], [100, 1_000, 10_000], factors=[1, 2, 3])
    only = np.eye(3, dtype=bool)
    together = simulated_costs(lines, 5_000, only, 50, 3, "simulated")
    reversed_order = simulated_costs(lines[::-1], 5_000, only[:, ::-1], 50, 3, "simulated")
    alone = simulated_costs(lines.iloc[[1]], 5_000, np.ones((1, 1), bool), 50, 3, "simulated")
    assert (together == reversed_order).all()
    assert (together[:, [1]] == alone).all()


def test_pools_share_their_years():
    lines = lines_of([0.001, 0.002], [100, 1_000])
    kept = np.array([[True, True], [True, False], [False, True]])
    costs = simulated_costs(lines, 5_000, kept, 50, 3, "simulated")
    assert (costs[:, 0] == costs[:, 1] + costs[:, 2]).all()


def test_standard_deviation_and_its_error_by_brute_force():
    costs = np.random.default_rng(1).gamma(2.0, 100.0, (4_000, 500))
    deviation, error = standard_deviation(costs)
    assert deviation.mean() == pytest.approx(np.sqrt(2) * 100, rel=0.005)
    assert np.median(error) == pytest.approx(deviation.std(ddof=1), rel=0.1)
