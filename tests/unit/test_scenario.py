import numpy as np
import pytest
from examples import lines_of

from casemix_risk.errors import InputError
from casemix_risk.risk.lines import any_pools, lines_from
from casemix_risk.risk.moments import coefficient_of_variation
from casemix_risk.risk.scenario import scenario

LINES = lines_of([0.1, 0.2, 0.3], [1_000, 2_000, 500], hrgs=["D01", "D02", "E01"])


def test_percentages_are_standard_deviations():
    shocks = scenario(LINES, {"common_pct": 2, "groups": [{"name": "winter", "pct": 5, "lines": ["D"]}]})
    assert shocks.common == pytest.approx(0.0004)
    ((variance, inside),) = shocks.groups
    assert variance == pytest.approx(0.0025)
    assert inside.tolist() == [True, True, False]
    # On a list so large that chance is nothing: D has 500 of 650 pounds a head.
    kept = any_pools(np.ones((1, 3), dtype=bool))
    cv = coefficient_of_variation(lines_from(LINES), kept, np.array([1e12]), shocks)[0, 0]
    of_group = 0.05 * 500 / 650
    assert cv == pytest.approx(np.sqrt(0.02**2 + of_group**2), rel=1e-3)


def test_no_shock_is_none():
    assert scenario(LINES, {"common_pct": 0, "groups": []}) == (0, ())


def test_a_line_in_two_groups_is_named():
    groups = [{"name": "winter", "pct": 5, "lines": ["D"]}, {"name": "flu", "pct": 3, "lines": ["D02"]}]
    with pytest.raises(InputError, match="D02 elective in two groups"):
        scenario(LINES, {"common_pct": 0, "groups": groups})


def test_a_group_of_no_line_is_named():
    with pytest.raises(InputError, match=r"shocks\.groups names X01"):
        scenario(LINES, {"common_pct": 0, "groups": [{"name": "x", "pct": 5, "lines": ["X01"]}]})
