import numpy as np
import pandas as pd
import pytest
from examples import lines_of
from scipy.stats import nbinom

from casemix_risk.errors import InputError
from casemix_risk.progress.season import month_shares
from casemix_risk.progress.year_end import PROBABILITIES, year_end_tables

EVEN = pd.DataFrame(
    [("A", kind, month, 100, 1 / 12) for kind in ("elective", "emergency") for month in range(1, 13)],
    columns=["chapter", "admission_type", "month", "admissions", "share"],
)
# Sixty per cent of the year in April: one month known is as good as seven.
EARLY = EVEN.assign(share=np.where(EVEN["month"] == 1, 0.6, 0.4 / 11))
TWO_LINES = lines_of([0.01, 0.002], [100, 1_000])  # ten and two a year at 1,000 people


def months(*counts, hrgs=("A00",)):
    """Counts of HRGs by month from April 2007 on."""
    names = pd.period_range("2007-04", periods=len(counts), freq="M").astype(str)
    rows = [
        (month, hrg, "elective", count)
        for month, of_month in zip(names, counts, strict=True)
        for hrg, count in zip(hrgs, np.atleast_1d(of_month), strict=True)
    ]
    return pd.DataFrame(rows, columns=["month", "hrg", "admission_type", "admissions"])


def year_end(*counts, lines=TWO_LINES, seasons=EVEN, hrgs=("A00",), **others):
    return year_end_tables(lines, seasons, months(*counts, hrgs=hrgs), "2007-08", 1_000, **others)


def test_two_lines_by_hand():
    # Six months: seven admissions on the first line where five were expected, none on the second for one.
    tables = year_end(2, 1, 1, 1, 1, 1, variance=0.5)
    latest = tables["year_end_by_month"].iloc[-1]
    assert latest["budget_gbp"] == pytest.approx(3_000)
    assert latest["cost_so_far_gbp"] == 700
    assert latest["expected_so_far_gbp"] == pytest.approx(1_500)
    assert latest["year_end_mean_gbp"] == pytest.approx(700 + 100 * 5 * 9 / 7 + 1_000 * 2 / 3)
    # Negative Binomial with sizes 9 and 2.
    variance = 100**2 * (45 / 7 + (45 / 7) ** 2 / 9) + 1_000**2 * (2 / 3 + (2 / 3) ** 2 / 2)
    assert latest["year_end_sd_gbp"] == pytest.approx(variance**0.5)
    first, second = tables["year_end_lines"].to_dict("records")
    assert first["year_end_admissions"] == pytest.approx(7 + 45 / 7)
    assert first["expected_overspend_gbp"] == pytest.approx(100 * (7 + 45 / 7 - 10))
    assert second["relative_rate"] == pytest.approx(2 / 3)
    assert second["expected_overspend_gbp"] == pytest.approx(1_000 * (2 / 3 - 2))
    total = sum(line["expected_overspend_gbp"] for line in (first, second))
    assert total == pytest.approx(latest["year_end_mean_gbp"] - 3_000)
    assert second["fall_p_value"] == pytest.approx(np.exp(-1))  # none where one is expected
    assert not (first["fall_significant"] or second["fall_significant"])


def test_a_fall_that_chance_does_not_give_is_marked():
    # On a list a hundred times as long 500 are expected in six months; 400 are 4.5 standard deviations fewer.
    large = TWO_LINES.assign(admissions_per_head=100 * TWO_LINES["admissions_per_head"])
    found = year_end(400, 0, 0, 0, 0, 0, lines=large)["year_end_lines"].set_index("hrg")
    assert found["fall_significant"].all()  # the other line has none where a hundred are expected
    found = year_end(490, 0, 0, 0, 0, 0, lines=large)["year_end_lines"].set_index("hrg")
    assert found["fall_significant"].tolist() == [False, True]


def test_two_lines_by_enumeration():
    tables = year_end(2, 1, 1, 1, 1, 1, variance=0.5)
    a, b = np.arange(400)[:, None], np.arange(100)
    probability = nbinom.pmf(a, 9, 7 / 12) * nbinom.pmf(b, 2, 3 / 4)
    cost = 700 + 100 * a + 1_000 * b
    latest = tables["year_end_by_month"].iloc[-1]
    for percent in (0, 1, 3, 5, 10):
        over = probability[cost > 3_000 * (1 + percent / 100) + 1e-6].sum()
        assert latest[f"chance_over_{percent}"] == pytest.approx(over, abs=1e-9)
    costs = tables["year_end"].query("months_known == 6").set_index("probability")["cost_gbp"]
    for asked in PROBABILITIES:
        smallest = next(x for x in np.unique(cost) if probability[cost <= x].sum() >= asked)
        assert costs[asked] == pytest.approx(smallest)


def test_the_months_before_are_as_they_would_have_been():
    whole = year_end(2, 1, 1, 1, 1, 1, variance=0.5)
    earlier = year_end(2, 1, 1, variance=0.5)
    for name in ("year_end", "year_end_by_month"):
        pd.testing.assert_frame_equal(whole[name].head(len(earlier[name])), earlier[name])


def test_a_year_that_is_over_is_certain():
    latest = year_end(*[2] * 12, variance=0.5)["year_end_by_month"].iloc[-1]
    assert (latest["year_end_mean_gbp"], latest["year_end_sd_gbp"]) == (2_400, 0)
    assert (latest["chance_over_0"], latest["admissions"]) == (0, 24)
    latest = year_end(*[[0, 1]] * 12, hrgs=("A00", "A01"))["year_end_by_month"].iloc[-1]
    assert latest[["chance_over_0", "chance_over_10"]].tolist() == [1, 1]  # 12,000 of 3,000
    on_budget = year_end([10, 2], *[[0, 0]] * 11, hrgs=("A00", "A01"))["year_end_by_month"].iloc[-1]
    assert on_budget["chance_over_0"] == 0


def test_what_is_fixed_is_certain_and_paid_by_twelfths():
    lines = lines_of([0.01, 0.002], [100, 1_000], fixed_shares=[0.25, 1])
    latest = year_end(2, 1, 1, lines=lines, variance=0.5)["year_end_by_month"].iloc[-1]
    assert latest["budget_gbp"] == pytest.approx(3_000)
    assert latest["cost_so_far_gbp"] == pytest.approx(4 * 75 + 2_250 / 4)
    rest = 7.5 * (2 + 4) / (2 + 2.5)
    assert latest["year_end_mean_gbp"] == pytest.approx(2_250 + 75 * (4 + rest))
    assert latest["year_end_sd_gbp"] == pytest.approx(75 * (rest + rest**2 / 6) ** 0.5)


def test_what_is_on_no_cost_line_is_counted_and_in_no_budget():
    tables = year_end([2, 5], [1, 4], hrgs=("A00", "Z99"), variance=0.5)
    assert tables["year_end_by_month"]["admissions_unpriced"].tolist() == [5, 9]
    assert tables["year_end_by_month"]["admissions"].tolist() == [2, 3]
    with pytest.raises(InputError, match=r"none with an HRG of this run's cost lines"):
        year_end(2, hrgs=("Z99",))


def test_shares_by_days_where_a_source_has_no_months():
    shares = month_shares(TWO_LINES, EVEN.head(0), "2007-08")  # its February has 29 days
    assert shares[0].tolist() == pytest.approx(
        [days / 366 for days in (30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29, 31)]
    )
    assert month_shares(TWO_LINES, EARLY, "2007-08")[1, 0] == pytest.approx(0.6)


def covered(differ, variance, groups, count=60):
    """How often the year's end lies in the interval that held 90 % before, and what variance was found."""
    generator = np.random.default_rng(12)
    prices = np.round(generator.lognormal(6.5, 0.8, count), -2) + 100
    lines = lines_of(generator.lognormal(-5.5, 1.3, count), prices)
    mean = 1_000 * lines["admissions_per_head"].to_numpy()
    inside, found = 0, []
    for _ in range(groups):
        rates = generator.gamma(1 / differ, differ, count) if differ else 1.0
        known, rest = generator.poisson(0.6 * rates * mean), generator.poisson(0.4 * rates * mean)
        tables = year_end(known, lines=lines, seasons=EARLY, hrgs=lines["hrg"], variance=variance)
        costs = tables["year_end"].set_index("probability")["cost_gbp"]
        inside += costs[0.05] <= ((known + rest) * lines["price_gbp"]).sum() <= costs[0.95]
        found.append(tables["year_end_by_month"]["group_variance"].item())
    return inside / groups, np.median(found)


@pytest.mark.parametrize(
    ("differ", "variance", "groups"),
    [
        pytest.param(0.1, None, 100, id="estimated, few groups"),
        pytest.param(0.1, None, 400, id="estimated", marks=pytest.mark.slow),
        pytest.param(0.1, 0.1, 400, id="known", marks=pytest.mark.slow),
        pytest.param(0, None, 400, id="no difference", marks=pytest.mark.slow),
    ],
)
def test_ninety_per_cent_intervals_hold_the_year_in_ninety_of_a_hundred_groups(differ, variance, groups):
    share, found = covered(differ, variance, groups)
    assert share == pytest.approx(0.9, abs=3 * (0.9 * 0.1 / groups) ** 0.5)
    assert found == pytest.approx(differ, abs=0.05)
