from itertools import product

import numpy as np
import pytest
from examples import lines_of

from casemix_risk.risk.optimum import pool_optimum


def best_by_brute_force(lines):
    """The smallest variance / mean^2 per head over every non-empty subset of lines."""
    mean = (lines["admissions_per_head"] * lines["price_gbp"]).to_numpy()
    marginal = lines["price_gbp"] * (1 - lines["fixed_share"])
    variance = (lines["admissions_per_head"] * marginal**2 * lines["variance_factor"]).to_numpy()
    subsets = np.array(list(product([False, True], repeat=len(lines)))[1:])
    return ((subsets @ variance) / (subsets @ mean) ** 2).min()


@pytest.mark.parametrize("number", range(40))
def test_no_subset_of_lines_beats_the_best_cut(number):
    generator = np.random.default_rng(number)
    lines = lines_of(
        generator.lognormal(-7, 2, 11),
        np.round(generator.lognormal(7, 1, 11), -2) + 100,  # ties on purpose
        generator.choice([1, 1, 4, 20], 11),
        fixed_shares=generator.choice([0, 0.3, 0.8], 11) if number % 2 else 0.0,
    )
    optimum = pool_optimum(lines, [10_000])
    assert optimum["tolerance_pct"].item() == pytest.approx(
        300 * np.sqrt(best_by_brute_force(lines) / 10_000)
    )


def test_the_cut_describes_the_lines_pooled():
    lines = lines_of([0.2, 0.1, 0.0001], [100, 200, 20_000])
    optimum = pool_optimum(lines, [100, 1_000])
    assert optimum["cut_gbp"].tolist() == [20_000, 20_000]
    assert optimum["pooled_budget_share"].iloc[0] == pytest.approx(2 / 42)
    assert optimum["tolerance_pct"].tolist() == pytest.approx(
        [300 * np.sqrt(6_000 / n) / 40 for n in (100, 1_000)]
    )


def test_the_variance_factor_counts_as_price_does():
    lines = lines_of([0.2, 0.1, 0.01], [100, 200, 150], factors=[1, 1, 400])
    assert pool_optimum(lines, [100])["cut_gbp"].item() == 60_000


def test_what_is_fixed_is_never_pooled():
    lines = lines_of([0.1, 0.1, 0.1], [100, 1_000, 1_100], fixed_shares=[0, 1, 0])
    optimum = pool_optimum(lines, [100])
    assert optimum["cut_gbp"].item() == 100
    assert optimum["pooled_budget_share"].item() == pytest.approx(1_200 / 2_200)
    assert optimum["tolerance_pct"].item() == 0


def test_pooling_nothing_can_be_best():
    assert np.isnan(pool_optimum(lines_of([1, 1], [100, 101]), [10])["cut_gbp"].item())
