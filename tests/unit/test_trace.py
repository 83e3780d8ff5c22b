"""Numbers that their tables no longer give are found, and numbers without a value are not taken for them."""

import pandas as pd
import pytest

from casemix_risk.audit.source import Source
from casemix_risk.audit.trace import numbers_that_do_not_agree
from casemix_risk.report.numbers import Number, numbers_table

NOTHING = float("nan")


@pytest.mark.parametrize(
    ("said", "cell", "wrong"),
    [
        (5.0, 5.0, False),
        (5.0, 5.0 * (1 + 1e-12), False),
        (5.0, 5.1, True),
        (NOTHING, NOTHING, False),
        (NOTHING, 5.0, True),
        (5.0, NOTHING, True),
    ],
)
def test_a_number_agrees_with_its_cell_or_is_named(tmp_path, said, cell, wrong):
    (tmp_path / "report").mkdir()
    (tmp_path / "risk").mkdir()
    pd.DataFrame({"place": ["a", "b"], "cost": [cell, 9.0]}).to_parquet(tmp_path / "risk/costs.parquet")
    number = Number("text/cost", said, Source("risk/costs", "cost", {"place": "a"}))
    numbers_table([number]).to_parquet(tmp_path / "report/numbers.parquet")
    assert list(numbers_that_do_not_agree(tmp_path)) == ["text/cost"] * wrong


def test_a_number_of_a_cell_that_is_gone_is_named(tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "risk").mkdir()
    pd.DataFrame({"place": ["b"], "cost": [9.0]}).to_parquet(tmp_path / "risk/costs.parquet")
    gone = Number("text/cost", NOTHING, Source("risk/costs", "cost", {"place": "a"}))
    numbers_table([gone]).to_parquet(tmp_path / "report/numbers.parquet")
    assert list(numbers_that_do_not_agree(tmp_path)) == ["text/cost"]
