"""Spells beside their scalar twin, and worked out by hand on the small set."""

import random

import polars as pl
import pytest
from definition_sets import SMALL
from random_episodes import SCHEMA, random_records

from casemix_risk.errors import InputError
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from casemix_risk.group.engine import group_records
from casemix_risk.group.scalar import plain_tables
from casemix_risk.group.scalar_spells import group_spell
from casemix_risk.group.spells import group_spells

DEFINITIONS = read_definitions(SMALL)
COMPILED = compile_definitions(DEFINITIONS)
TABLES = plain_tables(DEFINITIONS)
SPELL_SCHEMA = SCHEMA | dict.fromkeys(("provider", "spell", "episode_order", "admission_method"), pl.String)
EPISODE = dict.fromkeys(SPELL_SCHEMA) | {
    "diagnoses": "J180",
    "age": "60",
    "sex": "1",
    "days": "5",
    "admission_type": "emergency",
    "patient_class": "1",
    "provider": "RR8",
    "spell": "7",
    "episode_order": "1",
    "admission_method": "21",
}


def spells_of(*episodes: dict) -> list[dict]:
    records = pl.DataFrame([EPISODE | episode for episode in episodes], schema=SPELL_SCHEMA)
    return group_spells(group_records(records, COMPILED), records, COMPILED).to_dicts()


BY_HAND = [
    # The operation of the second episode dominates; its days and all complications count.
    (
        [{"days": "9"}, {"episode_order": "2", "diagnoses": "M160 E119", "procedures": "W371 U211"}],
        {"dominant_row": 2, "hrg": "G02", "method": "P", "rule": "P-06", "cc_score": 1, "adjusted_days": 14},
    ),
    # No operation: most days, less critical care, dominate; the first of equals.
    (
        [{"diagnoses": "R074"}, {"episode_order": "2", "days": "7", "critical_care_days": "2"}],
        {"dominant_row": 1, "hrg": "E04", "adjusted_days": 10, "unbundled": "X01 X01"},
    ),
    # First is first in order, not in the file.
    ([{"episode_order": "2"}, {"diagnoses": "R074"}], {"dominant_row": 2, "row": 1, "hrg": "E04"}),
    # The other episode's complication lifts the dominant one over its split; its primary does not count.
    ([{"days": "6"}, {"episode_order": "2", "diagnoses": "E119 I48"}], {"hrg": "D33", "cc_score": 2}),
    ([{"days": "6"}, {"episode_order": "2", "diagnoses": "E119 J449"}], {"hrg": "D34", "cc_score": 0}),
    # The age of the first episode, though the dominant one is at 70.
    ([{"age": "69"}, {"episode_order": "2", "age": "70", "days": "6"}], {"dominant_row": 2, "hrg": "D34"}),
    # Two short episodes are a long stay.
    (
        [{"diagnoses": "R074", "days": "1"}, {"diagnoses": "R074", "days": "1", "episode_order": "2"}],
        {"hrg": "E04", "adjusted_days": 2},
    ),
    ([{}, {}], {"hrg": "U05", "method": "U", "rule": None, "error": "duplicate_order", "episodes": 2}),
    ([{"episode_order": "99"}, {"episode_order": "99"}], {"error": None, "dominant_row": 1}),
    ([{}, {"episode_order": "2", "age": "62"}], {"error": "inconsistent_spell"}),
    ([{}, {"episode_order": "2", "age": "61"}], {"error": None}),
    ([{}, {"episode_order": "2", "sex": "2"}], {"error": "inconsistent_spell"}),
    ([{}, {"episode_order": "2", "admission_method": "11"}], {"error": "inconsistent_spell"}),
    # An episode without a primary diagnosis leaves the spell to a longer one, else it gives its error.
    ([{"diagnoses": "- E119"}, {"episode_order": "2", "days": "6"}], {"hrg": "D33", "cc_score": 1}),
    ([{"diagnoses": "- E119"}, {"episode_order": "2"}], {"dominant_row": 1, "error": "no_primary"}),
    ([{"diagnoses": None}], {"hrg": "U01", "error": "no_primary", "episodes": 1}),
]


@pytest.mark.parametrize(("episodes", "expected"), BY_HAND)
def test_by_hand(episodes, expected):
    [spell] = spells_of(*episodes)
    assert {name: spell[name] for name in expected} == expected


def test_rows_without_provider_or_spell_are_spells_of_their_own():
    spells = spells_of(
        {}, {"spell": None}, {"spell": None}, {"provider": ""}, {"provider": "", "episode_order": "2"}
    )
    assert [spell["row"] for spell in spells] == [1, 2, 3, 4, 5]


def random_spells(count: int, seed: int) -> pl.DataFrame:
    """Random episodes shared out among fewer spells, of which some are of one patient."""
    rng = random.Random(seed)
    records = random_records(DEFINITIONS, count, seed)
    spells = [rng.randrange(count // 3) for _ in range(count)]
    patients = [(rng.randrange(100), rng.choice("12")) for _ in range(count)]

    def mostly(usual: str, *unusual: str | None) -> str | None:
        return usual if rng.random() < 0.97 else rng.choice(unusual)

    return records.with_columns(
        provider=pl.Series([mostly("RR8", "RR7", " RR8", "", None) for _ in spells]),
        spell=pl.Series([mostly(str(spell), "", None) for spell in spells]),
        episode_order=pl.Series([rng.choice((*"12345678", "98", "99", "x", None)) for _ in spells]),
        admission_method=pl.Series([mostly("21", "11", None) for _ in spells]),
        age=pl.Series(
            [mostly(str(patients[n][0] + rng.choice((0, 0, 0, 1))), "x", "999", "7002") for n in spells]
        ),
        sex=pl.Series([mostly(patients[n][1], "1", "2", "X", None) for n in spells]),
    )


def test_both_implementations_agree():
    records = random_spells(15_000, seed=1)
    spells = group_spells(group_records(records, COMPILED), records, COMPILED)
    by_key: dict = {}
    for row, record in enumerate(records.iter_rows(named=True), 1):
        key = tuple((record[name] or "").strip() for name in ("provider", "spell"))
        by_key.setdefault(key if all(key) else row, []).append((row, record))
    expected = []
    for episodes in by_key.values():
        grouped = group_spell([record for _, record in episodes], TABLES)._asdict()
        dominant = episodes[grouped.pop("dominant")][0]
        expected.append(
            {"row": episodes[0][0], "episodes": len(episodes), "dominant_row": dominant} | grouped
        )
    assert spells.select(expected[0].keys()).to_dicts() == expected
    assert {"duplicate_order", "inconsistent_spell", "no_rule", None} <= set(spells["error"])
    assert spells["episodes"].sum() == records.height


def test_missing_column_is_named():
    records = pl.DataFrame(schema=SPELL_SCHEMA)
    grouped = group_records(records, COMPILED)
    assert group_spells(grouped, records, COMPILED).height == 0
    with pytest.raises(InputError, match="lack spell: add the columns"):
        group_spells(grouped, records.drop("spell"), COMPILED)
