"""The ladder: scores by hand, steps that matter, and its contract."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from practice_examples import practice_tables

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.practices.expected import expected_by_step
from casemix_risk.practices.ladder import practice_ladder
from casemix_risk.practices.ladder_figure import draw_ladder
from casemix_risk.streams import stream

CONTRACT = Path(__file__).parents[2] / "workflow/schemas/practice_ladder.yaml"


@pytest.fixture(scope="module")
def tables():
    return practice_tables(160, 960_000, effect_sd=0.02, deprivation_effect=0.15, years=("2004-05",), seed=4)


@pytest.fixture(scope="module")
def ladder(tables):
    return practice_ladder(tables.practice_counts, tables.practice_profile, None, 1)


def test_the_table_keeps_its_contract(ladder):
    table = pa.Table.from_pandas(ladder, preserve_index=False)
    contract = read_contract(CONTRACT)
    assert table.column_names == list(contract.columns)
    check_domain(table.cast(contract.schema), contract)
    check_key(table.select(contract.key), contract)


def test_deprivation_explains_what_it_was_given_to_explain(ladder):
    mean = ladder[ladder["measure"] == "admissions"].groupby("step")["r_squared"].mean()
    assert mean["deprivation"] > mean["age_sex"] + 0.2
    assert mean["morbidity"] > mean["deprivation"]
    missed = ladder.groupby("step")["missed_by_10_share"].mean()
    assert missed["deprivation"] < missed["age_sex"]
    assert (ladder.loc[ladder["step"] == "age_sex", "family"] == "negative_binomial").all()


def test_scores_by_hand(tables, ladder):
    practices = np.array(tables.practice_profile["practice"].to_list())
    dealt = stream(1, "practice ladder").permutation(160)
    fitted_on, left = practices[dealt[:80]], practices[dealt[80:]]
    steps = expected_by_step(tables.practice_counts, tables.practice_profile, fitted_on)
    people = dict(tables.practice_people.group_by("practice").agg(pl.col("patients").sum()).iter_rows())
    rows = steps.expected[steps.expected["practice"].isin(left) & (steps.expected["year"] == "all")]
    rows = rows[(rows["measure"] == "cost") & (rows["step"] == "deprivation")]
    total = sum(people[code] for code in left)
    mean = rows["observed"].sum() / total
    error = spread = missed = 0.0
    for row in rows.itertuples():
        n = people[row.practice]
        error += n * (row.observed / n - row.expected / n) ** 2
        spread += n * (row.observed / n - mean) ** 2
        missed += abs(row.observed - row.expected) >= 0.1 * row.expected
    found = ladder.set_index(["measure", "step", "fitted_half"]).loc[("cost", "deprivation", "first")]
    assert found["practices"] == 80
    assert found["r_squared"] == pytest.approx(1 - error / spread)
    assert found["missed_by_10_share"] == pytest.approx(missed / 80)


def test_a_district_is_scored_alone(tables, ladder):
    district = tables.practice_profile["practice"].to_list()[:30]
    found = practice_ladder(tables.practice_counts, tables.practice_profile, district, 1)
    assert found.groupby(["measure", "step"])["practices"].sum().eq(30).all()
    assert found["dispersion"].equals(ladder["dispersion"])


def test_few_practices_have_no_ladder(tables):
    found = practice_ladder(tables.practice_counts, tables.practice_profile[:19], None, 1)
    assert list(found) == list(read_contract(CONTRACT).columns)
    assert found.empty


def test_the_figure_names_the_published_ladder(ladder):
    words = {text.get_text() for axes in draw_ladder(ladder).axes for text in axes.texts}
    assert "published:\nage and sex" in words


def test_halves_depend_on_the_seed_alone(tables, ladder):
    shuffled = tables.practice_counts.sample(fraction=1, shuffle=True, seed=2)
    again = practice_ladder(shuffled, tables.practice_profile.reverse(), None, 1)
    assert np.allclose(again["r_squared"], ladder["r_squared"], rtol=1e-6)
    other = practice_ladder(tables.practice_counts, tables.practice_profile, None, 2)
    assert not np.allclose(other["r_squared"], ladder["r_squared"], rtol=1e-3)


def test_a_half_with_one_practice_to_score_has_no_scores_and_one_with_two_has(tables):
    codes = tables.practice_people["practice"].unique().sort().to_list()
    one = practice_ladder(tables.practice_counts, tables.practice_profile, codes[:1], 1)
    assert set(one["practices"]) == {0, 1}
    assert one[["r_squared", "missed_by_10_share"]].isna().all(axis=None)
    many = practice_ladder(tables.practice_counts, tables.practice_profile, codes[:9], 1)
    assert many["practices"].min() >= 2
    assert many[["r_squared", "missed_by_10_share"]].notna().all(axis=None)
