"""What changed between two runs or releases: their own tables, and the old data under the new definitions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from casemix_risk.audit.difference import causes
from casemix_risk.audit.manifest import CONFIG
from casemix_risk.audit.tables import parent_hash, read_table
from casemix_risk.audit.verify import read_manifest
from casemix_risk.changes.tables import edition_notes, heads
from casemix_risk.configuration import base_years
from casemix_risk.errors import InputError
from casemix_risk.tariff.registry import in_force
from casemix_risk.volumes.national import project

NATIONAL, ACTIVITY = "volumes/national", "volumes/activity"
EDITION_TABLES = (
    "tariff/{}/prices",
    "risk/{}/cost_lines",
    "risk/{}/risk_summary",
    "risk/{}/risk_quantiles",
    "risk/{}/pool_optimum",
    "risk/{}/pool_lines",
)
COUNTING = ("unit", "regular_attenders")  # keys that say what is counted
CAUSES_NAMED = 6


class Side(NamedTuple):
    """A tariff edition of a run.

    Attributes:
        folder: the run's or release's.
        edition: name of the edition.
        config: the run's complete configuration.
        volume: admissions a head and year, indexed by line.
        tables: the edition's tables by name.
        hashes: the tables' content hashes, by their paths from the folder.
    """

    folder: Path
    edition: str
    config: Mapping
    volume: pd.Series
    tables: Mapping[str, pd.DataFrame]
    hashes: Mapping[str, str]

    @property
    def name(self) -> str:
        """The edition, and whose."""
        return f"{self.edition} of {self.folder.name}"


def read_side(folder: Path, edition: str | None) -> Side:
    """An edition of a run or release.

    Args:
        folder: the run's.
        edition: its name; the leading edition in force when None.

    Raises:
        InputError: the folder is no finished run, has no such edition, or lacks a table.
    """
    read_manifest(folder)
    config = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    editions = config["tariff"]["editions"]
    name = edition or in_force(editions, next(iter(editions)))
    if name not in editions:
        raise InputError(f"{folder} has no tariff edition {name}; it has {', '.join(editions)}.")
    wanted = (NATIONAL, *(table.format(name) for table in EDITION_TABLES))
    paths = {table: folder / f"{table}.parquet" for table in wanted}
    for table, path in paths.items():
        if not path.is_file():
            raise InputError(
                f"{folder} lacks the table {table}: give the run itself, or a release of everything in it."
            )
    tables = {Path(table).name: read_table(path) for table, path in paths.items()}
    volume = heads(tables.pop("national"), config["population"])
    hashes = {f"{folder.name}/{table}": parent_hash(path) for table, path in paths.items()}
    return Side(folder, name, config, volume, tables, hashes)


def restated_volume(before: Side, after: Side) -> pd.Series:
    """The old data's volumes under the new definitions, for the target year and population of the old run.

    Where both runs read the same data, the new run's activity is the old data as it is counted now. Where
    they do not, the old run's activity can only be projected by the new method.
    """
    source = after if _same_data(before, after) else before
    activity = source.folder / f"{ACTIVITY}.parquet"
    same_method = before.config["projection"] == after.config["projection"]
    if not activity.is_file() or (same_method and (source is before or _same_activity(before, after))):
        return before.volume
    national = project(
        read_table(activity),
        base_years(source.config),
        before.config["target_year"],
        after.config["projection"],
        before.config["population"],
        source.config.get("extract", {}).get("population_covered", source.config["population"]),
    )
    return heads(national, before.config["population"])


def run_notes(before: Side, after: Side) -> Iterator[str]:
    """What else differs between the two runs, and what of it the account cannot tell apart."""
    for side in (before, after):
        yield from edition_notes(side.config["tariff"]["editions"], [side.edition])
    if before.folder == after.folder:
        return
    differ = {
        name: [key for key in changed if not key.startswith("tariff.editions.")]
        for name, changed in causes(before.folder, after.folder).items()
    }
    named = "; ".join(f"{name} ({_some(keys)})" for name, keys in differ.items() if keys)
    yield f"Between the runs differ: {named or 'the tariff editions at most'}."
    counted = any(before.config[key] != after.config[key] for key in COUNTING)
    if counted and not _same_data(before, after):
        yield "What is counted changed together with the data: its effect is in volume and mix."
    if before.config.get("payment") != after.config.get("payment"):
        yield "How admissions are paid changed too: its effect is in uplift and price."
    if (
        before.config["projection"] != after.config["projection"]
        and not (before.folder / f"{ACTIVITY}.parquet").is_file()
    ):
        yield f"{before.folder.name} has no activity: the effect of the new projection is in volume and mix."


def _some(keys: list[str]) -> str:
    rest = len(keys) - CAUSES_NAMED
    return ", ".join(keys[:CAUSES_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def common_list_sizes(before: Side, after: Side) -> tuple[list[int], int]:
    """The list sizes that both runs have, and the one to show: the new run's own where the old one has it.

    Raises:
        InputError: there is none.
    """
    sizes = sorted(set(before.config["list_sizes"]) & set(after.config["list_sizes"]))
    if not sizes:
        raise InputError(
            f"{before.folder} and {after.folder} have no list size in common: add one to list_sizes and run "
            "again."
        )
    shown = after.config["risk"]["list_size"]
    return sizes, shown if shown in sizes else sizes[0]


def _same_data(before: Side, after: Side) -> bool:
    return _data(before) == _data(after)


def _data(side: Side) -> dict[str, str | None]:
    """The SHA-256 of a run's extracts or schedules by year, whether it was given them or made them."""
    made = read_manifest(side.folder)
    own = f"results/{made['run']}/"
    files = side.config["extract" if "extract" in side.config else "schedule"]["files"]
    held = made["raw"] | {f"{own}{path}": facts["sha256"] for path, facts in made["files"].items()}
    return {year: held.get(path) for year, path in files.items()}


def _same_activity(before: Side, after: Side) -> bool:
    old, new = (read_manifest(side.folder)["files"][f"{ACTIVITY}.parquet"] for side in (before, after))
    return old["content"] == new["content"]
