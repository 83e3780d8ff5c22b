import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.decisions.reserves import PROBABILITIES, overspend, reserves
from casemix_risk.decisions.shock import shock_floor_pct
from casemix_risk.errors import InputError
from casemix_risk.risk.lines import NO_SHOCKS, Shocks

ONE_LINE = lines_of([0.02], [100])
ALL_OF_ONE = {"none": np.array([True])}
PRICES = np.array([40, 75, 120, 310, 900])
FIVE_LINES = lines_of([0.05, 0.04, 0.02, 0.01, 0.002], PRICES, factors=[1, 3, 1, 1, 2])
ALL_OF_FIVE = {"none": np.ones(5, dtype=bool)}
SHOCKS = Shocks(0.03**2, ((0.1**2, np.array([False, True, True, False, False])),))


def year_characteristic(list_size, points):
    """The characteristic function of one year of FIVE_LINES under SHOCKS, line by line."""
    t = -2j * np.pi * np.arange(points // 2 + 1) / points
    mean = FIVE_LINES["admissions_per_head"].to_numpy() * list_size
    exponents = []
    for expected, price, d in zip(mean, PRICES, FIVE_LINES["variance_factor"], strict=True):
        turn = np.exp(t * price) - 1
        exponents.append(expected * turn if d == 1 else -expected / (d - 1) * np.log(1 - (d - 1) * turn))
    group = -np.log(1 - 0.1**2 * (exponents[1] + exponents[2])) / 0.1**2
    total = exponents[0] + group + exponents[3] + exponents[4]
    return (1 - 0.03**2 * total) ** (-1 / 0.03**2)


@pytest.mark.parametrize(
    ("shock", "law"),
    [
        ("none", lambda years: stats.poisson(200 * years)),
        ("independent", lambda years: stats.nbinom(years / 0.01, 1 / (1 + 0.01 * 200))),
        ("persistent", lambda years: stats.nbinom(1 / 0.01, 1 / (1 + 0.01 * 200 * years))),
    ],
)
def test_years_together_are_scipys_laws(shock, law):
    """A Poisson count under a Gamma shock is Negative Binomial; independent years add up its size."""
    table = reserves(ONE_LINE, ALL_OF_ONE, [10_000], Shocks(0.01))
    for years in (1, 3, 5):
        rows = table.query("shock == @shock and years == @years")
        count = law(years)
        quantile = count.ppf(PROBABILITIES)
        assert rows["budget_gbp"].to_numpy() == pytest.approx(20_000 * years)
        assert rows["reserve_gbp"].to_numpy() == pytest.approx(100 * quantile - 20_000 * years)
        counts = np.arange(4_000)
        beyond = [
            (counts * count.pmf(counts))[int(q) + 1 :].sum() + q * (count.cdf(q) - p)
            for p, q in zip(PROBABILITIES, quantile, strict=True)
        ]
        tail_mean = 100 * np.array(beyond) / (1 - np.array(PROBABILITIES)) - 20_000 * years
        assert rows["tail_mean_gbp"].to_numpy() == pytest.approx(tail_mean, abs=0.01)
        assert rows["reserve_pct"].to_numpy() == pytest.approx(100 * (quantile / (200 * years) - 1))


def test_independent_years_are_single_years_convolved():
    points = 2**18
    table = reserves(FIVE_LINES, ALL_OF_FIVE, [2_000], SHOCKS)
    one_year = year_characteristic(2_000, points)
    for years in (1, 3, 5):
        rows = table.query("shock == 'independent' and years == @years")
        below = np.cumsum(np.fft.irfft(one_year**years, points))
        found = rows["reserve_gbp"] + rows["budget_gbp"]
        assert found.to_numpy() == pytest.approx(np.searchsorted(below, PROBABILITIES))


def test_lasting_shocks_agree_with_simulated_years():
    generator = np.random.default_rng(11)
    draws, years, mean = 200_000, 3, FIVE_LINES["admissions_per_head"].to_numpy() * 2_000
    common = generator.gamma(1 / 0.03**2, 0.03**2, draws)
    group = generator.gamma(common / 0.1**2, 0.1**2)
    factors = np.array([common, group, group, common, common])
    cost = np.zeros(draws)
    for line, (expected, price, d) in enumerate(
        zip(mean, PRICES, FIVE_LINES["variance_factor"], strict=True)
    ):
        for _ in range(years):
            moved = expected * factors[line]
            cost += price * (
                generator.poisson(moved) if d == 1 else generator.negative_binomial(moved / (d - 1), 1 / d)
            )
    rows = reserves(FIVE_LINES, ALL_OF_FIVE, [2_000], SHOCKS).query("shock == 'persistent' and years == 3")
    for row in rows.itertuples():
        error = np.sqrt(row.probability * (1 - row.probability) / draws)
        assert abs((cost <= row.budget_gbp + row.reserve_gbp).mean() - row.probability) < 4 * error
    over = overspend(FIVE_LINES, ALL_OF_FIVE, [2_000], SHOCKS).query("shock == 'persistent' and years == 3")
    budget = rows["budget_gbp"].iloc[0]
    for row in over.itertuples():
        for found, seen in (
            (row.over_probability, cost > budget * (1 + row.over_pct / 100)),
            (row.under_probability, cost < budget * (1 - row.over_pct / 100)),
        ):
            assert abs(found - seen.mean()) < 4 * np.sqrt(found * (1 - found) / draws)


def test_an_amount_on_a_step_is_neither_over_nor_under():
    """20 admissions expected at GBP 1,000: 5 % over is 21 exactly."""
    table = overspend(lines_of([0.002], [1_000]), ALL_OF_ONE, [10_000]).query("years == 1")
    row = table.set_index("over_pct").loc[5.0]
    assert row["over_probability"] == pytest.approx(stats.poisson.sf(21, 20))
    assert row["under_probability"] == pytest.approx(stats.poisson.cdf(18, 20))


def test_what_cannot_happen_has_probability_nothing():
    table = overspend(lines_of([40.0], [1]), ALL_OF_ONE, [1_000_000]).query("years == 5")
    assert table["over_probability"].to_numpy() == pytest.approx(0, abs=1e-11)
    assert table["under_probability"].to_numpy() == pytest.approx(0, abs=1e-11)


def test_a_reserve_can_be_negative():
    """One dear admission in ten years: nine years in ten cost nothing."""
    table = reserves(lines_of([0.00001], [50_000]), ALL_OF_ONE, [10_000]).query("years == 1")
    assert table["reserve_gbp"].iloc[0] == pytest.approx(-5_000)
    assert table["reserve_pct"].iloc[0] == pytest.approx(-100)


def test_what_is_fixed_is_budget_and_not_risk():
    rows = reserves(lines_of([0.02], [100], fixed_shares=0.75), ALL_OF_ONE, [10_000]).query("years == 1")
    assert rows["budget_gbp"].to_numpy() == pytest.approx(20_000)
    assert rows["reserve_gbp"].to_numpy() == pytest.approx(25 * (stats.poisson.ppf(PROBABILITIES, 200) - 200))


def test_the_floor_of_a_common_shock_is_a_gamma_quantile():
    law = stats.gamma(1 / 0.04, scale=0.04)
    kept = np.array([True])
    found = shock_floor_pct(Shocks(0.04), ONE_LINE, kept, PROBABILITIES)
    assert found == pytest.approx(100 * (law.ppf(PROBABILITIES) - 1))
    fixed = lines_of([0.02], [100], fixed_shares=0.25)
    assert shock_floor_pct(Shocks(0.04), fixed, kept, PROBABILITIES) == pytest.approx(0.75 * found)
    assert shock_floor_pct(NO_SHOCKS, ONE_LINE, kept, PROBABILITIES).tolist() == [0] * 5


def test_the_floor_of_shocks_on_groups_is_a_weighted_sum_of_gammas():
    generator = np.random.default_rng(3)
    draws = 400_000
    lines = lines_of([0.1, 0.1, 0.2], [100, 300, 100])  # 10, 30 and 20 of 60
    shocks = Shocks(0.01, ((0.09, np.array([False, True, False])), (0.2, np.array([False, False, True]))))
    common = generator.gamma(100, 0.01, draws)
    one, other = (generator.gamma(common / variance, variance) for variance in (0.09, 0.2))
    ratio = (10 * common + 30 * one + 20 * other) / 60
    for probability, floor in zip(
        PROBABILITIES, shock_floor_pct(shocks, lines, np.ones(3, dtype=bool), PROBABILITIES), strict=True
    ):
        error = np.sqrt(probability * (1 - probability) / draws)
        assert abs((ratio <= 1 + floor / 100).mean() - probability) < 4 * error


def test_the_two_ways_to_the_floor_agree():
    """A shock on a group that is every line is a common shock."""
    everything = np.ones(5, dtype=bool)
    as_group = Shocks(0.0, ((0.05**2, everything),))
    assert shock_floor_pct(as_group, FIVE_LINES, everything, PROBABILITIES) == pytest.approx(
        shock_floor_pct(Shocks(0.05**2), FIVE_LINES, everything, PROBABILITIES), abs=2e-4
    )


def test_size_takes_the_reserve_to_its_floor_and_no_lower():
    table = reserves(FIVE_LINES, ALL_OF_FIVE, [10_000, 100_000, 1_000_000, 10_000_000], Shocks(0.05**2))
    for _, rows in table.query("shock != 'none'").groupby(["years", "shock", "probability"]):
        assert rows["reserve_pct"].is_monotonic_decreasing
        assert (rows["reserve_pct"] > rows["floor_pct"]).all()
        assert rows["reserve_pct"].iloc[-1] == pytest.approx(rows["floor_pct"].iloc[-1], rel=0.02)
    alone = table.query("shock == 'none' and probability == 0.95 and years == 1")["reserve_pct"]
    assert alone.iloc[-1] == pytest.approx(alone.iloc[1] / 10, rel=0.02)


def test_without_a_shock_there_are_no_shocked_rows():
    assert set(reserves(ONE_LINE, ALL_OF_ONE, [100])["shock"]) == {"none"}
    assert set(overspend(ONE_LINE, ALL_OF_ONE, [100])["shock"]) == {"none"}


def test_a_pool_that_takes_everything_is_an_error():
    with pytest.raises(InputError, match="takes every cost line"):
        reserves(ONE_LINE, {"everything": np.array([False])}, [100])
