import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.risk.lines import Lines, Shocks, any_pools
from casemix_risk.risk.simulate import paper_costs, standard_deviation
from casemix_risk.risk.simulator import simulate, simulate_shocked
from casemix_risk.risk.spectrum import distribution_function, spectra

ONE = np.ones((1, 1), dtype=bool)


def one_line(expected, factor, years=50_000):
    lines = Lines(np.array([expected]), np.array([1.0]), np.array([factor]))
    return simulate(lines, ["A"], ONE, 1, years, 7)[:, 0]


@pytest.mark.parametrize("factor", [1.0, 5.0])
@pytest.mark.parametrize("expected", [0.02, 0.4, 3.0, 20.0, 700.0, 40_000.0])
def test_counts_of_a_line_follow_its_law(expected, factor):
    counts = one_line(expected, factor)
    law = stats.poisson(expected) if factor == 1 else stats.nbinom(expected / (factor - 1), 1 / factor)
    edges = np.unique(law.ppf(np.linspace(0, 1, 21)[1:-1]))
    cells = np.searchsorted(edges, counts)
    probability = np.diff([0, *law.cdf(edges), 1])
    observed = np.bincount(cells, minlength=len(probability))
    assert stats.chisquare(observed, probability * len(counts)).pvalue > 0.001
    assert (counts == counts.round()).all()


GENERATOR = np.random.default_rng(4)
MANY = Lines(
    GENERATOR.gamma(0.4, 1e-3, 300), GENERATOR.lognormal(6, 0.9, 300).round(2), 1 + GENERATOR.gamma(1, 1, 300)
)
MANY.factor[::3] = 1.0
NAMES = [f"line {number}" for number in range(300)]
KEPT = np.array([np.ones(300, bool), MANY.price < 800, np.arange(300) % 2 > 0])


def test_costs_follow_the_exact_law():
    costs = simulate(MANY, NAMES, KEPT, 10_000, 40_000, 1)
    exact = spectra(MANY, any_pools(KEPT), [10_000])
    for pool in range(3):
        ordered = np.sort(costs[:, pool])
        below = distribution_function(exact, np.tile(ordered, (1, 3, 1)))[0, pool]
        assert stats.kstest(below, "uniform").pvalue > 0.001


def test_shocked_costs_follow_the_exact_law():
    shocks = Shocks(0.05**2, ((0.1**2, np.arange(300) < 100),))
    costs = simulate_shocked(MANY, NAMES, KEPT, 10_000, 20_000, 1, shocks)
    exact = spectra(MANY, any_pools(KEPT), [10_000], shocks)
    below = distribution_function(exact, np.tile(np.sort(costs[:, 0]), (1, 3, 1)))[0, 0]
    assert stats.kstest(below, "uniform").pvalue > 0.001


def test_rules_share_their_years():
    halves = np.array([np.ones(300, bool), np.arange(300) < 150, np.arange(300) >= 150])
    costs = simulate(MANY, NAMES, halves, 10_000, 3_000, 1)
    assert costs[:, 0] == pytest.approx(costs[:, 1] + costs[:, 2])


def test_years_do_not_depend_on_how_many_are_drawn():
    few, more = (simulate(MANY, NAMES, KEPT, 10_000, years, 1) for years in (1_500, 4_000))
    assert (few == more[:1_500]).all()


def test_a_common_lines_years_depend_on_no_other_line():
    common = np.flatnonzero(MANY.volume * 10_000 > 1)
    only = np.zeros((1, 300), bool)
    only[0, common[3]] = True
    among = simulate(MANY, NAMES, only, 10_000, 2_000, 1)
    line = Lines(*(values[common[3:4]] for values in MANY))
    alone = simulate(line, [NAMES[common[3]]], ONE, 10_000, 2_000, 1)
    assert (among == alone).all()


def test_one_thread_and_two_give_the_same_years():
    program = (
        "import hashlib, sys; sys.path.insert(0, 'tests/unit');"
        "from test_simulate import KEPT, MANY, NAMES, simulate;"
        "print(hashlib.sha256(simulate(MANY, NAMES, KEPT, 10_000, 5_000, 1).tobytes()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"NUMBA_NUM_THREADS": str(threads)},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in (1, 2)
    }
    assert len(hashes) == 1


def paper_line(expected, factor):
    return paper_costs(lines_of([expected], [1], factor), 1, ONE, 20_000, 7)[:, 0]


def test_small_lines_of_the_paper_are_poisson():
    counts = paper_line(3.0, 1.0).astype(int)
    observed = np.bincount(np.minimum(counts, 11), minlength=12)
    expected = np.append(stats.poisson.pmf(np.arange(11), 3.0), stats.poisson.sf(10, 3.0))
    assert stats.chisquare(observed, expected * len(counts)).pvalue > 0.001


def test_the_paper_takes_the_normal_above_a_thousand_and_no_clustering():
    counts = paper_line(1_000.0, 9.0)
    assert stats.kstest(counts, stats.norm(1_000, np.sqrt(1_000)).cdf).pvalue > 0.001
    whole = paper_line(999.0, 9.0)
    assert (whole == whole.round()).all()
    assert whole.var() == pytest.approx(999, rel=0.05)


def test_standard_deviation_and_its_error_by_brute_force():
    costs = np.random.default_rng(1).gamma(2.0, 100.0, (4_000, 500))
    deviation, error = standard_deviation(costs)
    assert deviation.mean() == pytest.approx(np.sqrt(2) * 100, rel=0.005)
    assert np.median(error) == pytest.approx(deviation.std(ddof=1), rel=0.1)
