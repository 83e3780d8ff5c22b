"""One spell at a time, written from the specification alone: the tests' oracle of `spells`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from casemix_risk.group.codes import normalise_diagnosis, split_codes
from casemix_risk.group.scalar import age_of, group_one, text_of, whole_number
from casemix_risk.group.scalar_rules import Read, Tables, cc_list_of, complications, longest, walk
from casemix_risk.group.trace import Grouped

_ORDER_UNKNOWN = (98, 99)


class GroupedSpell(NamedTuple):
    """What `casemix_risk.group.spells` says of a spell; `dominant` is a place in its episodes."""

    dominant: int
    hrg: str
    method: str
    rule: str | None
    error: str | None
    dominant_procedure: str | None
    cc_score: int
    adjusted_days: int
    unbundled: str


def group_spell(episodes: Sequence[Mapping], tables: Tables) -> GroupedSpell:
    """Group the episodes of one spell, in any order.

    Args:
        episodes: the columns that `casemix_risk.group.spells.group_spells` reads, by name.
        tables: `casemix_risk.group.scalar.plain_tables`.
    """
    orders = [_order(episode) for episode in episodes]
    places = sorted(range(len(episodes)), key=lambda n: (orders[n] is None, orders[n] or 0))
    grouped = {n: group_one(episodes[n], tables) for n in places}
    # max keeps the first of equals
    dominant = max(places, key=lambda n: _rank(grouped[n], tables))
    days = sum(grouped[n].adjusted_days or 0 for n in places)
    unbundled = " ".join(grouped[n].unbundled for n in places if grouped[n].unbundled)
    own = grouped[dominant]
    rest = {"dominant_procedure": own.dominant_procedure, "adjusted_days": days, "unbundled": unbundled}
    error = _fault(episodes, [order for order in orders if order is not None]) or own.error
    if error is None:
        secondary = [code for n in places for code in _diagnoses(episodes[n], tables)[1:]]
        primary = _diagnoses(episodes[dominant], tables)[0].code
        counted, _ = complications(secondary, primary, cc_list_of(own.trace.rule), tables)
        score, first = sum(each.score for each in counted), episodes[places[0]]
        age, sex = age_of(first["age"]), int(text_of(first["sex"]))
        hrg, _ = walk(own.trace.rule["root"], age, score, days, sex, tables)
        if hrg:
            return GroupedSpell(dominant, hrg, own.method, own.rule, None, cc_score=score, **rest)
        error = "no_rule"
    return GroupedSpell(dominant, tables.errors[error]["hrg"], "U", None, error, cc_score=0, **rest)


def _order(episode: Mapping) -> int | None:
    order = whole_number(episode["episode_order"])
    return None if order in _ORDER_UNKNOWN else order


def _rank(grouped: Grouped, tables: Tables) -> tuple[int, int]:
    row = longest(grouped.dominant_procedure or "", tables.procedure)
    return row["hierarchy"] if row else 0, -1 if grouped.adjusted_days is None else grouped.adjusted_days


def _fault(episodes: Sequence[Mapping], orders: list[int]) -> str | None:
    if len(set(orders)) < len(orders):
        return "duplicate_order"
    ages = {age_of(episode["age"]) for episode in episodes}
    known = {age for age in ages if age is not None and 0 <= age <= 130}
    sexes = {text_of(episode["sex"]) if text_of(episode["sex"]) in ("1", "2") else "" for episode in episodes}
    methods = {episode["admission_method"] for episode in episodes}
    apart = max(known) - min(known) > 1 or known != ages if known else False
    return "inconsistent_spell" if apart or len(sexes) > 1 or len(methods) > 1 else None


def _diagnoses(episode: Mapping, tables: Tables) -> list[Read]:
    codes = [normalise_diagnosis(part).code for part in split_codes(episode["diagnoses"])]
    return [Read(n, code, longest(code, tables.diagnosis)) for n, code in enumerate(codes, 1)]
