"""Association over practices: closed forms, statsmodels' own likelihood, and known truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy import stats

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.practices.association import negative_binomial, practice_association
from casemix_risk.practices.coding_figures import draw_coding_and_ratio
from casemix_risk.streams import stream

PRACTICES = 57
SCHEMA = Path(__file__).parents[2] / "workflow/schemas/practice_association.yaml"


def drawn(draw, practices, effects, sd):
    """Counts whose practices have Gamma effects with this SD beside the terms'."""
    design = np.column_stack([np.ones(practices), draw.standard_normal((practices, len(effects)))])
    expected = draw.lognormal(6, 0.5, practices)
    effect = draw.gamma(sd**-2, sd**2, practices) if sd else 1
    return draw.poisson(expected * np.exp(design[:, 1:] @ effects) * effect), expected, design


def test_alone_the_mean_is_a_ratio_of_sums_and_its_error_that_of_a_count():
    observed, expected = np.array([98, 203, 151]), np.array([100.0, 200.0, 150.0])
    fit = negative_binomial(observed, expected, np.ones((3, 1)))
    assert fit.variance == 0
    assert np.exp(fit.coefficients[0]) == pytest.approx(452 / 450, rel=1e-9)
    assert fit.standard_errors[0] == pytest.approx(1 / np.sqrt(452), rel=1e-6)


def test_equal_practices_have_the_variance_of_moments():
    """Pearson's statistic is sum (O - m)^2 / (m + v m^2) = n - 1, so v = (s^2 - m) / m^2."""
    observed = np.array([80, 130, 95, 150, 60, 110])
    fit = negative_binomial(observed, np.full(6, 50.0), np.ones((6, 1)))
    mean = observed.mean()
    assert fit.variance == pytest.approx((observed.var(ddof=1) - mean) / mean**2, rel=1e-6)
    assert np.exp(fit.coefficients[0]) == pytest.approx(mean / 50, rel=1e-8)


def test_many_practices_agree_with_the_maximum_likelihood_of_statsmodels():
    observed, expected, design = drawn(stream(1, "many practices"), 3_000, [0.1, -0.05], 0.2)
    fit = negative_binomial(observed, expected, design)
    likelihood = sm.NegativeBinomial(observed, design, offset=np.log(expected)).fit(disp=False)
    assert fit.coefficients == pytest.approx(likelihood.params[:-1], abs=1e-3)
    assert fit.standard_errors == pytest.approx(likelihood.bse[:-1], rel=0.05)
    assert fit.variance == pytest.approx(likelihood.params[-1], rel=0.1)


@pytest.mark.parametrize("sd", [0.0, 0.1])
def test_intervals_cover_the_truth(sd):
    draw, effects = stream(1, "coverage", sd), np.array([0.05, 0.0, -0.1])
    covered = []
    for _ in range(60):
        fit = negative_binomial(*drawn(draw, PRACTICES, effects, sd))
        reach = stats.t.ppf(0.975, fit.degrees_of_freedom) * fit.standard_errors[1:]
        covered.append(np.abs(fit.coefficients[1:] - effects) <= reach)
    # 180 intervals, of which 95 % are to cover; 3.3 standard errors are 5.4 points.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.054)


@pytest.fixture
def tables():
    draw = stream(1, "association")
    observed, expected, design = drawn(draw, 400, [-0.06, 0.10, 0.0], 0.1)
    codes = [f"P{number:03}" for number in range(400)]
    profile = {"practice": codes, "deprivation": 20 + 5 * design[:, 2], "survey_score": 80 + 3 * design[:, 3]}
    rows = pd.DataFrame({"practice": codes, "observed": observed, "expected": expected})
    steps = pd.concat([rows.assign(step=step) for step in ("age_sex", "deprivation", "earlier_diagnoses")])
    recorded = pd.Series(0.9 + 0.1 * design[:, 1], codes, name="completeness")
    return steps.assign(year="all", measure="admissions"), pl.DataFrame(profile), recorded


def test_known_effects_are_found_a_standard_deviation_of_each_term(tables):
    found = practice_association(*tables)
    contract = read_contract(SCHEMA)
    rows = pa.Table.from_pandas(found, preserve_index=False).cast(contract.schema)
    check_domain(rows, contract)
    check_key(rows.select(contract.key), contract)
    found = found.set_index(["step", "term"])
    assert found.index.tolist() == [
        (step, term)
        for step in ("age_sex", "earlier_diagnoses")
        for term in ("completeness", "deprivation", "survey_score")
    ]
    for term, effect in (("completeness", -0.06), ("deprivation", 0.10), ("survey_score", 0.0)):
        row = found.loc[("age_sex", term)]
        assert row["lower"] < np.exp(effect) < row["upper"]
        # Practices' own effects of 0.1 and counts of about 400 give it an SE of about 0.006.
        assert np.log(row["upper"] / row["lower"]) == pytest.approx(4 * 0.006, rel=0.2)
    assert found["practice_sd"].iloc[0] == pytest.approx(0.1, abs=0.015)


def test_the_units_of_a_term_do_not_matter(tables):
    expected, profile, recorded = tables
    other = profile.with_columns(survey_score=pl.col("survey_score") / 100)
    one, two = (practice_association(expected, each, recorded)["rate_ratio"] for each in (profile, other))
    assert one.to_numpy() == pytest.approx(two.to_numpy(), rel=1e-9)


def test_too_few_practices_or_a_constant_term_give_no_rows(tables):
    expected, profile, recorded = tables
    few = expected[expected["practice"] < "P029"]
    assert practice_association(few, profile, recorded).empty
    same = profile.with_columns(survey_score=pl.lit(80.0))
    assert practice_association(expected, same, recorded).empty


@pytest.mark.parametrize("shown", ["all", "none"])
def test_the_figure_draws_the_association_where_there_is_one(tables, shown):
    expected, profile, recorded = tables
    found = practice_association(expected, profile, recorded)
    ratios = expected.assign(ratio=expected["observed"] / expected["expected"])
    figure = draw_coding_and_ratio(ratios, recorded, found if shown == "all" else found[:0])
    left = figure.axes[0]
    if shown == "none":
        assert "too few practices" in left.get_title(loc="left")
        return
    row = found.iloc[0]
    across, height = left.lines[0].get_data()
    # One standard deviation more of completeness multiplies the line by the rate ratio.
    slope = np.log(height[-1] / height[0]) / (across[-1] - across[0])
    assert np.exp(slope * row["standard_deviation"]) == pytest.approx(row["rate_ratio"])
    assert f"factor {row['rate_ratio']:.3f}" in left.get_title(loc="left")
