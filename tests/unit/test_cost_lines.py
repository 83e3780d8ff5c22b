import pandas as pd
import pytest
from examples import lines_of

from casemix_risk.risk.cost_lines import banded, cost_lines, price_bands
from casemix_risk.tariff.prices import FLAT


def national_and_prices(admissions, prices):
    key = pd.DataFrame({"hrg": [f"A{n:02d}" for n in range(len(prices))], "admission_type": "elective"})
    national = key.assign(admissions=[float(n) for n in admissions], variance_factor=1.0)
    return national, key.assign(description="a line", price_gbp=prices, source="published", **FLAT)


def lines_with_bands(admissions, prices, bands):
    national, priced = national_and_prices(admissions, prices)
    return cost_lines(
        national, priced, 1_000, individual_price_gbp=3_000, individual_admissions=500, bands=bands
    )


def test_dear_and_large_lines_stand_alone_and_thresholds_are_exclusive():
    lines = lines_with_bands([10, 10, 500, 501], [3_000, 3_001, 100, 100], bands=2)
    assert (lines["band"] == 0).tolist() == [False, True, False, True]
    assert lines["admissions_per_head"].tolist() == [0.01, 0.01, 0.5, 0.501]


def test_bands_hold_equal_admissions_in_order_of_price():
    lines = lines_with_bands([10] * 6, [60, 10, 50, 20, 40, 30], bands=3)
    assert lines["band"].tolist() == [3, 1, 3, 1, 2, 2]


def test_a_line_without_admissions_is_no_cost_line():
    assert lines_with_bands([0, 5], [10, 20], bands=1)["hrg"].tolist() == ["A01"]


def test_a_band_becomes_one_line_at_its_weighted_mean_price():
    lines = lines_of([1, 3, 2], [100, 200, 5_000], factors=[1, 5, 2], bands=[1, 1, 0])
    merged = banded(lines).set_index("hrg")
    assert merged.loc["band 1", "admissions_per_head"] == 4
    assert merged.loc["band 1", "price_gbp"] == (1 * 100 + 3 * 200) / 4
    assert merged.loc["band 1", "variance_factor"] == (1 * 1 + 3 * 5) / 4
    assert merged.loc["A02", "price_gbp"] == 5_000
    assert list(banded(lines).columns) == list(lines.columns)


def test_banding_keeps_admissions_and_budget():
    lines = lines_with_bands([7, 11, 13, 17, 19], [10, 20, 30, 40, 9_000], bands=2)
    merged = banded(lines)
    for column in ("admissions_per_head", "cost"):
        sums = [
            table.assign(cost=table["admissions_per_head"] * table["price_gbp"])[column].sum()
            for table in (lines, merged)
        ]
        assert sums[0] == pytest.approx(sums[1], rel=1e-12)


def test_price_bands_count_lines_and_national_admissions():
    bands = price_bands(lines_of([0.1, 0.3, 0.2], [100, 200, 300], bands=[1, 1, 2]), population=1_000)
    assert bands["lines"].tolist() == [2, 1]
    assert bands["admissions"].tolist() == pytest.approx([400, 200])
    assert bands["price_gbp"].tolist() == pytest.approx([175, 300])


def test_payments_that_vary_add_to_the_variance_factor():
    national, priced = national_and_prices([10, 20], [100, 200])
    varying = priced.assign(payment_cv=[0.0, 0.5], fixed_share=[0.25, 0.0])
    lines = cost_lines(national, varying, 100, individual_price_gbp=1e4, individual_admissions=1e4, bands=1)
    assert lines["variance_factor"].tolist() == [1, 1.25]
    assert lines["fixed_share"].tolist() == [0.25, 0]
    assert banded(lines)["fixed_share"].tolist() == [0.25 * 1_000 / 5_000]  # by cost
