import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from casemix_risk.errors import InputError
from casemix_risk.volumes.list_sizes import by_list_size
from casemix_risk.volumes.national import chapter_errors, project
from casemix_risk.volumes.redraw import redrawn_projections

YEARS = ["2002-03", "2003-04", "2004-05"]
TARGET = "2007-08"


def activity_of(counts, factor=1.0, mean_los=2.0):
    """Table activity from {hrg: counts by year}."""
    rows = [
        (year, hrg, "elective", count, mean_los, count, factor)
        for hrg, line in counts.items()
        for year, count in zip(YEARS, line, strict=False)
        if count
    ]
    columns = ["year", "hrg", "admission_type", "admissions", "mean_los", "patients", "variance_factor"]
    return pd.DataFrame(rows, columns=columns)


def projected(counts, method, years=YEARS, factor=1.0, scale=1.0):
    table = project(activity_of(counts, factor), years, TARGET, method, 1_000 * scale, 1_000)
    return table.set_index("hrg")


def test_last_year_and_mean_by_hand():
    last = projected({"A01": [90, 110, 100]}, "last_year", factor=4, scale=50).loc["A01"]
    assert (last["admissions"], last["admissions_se"]) == (5_000, 50 * np.sqrt(4 * 100))
    mean = projected({"A01": [90, 120, 90]}, "mean", factor=4, scale=50).loc["A01"]
    assert mean["admissions"] == pytest.approx(5_000)
    assert mean["admissions_se"] == pytest.approx(50 * np.sqrt(4 * 100 / 3))


@pytest.mark.parametrize("method", ["log_linear", "pooled_trend"])
def test_a_geometric_series_is_continued(method):
    counts = {f"A{n:02d}": [1_000 * n, 1_100 * n, 1_210 * n] for n in range(1, 6)}
    table = projected(counts, method)
    assert table["admissions"].to_numpy() == pytest.approx(
        [1_000 * 1.1**5 * n for n in range(1, 6)], rel=1e-6
    )


def test_log_linear_is_the_poisson_maximum_likelihood_fit():
    counts = np.array([37.0, 52.0, 49.0])
    time = np.array([-5.0, -4.0, -3.0])

    def negative_log_likelihood(parameters):
        expected = np.exp(parameters[0] + parameters[1] * time)
        return (expected - counts * np.log(expected)).sum()

    fit = minimize(
        negative_log_likelihood, [4.0, 0.1], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}
    )
    line = projected({"A01": [37, 52, 49]}, "log_linear").loc["A01"]
    assert line["admissions"] == pytest.approx(np.exp(fit.x[0]), rel=1e-5)
    design = np.column_stack([np.ones(3), time])
    information = design.T @ (design * np.exp(design @ fit.x)[:, None])
    assert line["admissions_se"] == pytest.approx(
        line["admissions"] * np.sqrt(np.linalg.inv(information)[0, 0]), rel=1e-4
    )


@pytest.mark.parametrize("counts", [[0, 0, 6], [7, 0, 0]])
@pytest.mark.parametrize("method", ["log_linear", "pooled_trend"])
def test_a_line_seen_in_an_outer_year_alone_takes_its_chapters_growth(counts, method):
    table = projected({"A01": [1_000, 1_100, 1_210], "A02": counts, "B01": [400, 300, 225]}, method)
    growth = 1.1 ** np.array([-5.0, -4.0, -3.0])
    assert table.loc["A02", "admissions"] == pytest.approx(sum(counts) / growth.sum(), rel=0.02)


def test_pooling_pulls_a_small_line_to_its_chapter_and_leaves_a_large_one():
    counts = {f"A{n:02d}": [10_000, 10_000, 10_000] for n in range(8)} | {
        "A20": [4, 6, 12],
        "A21": [5_000, 6_500, 8_450],
    }
    pooled, alone = (projected(counts, method)["admissions"] for method in ("pooled_trend", "log_linear"))
    assert alone["A20"] > 30
    assert pooled["A20"] < 0.5 * alone["A20"]
    assert pooled["A21"] == pytest.approx(alone["A21"], rel=0.05)


@pytest.mark.parametrize("method", ["last_year", "mean", "log_linear", "pooled_trend"])
def test_intervals_cover_the_truth_as_often_as_they_say(method):
    generator = np.random.default_rng(11)
    growth = {"log_linear": 0.05, "pooled_trend": 0.05}.get(method, 0.0)
    means = np.repeat([40.0, 200.0, 1_000.0], 100)
    inside = []
    for _ in range(3):
        counts = {
            f"A{n:03d}": generator.poisson(mean * np.exp(growth * np.arange(-5, -2))).tolist()
            for n, mean in enumerate(means)
        }
        table = projected(counts, method)
        inside += (np.abs(table["admissions"] - means) < 1.96 * table["admissions_se"]).tolist()
    assert 0.92 <= np.mean(inside) <= 0.98


@pytest.mark.parametrize("method", ["mean", "pooled_trend"])
def test_chapter_intervals_cover_the_truth_although_lines_share_their_growth(method):
    generator = np.random.default_rng(12)
    growth = 0.05 if method == "pooled_trend" else 0.0
    means = {f"{chapter}{line:02d}": 60.0 for chapter in "ABCDEFGH" for line in range(25)}
    inside = []
    for _ in range(30):
        counts = {
            hrg: generator.poisson(mean * np.exp(growth * np.arange(-5, -2))).tolist()
            for hrg, mean in means.items()
        }
        activity = activity_of(counts)
        national = project(activity, YEARS, TARGET, method, 1, 1)
        total = national["admissions"].groupby(national["hrg"].str[0]).sum()
        inside += (np.abs(total - 25 * 60) < 1.96 * chapter_errors(activity, national, TARGET)).tolist()
    assert 0.92 <= np.mean(inside) <= 0.98


def test_redrawn_projections_spread_as_the_closed_form_says():
    activity = activity_of({"A01": [9_000, 9_000, 9_000], "B01": [4_000, 4_000, 4_000]}, factor=4.0)
    projection = {"base_years": YEARS, "target_year": TARGET, "population": 10, "population_covered": 1}
    for method in ("mean", "log_linear"):
        arguments = projection | {"method": method}
        redrawn = pd.concat(redrawn_projections(activity, arguments, 150, seed=3))
        spread = redrawn.groupby("hrg")["admissions"].std()
        error = project(activity, **arguments).set_index("hrg")["admissions_se"]
        assert spread.to_numpy() == pytest.approx(error.to_numpy(), rel=0.2)


def test_length_of_stay_and_variance_factor_are_pooled_by_admissions():
    activity = pd.concat(
        [
            activity_of({"A01": [10]}, factor=3.0, mean_los=5.0),
            activity_of({"A01": [0, 30]}, factor=1.0, mean_los=1.0),
        ]
    )
    line = project(activity, YEARS[:2], TARGET, "mean", 1, 1).squeeze()
    assert line["variance_factor"] == pytest.approx((10 * 3 + 30 * 1) / 40)
    assert line["mean_los"] == pytest.approx((10 * 5 + 30 * 1) / 40)


LINES = st.lists(st.tuples(*[st.integers(0, 500)] * 3).filter(any), min_size=1, max_size=6)


@given(LINES, st.integers(2, 20), st.sampled_from(["last_year", "mean", "log_linear", "pooled_trend"]))
def test_a_population_m_times_as_large_has_m_times_the_admissions_and_error(lines, times, method):
    lines.append((50, 60, 70))
    counts = {f"A{n:02d}": line for n, line in enumerate(lines)}
    small, large = projected(counts, method), projected(counts, method, scale=times)
    for column in ("admissions", "admissions_se"):
        assert np.allclose(large[column], times * small[column])
        assert np.isfinite(small[column]).all()


def test_a_trend_needs_two_years_and_a_year_needs_its_activity():
    with pytest.raises(InputError, match="needs two base years"):
        projected({"A01": [5]}, "log_linear", years=YEARS[:1])
    with pytest.raises(InputError, match="no admissions in 2004-05"):
        projected({"A01": [5, 5]}, "mean")


def test_a_list_gets_its_share_of_each_line():
    national = projected({"A01": [100, 100, 100], "B01": [10, 10, 10]}, "mean").reset_index()
    lists = by_list_size(national, [500, 10], population=1_000)
    assert lists["list_size"].tolist() == [10, 10, 500, 500]
    assert lists["expected_admissions"].tolist() == pytest.approx([1, 0.1, 50, 5])
