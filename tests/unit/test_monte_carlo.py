import numpy as np
import pytest

from casemix_risk.risk.lines import Lines
from casemix_risk.risk.monte_carlo import search_by_simulation


def test_a_clear_best_is_always_found_and_a_tie_half_the_time():
    lines = Lines(np.array([0.1, 0.1, 0.001]), np.array([100.0, 100.0, 5_000.0]), np.ones(3))
    names = ["one", "other", "dear"]
    clear = np.array([[True, True, True], [True, True, False]])
    found = search_by_simulation(lines, names, clear, 10_000, 500, 20, 1)
    assert found["years_shared"].tolist() == ["common", "separate"]
    assert (found["found_best"] == 1).all()
    assert (found["worst_pct"] == 0).all()
    # Keeping one line of 1,000 admissions or the other is the same: neither search can tell, neither loses.
    near = np.array([[True, False, False], [False, True, False]])
    nearly = lines._replace(volume=np.array([0.1, 0.1001, 0.001]))
    found = search_by_simulation(nearly, names, near, 10_000, 500, 60, 1)
    assert found["found_best"].between(0.25, 0.75).all()
    assert found["worse_by_pct"].max() < 0.01
    # A coefficient of variation from n years errs by 1 / sqrt(2 n) of itself, here of 3 / sqrt(1,000).
    expected = 100 * 3 / np.sqrt(1_000) / np.sqrt(2 * 500)
    assert found["tolerance_se_pct"].to_numpy() == pytest.approx(np.full(2, expected), rel=0.2)


def test_rules_that_keep_the_same_lines_count_once():
    lines = Lines(np.array([0.1, 0.2]), np.array([100.0, 300.0]), np.ones(2))
    kept = np.array([[True, True], [True, True], [True, False]])
    assert (search_by_simulation(lines, ["a", "b"], kept, 1_000, 50, 4, 1)["cells"] == 2).all()
