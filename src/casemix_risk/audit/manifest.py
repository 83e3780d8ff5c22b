"""The manifest: everything a run read and wrote, with what it takes to make it again, chained run to run."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from casemix_risk.audit.content_hash import file_hash
from casemix_risk.audit.receipt import RECEIPTS, file_facts

MANIFEST, CHAIN, SUMS, PROVENANCE = "manifest.json", "runs.jsonl", "SHA256SUMS", "provenance.json"
CONFIG, LOCK, PACKAGE = "config.yaml", "requirements.lock", "datapackage.json"
LIBRARIES = ("numpy", "pandas", "polars", "pyarrow", "scipy", "numba", "matplotlib", "snakemake")
START_OF_CHAIN = "0" * 64


def manifest(run: Path, root: Path, jobs: Mapping[str, Mapping], kept: Iterable[str]) -> dict:
    """Everything about a run.

    Args:
        run: the run's folder.
        root: casemix-risk's own folder.
        jobs: `casemix_risk.audit.receipt.jobs_behind` its report.
        kept: files of the run that no job of these made, such as the configuration.

    Returns:
        `run, number, previous` (hash of the line before in the chain), `time` (UTC), `casemix_risk`
        (version), `commit` and `dirty` (None outside git), `environment`; `raw` and `definitions` (path ->
        SHA-256); `jobs` (name -> rule, wildcards, code, lock, settings); `files` (path from the run's
        folder -> bytes, sha256, job, parents with their hashes, and of tables rows, content and publication).
    """
    files = {}
    for name, job in jobs.items():
        written = dict(job["outputs"])
        own_receipt = f"{RECEIPTS}/{name}.json"
        written[own_receipt] = file_facts(run / own_receipt)
        parents = job["inputs"] | job["definitions"] | job["raw"]
        files |= {path: facts | {"job": name, "parents": parents} for path, facts in written.items()}
    files |= {path: file_facts(run / path) | {"job": None, "parents": {}} for path in kept}
    chain = chain_lines(run)
    about = ("rule", "wildcards", "code", "lock", "settings")
    return {
        "run": run.name,
        "number": len(chain) + 1,
        "previous": line_hash(chain[-1]) if chain else START_OF_CHAIN,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "casemix_risk": version("casemix-risk"),
        **_commit(root),
        "environment": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "lock": file_hash(run / LOCK),
            "libraries": {name: version(name) for name in LIBRARIES},
        },
        "raw": _together(jobs, "raw"),
        "definitions": _together(jobs, "definitions"),
        "jobs": {name: {key: job[key] for key in about} for name, job in jobs.items()},
        "files": dict(sorted(files.items())),
    }


def _together(jobs: Mapping[str, Mapping], kind: str) -> dict[str, str]:
    return {path: digest for job in jobs.values() for path, digest in sorted(job[kind].items())}


def _commit(root: Path) -> dict:
    def git(*arguments: str) -> str | None:
        try:
            return subprocess.run(
                ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None

    commit, changes = git("rev-parse", "HEAD"), git("status", "--porcelain")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def chain_lines(run: Path) -> list[str]:
    """The lines of a run's chain, the oldest first."""
    path = run / CHAIN
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def line_hash(line: str) -> str:
    """SHA-256 of a line of the chain."""
    return hashlib.sha256(line.encode()).hexdigest()


def sums(run: Path, files: Iterable[str]) -> str:
    """A file for `sha256sum --check`, whose paths are from the run's folder."""
    return "".join(f"{file_hash(run / path)}  {path}\n" for path in sorted(files))


def add_to_chain(run: Path, made: Mapping) -> str:
    """Append a run's line to its chain; return the line's hash.

    The line holds the hashes of the manifest and of the list of sums, and of the line before it.
    """
    line = json.dumps(
        {name: made[name] for name in ("number", "time", "commit", "dirty", "previous")}
        | {"manifest": file_hash(run / MANIFEST), "sums": file_hash(run / SUMS)},
        sort_keys=True,
    )
    with (run / CHAIN).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return line_hash(line)


def write_json(path: Path, content: Mapping) -> None:
    """Write JSON that people can read."""
    path.write_text(json.dumps(content, indent=1, sort_keys=False) + "\n", encoding="utf-8")
