"""Releases: verified copies of runs, read-only, of what may be published; and which of them are kept."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from casemix_risk.audit.content_hash import file_hash
from casemix_risk.audit.manifest import CHAIN, CONFIG, LOCK, chain_lines, line_hash, write_json
from casemix_risk.audit.trace import NUMBERS
from casemix_risk.audit.verify import EXTRA, LAST, RELEASE, faults, read_manifest, verify
from casemix_risk.errors import InputError

RELEASES, LATEST, PINNED = "releases", "latest", ".keep"
INTERNAL, PATIENTS, EXACT = (
    "internal table",
    "rows of patients",
    "tells of exact counts, which this run suppresses",
)
ROOMS = ("practices", "report", "risk", "tariff", "volumes")  # of a run whose small numbers are suppressed
READ_ONLY_FILE, READ_ONLY_FOLDER, WRITABLE_FOLDER = 0o444, 0o555, 0o755


def release(run: Path, root: Path, *, everything: bool = False) -> Path:
    """Copy what may be published of a verified run to ``releases/<id>`` beside it, and move ``latest`` there.

    Internal tables and extracts stay behind. Of a run whose small numbers are suppressed so does whatever
    was made from exact counts, down to their hashes. Files that are left over from other runs are not
    copied. ``release.json`` says what was copied, by hash, and what was withheld, and why.

    Args:
        run: the run's folder.
        root: casemix-risk's own folder.
        everything: copy the whole run, for those who may see it.

    Returns:
        The release's folder, which appears whole or not at all.

    Raises:
        InputError: the run is not as its manifest says, was released before, or keeps small numbers of a
            local population and not everything is asked for.
    """
    found = [finding for finding in faults(verify(run, root)) if finding.kind != EXTRA]
    if found:
        raise InputError(
            f"{run} is not as its manifest says ({found[0].path} {found[0].sentence}): run audit verify."
        )
    folder = release_folder(run)
    if folder.exists():
        raise InputError(f"{run} was released before, as {folder}.")
    small_numbers = small_numbers_of(run)
    if small_numbers == "keep" and not everything:
        raise InputError(
            f"{run} keeps small numbers of a local population: set small_numbers to suppress under another "
            "run name and release that, or release everything for those who may see it."
        )
    made = read_manifest(run)
    reasons = {} if everything else dict(withheld(made["files"], small_numbers))
    copied = [path for path in [*made["files"], *LAST, CHAIN] if path not in reasons]
    copying = folder.with_name(f".{folder.name}.copying")
    _remove(copying)
    for path in copied:
        (copying / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(run / path, copying / path)
    write_json(
        copying / RELEASE,
        {
            "release": folder.name,
            "run": made["run"],
            "number": made["number"],
            "time": made["time"],
            "chain": line_hash(chain_lines(run)[-1]),
            "small_numbers": small_numbers,
            "files": {path: file_hash(copying / path) for path in sorted(copied)},
            "withheld": reasons,
        },
    )
    _seal(copying)
    copying.rename(folder)
    folder.chmod(READ_ONLY_FOLDER)
    for name in (LATEST, f"{LATEST}-{run.name}"):
        pointer = folder.with_name(f".{name}")
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(folder.name)
        pointer.replace(folder.with_name(name))
    return folder


def small_numbers_of(run: Path) -> str:
    """What a finished run does with small numbers: the configuration's key."""
    return yaml.safe_load((run / CONFIG).read_text(encoding="utf-8"))["small_numbers"]


def withheld(files: Mapping[str, Mapping], small_numbers: str) -> Iterator[tuple[str, str]]:
    """What of a run is not for publication: path and reason.

    Args:
        files: the manifest's.
        small_numbers: the configuration's key.
    """
    for path, facts in files.items():
        if facts.get("publication") == "internal":
            yield path, INTERNAL
        elif path.startswith("synthetic/FILE"):
            yield path, PATIENTS
        elif small_numbers == "suppress" and not _of_suppressed_counts(path):
            yield path, EXACT
    if small_numbers == "suppress":
        yield from ((path, EXACT) for path in (*LAST, CHAIN))


def _of_suppressed_counts(path: str) -> bool:
    return path in (CONFIG, LOCK) or (path.split("/")[0] in ROOMS and path != NUMBERS)


def release_folder(run: Path) -> Path:
    """Where a run's release is or would be: the run's name and number and the start of its chain's hash."""
    number, ending = read_manifest(run)["number"], line_hash(chain_lines(run)[-1])[:8]
    return run.parent / RELEASES / f"{run.name}-{number}-{ending}"


def prune(results: Path, keep: int) -> list[str]:
    """Remove old releases, but for the newest of each run, those in use and those pinned.

    Args:
        results: folder of runs.
        keep: how many of each run stay. A release that ``latest`` or ``latest-<run>`` leads to stays, and so
            does one with a file ``<id>.keep`` beside it.

    Returns:
        Names of those removed.

    Raises:
        InputError: none of a run's would be kept.
    """
    if keep < 1:
        raise InputError("release --keep needs 1 or more: the last good release of each run stays.")
    releases = results / RELEASES
    in_use = {pointer.resolve().name for pointer in releases.glob(f"{LATEST}*") if pointer.is_symlink()}
    of_runs: dict[str, list[tuple[int, str]]] = {}
    for path in sorted(releases.glob(f"*/{RELEASE}")):
        if not path.parent.is_symlink():
            said = json.loads(path.read_text(encoding="utf-8"))
            of_runs.setdefault(said["run"], []).append((said["number"], path.parent.name))
    old = [name for named in of_runs.values() for _, name in sorted(named)[:-keep]]
    removed = [name for name in old if name not in in_use and not (releases / f"{name}{PINNED}").exists()]
    for name in removed:
        leaving = releases / f".{name}.leaving"  # what is cut off now has no release's name any more
        (releases / name).chmod(WRITABLE_FOLDER)
        (releases / name).rename(leaving)
    for leaving in releases.glob(".*.leaving"):
        _remove(leaving)
    return removed


def _seal(folder: Path) -> None:
    """Make what is in a folder read-only, and wait until it is on the disk."""
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(READ_ONLY_FOLDER)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(READ_ONLY_FILE)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir():
                path.chmod(WRITABLE_FOLDER)
        shutil.rmtree(folder)


def run_list(results: Path) -> list[str]:
    """The runs and releases in a results folder, a line each."""
    lines = []
    for chain in sorted(results.glob(f"*/{CHAIN}")):
        made = read_manifest(chain.parent)
        changed = " with changes" if made["dirty"] else ""
        commit = f"commit {made['commit'][:12]}{changed}" if made["commit"] else "no git"
        about = f"run {made['number']}, {made['time']}, {commit}, {len(made['files'])} files"
        lines.append(f"{chain.parent}: {about}")
    for path in sorted(results.glob(f"{RELEASES}/*/{RELEASE}")):
        if not path.parent.is_symlink():
            said = json.loads(path.read_text(encoding="utf-8"))
            about = f"run {said['number']}, {said['time']}, {len(said['files'])} files"
            lines.append(f"{path.parent}: {about}, {len(said['withheld'])} withheld")
    return lines
