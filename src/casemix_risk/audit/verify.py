"""Whether a run is still what its manifest says, file by file, and what was done to it where it is not."""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from casemix_risk.audit.content_hash import file_hash, table_hash
from casemix_risk.audit.fingerprint import code_fingerprint
from casemix_risk.audit.manifest import (
    CHAIN,
    MANIFEST,
    PROVENANCE,
    START_OF_CHAIN,
    SUMS,
    chain_lines,
    line_hash,
)
from casemix_risk.audit.tables import table_facts
from casemix_risk.audit.trace import numbers_that_do_not_agree
from casemix_risk.errors import InputError

CHECKOUT = "checkout"
SAID_TWICE = ("number", "time", "commit", "dirty", "previous")  # by the manifest and its line of the chain
HELD = ("run", *SAID_TWICE, "casemix_risk", "environment", "raw", "definitions", "jobs", "files")
UNLISTED = ("logs", "benchmarks")  # folders that tell of times, not of figures
LAST = (MANIFEST, PROVENANCE, SUMS)
RELEASE = "release.json"
EXTRA = "extra"


class Finding(NamedTuple):
    """Something that is not as the manifest says.

    Attributes:
        kind: ``chain, missing, extra, damaged, edited, other code, replaced, number, parent, raw input`` or
            ``checkout``.
        path: the file, from the run's folder, the raw input as it was given, or the number's id.
        sentence: what was found.
    """

    kind: str
    path: str
    sentence: str


def faults(found: Iterable[Finding]) -> list[Finding]:
    """The findings that are about the run itself, not about the casemix-risk that looks at it."""
    return [finding for finding in found if finding.kind != CHECKOUT]


def read_manifest(run: Path) -> dict:
    """The manifest of a run.

    Raises:
        InputError: the folder has none, or it cannot be read.
    """
    try:
        made = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
        return {name: made[name] for name in HELD}
    except FileNotFoundError:
        raise InputError(
            f"{run} has no {MANIFEST}: give the folder of a finished run, such as results/demo."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise damaged(run / MANIFEST) from None


def damaged(path: Path | str) -> InputError:
    """The error for a run, or a file of it, that no longer holds what it should."""
    return InputError(
        f"{path} is damaged: casemix-risk audit verify says what else is; run the pipeline again."
    )


def verify(
    run: Path, root: Path, progress: Callable[[int, int], None] = lambda done, files: None
) -> list[Finding]:
    """Hash everything again and walk every table to its raw inputs.

    Args:
        run: the run's folder.
        root: casemix-risk's own folder, whose code and definitions are compared with those of the run.
        progress: told how many of the run's files are done, of how many.

    Returns:
        What is not as the manifest says, in the order of the run; empty where all is well.

    Raises:
        InputError: there is no manifest, or it is damaged.
    """
    said = read_release(run)
    if said and MANIFEST in said["withheld"]:
        return list(_released(run, said))
    made, withheld = read_manifest(run), said["withheld"] if said else {}
    found = [*(_released(run, said) if said else ()), *_chain(run, made), *_listing(run, made, withheld)]
    contents = {}
    for done, (path, facts) in enumerate(made["files"].items(), 1):
        if (run / path).is_file():
            found += _file(run, path, facts, made["jobs"])
            contents[path] = _content(run / path)
        progress(done, len(made["files"]))
    if not found:  # of a table that is not itself any more nothing more can be said
        found += [
            Finding("number", number, "is not what its table gives")
            for number in numbers_that_do_not_agree(run, withheld)
        ]
    return [*found, *_parents(made, contents), *_raw(run, made, bool(said)), *_checkout(made, root)]


def read_release(folder: Path) -> dict | None:
    """What a release says of itself; None where the folder is a run's.

    Raises:
        InputError: it cannot be read.
    """
    if not (folder / RELEASE).is_file():
        return None
    try:
        said = json.loads((folder / RELEASE).read_text(encoding="utf-8"))
        return {name: said[name] for name in ("release", "run", "number", "chain", "files", "withheld")}
    except (ValueError, KeyError, TypeError):
        raise damaged(folder / RELEASE) from None


def _released(folder: Path, said: Mapping) -> Iterator[Finding]:
    """What of a release is not as it was released."""
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for path, digest in said["files"].items():
        if path not in present:
            yield Finding("missing", path, "is missing")
        elif file_hash(folder / path) != digest:
            yield Finding("damaged", path, "has other bytes than when it was released")
    for path in sorted(present - said["files"].keys() - {RELEASE}):
        yield Finding(EXTRA, path, "is not a file of this release")


def _chain(run: Path, made: Mapping) -> Iterator[Finding]:
    previous = START_OF_CHAIN
    try:
        lines = chain_lines(run)
    except ValueError:
        yield Finding("chain", CHAIN, "cannot be read")
        return
    if not lines:
        yield Finding("chain", CHAIN, "is missing or empty")
        return
    for number, line in enumerate(lines, 1):
        try:
            said = {name: json.loads(line)[name] for name in (*SAID_TWICE, "manifest", "sums")}
        except (ValueError, KeyError, TypeError):
            yield Finding("chain", CHAIN, f"line {number} cannot be read")
            return
        if said["previous"] != previous or said["number"] != number:
            yield Finding(
                "chain", CHAIN, f"is broken at line {number}: a line before it was changed or removed"
            )
        previous = line_hash(line)
    for name, key in ((MANIFEST, "manifest"), (SUMS, "sums")):
        if not (run / name).is_file():
            yield Finding("missing", name, "is missing")
        elif file_hash(run / name) != said[key]:
            yield Finding("chain", name, f"is not the one that the last line of {CHAIN} speaks of")
        elif name == MANIFEST and any(said[each] != made[each] for each in SAID_TWICE):
            yield Finding("chain", CHAIN, "has a last line that does not agree with the manifest")


def _listing(run: Path, made: Mapping, withheld: Container[str]) -> Iterator[Finding]:
    present = {
        path.relative_to(run).as_posix()
        for path in run.rglob("*")
        if path.is_file() and path.relative_to(run).parts[0] not in UNLISTED
    }
    for path in sorted(made["files"].keys() - present):
        if path not in withheld:
            yield Finding("missing", path, "is missing")
    for path in sorted(present - made["files"].keys() - {*LAST, CHAIN, RELEASE}):
        yield Finding(EXTRA, path, "is not a file of this run")


def _file(run: Path, path: str, said: Mapping, jobs: Mapping[str, Mapping]) -> Iterator[Finding]:
    if file_hash(run / path) == said["sha256"]:
        return
    if "content" not in said:
        yield Finding("damaged", path, "has other bytes than when it was written")
        return
    try:
        rows = pq.read_table(run / path, page_checksum_verification=True)
        facts, content = table_facts(run / path), table_hash(rows)
    except (pa.ArrowException, OSError, ValueError):
        yield Finding("damaged", path, "has other bytes than when it was written, and cannot be read")
        return
    if facts is None or content != facts["content"]:
        yield Finding("edited", path, "holds other values than when it was written")
    elif facts["code"] != jobs[said["job"]]["code"]:
        yield Finding("other code", path, "is a table written by other code")
    elif content != said["content"]:
        yield Finding("replaced", path, "is a whole table, but not the one that this run wrote")
    else:
        yield Finding("damaged", path, "has other bytes than when it was written; its values are the same")


def _content(path: Path) -> str | None:
    """What a child's receipt says of this file as it is now; None where it cannot be read."""
    try:
        facts = table_facts(path)
        return facts["content"] if facts else file_hash(path)
    except (pa.ArrowException, OSError, ValueError):
        return None


def _parents(made: Mapping, contents: Mapping[str, str | None]) -> Iterator[Finding]:
    for path, facts in made["files"].items():
        for parent, digest in facts["parents"].items():
            if parent in contents and contents[parent] != digest:
                yield Finding("parent", path, f"was made from another {parent} than the one that is here")


def _raw(run: Path, made: Mapping, released: bool) -> Iterator[Finding]:
    """Raw files; relative names start from the folder that the run was made in, which holds the run's.

    A release may be where they are not.
    """
    for path, digest in made["raw"].items():
        found = next((place / path for place in run.absolute().parents if (place / path).is_file()), None)
        if found is None:
            if not released:
                yield Finding("raw input", path, "is not there any more")
        elif file_hash(found) != digest:
            yield Finding("raw input", path, "has changed since the run")


def _checkout(made: Mapping, root: Path) -> Iterator[Finding]:
    for path, digest in made["definitions"].items():
        if not (root / path).is_file() or file_hash(root / path) != digest:
            yield Finding(CHECKOUT, path, "is not the definition that the run used")
    lock = "envs/requirements.lock"
    if not (root / lock).is_file() or file_hash(root / lock) != made["environment"]["lock"]:
        yield Finding(CHECKOUT, lock, "names other libraries than the run used")
    codes = {job["rule"]: job["code"] for job in made["jobs"].values()}
    for rule, code in sorted(codes.items()):
        script = root / f"scripts/{rule}.py"
        if not script.is_file() or code_fingerprint(script, (root / "src", root / "scripts")) != code:
            yield Finding(CHECKOUT, f"scripts/{rule}.py", "is other code than the run used")
