from itertools import product

import numpy as np
import pytest
from examples import lines_of
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.errors import InputError
from casemix_risk.risk.optimum import pool_lines, pool_optimum


def best_by_brute_force(lines, always=(), never=()):
    """The smallest variance / mean^2 per head over every subset of lines that the lists allow."""
    mean = (lines["admissions_per_head"] * lines["price_gbp"]).to_numpy()
    marginal = lines["price_gbp"] * (1 - lines["fixed_share"])
    variance = (lines["admissions_per_head"] * marginal**2 * lines["variance_factor"]).to_numpy()
    kept = np.array(list(product([False, True], repeat=len(lines)))[1:])
    allowed = kept[:, lines["hrg"].isin(never)].all(axis=1) & ~kept[:, lines["hrg"].isin(always)].any(axis=1)
    subsets = kept[allowed]
    return ((subsets @ variance) / (subsets @ mean) ** 2).min()


def random_lines(generator, fixed):
    return lines_of(
        generator.lognormal(-7, 2, 11),
        np.round(generator.lognormal(7, 1, 11), -2) + 100,  # ties on purpose
        generator.choice([1, 1, 4, 20], 11),
        fixed_shares=generator.choice([0, 0.3, 0.8], 11) if fixed else 0.0,
    )


@pytest.mark.parametrize("number", range(40))
def test_no_subset_of_lines_beats_the_best_cut(number):
    lines = random_lines(np.random.default_rng(number), number % 2)
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


@pytest.mark.parametrize("number", range(40))
def test_no_subset_that_the_lists_allow_beats_the_best_cut(number):
    generator = np.random.default_rng(100 + number)
    lines = random_lines(generator, number % 2)
    drawn = generator.permutation(lines["hrg"])[: 1 + number % 6]
    always, never = drawn[::2].tolist(), drawn[1::2].tolist()
    optimum = pool_optimum(lines, [10_000], always, never).squeeze()
    best = best_by_brute_force(lines, always, never)
    assert optimum["tolerance_pct"] == pytest.approx(300 * np.sqrt(best / 10_000))
    members = pool_lines(lines, always, never).set_index("hrg")
    assert members.loc[always, "pooled"].all()
    assert not members.loc[never, "pooled"].any()
    assert best_by_brute_force(lines[~members["pooled"].to_numpy()], (), lines["hrg"]) == pytest.approx(best)
    assert members["pooled"].sum() == optimum["pooled_lines"]
    assert members.loc[members["pooled"], "budget_share"].sum() == pytest.approx(
        optimum["pooled_budget_share"], abs=1e-12
    )


# At 100 heads: budgets 2,000, 2,000 and 100; variances 200,000, 400,000 and 1,000,000.
THREE = lines_of([0.2, 0.1, 0.0001], [100, 200, 10_000], hrgs=["A01", "B02", "C03"])


def test_a_kept_line_makes_the_empty_prefix_count():
    """A / B^2: C03 alone 1e6 / 100^2, with A01 1.2e6 / 2,100^2, with both 1.6e6 / 4,100^2."""
    optimum = pool_optimum(THREE, [100], never_pooled=["C03"]).squeeze()
    assert np.isnan(optimum["cut_gbp"])
    assert optimum["tolerance_pct"] == pytest.approx(300 * np.sqrt(1_600_000) / 4_100)
    assert optimum["pooled_lines"] == 0
    dear = THREE.assign(price_gbp=[9_000.0, 9_500.0, 100.0], admissions_per_head=[1e-6, 1e-6, 1.0])
    alone = pool_optimum(dear, [100], never_pooled=["C03"]).squeeze()
    assert alone["cut_gbp"] == 9_000
    assert alone["tolerance_pct"] == pytest.approx(300 / np.sqrt(100))


def test_a_pooled_line_leaves_the_problem():
    optimum = pool_optimum(THREE, [100], always_pooled=["B"]).squeeze()
    assert (optimum["cut_gbp"], optimum["pooled_lines"]) == (10_000, 2)
    assert optimum["tolerance_pct"] == pytest.approx(300 * np.sqrt(200_000) / 2_000)
    assert optimum["pooled_budget_share"] == pytest.approx(2_100 / 4_100)
    assert optimum["pooled_admissions_share"] == pytest.approx(0.1001 / 0.3001)
    assert pool_lines(THREE, ["B"])["choice"].tolist() == ["free", "always", "free"]


def test_the_weights_of_the_lines_by_hand():
    members = pool_lines(THREE)
    assert members["variance_per_pound_gbp"].tolist() == [100, 200, 10_000]
    assert members["pooled"].tolist() == [False, False, True]
    assert members["admissions_share"].tolist() == pytest.approx(
        [0.2 / 0.3001, 0.1 / 0.3001, 0.0001 / 0.3001]
    )
    assert members["budget_share"].tolist() == pytest.approx([20 / 41, 20 / 41, 1 / 41])
    assert members["variance_share"].tolist() == pytest.approx([2 / 16, 4 / 16, 10 / 16])


def test_how_flat_the_minimum_is_by_hand():
    """Tolerances: A01 67.1 %, A01 and B02 58.1 %, all three 92.5 % at 100 heads; a hundredth at a million."""
    steep, flat, flatter = pool_optimum(THREE, [100, 1_000_000, 100_000_000]).to_dict("records")
    assert (steep["flat_from_gbp"], steep["flat_to_gbp"]) == (10_000, 10_000)
    assert steep["cheapest_pooled_lines"] == 1
    assert (flat["flat_from_gbp"], flat["flat_to_gbp"]) == (200, 10_000)
    assert flat["cheapest_cut_gbp"] == 10_000
    assert flatter["flat_from_gbp"] == 200
    assert np.isnan(flatter["flat_to_gbp"])
    assert np.isnan(flatter["cheapest_cut_gbp"])
    assert (flatter["cheapest_pooled_lines"], flatter["cheapest_pooled_budget_share"]) == (0, 0)
    assert flatter["cheapest_tolerance_pct"] == pytest.approx(300 * np.sqrt(16_000 / 100_000_000) / 41)


@given(
    st.lists(st.tuples(st.floats(1e-6, 0.1), st.integers(100, 9_000)), min_size=1, max_size=8),
    st.integers(1_000, 1_000_000),
)
def test_every_cut_in_the_flat_range_is_near_the_best(rows, size):
    lines = lines_of(*zip(*rows, strict=True))
    optimum = pool_optimum(lines, [size]).squeeze()

    def tolerance(kept):
        budget = (kept["admissions_per_head"] * kept["price_gbp"]).sum()
        return 300 * np.sqrt((kept["admissions_per_head"] * kept["price_gbp"] ** 2).sum() / size) / budget

    highest = lines["price_gbp"].max() + 1
    ends = optimum[["flat_from_gbp", "flat_to_gbp"]].fillna(highest)
    assert ends.iloc[0] <= (highest if np.isnan(optimum["cut_gbp"]) else optimum["cut_gbp"]) <= ends.iloc[1]
    for cut in [*lines["price_gbp"], highest]:
        if ends.iloc[0] <= cut <= ends.iloc[1]:
            assert tolerance(lines[lines["price_gbp"] < cut]) <= optimum["tolerance_pct"] + 0.1 + 1e-9
    cheapest = lines[lines["price_gbp"] < np.nan_to_num(optimum["cheapest_cut_gbp"], nan=highest)]
    assert tolerance(cheapest) == pytest.approx(optimum["cheapest_tolerance_pct"])


def test_lists_that_leave_no_budget_are_an_error():
    with pytest.raises(InputError, match="takes the whole budget"):
        pool_optimum(THREE, [100], always_pooled=["A", "B", "C"])
