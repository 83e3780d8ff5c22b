"""The single changes of a record that give it another HRG."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from casemix_risk.group.codes import normalise_diagnosis, normalise_procedure, split_codes
from casemix_risk.group.scalar import BABIES, GREATEST_AGE, GREATEST_DAYS, group_one
from casemix_risk.group.scalar_rules import Tables
from casemix_risk.group.trace import Grouped


class Alternative(NamedTuple):
    """A change and what it gives.

    Attributes:
        distance: a code taken away is 1, as is a year or a day.
        change: in words.
        hrg: what the changed record is grouped to.
    """

    distance: int
    change: str
    hrg: str


def alternatives(record: Mapping, grouped: Grouped, tables: Tables) -> list[Alternative]:
    """Every single change that gives another HRG, nearest first.

    Tried are: each secondary diagnosis and each procedure taken away, and the age and the days moved up and
    down, to the nearest value that gives each other HRG; these two only in a record that is valid.

    Args:
        record: as `casemix_risk.group.scalar.group_one` reads it.
        grouped: what it said of the record.
        tables: that it was grouped with.
    """
    found: dict[tuple[str, str], Alternative] = {}
    for kind, distance, change, values in _changes(record, grouped, tables):
        hrg = group_one({**record, **values}, tables).hrg
        if hrg != grouped.hrg:
            # Changes of a kind come nearest first.
            found.setdefault((kind, hrg), Alternative(distance, change, hrg))
    return sorted(found.values(), key=lambda each: each.distance)


def _changes(
    record: Mapping, grouped: Grouped, tables: Tables
) -> Iterator[tuple[str, int, str, Mapping[str, object]]]:
    """What is tried: its kind, within which an HRG is told once, its distance, its words, the new values."""
    for column, normalise, kept in (
        ("diagnoses", normalise_diagnosis, 1),
        ("procedures", normalise_procedure, 0),
    ):
        codes = split_codes(record[column])
        for place in range(kept, len(codes)):
            others = " ".join(codes[:place] + codes[place + 1 :])
            change = f"without {normalise(codes[place]).code}"
            yield change, 1, change, {column: others}
    if not grouped.trace.validation[-1].passed:
        return  # the age or the days may not be numbers
    age, days = int(record["age"]), int(record["days"])
    age = 0 if age in BABIES else age
    for moved in _moves(age, GREATEST_AGE, _bounds("age", tables)):
        way = "older" if moved > 0 else "younger"
        yield way, abs(moved), f"{_counted(moved, 'year')} {way}", {"age": age + moved}
    care = days - grouped.adjusted_days
    for moved in _moves(grouped.adjusted_days, GREATEST_DAYS - care, _bounds("days", tables)):
        way = "longer" if moved > 0 else "shorter"
        yield way, abs(moved), f"{_counted(moved, 'day')} {way}", {"days": days + moved}


def _bounds(dimension: str, tables: Tables) -> set[int]:
    """The lowest values from which on a rule or a split treats records in another way."""
    ranges = [
        (rule[f"{dimension}_from"], rule[f"{dimension}_to"])
        for rules in tables.rules.values()
        for rule in rules
    ] + [
        (row["from"], row["to"])
        for rows in tables.split.values()
        for row in rows
        if row["dimension"] == dimension
    ]
    lowest = {low for low, _ in ranges if low is not None}
    return lowest | {high + 1 for _, high in ranges if high is not None}


def _moves(value: int, greatest: int, bounds: set[int]) -> Iterator[int]:
    """To the nearest value of each stretch between bounds, upwards from the nearest on, then downwards."""
    yield from (bound - value for bound in sorted(bounds) if value < bound <= greatest)
    yield from (bound - 1 - value for bound in sorted(bounds, reverse=True) if 0 < bound <= value)


def _counted(number: int, unit: str) -> str:
    return f"{abs(number)} {unit}{'' if abs(number) == 1 else 's'}"
