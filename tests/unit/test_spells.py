from datetime import date

import polars as pl
import pytest

from casemix_risk.volumes.spells import with_spells


def day(number):
    return None if number is None else date(2002, 6, number)


def spells(*rows):
    """Rows `patient, provider, admitted, start, end, discharge method` (days of June) -> rows by spell."""
    names = ["patient", "provider", "admission_date", "episode_start", "episode_end", "discharge_method"]
    values = [(*row[:2], *map(day, row[2:5]), row[5]) for row in rows]
    schema = [(name, pl.Date if name[-4:] in ("date", "tart", "_end") else pl.String) for name in names]
    numbered = with_spells(pl.DataFrame(values, schema=schema, orient="row"))
    together = {}
    for number, spell in enumerate(numbered["spell"]):
        together.setdefault(spell, []).append(number)
    return sorted(together.values())


A_STAY = ("p", "R1", 3, 3, 7, "1")


@pytest.mark.parametrize(
    ("other", "one_spell"),
    [
        (("p", "R1", 3, 7, 9, "1"), True),  # the same admission date
        (("p", "R1", 2, 3, 9, "1"), True),  # the same start
        (("p", "R1", 9, 7, 9, "1"), False),  # starts as the other ends, but that one was discharged
        (("p", "R1", 4, 4, 7, "1"), False),  # only the same end
        (("p", "R2", 3, 3, 7, "1"), False),
        (("q", "R1", 3, 3, 7, "1"), False),
    ],
)
def test_two_episodes(other, one_spell):
    assert spells(A_STAY, other) == ([[0, 1]] if one_spell else [[0], [1]])
    assert spells(other, A_STAY) == ([[0, 1]] if one_spell else [[0], [1]])


@pytest.mark.parametrize("method", ["8", "9"])
def test_an_unfinished_spell_goes_on_where_the_next_episode_starts(method):
    assert spells(("p", "R1", 3, 3, 7, method), ("p", "R1", 6, 7, 9, "1")) == [[0, 1]]
    assert spells(("p", "R1", 3, 3, 7, method), ("p", "R1", 6, 8, 9, "1")) == [[0], [1]]
    assert spells(("p", "R1", 3, 3, 7, method), ("p", "R2", 6, 7, 9, "1")) == [[0], [1]]


def test_two_unfinished_episodes_that_end_together_are_not_linked_by_that():
    assert spells(("p", "R1", 3, 3, 7, "8"), ("p", "R1", 4, 4, 7, "8")) == [[0], [1]]


def test_a_chain_through_every_kind_of_link_in_any_order():
    chain = [
        ("p", "R1", 3, 3, 5, "1"),
        ("p", "R1", 3, 5, 7, "8"),
        ("p", "R1", 9, 7, 8, "1"),
        ("p", "R1", 2, 7, 11, "1"),
        ("p", "R1", 20, 20, 21, "1"),
    ]
    assert spells(*chain) == [[0, 1, 2, 3], [4]]
    assert spells(*chain[::-1]) == [[0], [1, 2, 3, 4]]


def test_missing_dates_patients_and_providers_never_match():
    assert spells(("p", "R1", None, None, None, "8"), ("p", "R1", None, None, None, "8")) == [[0], [1]]
    assert spells((None, "R1", 3, 3, 7, "1"), (None, "R1", 3, 3, 7, "1")) == [[0], [1]]
    assert spells(("p", None, 3, 3, 7, "1"), ("p", None, 3, 3, 7, "1")) == [[0], [1]]
