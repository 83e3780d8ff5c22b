"""What the report says of practices compared: every number leads to its cells."""

import pandas as pd
import pytest
from practice_examples import practice_tables

from casemix_risk.audit.source import recomputed
from casemix_risk.practices.association import practice_association
from casemix_risk.practices.expected import practice_expected
from casemix_risk.practices.ladder import practice_ladder
from casemix_risk.practices.prevalence import completeness, practice_prevalence
from casemix_risk.practices.ratios import practice_ratios
from casemix_risk.practices.savings import practice_savings
from casemix_risk.report.numbers import table_numbers
from casemix_risk.report.practice_numbers import comparison_numbers
from casemix_risk.report.tables_practices import comparison_tables


@pytest.fixture(scope="module")
def tables():
    made = practice_tables(effect_sd=0.2)
    counts, profile = made.practice_counts, made.practice_profile
    expected = practice_expected(counts, profile)
    recorded = completeness(practice_prevalence(counts, profile))
    return {
        "practice_ratios": practice_ratios(expected, counts),
        "practice_ladder": practice_ladder(counts, profile, None, 1),
        "practice_savings": practice_savings(expected, 1, 200),
        "practice_association": practice_association(expected, profile, recorded),
    }


def test_every_number_is_that_of_its_cells(tables):
    numbers = [
        *comparison_numbers(tables),
        *(number for table in comparison_tables(tables) for number in table_numbers(table)),
    ]
    assert len({number.id for number in numbers}) == len(numbers)
    for number in numbers:
        again = recomputed(number.source, tables[number.source.table.removeprefix("practices/")])
        assert again is None or again == pytest.approx(number.value), number.id


def ratio_row(practice, step, observed, expected, lower, upper, signal=""):
    limits = {"lower": lower, "upper": upper, "shrunken_lower": lower, "shrunken_upper": upper}
    ratio = dict.fromkeys(("ratio", "shrunken"), observed / expected)
    funnel = {f"{side}_{level}": 1.0 for side in ("lower", "upper") for level in ("95", "998")}
    key = {"practice": practice, "year": "all", "measure": "admissions", "step": step}
    return (
        key
        | {"observed": observed, "expected": expected, "signal": signal, "tau": 0.1}
        | ratio
        | limits
        | funnel
    )


def ratios_by_hand():
    with_diagnoses = {
        "A": (130, 100.0, 1.1, 1.5, "high"),
        "B": (104, 100.0, 0.9, 1.2),
        "C": (70, 100.0, 0.6, 0.9),
        "D": (7, 1.0, 3.0, 14.0),
    }
    without = with_diagnoses | {"B": (120, 100.0, 1.05, 1.4)}
    return pd.DataFrame(
        ratio_row(practice, step, *rest)
        for step, rows in (("deprivation", without), ("earlier_diagnoses", with_diagnoses))
        for practice, rest in rows.items()
    )


def test_practices_are_above_or_below_where_their_interval_is_and_counted_at_both_steps(tables):
    said = comparison_numbers(tables | {"practice_ratios": ratios_by_hand()})
    numbers = {number.id.removeprefix("text/practices_"): number.value for number in said}
    assert (numbers["compared"], numbers["above"], numbers["below"]) == (4, 3, 1)
    assert (numbers["above_coded"], numbers["below_coded"]) == (2, 1)
    assert (numbers["above_both"], numbers["below_both"]) == (2, 1)
    assert (numbers["high"], numbers["high_coded"], numbers["low"]) == (1, 1, 0)


def test_the_table_has_the_ratios_side_by_side_and_nobody_with_a_small_count(tables):
    shown, *_ = comparison_tables(tables | {"practice_ratios": ratios_by_hand()})
    assert shown.frame["practice"].tolist() == ["A", "B", "C"]
    b = shown.frame.set_index("practice").loc["B"]
    assert (b["shrunken_deprivation"], b["side_deprivation"]) == (1.2, "above")
    assert (b["shrunken_earlier_diagnoses"], b["side_earlier_diagnoses"]) == (1.04, "")
    assert not {"observed", "expected"} & {column.rsplit("_", 1)[0] for column in shown.columns}


def test_the_ladder_is_the_mean_of_its_halves_beside_the_published_one(tables):
    ladder = pd.DataFrame(
        {
            "measure": measure,
            "step": step,
            "fitted_half": half,
            "r_squared": r_squared,
            "missed_by_10_share": 0.25,
        }
        for measure in ("admissions", "cost")
        for step in ("age_sex", "deprivation", "morbidity", "earlier_diagnoses")
        for half, r_squared in (("first", 0.3), ("second", 0.5))
    )
    shown = {table.id: table for table in comparison_tables(tables | {"practice_ladder": ladder})}
    rows = shown["practice_ladder"].frame.set_index("step")
    assert rows["r_squared_cost"].tolist() == pytest.approx([0.4] * 4)
    published = rows["published"].dropna().to_dict()  # domain: the Nuffield formula's
    assert published == {"age_sex": "0.34", "earlier_diagnoses": "0.74 to 0.77"}


def test_too_few_practices_have_no_association_and_everything_else(tables):
    few = tables | {"practice_association": tables["practice_association"].head(0)}
    assert not any("completeness" in number.id for number in comparison_numbers(few))
    assert not len(comparison_tables(few)[-1].frame)


def test_the_saving_to_use_is_the_smaller_of_without_and_with_diagnoses(tables):
    savings = tables["practice_savings"]
    drawn = (savings["best"] == 8) & (savings["estimator"] == "bootstrap") & ~savings["truncated"]
    for step, other in (("deprivation", "earlier_diagnoses"), ("earlier_diagnoses", "deprivation")):
        changed = savings.assign(
            saving_gbp=savings["saving_gbp"]
            .mask(drawn & (savings["step"] == step), 2e6)
            .mask(drawn & (savings["step"] == other), 3e6)
        )
        said = comparison_numbers(tables | {"practice_savings": changed})
        used = next(number for number in said if number.id == "text/practices_used_saving_gbp")
        assert (used.value, used.source.where["step"]) == (2e6, step)
