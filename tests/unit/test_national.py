import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from casemix_risk.errors import InputError
from casemix_risk.volumes.growth import yearly_shift_variance
from casemix_risk.volumes.national import chapter_errors, project
from casemix_risk.volumes.redraw import redrawn_projections

YEARS = ["2002-03", "2003-04", "2004-05"]
TARGET = "2007-08"


def activity_of(counts, factor=1.0, mean_los=2.0):
    """Table activity from {hrg: counts by year}."""
    rows = [
        (year, hrg, "elective", count, mean_los, 0.0, count, factor)
        for hrg, line in counts.items()
        for year, count in zip(YEARS, line, strict=False)
        if count
    ]
    columns = [
        "year",
        "hrg",
        "admission_type",
        "admissions",
        "mean_los",
        "day_case_share",
        "patients",
        "variance_factor",
    ]
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


@pytest.mark.parametrize("counts", [[0, 0, 6], [6, 0, 0]])
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


def test_a_line_alone_in_its_chapter_has_nothing_to_borrow():
    counts = {"A01": [37, 52, 49], "B01": [90, 80, 70]}
    pooled, alone = (projected(counts, method) for method in ("pooled_trend", "log_linear"))
    for column in ("admissions", "admissions_se"):
        assert pooled[column].to_numpy() == pytest.approx(alone[column].to_numpy())


def test_two_years_pooled_by_hand():
    """All spread of growth is shift, so growth is the chapter's and the last count weighs most."""
    y = np.array([[400.0, 800.0], [600.0, 500.0]])
    own, noise = np.log(y[:, 1] / y[:, 0]), (1 / y).sum(axis=1)
    weight = 1 / noise
    centre = np.average(own, weights=weight)
    excess = (weight * (own - centre) ** 2).sum() - 1
    shift = excess / (weight.sum() - (weight**2).sum() / weight.sum())
    growth = np.log(1_300 / 1_000)
    growth_variance = 1 / 1_300 + 1 / 1_000 + shift * ((1_200 / 2_300) ** 2 + (1_100 / 2_300) ** 2)
    relative = np.exp(growth * np.array([-4.0, -3.0]))
    chance = 1 / (y.sum(axis=1, keepdims=True) / relative.sum() * relative)
    weights = 1 / (chance + np.array([shift, 0]))
    information = weights.sum(axis=1)
    weights /= information[:, None]
    level = (weights * y / relative).sum(axis=1)
    mean_time = weights @ [-4.0, -3.0]
    error = level * np.sqrt(1 / information + 3 * shift + mean_time**2 * growth_variance)
    activity = activity_of({"A01": [0, 400, 800], "A02": [0, 600, 500]})
    table = project(activity, YEARS[1:], TARGET, "pooled_trend", 1, 1)
    assert table["admissions"].to_numpy() == pytest.approx(level)
    assert table["admissions_se"].to_numpy() == pytest.approx(error)


def random_walks(generator, lines, years, drift, shift):
    """True means of lines whose log level drifts and shifts, and counts drawn from them; lines x years."""
    steps = drift + np.sqrt(shift) * generator.standard_normal((lines, years))
    steps[:, 0] = np.log(generator.choice([50.0, 400.0, 3_000.0], lines))
    means = np.exp(steps.cumsum(axis=1))
    return means, generator.poisson(means)


@pytest.mark.parametrize("years", [2, 3, 5])
@pytest.mark.parametrize("shift", [0.0, 0.02])
def test_the_variance_of_yearly_shifts_is_recovered(years, shift):
    _, counts = random_walks(np.random.default_rng(4), 2_000, years, 0.03, shift)
    table = pd.DataFrame(counts, pd.MultiIndex.from_product([[f"A{n}" for n in range(2_000)], ["elective"]]))
    table.index.names = ["hrg", "admission_type"]
    time = np.arange(-years, 0.0)
    found = yearly_shift_variance(table, np.full(counts.shape, True), np.ones(len(counts)), time)
    assert found == pytest.approx(shift, rel=0.15, abs=0.0005)


@pytest.mark.parametrize("years", [2, 3, 5])
def test_pooled_intervals_cover_levels_that_shift(years):
    means, counts = random_walks(np.random.default_rng(5), 1_500, years + 1, 0.03, 0.01)
    named = [f"{2000 + n}-{(1 + n):02d}" for n in range(years + 1)]
    rows = pd.DataFrame(counts[:, :years], [f"A{n:04d}" for n in range(1_500)], named[:years])
    long = rows.rename_axis("hrg").melt(ignore_index=False, var_name="year", value_name="admissions")
    activity = long.reset_index().assign(
        admission_type="elective", mean_los=1.0, day_case_share=0.0, patients=None, variance_factor=1.0
    )
    table = project(activity, named[:years], named[years], "pooled_trend", 1, 1)
    inside = np.abs(table["admissions"] - means[:, -1]) < 1.96 * table["admissions_se"]
    assert 0.92 <= inside.mean() <= 0.98


@pytest.mark.parametrize("method", ["last_year", "mean", "log_linear", "pooled_trend"])
def test_a_code_that_begins_has_no_empty_years_and_one_that_ended_has_no_future(method):
    grown = {"A01": [10_000, 10_000, 10_000], "A02": [0, 0, 600], "A03": [600, 600, 0], "A04": [3, 2, 0]}
    table = projected(grown, method)
    assert table.loc["A02", "admissions"] == pytest.approx(600, rel=0.02)
    assert table.loc["A03", "admissions"] == 0
    assert (table.loc["A04", "admissions"] > 0) == (method != "last_year")  # chance empties such a year


def test_pooled_intervals_cover_the_truth_where_one_line_dominates_its_chapter():
    generator = np.random.default_rng(13)
    means = {f"{chapter}{n:02d}": mean for chapter in "ABCDEFGH" for n, mean in enumerate([2_000, 200, 50])}
    dominant, inside = [f"{chapter}00" for chapter in "ABCDEFGH"], []
    for _ in range(25):
        counts = {
            hrg: generator.poisson(mean * np.exp(0.05 * np.arange(-5, -2))).tolist()
            for hrg, mean in means.items()
        }
        table = projected(counts, "pooled_trend").loc[dominant]
        inside += (np.abs(table["admissions"] - 2_000) < 1.96 * table["admissions_se"]).tolist()
    # Chance may look like yearly shifts and never like less than none, so intervals err on the wide side.
    assert 0.92 <= np.mean(inside) <= 0.99


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
    activity = activity_of({f"A{n:02d}": [9_000, 9_000, 9_000] for n in range(20)}, factor=4.0)
    projection = {"base_years": YEARS, "target_year": TARGET, "population": 10, "population_covered": 1}
    for method in ("mean", "log_linear"):
        arguments = projection | {"method": method}
        redrawn = pd.concat(redrawn_projections(activity, arguments, 20, seed=3))
        once = project(activity, **arguments).loc[0]
        assert redrawn["admissions"].mean() == pytest.approx(once["admissions"], rel=0.01)
        assert redrawn["admissions"].std() == pytest.approx(once["admissions_se"], rel=0.15)


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


METHODS = ["last_year", "mean", "log_linear", "pooled_trend"]
LINES = st.lists(st.tuples(*[st.integers(0, 500)] * 3).filter(any), min_size=1, max_size=6)


@settings(max_examples=25)
@given(LINES, st.integers(2, 20), st.sampled_from(METHODS))
def test_a_population_m_times_as_large_has_m_times_the_admissions_and_error(lines, times, method):
    lines.append((50, 60, 70))
    counts = {f"A{n:02d}": line for n, line in enumerate(lines)}
    small, large = projected(counts, method), projected(counts, method, scale=times)
    for column in ("admissions", "admissions_se"):
        assert np.allclose(large[column], times * small[column])
        assert np.isfinite(small[column]).all()


@settings(max_examples=25)
@given(LINES, st.integers(2, 20), st.sampled_from(["last_year", "mean", "log_linear"]))
def test_counts_m_times_as_large_give_m_times_the_admissions_and_root_m_times_the_error(lines, times, method):
    lines.append((50, 60, 70))
    once = projected({f"A{n:02d}": line for n, line in enumerate(lines)}, method)
    more = projected({f"A{n:02d}": [times * y for y in line] for n, line in enumerate(lines)}, method)
    assert np.allclose(more["admissions"], times * once["admissions"])
    if method != "log_linear":  # its fallback to the chapter has an error of its own
        assert np.allclose(more["admissions_se"], np.sqrt(times) * once["admissions_se"])


@settings(max_examples=25)
@given(LINES, st.randoms(use_true_random=False), st.sampled_from(METHODS))
def test_the_order_of_rows_changes_nothing(lines, random, method):
    lines.append((50, 60, 70))
    activity = activity_of({f"{'ABC'[n % 3]}{n:02d}": line for n, line in enumerate(lines)})
    shuffled = activity.sample(frac=1, random_state=random.randrange(1_000))
    tables = [project(rows, YEARS, TARGET, method, 1, 1) for rows in (activity, shuffled)]
    pd.testing.assert_frame_equal(*tables)


@settings(max_examples=25)
@given(st.lists(st.tuples(*[st.integers(1, 500)] * 3), min_size=1, max_size=6))
def test_the_mean_keeps_the_total(lines):
    lines.append((50, 60, 70))
    table = projected({f"A{n:02d}": line for n, line in enumerate(lines)}, "mean", scale=10)
    assert table["admissions"].sum() == pytest.approx(10 * np.sum(lines) / 3)


def test_a_year_of_empty_rows_is_a_missing_year():
    activity = activity_of({"A01": [5, 6, 7]})
    activity.loc[activity["year"] == YEARS[2], "admissions"] = 0
    with pytest.raises(InputError, match="no admissions in 2004-05"):
        project(activity, YEARS, TARGET, "last_year", 1, 1)


def test_a_trend_needs_two_years_and_a_year_needs_its_activity():
    with pytest.raises(InputError, match="needs two base years"):
        projected({"A01": [5]}, "log_linear", years=YEARS[:1])
    with pytest.raises(InputError, match="no admissions in 2004-05"):
        projected({"A01": [5, 5]}, "mean")
