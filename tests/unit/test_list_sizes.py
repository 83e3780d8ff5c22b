import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.volumes.list_sizes import by_list_size

NATIONAL = pd.DataFrame(
    {"hrg": ["A01", "B01"], "admission_type": ["elective", "emergency"], "admissions": [100.0, 10.0]}
)


def test_a_list_gets_its_share_of_each_line():
    lists = by_list_size(NATIONAL, [500, 10], population=1_000)
    assert lists.columns.tolist() == ["list_size", "hrg", "admission_type", "expected_admissions"]
    assert lists["list_size"].tolist() == [10, 10, 500, 500]
    assert lists["hrg"].tolist() == ["A01", "B01"] * 2
    assert lists["expected_admissions"].tolist() == pytest.approx([1, 0.1, 50, 5])


@given(st.integers(1, 10_000_000), st.integers(1, 10_000_000))
def test_two_lists_together_expect_what_one_list_of_their_people_does(one, other):
    expected = by_list_size(NATIONAL, {one, other, one + other}, 51_000_000).pivot(
        index="list_size", columns="hrg", values="expected_admissions"
    )
    assert (expected.loc[one] + expected.loc[other]).to_numpy() == pytest.approx(expected.loc[one + other])
