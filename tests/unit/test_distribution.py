import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from casemix_risk.risk.contributions import deviation_shares, tail_shares
from casemix_risk.risk.distribution import chances, tails
from casemix_risk.risk.lattice import lattice, lattice_quantiles, lattice_tail_means
from casemix_risk.risk.lines import NO_SHOCKS, Lines, Shocks, any_pools
from casemix_risk.risk.spectrum import density, distribution_function, mean_excess, quantiles, spectra

PROBABILITIES = np.array([0.005, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.995])


def lines_of_arrays(volume, price, factor=1.0):
    volume = np.asarray(volume, dtype=float)
    return Lines(
        volume,
        np.broadcast_to(np.asarray(price, dtype=float), volume.shape).copy(),
        np.broadcast_to(np.asarray(factor, dtype=float), volume.shape).copy(),
    )


def whole(lines):
    return np.ones((1, len(lines.price)), dtype=bool)


def plain_pmf(lines, list_size, shocks=NO_SHOCKS, points=2**20):
    """Probabilities of 0, 1, 2... pounds: the characteristic function, line by line, through a plain FFT."""
    t = -2j * np.pi * np.arange(points // 2 + 1) / points

    def exponent(of_lines):
        total = np.zeros(len(t), dtype=complex)
        for volume, price, d in zip(*(values[of_lines] for values in lines), strict=True):
            turn, expected = np.exp(t * price) - 1, volume * list_size
            total += expected * turn if d == 1 else -expected / (d - 1) * np.log(1 - (d - 1) * turn)
        return total

    total, rest = 0, np.ones(len(lines.price), dtype=bool)
    for variance, inside in shocks.groups:
        total = total - np.log(1 - variance * exponent(inside)) / variance
        rest &= ~inside
    total = total + exponent(rest)
    if shocks.common:
        total = -np.log(1 - shocks.common * total) / shocks.common
    return np.fft.irfft(np.exp(total), points)


def plain_quantiles(pmf):
    return np.searchsorted(np.cumsum(pmf), PROBABILITIES)


def plain_tail_means(pmf, probabilities):
    amounts, below = np.arange(len(pmf)), np.cumsum(pmf)
    found = []
    for probability in probabilities:
        at = np.searchsorted(below, probability)
        found.append(((amounts * pmf)[at + 1 :].sum() + at * (below[at] - probability)) / (1 - probability))
    return np.array(found)


GENERATOR = np.random.default_rng(8)
MANY = lines_of_arrays(
    GENERATOR.gamma(0.5, 0.006, 100),
    np.rint(GENERATOR.lognormal(5, 0.8, 100)),
    1 + GENERATOR.gamma(1, 1, 100),
)
SHOCKS = Shocks(0.05**2, ((0.1**2, np.arange(100) < 30), (0.2**2, np.arange(100) > 90)))


@pytest.mark.parametrize("list_size", [500, 3_000])
@pytest.mark.parametrize("shocks", [NO_SHOCKS, Shocks(0.05**2), SHOCKS], ids=["none", "common", "groups"])
@pytest.mark.parametrize("lines", [MANY, MANY._replace(factor=np.ones(100))], ids=["clustered", "poisson"])
def test_quantiles_and_tail_means_are_those_of_a_plain_fft(lines, shocks, list_size):
    pmf = plain_pmf(lines, list_size, shocks, 2**18 if list_size == 500 else 2**20)
    found = tails(lines, whole(lines), [list_size], PROBABILITIES, shocks)
    assert found.method[0, 0] == "inversion" or list_size == 500
    assert found.quantile_gbp[0, 0].tolist() == plain_quantiles(pmf).tolist()
    assert found.tail_mean_gbp[0, 0] == pytest.approx(plain_tail_means(pmf, PROBABILITIES), abs=0.5)


def test_distribution_and_density_are_those_of_a_plain_fft():
    pmf = plain_pmf(MANY, 2_000, SHOCKS)
    found = spectra(MANY, any_pools(whole(MANY)), [2_000], SHOCKS)
    mean, deviation = found.cumulants[0, 0, 0], np.sqrt(found.cumulants[0, 0, 1])
    costs = np.rint(mean + deviation * np.linspace(-2.5, 3.5, 13))
    below = (np.cumsum(pmf) - pmf / 2)[costs.astype(int)]
    assert distribution_function(found, costs[None, None])[0, 0] == pytest.approx(below, abs=1e-9)
    assert density(found, costs[None, None])[0, 0] == pytest.approx(pmf[costs.astype(int)], rel=1e-6)
    excess = [(np.maximum(np.arange(len(pmf)) - cost, 0) * pmf).sum() for cost in costs]
    assert mean_excess(found, costs[None, None])[0, 0] == pytest.approx(excess, abs=1e-3)


@pytest.mark.parametrize("list_size", [40, 2_000], ids=["lattice", "inversion"])
def test_chances_are_those_of_a_plain_fft(list_size):
    kept = np.stack([np.ones(100, dtype=bool), MANY.price < 150])
    costs = np.array([-1.0, 0.0, 0.97, 1.0, 1.1, 1.5, 50.0])
    mean = list_size * (kept @ (MANY.volume * MANY.price))
    amounts = np.rint(costs * mean[:, None])
    below, above = chances(MANY, kept, np.array([list_size]), amounts[None], SHOCKS)
    for pool, row in enumerate(kept):
        shocks = Shocks(SHOCKS.common, tuple((s, inside & row) for s, inside in SHOCKS.groups))
        pmf = plain_pmf(MANY._replace(volume=MANY.volume * row), list_size, shocks, 2**20)
        up_to = np.concatenate([[0.0], np.cumsum(pmf)])
        place = amounts[pool].astype(int).clip(-1, len(pmf) - 1)
        # Of the smaller list a little lies beyond the lattice's 12 deviations and wraps round.
        assert below[0, pool] == pytest.approx(up_to[place.clip(0)], abs=1e-7)
        assert above[0, pool] == pytest.approx(1 - up_to[place + 1], abs=1e-7)


@pytest.mark.parametrize("factor", [1.0, 6.0])
@pytest.mark.parametrize("expected", [3.0, 400.0])
def test_a_line_alone_is_scipys_law(expected, factor):
    law = stats.poisson(expected) if factor == 1 else stats.nbinom(expected / (factor - 1), 1 / factor)
    found = tails(
        lines_of_arrays([expected / 100], 37.5, factor), np.ones((1, 1), bool), [100], PROBABILITIES
    )
    assert found.quantile_gbp[0, 0] == pytest.approx(37.5 * law.ppf(PROBABILITIES))
    counts = np.arange(int(law.ppf(1 - 1e-13)))
    pmf = law.pmf(counts)
    assert found.tail_mean_gbp[0, 0] == pytest.approx(37.5 * plain_tail_means(pmf, PROBABILITIES), rel=1e-6)


def test_tiny_cases_by_enumeration():
    """Two lines in pence: every pair of counts that matters."""
    lines = lines_of_arrays([0.02, 0.013], [12.34, 100.01])
    counts = np.arange(40)
    amounts = {}
    for one, other in itertools.product(counts, counts):
        probability = stats.poisson.pmf(one, 2.0) * stats.poisson.pmf(other, 1.3)
        amount = round(12.34 * one + 100.01 * other, 2)
        amounts[amount] = amounts.get(amount, 0) + probability
    ordered = sorted(amounts)
    below = np.cumsum([amounts[amount] for amount in ordered])
    expected = [ordered[np.searchsorted(below, probability)] for probability in PROBABILITIES]
    found = tails(lines, whole(lines), [100], PROBABILITIES)
    assert found.method[0, 0] == "lattice"
    assert found.quantile_gbp[0, 0] == pytest.approx(expected)


def test_panjers_recursion_gives_the_same_aggregate():
    """Compound Poisson by recursion (Klugman, Panjer and Willmot, Loss Models, theorem 9.8)."""
    rates = {100: 1.5, 250: 0.8, 400: 0.4}
    g = [np.exp(-sum(rates.values()))]
    for amount in range(1, 200):
        terms = (
            rate * size / 50 * g[amount - size // 50] for size, rate in rates.items() if amount >= size // 50
        )
        g.append(sum(terms) / amount)
    lines = lines_of_arrays([rate / 10 for rate in rates.values()], list(rates))
    found = lattice(lines, np.ones(3, bool), 10)
    assert found.step == 50
    assert found.first == 0
    assert found.probability[:150] == pytest.approx(np.array(g[:150]), abs=1e-12)
    assert lattice_quantiles(found, PROBABILITIES) == pytest.approx(
        50 * np.searchsorted(np.cumsum(g), PROBABILITIES)
    )


def test_a_published_compound_poisson():
    """0.8 claims of 1, 2 or 3 (Bowers et al. 1997, Actuarial Mathematics, 2nd ed., ch. 12)."""
    lines = lines_of_arrays([0.08 * 0.25, 0.08 * 0.375, 0.08 * 0.375], [1.0, 2.0, 3.0])
    published = [0.449329, 0.089866, 0.143785, 0.162358, 0.049905, 0.047360, 0.030923]
    assert lattice(lines, np.ones(3, bool), 10).probability[:7] == pytest.approx(published, abs=5e-7)


def test_a_coarse_step_keeps_the_mean_and_is_said():
    lines = lines_of_arrays([0.02, 0.013], [12.34, 100.01])
    coarse = lattice(lines, np.ones(2, bool), 100, most_points=200)
    amounts = coarse.first + coarse.step * np.arange(len(coarse.probability))
    assert coarse.step > 1
    assert (amounts * coarse.probability).sum() == pytest.approx(2 * 12.34 + 1.3 * 100.01)
    fine = lattice(lines, np.ones(2, bool), 100)
    assert lattice_tail_means(coarse, [0.9]) == pytest.approx(lattice_tail_means(fine, [0.9]), rel=0.02)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(0.001, 0.05), st.integers(1, 200), st.sampled_from([1.0, 1.5, 5.0])),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([20, 300, 2_000]),
    st.sampled_from([0.0, 0.01]),
)
def test_whatever_the_lines_quantiles_are_within_the_error_that_is_said(rows, list_size, shock):
    lines = Lines(*np.array(rows).T)
    pmf = plain_pmf(lines, list_size, Shocks(shock), 2**17)
    found = tails(lines, whole(lines), [list_size], PROBABILITIES, Shocks(shock))
    exact = plain_quantiles(pmf)
    # A probability that the law meets exactly on a point may fall on either side of it by rounding.
    below = np.cumsum(pmf)
    clear = np.abs(below[exact] - PROBABILITIES) > 1e-9
    clear &= np.abs(below[np.maximum(exact - 1, 0)] - PROBABILITIES) > 1e-9
    assert found.quantile_gbp[0, 0][clear] == pytest.approx(exact[clear], abs=1)


@given(st.integers(2, 30))
@settings(max_examples=10)
def test_adding_a_certain_cost_moves_every_quantile_by_it(times):
    """A line of many cheap admissions is all but certain."""
    certain = lines_of_arrays([*MANY.volume, times * 1e6], [*MANY.price, 1e-3], [*MANY.factor, 1.0])
    plain = spectra(MANY, any_pools(whole(MANY)), [2_000])
    more = spectra(certain, any_pools(whole(certain)), [2_000])
    moved = quantiles(more, PROBABILITIES) - quantiles(plain, PROBABILITIES)
    assert moved[0, 0] == pytest.approx(times * 2e6, rel=1e-6)


@pytest.mark.parametrize("shocks", [NO_SHOCKS, SHOCKS], ids=["none", "groups"])
def test_shares_add_up_and_are_the_effect_of_a_line_made_dearer(shocks):
    kept = np.arange(100) % 7 > 0
    h = 1e-4
    deviation, tail = (
        deviation_shares(MANY, kept, 5_000, shocks),
        tail_shares(MANY, kept, 5_000, 0.95, shocks),
    )
    for shares in (deviation, tail):
        assert shares.sum() == pytest.approx(1)
        assert (shares[~kept] == 0).all()

    def measured(lines):
        found = spectra(lines, any_pools(kept[None]), [5_000], shocks)
        beyond = quantiles(found, [0.95])
        worst = beyond + mean_excess(found, beyond) / 0.05
        return np.sqrt(found.cumulants[0, 0, 1]), worst[0, 0, 0]

    for line in (1, 50, 95):
        up, down = (MANY.price.copy() for _ in range(2))
        up[line] *= 1 + h
        down[line] *= 1 - h
        (sd_up, worst_up), (sd_down, worst_down) = (measured(MANY._replace(price=p)) for p in (up, down))
        sd, worst = measured(MANY)
        assert deviation[line] == pytest.approx((sd_up - sd_down) / (2 * h * sd), rel=1e-4)
        assert tail[line] == pytest.approx((worst_up - worst_down) / (2 * h * worst), rel=1e-3)
