"""The national truth has every figure that the paper publishes as an input, by sums written out here anew."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.synthetic.calibration import _tilted, calibrated_lines
from casemix_risk.synthetic.truth import COLUMNS, national_truth

HEADS = 51e6
PER_MILLION = {
    **{"E01": 0.3, "J17": 0.3, "R07": 0.3, "J23": 0.8, "J24": 1, "J20": 2, "D01": 3, "E02": 3, "T15": 6},
    **{"E03": 8, "C60": 10, "G01": 10, "T17": 11, "T13": 35, "T06": 37, "T08": 38, "T04": 40, "Q15": 110},
    **{"T05": 123, "T02": 141, "T01": 329, "T03": 503},
}


@pytest.fixture(scope="module", params=["kept", "found anew"])
def truth(request) -> pd.DataFrame:
    kept = national_truth(2008)
    if request.param == "kept":
        return kept
    anew = calibrated_lines().astype({"price_gbp": float})
    return kept.drop(columns=["admissions", "price_gbp", "in_table1"]).merge(anew)[COLUMNS]


@pytest.fixture(scope="module")
def shares(truth):
    """A function from a condition to percentages of admissions and of the budget."""
    admissions = truth["admissions"].to_numpy()
    cost = admissions * truth["price_gbp"].to_numpy()
    return lambda where: (
        100 * admissions[where].sum() / admissions.sum(),
        100 * cost[where].sum() / cost.sum(),
    )


def test_table_is_whole_and_in_order(truth):
    assert list(truth.columns) == COLUMNS
    assert len(truth) == 1_200
    assert truth["hrg"].nunique() == 600
    assert not truth.isna().any().any()
    keys = list(zip(truth["hrg"], truth["admission_type"], strict=True))
    assert keys == sorted(set(keys))
    assert truth["admissions"].dtype == "int64"
    assert truth["admissions"].min() >= 1
    assert (truth["price_gbp"] == truth["price_gbp"].round()).all()


def test_admissions_and_budget(truth):
    assert truth["admissions"].sum() == pytest.approx(13e6, rel=0.03)
    per_head = (truth["admissions"] * truth["price_gbp"]).sum() / HEADS
    assert per_head == pytest.approx(300, rel=0.03)
    assert 1e4 * per_head == pytest.approx(3e6, rel=0.03)
    assert 5e4 * per_head == pytest.approx(15e6, rel=0.03)


def test_price_shares(truth, shares):
    assert shares(truth["price_gbp"] < 1_000)[0] == pytest.approx(55, abs=0.5)
    assert shares(truth["price_gbp"] > 3_000) == pytest.approx((9, 35), abs=0.5)
    assert shares(truth["price_gbp"] > 4_000) == pytest.approx((6, 27), abs=0.5)


def test_volume_shares(truth, shares):
    under_one = truth["admissions"] * 1e4 / HEADS < 1
    assert under_one.sum() == pytest.approx(920, rel=0.03)
    assert under_one.mean() == pytest.approx(0.75, rel=0.03)
    assert shares(under_one) == pytest.approx((13, 23), abs=0.5)
    size_rank = truth["admissions"].rank(ascending=False, method="first")
    assert shares(size_rank <= 280) == pytest.approx((87, 77), abs=0.5)
    assert shares(size_rank <= 48) == pytest.approx((42, 29), abs=0.5)


def test_table1_rates_are_exact_and_its_budget_share(truth, shares):
    total = truth.groupby("hrg")["admissions"].sum()
    assert {hrg: total[hrg] for hrg in PER_MILLION} == {hrg: round(51 * r) for hrg, r in PER_MILLION.items()}
    assert total["E01"] == 15
    assert set(truth.loc[truth["in_table1"], "hrg"]) == set(PER_MILLION)
    assert (truth.loc[truth["in_table1"], "price_gbp"] > 4_000).all()
    assert shares(truth["in_table1"])[1] == pytest.approx(2.3, abs=0.05)


def test_named_volumes(truth):
    total = truth.groupby("hrg")["admissions"].sum()
    assert total["D33"] * 1e4 / HEADS == pytest.approx(6, rel=0.03)
    assert total["H04"] * 1e4 / HEADS == pytest.approx(12, rel=0.03)
    assert total["L01"] == pytest.approx(1_115, rel=0.03)


@pytest.mark.parametrize(
    ("hrg", "price"),
    [("H04", 5_400), ("L01", 4_400), ("S22", 420), ("N12", 460), ("D33", 1_600), ("H70", 4_700)],
)
def test_named_prices_hold_for_both_lines(truth, hrg, price):
    assert truth.loc[truth["hrg"] == hrg, "price_gbp"].to_list() == pytest.approx([price] * 2, rel=0.03)


def test_price_range(truth):
    price = truth.set_index(["hrg", "admission_type"])["price_gbp"]
    assert price.min() == price["S16", "elective"] == pytest.approx(280, rel=0.03)
    assert price["H81", "emergency"] > 8_000
    assert truth.loc[truth["price_gbp"] > 20_000, "admissions"].between(1, 1_000).all()
    assert price.max() > 20_000


@pytest.mark.parametrize("edge", ["start", "middle", "end"])
def test_fourteen_bands_wherever_a_straddling_line_goes(truth, edge):
    rest = truth[(truth["price_gbp"] <= 3_000) & (truth["admissions"] <= 100_000)].sort_values("price_gbp")
    upto = rest["admissions"].cumsum()
    place = {"start": upto - rest["admissions"], "middle": upto - rest["admissions"] / 2, "end": upto - 1}
    band = (14 * place[edge] // upto.iloc[-1]).clip(upper=13)
    admissions = rest["admissions"].groupby(band).sum()
    average = (rest["admissions"] * rest["price_gbp"]).groupby(band).sum() / admissions
    assert len(admissions) == 14
    assert admissions.mean() == pytest.approx(500_000, rel=0.03)
    assert admissions.to_list() == pytest.approx([500_000] * 14, abs=100_000)
    assert average.iloc[0] == pytest.approx(276, rel=0.03)
    assert average.iloc[-1] == pytest.approx(2_511, rel=0.03)
    assert average.is_monotonic_increasing


def test_no_line_sits_on_a_threshold(truth):
    for column, limits in {"price_gbp": (1_000, 3_000, 4_000), "admissions": (5_100, 100_000)}.items():
        for limit in limits:
            assert not truth[column].between(0.995 * limit, 1.005 * limit).any()


def test_the_two_prices_of_a_code_are_alike(truth):
    price = truth.pivot(index="hrg", columns="admission_type", values="price_gbp")
    ratio = price["emergency"] / price["elective"]
    assert ratio.between(0.5, 3).all()
    assert 1 < ratio.median() < 1.5


def test_obstetrics_and_childhood_are_mostly_emergencies_and_eyes_are_not(truth):
    by_chapter = truth.pivot_table(
        index="chapter", columns="admission_type", values="admissions", aggfunc="sum"
    )
    share = by_chapter["emergency"] / by_chapter.sum(axis=1)
    assert share["N"] > 0.8
    assert share["P"] > 0.7
    assert share["B"] < 0.3


def test_national_prices_and_repeat_admissions(truth):
    assert truth.loc[~truth["has_national_price"], "hrg"].nunique() == 48
    assert (~truth["has_national_price"]).sum() == 96
    repeated = truth.loc[truth["variance_factor"] != 1, "variance_factor"]
    assert len(repeated) == 60
    assert repeated.between(1.5, 25).all()


@pytest.mark.parametrize("kind", ["elective", "emergency"])
def test_length_of_stay_predicts_price_a_little_low_where_there_is_none(truth, kind):
    lines = truth[truth["admission_type"] == kind]
    log_stay, log_price = np.log(lines["mean_los_days"]), np.log(lines["price_gbp"])
    priced = lines["has_national_price"]
    slope, intercept = np.polyfit(log_stay[priced], log_price[priced], 1)
    residual = log_price - intercept - slope * log_stay
    assert 0.75 < slope < 1.05
    assert 0.2 < residual[priced].std() < 0.3
    assert 0 < residual[~priced].mean() < 0.12
    assert lines["mean_los_days"].min() > 0


def test_growth(truth):
    mean = np.average(truth["annual_growth"], weights=truth["admissions"])
    assert mean == pytest.approx(0.007, abs=0.002)
    by_chapter = truth.groupby("chapter")["annual_growth"]
    assert by_chapter.mean().between(-0.0125, 0.0275).all()
    assert 0.004 < (truth["annual_growth"] - by_chapter.transform("mean")).std() < 0.006


def test_another_seed_moves_only_stay_and_growth():
    one, other = national_truth(2008), national_truth(1)
    moved = {column for column in COLUMNS if not other[column].equals(one[column])}
    assert moved == {"mean_los_days", "annual_growth"}


def test_same_seed_same_table():
    pd.testing.assert_frame_equal(national_truth(2008), national_truth(2008))


@given(
    lines=st.integers(1, 200),
    low=st.floats(1, 1e4),
    ratio=st.floats(1.02, 20),
    share=st.floats(0.2, 0.8),
)
def test_tilted_spread_has_its_total_within_its_edges(lines, low, ratio, share):
    weight = np.linspace(1, 3, lines)
    total = weight.sum() * low * ratio**share
    values = _tilted((np.arange(lines) + 0.5) / lines, low, low * ratio, weight, total)
    assert weight @ values == pytest.approx(total, rel=1e-9)
    assert values.min() >= low
    assert values.max() <= low * ratio * (1 + 1e-12)
    assert (np.diff(values) >= 0).all()
