"""Expected of practices: published and hand-made values, statsmodels' models, and known truth."""

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import statsmodels.api as sm
from practice_examples import practice_tables

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.errors import InputError
from casemix_risk.practices.covariates import covariates, expected_prevalence
from casemix_risk.practices.expected import STEPS, expected_by_step, practice_expected
from casemix_risk.practices.need_model import fit_need
from casemix_risk.practices.standardisation import AGE_SEX_AND_EARLIER, standardised
from casemix_risk.streams import stream

CONTRACT = Path(__file__).parents[2] / "workflow/schemas/practice_expected.yaml"
# Indirect standardisation as published with 19 age bands.
POPULATION = [
    *(636, 558, 609, 543, 384, 594, 669, 843, 660, 576),
    *(606, 522, 426, 273, 300, 288, 153, 123, 207),
]
REFERENCE_EVENTS = [
    *(10303, 2824, 0, 3615, 3641, 3490, 3789, 3213, 3031, 2771),
    *(3089, 3490, 3595, 4745, 5514, 7125, 5694, 6210, 5757),
]
REFERENCE_POPULATION = [
    *(50520, 57173, 60213, 54659, 44345, 50128, 62163, 67423, 62899, 55463),
    *(60479, 49974, 44140, 40888, 37239, 30819, 18136, 15325, 13918),
]


def counted(practice, people, admissions, **values):
    """Table practice_counts of a practice's nineteen bands of one sex; each admission costs 1 GBP."""
    rows = {"year": "2004-05", "practice": practice, "sex": 1, "comorbidity": 0} | values
    bands = {"age_from": np.arange(0, 95, 5)[: len(people)], "people": people, "admissions": admissions}
    money = {"cost_gbp": np.array(admissions, float), "cost_squared": np.array(admissions, float)}
    return pl.DataFrame(bands | money).with_columns(**{name: pl.lit(value) for name, value in rows.items()})


def published_counts(observed):
    """All the events of the small practice in one band, which changes nothing that is expected of it."""
    return pl.concat(
        [
            counted("LOCAL", POPULATION, [observed] + [0] * 18),
            counted("OTHER", REFERENCE_POPULATION, REFERENCE_EVENTS),
        ],
        how="diagonal",
    )


@pytest.fixture(scope="module")
def tables():
    return practice_tables(200, 1_200_000, seed=3)


@pytest.fixture(scope="module")
def expected(tables):
    return practice_expected(tables.practice_counts, tables.practice_profile)


def test_published_value_of_indirect_standardisation():
    table = standardised(published_counts(895), ["OTHER"]).set_index(["practice", "measure"])
    assert table.loc[("LOCAL", "admissions"), "expected"] == pytest.approx(835.8835612, abs=5e-8)
    assert table.loc[("OTHER", "admissions"), "expected"] == pytest.approx(sum(REFERENCE_EVENTS))


def test_cells_with_earlier_diagnoses_by_brute_force(tables):
    counts = tables.practice_counts.filter(pl.col("practice").is_in(["P00001", "P00002", "P00003"]))
    reference = ["P00001", "P00003"]
    rows = counts.rows(named=True)
    found = standardised(counts, reference, AGE_SEX_AND_EARLIER).set_index(["practice", "year", "measure"])
    for practice, year in product(["P00002", "P00003"], ["2002-03", "2004-05"]):
        total = 0.0
        for own in (row for row in rows if row["practice"] == practice and row["year"] == year):
            same = [
                row
                for row in rows
                if row["practice"] in reference
                and all(row[key] == own[key] for key in ("year", *AGE_SEX_AND_EARLIER))
            ]
            people, cost = (sum(row[name] for row in same) for name in ("people", "cost_gbp"))
            total += own["people"] * cost / people if people else 0.0
        assert found.loc[(practice, year, "cost"), "expected"] == pytest.approx(total)


def test_the_table_keeps_its_contract(expected):
    table = pa.Table.from_pandas(expected, preserve_index=False)
    contract = read_contract(CONTRACT)
    assert table.column_names == list(contract.columns)
    check_domain(table.cast(contract.schema), contract)
    check_key(table.select(contract.key), contract)


def test_every_step_expects_in_all_what_was_observed(expected):
    sums = expected.groupby(["year", "measure", "step"])[["observed", "expected"]].sum()
    assert len(sums) == 4 * 2 * 4
    assert sums["expected"].to_numpy() == pytest.approx(sums["observed"].to_numpy())


def test_all_years_are_the_sum_of_each(expected):
    of_all = expected["year"] == "all"
    key = ["practice", "measure", "step"]
    yearly = expected[~of_all].groupby(key)["expected"].sum()
    assert expected[of_all].set_index(key)["expected"].to_dict() == pytest.approx(yearly.to_dict())


def test_the_first_year_has_no_earlier_diagnoses(expected):
    first = expected[expected["year"] == "2002-03"].pivot_table(
        index=["practice", "measure"], columns="step", values="expected"
    )
    apart = first["earlier_diagnoses"] / first["morbidity"]
    assert apart.to_numpy() == pytest.approx(1, abs=0.02)  # their models differ a little, their cells do not


def test_with_one_price_cost_is_judged_as_admissions_are(tables):
    counts = tables.practice_counts.with_columns(
        cost_gbp=100.0 * pl.col("admissions"), cost_squared=1e4 * pl.col("admissions")
    )
    table = practice_expected(counts, tables.practice_profile)
    wide = table.pivot_table(index=["practice", "year", "step"], columns="measure", values="expected")
    assert wide["cost"].to_numpy() == pytest.approx(100 * wide["admissions"].to_numpy(), rel=1e-6)


def test_order_and_parts_of_the_counts_do_not_matter(tables, expected):
    half = pl.col("people", "admissions") // 3
    money = pl.col("cost_gbp", "cost_squared") * 0.25
    numbers = ["people", "admissions", "cost_gbp", "cost_squared"]
    parts = tables.practice_counts.with_columns(half, money)
    rest = tables.practice_counts.with_columns(
        *(pl.col(name) - parts[name] for name in numbers),
    )
    shuffled = pl.concat([parts, rest]).sample(fraction=1, shuffle=True, seed=4)
    profile = tables.practice_profile.sample(fraction=1, shuffle=True, seed=5)
    table = practice_expected(shuffled, profile)
    assert table[["practice", "year", "measure", "step"]].equals(
        expected[["practice", "year", "measure", "step"]]
    )
    assert table["expected"].to_numpy() == pytest.approx(expected["expected"].to_numpy(), rel=1e-7)


def test_a_district_is_compared_with_all_practices(tables, expected):
    district = ["P00007", "P00003"]
    table = practice_expected(tables.practice_counts, tables.practice_profile, district)
    wanted = expected[expected["practice"].isin(district)].reset_index(drop=True)
    assert table.equals(wanted)


def test_practices_without_a_profile_have_age_and_sex_alone(tables):
    profile = tables.practice_profile[:150]
    table = practice_expected(tables.practice_counts, profile)
    steps = table.groupby("practice")["step"].nunique()
    assert (steps[profile["practice"].to_list()] == 4).all()
    assert (steps.drop(profile["practice"].to_list()) == 1).all()


def test_with_few_practices_there_is_no_model(tables):
    few = practice_expected(tables.practice_counts, tables.practice_profile[:9])
    assert set(few["step"]) == {"age_sex"}


def test_models_find_what_was_put_in():
    tables = practice_tables(400, 4_000_000, effect_sd=0.05, deprivation_effect=0.1, seed=6)
    steps = expected_by_step(
        tables.practice_counts, tables.practice_profile, tables.practice_profile["practice"].to_list()
    )
    model = steps.models["admissions", "deprivation"]
    # The truth is 0.1 for a d of SD 1 in scores of 22 exp(0.4 d); the error is sqrt(0.05^2 x 2 / 400).
    d = np.log(tables.practice_profile["deprivation"].to_numpy() / 22) / 0.4
    assert model.coefficients[1] == pytest.approx(0.1 * d.std(), abs=0.012)
    assert model.family == "negative_binomial"
    left = [steps.models["admissions", step].alpha for step in STEPS]
    assert left[0] > left[1] > left[2]
    # What the steps cannot explain: true effects of SD 0.05, a little more as prevalence is incomplete.
    assert 0.05**2 * 0.8 < left[2] < 0.05**2 + 0.05**2


@pytest.mark.parametrize("effect", [0.0, 0.15])
def test_need_models_are_statsmodels(effect):
    draw = stream(7, "need model", effect)
    values, expected = draw.standard_normal((120, 3)), 500 * draw.lognormal(0, 0.5, 120)
    mean = expected * np.exp(0.05 + values @ [0.1, 0, -0.05] + effect * draw.standard_normal(120))
    observed = draw.poisson(mean).astype(float)
    found = fit_need(observed, expected, values)
    design, offset = sm.add_constant(values), np.log(expected)
    if effect:
        wanted = sm.NegativeBinomial(observed, design, offset=offset).fit(
            start_params=[0, 0, 0, 0, 0.02], method="newton", disp=False
        )
        assert found.family == "negative_binomial"
        assert found.alpha == pytest.approx(wanted.params[-1], rel=1e-4)
        assert found.coefficients == pytest.approx(wanted.params[:-1], abs=1e-6)
    else:
        wanted = sm.Poisson(observed, design, offset=offset).fit(disp=False)
        assert found.family == "poisson"
        assert found.alpha == 0
        assert found.coefficients == pytest.approx(wanted.params, abs=1e-6)


def test_poisson_counts_are_taken_for_more_in_one_of_twenty_cases():
    draw = stream(8, "need model test")
    runs, rejected = 100, 0
    for _ in range(runs):
        expected = 300 * draw.lognormal(0, 0.4, 57)
        model = fit_need(draw.poisson(expected).astype(float), expected, draw.standard_normal((57, 1)))
        rejected += model.family != "poisson"
    assert rejected / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_expected_prevalence_finds_prevalences_within_ages_and_sexes():
    draw = stream(9, "prevalence")
    practices, ages = [f"P{number:02}" for number in range(40)], np.arange(0, 95, 5)
    within = np.where(ages < 40, 0.0, np.where(ages < 60, 3.0, np.where(ages < 75, 10.0, 20.0)))
    parts, recorded = [], []
    for practice in practices:
        men, women = draw.integers(1, 500, (2, 19))
        parts += [counted(practice, men, 0 * men), counted(practice, women, 0 * women, sex=2)]
        recorded.append((men @ within + women @ (within / 2)) / (men.sum() + women.sum()))
    profile = pl.DataFrame({"practice": practices, "prevalence_chd_pct": recorded})
    found = expected_prevalence(pl.concat(parts, how="diagonal"), profile)
    assert found["prevalence_chd_pct"].to_numpy() == pytest.approx(recorded)


def test_covariates_are_in_standard_deviations_and_few_practices_take_conditions_together(tables):
    reference = tables.practice_profile["practice"].to_list()
    many = covariates(tables.practice_counts, tables.practice_profile, reference)["morbidity"]
    assert many.shape == (200, 13)
    assert many.mean().to_numpy() == pytest.approx(0, abs=1e-9)
    assert many.std(ddof=0).to_numpy() == pytest.approx(1)
    few = covariates(tables.practice_counts, tables.practice_profile, reference[:57])["morbidity"]
    assert list(few) == ["deprivation", "recorded_conditions"]
    assert few.shape == (200, 2)


def test_what_does_not_vary_is_no_covariate(tables):
    profile = tables.practice_profile.with_columns(deprivation=20.0)
    found = covariates(tables.practice_counts, profile, profile["practice"].to_list())
    assert found["deprivation"].shape == (200, 0)
    assert "deprivation" not in found["morbidity"]


def test_practices_that_the_extract_does_not_know_end_in_a_sentence_with_the_year():
    tables = practice_tables(20, 60_000, years=("2003-04", "2004-05"))
    district = tables.practice_people["practice"].unique().sort().to_list()[:9]
    unknown = pl.col("practice").is_in(district) & (pl.col("year") == "2004-05")
    names = ("admissions", "cost_gbp", "cost_squared")
    counts = tables.practice_counts.with_columns(
        pl.when(unknown).then(0).otherwise(pl.col(name)).alias(name) for name in names
    )
    with pytest.raises(InputError, match="None of the practices compared has an emergency admission in 2004"):
        practice_expected(counts, tables.practice_profile, district)
    assert len(practice_expected(counts, tables.practice_profile))
