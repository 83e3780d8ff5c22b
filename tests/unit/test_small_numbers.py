import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.volumes.small_numbers import published_activity, suppressed

COLUMNS = [
    "year",
    "hrg",
    "admission_type",
    "admissions",
    "mean_los",
    "day_case_share",
    "patients",
    "variance_factor",
]


def activity_of(*rows):
    """Lines from (HRG, admissions, mean stay, share of day cases, patients, variance factor)."""
    table = pd.DataFrame(rows, columns=["hrg", *COLUMNS[3:]])
    table.insert(0, "year", "2004-05")
    return table.assign(admission_type="elective")[COLUMNS]


def test_counts_by_hand():
    counts = [1, 4, 7, 8, 12, 13, 1_002, 1_003]
    lines = activity_of(*((f"A{n:04}", n, 1.0, 0.0, n, 1.0) for n in counts))
    shown = published_activity(suppressed(lines))["admissions"]
    assert shown.fillna(-1).tolist() == [-1, -1, -1, 10, 10, 15, 1_000, 1_005]


def test_a_suppressed_line_is_as_every_other_of_its_type():
    table = suppressed(
        activity_of(
            ("A01", 100, 2.04, 0.5, 80, 1.26), ("B02", 40, 4.0, 0.1, 40, 1.0), ("C03", 3, 99.0, 1.0, 1, 3.0)
        )
    ).set_index("hrg")
    assert table["admissions"].tolist() == [100, 40, 4]
    assert table["mean_los"].tolist() == [2.0, 4.0, 3.0]
    assert table["day_case_share"].tolist() == [0.5, 0.1, 0.3]
    assert table["variance_factor"].tolist() == [1.3, 1.0, 1.0]
    assert table["patients"].isna().all()


def test_where_every_line_is_small_nothing_is_left_to_say():
    table = suppressed(activity_of(("A01", 2, 3.0, 0.5, 2, 1.0)))
    assert np.isnan(table["mean_los"].item())
    assert table["day_case_share"].item() == 0


@st.composite
def two_of_a_class(draw):
    """Two lists of lines that differ only in what is not to be told."""
    one, other = [], []
    for number in range(draw(st.integers(1, 8))):
        hrg = f"A{number:02}"
        if draw(st.booleans()):
            for lines in (one, other):
                lines.append(
                    (
                        hrg,
                        draw(st.integers(1, 7)),
                        draw(st.floats(0, 100)),
                        draw(st.floats(0, 1)),
                        draw(st.integers(1, 7)),
                        draw(st.floats(1, 7)),
                    )
                )
        else:
            middle = 5 * draw(st.integers(2, 400))
            rates = (draw(st.integers(0, 500)) / 10, draw(st.integers(0, 10)) / 10)
            factor = draw(st.integers(10, 30)) / 10
            for lines in (one, other):
                count = max(8, middle + draw(st.integers(-2, 2)))
                lines.append((hrg, count, *rates, draw(st.integers(8, count)), factor))
    return activity_of(*one), activity_of(*other)


@given(two_of_a_class())
def test_nothing_that_is_suppressed_changes_anything(pair):
    """What follows is a function of this table, so no total, difference or cost can tell the two apart."""
    pd.testing.assert_frame_equal(*map(suppressed, pair))
