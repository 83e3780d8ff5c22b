import pytest
from examples import lines_of

from casemix_risk.errors import InputError
from casemix_risk.risk.named_lines import forced_lines, named_lines

LINES = lines_of([0.1] * 4, [10] * 4, hrgs=["H80", "H81", "H81", "T01"]).assign(
    admission_type=["elective", "elective", "emergency", "emergency"]
)


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ([], [False, False, False, False]),
        (["H8"], [True, True, True, False]),
        (["H81"], [False, True, True, False]),
        (["H81 emergency"], [False, False, True, False]),
        (["H elective", "T"], [True, True, False, True]),
    ],
)
def test_a_name_is_an_hrg_or_its_beginning(names, meant):
    assert named_lines(LINES, names, "risk.never_pooled").tolist() == meant


@pytest.mark.parametrize("name", ["X99", "T01 elective", "H81 day case", "1"])
def test_a_name_that_means_nothing_is_named_with_its_key(name):
    with pytest.raises(InputError, match=f"risk.always_pooled names {name}, which is no cost line"):
        named_lines(LINES, ["H80", name], "risk.always_pooled")


def test_a_line_in_both_lists_is_named():
    with pytest.raises(InputError, match="both hold H81 emergency"):
        forced_lines(LINES, ["H81 emergency"], ["H8"])
    always, never = forced_lines(LINES, ["H81 emergency"], ["H81 elective"])
    assert always.tolist() == [False, False, True, False]
    assert never.tolist() == [False, True, False, False]
