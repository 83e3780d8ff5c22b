"""What differs between two runs, and the figures that moved."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from casemix_risk.audit.lineage import SHORT
from casemix_risk.audit.manifest import CONFIG
from casemix_risk.audit.tables import read_table
from casemix_risk.audit.trace import NUMBERS
from casemix_risk.audit.verify import read_manifest

FIGURES_SHOWN = 20
SAME = 1e-12  # relative


def difference(run: Path, other: Path) -> Iterator[str]:
    """What differs between two runs, in lines for people: causes first, then the figures that moved.

    Args:
        run: folder of a finished run or release.
        other: another, compared with it.

    Raises:
        InputError: a folder has no manifest.
    """
    for name, changed in causes(run, other).items():
        yield f"{name}: {f'{len(changed)} differ' if changed else 'the same'}"
        yield from (
            f"  {key}: {_short(before)} -> {_short(after)}" for key, (before, after) in changed.items()
        )
    moved = moved_tables(read_manifest(run), read_manifest(other))
    yield f"tables: {len(moved)} hold other values" if moved else "tables: the same"
    yield from (f"  {path}" for path in moved)
    figures = moved_figures(read_table(run / NUMBERS), read_table(other / NUMBERS))
    yield (
        f"figures of the report: {len(figures)} moved" if len(figures) else "figures of the report: the same"
    )
    for row in figures.head(FIGURES_SHOWN).itertuples():
        yield f"  {row.number}: {_value(row.value)} -> {_value(row.value_other)} ({_change(row.change)})"
    if len(figures) > FIGURES_SHOWN:
        yield f"  and {len(figures) - FIGURES_SHOWN} more, each by less"


def causes(run: Path, other: Path) -> dict[str, dict[str, tuple]]:
    """What two runs were made from and does not agree.

    Args:
        run: folder of a finished run or release.
        other: another, compared with it.

    Returns:
        ``data, configuration, definitions, code`` and ``environment`` -> name of what differs -> its value or
        hash in the one and in the other, None where it has none.

    Raises:
        InputError: a folder has no manifest.
    """
    made, made_other = read_manifest(run), read_manifest(other)
    config, config_other = (
        yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8")) for folder in (run, other)
    )
    held = {
        "data": (_by_name(made["raw"]), _by_name(made_other["raw"])),
        "configuration": (_flat(config), _flat(config_other)),
        "definitions": (made["definitions"], made_other["definitions"]),
        "code": tuple(
            {job["rule"]: job["code"] for job in each["jobs"].values()} for each in (made, made_other)
        ),
        "environment": (_flat(made["environment"]), _flat(made_other["environment"])),
    }
    return {
        name: {
            key: (before.get(key), after.get(key))
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        }
        for name, (before, after) in held.items()
    }


def moved_tables(made: Mapping, made_other: Mapping) -> list[str]:
    """Tables that both runs have, with other values."""
    contents = [
        {path: facts["content"] for path, facts in each["files"].items() if "content" in facts}
        for each in (made, made_other)
    ]
    return [path for path, content in contents[0].items() if contents[1].get(path, content) != content]


def moved_figures(numbers: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Figures of two reports that differ, largest relative change first.

    Args:
        numbers: table ``numbers`` of a run.
        other: of another.

    Returns:
        `number, value, value_other, change`; change is relative to the first run, missing where only one of
        them has the figure, infinite where the first is 0. Figures of one run only come last.
    """
    both = numbers[["number", "value"]].merge(
        other[["number", "value"]], on="number", how="outer", suffixes=("", "_other")
    )
    gap = (both["value_other"] - both["value"]).abs()
    larger = both[["value", "value_other"]].abs().max(axis=1)
    missing = both["value"].isna() != both["value_other"].isna()
    moved = both[missing | (gap > SAME * larger)].copy()
    with np.errstate(divide="ignore"):
        moved["change"] = moved["value_other"] / moved["value"] - 1
    order = moved["change"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    return moved.loc[order].reset_index(drop=True)


def _by_name(raw: Mapping[str, str]) -> dict[str, str]:
    return {Path(path).name: digest for path, digest in raw.items()}


def _flat(tree: Mapping, prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    is_hash = len(text) == 64 and " " not in text
    return text[:SHORT] if is_hash else text


def _value(value: float) -> str:
    return "nothing" if pd.isna(value) else f"{value:,.6g}"


def _change(change: float) -> str:
    return (
        "only in one" if pd.isna(change) else "from nothing" if np.isinf(change) else f"{100 * change:+.3g} %"
    )
