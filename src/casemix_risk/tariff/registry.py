"""The registry: every tariff edition there is, each restatement an edition of its own, none ever changed."""

import difflib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import pandas as pd
import yaml

from casemix_risk.errors import InputError

FACTS = ("effective_from", "published_on", "source")
PRICE_FILES = ("file", "factors_file", "codes_file")


def read_registry(path: Path) -> dict[str, dict]:
    """The editions of a registry by name, as they stand in it.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist: give the registry of tariff editions as tariff.registry.")
    try:
        editions = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        raise InputError(f"{path} is not YAML; config/tariffs/registry.yaml shows how it looks.") from None
    except ValueError:
        raise InputError(f"{path} has a date that no calendar has; write days as 2006-04-01.") from None
    if not isinstance(editions, dict) or not all(isinstance(facts, dict) for facts in editions.values()):
        raise InputError(f"{path} must hold tariff editions by name, each with its facts; mend it.")
    return {str(name): facts for name, facts in editions.items()}


def chosen_editions(registry: Mapping[str, Mapping], wanted: Iterable[str]) -> dict[str, dict]:
    """The editions that a run asks for, each followed by its restatements.

    Args:
        registry: `read_registry`.
        wanted: names of editions.

    Raises:
        InputError: one is not in the registry.
    """
    names: list[str] = []
    for name in wanted:
        if name not in registry:
            nearest = difflib.get_close_matches(str(name), list(registry), n=1, cutoff=0.5)
            hint = f"did you mean {nearest[0]}?" if nearest else f"it has {', '.join(registry)}."
            raise InputError(f"The tariff registry has no edition {name}; {hint}")
        names += [each for each in [name, *_restatements(registry, name)] if each not in names]
    return {name: dict(registry[name]) for name in names}


def _restatements(editions: Mapping[str, Mapping], name: str) -> list[str]:
    """The editions that restate one, and those that restate them, in the order of their publication."""
    direct = [each for each, facts in editions.items() if facts.get("restates") == name]
    return [
        found
        for each in sorted(direct, key=lambda each: str(editions[each].get("published_on", "")))
        for found in (each, *_restatements(editions, each))
    ]


def in_force(editions: Mapping[str, Mapping], name: str) -> str:
    """The last restatement of an edition; itself where it has none."""
    return [name, *_restatements(editions, name)][-1]


def changes_between(editions: Mapping[str, Mapping]) -> list[tuple[str, str]]:
    """The pairs of editions that a run compares: what each restatement changed, and from year to year.

    Args:
        editions: the configuration's ``tariff.editions``.

    Returns:
        (from, to): each edition that was restated with its restatement; then the editions in force, each
        with the next by the day they take effect (in their given order where a day is missing).
    """
    restated = [
        (facts["restates"], name) for name, facts in editions.items() if facts.get("restates") in editions
    ]
    first = [name for name, facts in editions.items() if facts.get("restates") not in editions]
    current = [in_force(editions, name) for name in first]
    if all("effective_from" in editions[name] for name in current):
        current.sort(key=lambda name: editions[name]["effective_from"])
    return [*restated, *pairwise(current)]


def editions_table(editions: Mapping[str, Mapping]) -> pd.DataFrame:
    """Table ``editions``: what a run priced with, and which of it is in force.

    Args:
        editions: the configuration's ``tariff.editions``.
    """
    return pd.DataFrame(
        [
            {
                "position": position,
                "edition": name,
                "restates": facts.get("restates"),
                "in_force": in_force(editions, name) == name,
                **{fact: facts.get(fact) for fact in FACTS},
                "prices": _prices_of(facts),
                "sha256": facts.get("sha256"),
            }
            for position, (name, facts) in enumerate(editions.items(), 1)
        ]
    )


def _prices_of(facts: Mapping) -> str:
    """Where an edition's prices come from, in words."""
    if "schedule_year" in facts:
        return f"unit costs of the schedule of {facts['schedule_year']}"
    if "file" in facts:
        rows = " and ".join(f"{header} {text}" for header, text in facts.get("where", {}).items())
        return f"{Path(facts['file']).name}{f', {rows}' if rows else ''}"
    by = [Path(facts["factors_file"]).name] if "factors_file" in facts else []
    by += [str(facts["factor"])] if "factor" in facts else []
    return f"{facts['from']} x {', else '.join(by)}"
