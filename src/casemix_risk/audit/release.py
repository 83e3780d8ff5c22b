"""Releases: verified copies of runs that no later run touches."""

import shutil
from pathlib import Path

from casemix_risk.audit.manifest import CHAIN, chain_lines, line_hash
from casemix_risk.audit.verify import faults, read_manifest, verify
from casemix_risk.errors import InputError

RELEASES, LATEST = "releases", "latest"


def release(run: Path, root: Path) -> Path:
    """Copy a verified run to ``releases/<run>-<number>-<hash>`` beside it, and move ``latest`` there.

    Args:
        run: the run's folder.
        root: casemix-risk's own folder.

    Returns:
        The release's folder, which appears whole or not at all.

    Raises:
        InputError: the run is not as its manifest says, or was released before.
    """
    found = faults(verify(run, root))
    if found:
        raise InputError(
            f"{run} is not as its manifest says ({found[0].path} {found[0].sentence}): run audit verify."
        )
    number, ending = read_manifest(run)["number"], line_hash(chain_lines(run)[-1])[:8]
    releases = run.parent / RELEASES
    folder = releases / f"{run.name}-{number}-{ending}"
    if folder.exists():
        raise InputError(f"{run} was released before, as {folder}.")
    copying = folder.with_name(f".{folder.name}.copying")
    shutil.rmtree(copying, ignore_errors=True)
    shutil.copytree(run, copying)
    copying.rename(folder)
    pointer = releases / f".{LATEST}"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(folder.name)
    pointer.replace(releases / LATEST)
    return folder


def run_list(results: Path) -> list[str]:
    """The runs and releases in a results folder, a line each."""
    lines = []
    for chain in sorted([*results.glob(f"*/{CHAIN}"), *results.glob(f"{RELEASES}/*/{CHAIN}")]):
        folder = chain.parent
        if folder.is_symlink():
            continue
        made = read_manifest(folder)
        commit = (
            f"{made['commit'][:12]}{' with changes' if made['dirty'] else ''}" if made["commit"] else "no git"
        )
        lines.append(
            f"{folder}: run {made['number']}, {made['time']}, commit {commit}, {len(made['files'])} files"
        )
    return lines
