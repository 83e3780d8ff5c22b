"""What the report says of practices compared: every number leads to its cells."""

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
from casemix_risk.report.tables_practices import comparison_numbers, comparison_tables


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
