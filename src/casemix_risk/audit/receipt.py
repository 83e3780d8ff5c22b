"""A job's receipt: what it read and what it wrote, by hash; receipts chain figures to raw files."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from casemix_risk.audit.content_hash import file_hash
from casemix_risk.audit.tables import parent_hash, table_facts
from casemix_risk.errors import InputError

RECEIPTS = "receipts"


def file_facts(path: Path | str) -> dict:
    """Bytes and SHA-256 of a file; of a table also its rows, content hash and publication class."""
    facts = table_facts(path) or {}
    return {"bytes": Path(path).stat().st_size, "sha256": file_hash(path)} | {
        name: facts[name] for name in ("rows", "content", "publication") if name in facts
    }


def receipt(job: Mapping, inputs: Iterable[str], outputs: Iterable[str], run: Path, root: Path) -> dict:
    """What one job read and wrote.

    Args:
        job: its rule, wildcards, settings, fingerprint of code and hash of the lock file.
        inputs: paths of the files it read.
        outputs: paths of the files it wrote.
        run: the run's folder; its files are named from there.
        root: casemix-risk's own folder; its files (contracts, templates, catalogues) are named from there.

    Returns:
        The job; the hashes of what it read as `inputs` (files of the run), `definitions` (files of
        casemix-risk) and `raw` (all others, named as they were given); and `file_facts` of its `outputs`.
    """
    run, root = run.absolute(), root.absolute()
    read = {"inputs": {}, "definitions": {}, "raw": {}}
    for path in map(Path, inputs):
        place = path.absolute()
        if place.is_relative_to(run):
            read["inputs"][place.relative_to(run).as_posix()] = parent_hash(path)
        elif path.is_absolute() and place.is_relative_to(root):
            read["definitions"][place.relative_to(root).as_posix()] = file_hash(path)
        else:
            read["raw"][path.as_posix()] = file_hash(path)
    written = {Path(path).absolute().relative_to(run).as_posix(): file_facts(path) for path in outputs}
    return dict(job) | read | {"outputs": written}


def jobs_behind(run: Path, files: Iterable[str]) -> dict[str, dict]:
    """The receipts of the jobs that led to some files of a run, each after those it depends on.

    Args:
        run: the run's folder.
        files: paths from there.

    Returns:
        Name of the receipt (such as ``risk_2006-07``) -> receipt.

    Raises:
        InputError: a file has no receipt.
    """
    receipts = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((run / RECEIPTS).glob("*.json"))
    }
    maker = {output: name for name, each in receipts.items() for output in each["outputs"]}
    maker |= {f"{RECEIPTS}/{name}.json": name for name in receipts}
    found: dict[str, dict] = {}

    def visit(file: str) -> None:
        if file not in maker:
            raise InputError(f"{run / file} has no receipt in {run / RECEIPTS}: run the pipeline again.")
        name = maker[file]
        if name not in found:
            for parent in receipts[name]["inputs"]:
                visit(parent)
            found[name] = receipts[name]

    for file in files:
        visit(file)
    return found
