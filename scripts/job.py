"""What every script of the workflow shares: its tables, log and event, and one sentence when it fails."""

import contextlib
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from casemix_risk.audit.contract import ContractError, read_contract
from casemix_risk.audit.receipt import receipt
from casemix_risk.audit.tables import parent_hash, read_table, write_table
from casemix_risk.errors import InputError, explain

ROOT = Path(__file__).resolve().parents[1]
EVENTS = "events.jsonl"
SECONDS_BETWEEN_PROGRESS_LINES = 5.0
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


def run(main, snakemake) -> None:
    """Run a script's main, log what happened, and end with exit code 1 and one sentence if it fails.

    Only errors that are ours may speak: the text of any other could hold a patient's row, so the log gets the
    place in the code instead.
    """
    started = time.monotonic()
    try:
        Path(snakemake.log[0]).write_text("", encoding="utf-8")
        main(snakemake)
        if hasattr(snakemake.output, "receipt"):
            _write_receipt(snakemake)
        _done(snakemake, started)
    except ContractError as error:
        _fail(snakemake, started, str(error))
    except (InputError, OSError, MemoryError) as error:
        _fail(snakemake, started, explain(error))
    except Exception as error:
        places = traceback.extract_tb(error.__traceback__)
        log(
            snakemake,
            "\n".join(f"  {Path(place.filename).name}:{place.lineno} {place.name}" for place in places),
        )
        _fail(
            snakemake,
            started,
            f"The step stopped on an unexpected {type(error).__name__} at "
            f"{Path(places[-1].filename).name}:{places[-1].lineno}; please report it with the log.",
        )


def log(snakemake, line: str) -> None:
    """Add a line to the rule's log."""
    with Path(snakemake.log[0]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def write(snakemake, name: str, rows) -> None:
    """Write the output called `name` under the contract of that name, with its parents, settings and code."""
    contract = next(path for path in snakemake.input.contracts if Path(path).stem == name)
    inputs = [path for path in snakemake.input if path not in snakemake.input.contracts]
    path = snakemake.output[name]
    facts = write_table(
        rows,
        path,
        read_contract(contract),
        parents={_stable_name(parent): _hash(parent) for parent in inputs},
        settings=snakemake.params.settings,
        code=snakemake.params.code,
    )
    log(snakemake, f"{path}: {facts['rows']:,} rows")


_hash = cache(parent_hash)  # a job's inputs do not change under it


def _stable_name(path: str) -> str:
    """A relative path as it is; of an absolute one, which belongs to a machine, only the file's name."""
    return Path(path).name if Path(path).is_absolute() else Path(path).as_posix()


def _write_receipt(snakemake) -> None:
    path = Path(snakemake.output.receipt)
    job = {name: snakemake.params[name] for name in ("settings", "code", "lock")}
    job |= {"rule": snakemake.rule, "wildcards": dict(snakemake.wildcards.items())}
    outputs = [output for output in snakemake.output if output != snakemake.output.receipt]
    written = receipt(job, snakemake.input, outputs, path.parents[1], ROOT)
    path.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def row_groups(path: str) -> Iterator[pa.Table]:
    """The row groups of a table, one at a time."""
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        yield file.read_row_group(number)


def by_edition(paths: Iterable[str], editions: Iterable[str]) -> dict[str, dict[str, pd.DataFrame]]:
    """Tables of tariff editions by edition and name; a table's folder is named after its edition."""
    tables: dict[str, dict[str, pd.DataFrame]] = {edition: {} for edition in editions}
    for path in map(Path, paths):
        tables[path.parent.name][path.stem] = read_table(path)
    return tables


def progress(snakemake, what: str) -> Callable[[int], None]:
    """A function that takes a count so far and now and then says it on the terminal."""
    said = time.monotonic()

    def tell(count: int) -> None:
        nonlocal said
        if time.monotonic() - said >= SECONDS_BETWEEN_PROGRESS_LINES:
            said = time.monotonic()
            _say(f"{_job(snakemake)}: {count:,} {what} so far")

    return tell


def _done(snakemake, started: float) -> None:
    event = _event(snakemake, started, "done")
    tables = ", ".join(f"{name} {rows:,}" for name, rows in event["rows_out"].items())
    read = f"{event['rows_in']:,} rows" if event["rows_in"] else f"{event['mb_in']:,.1f} MB"
    made = f"; out: {tables} rows" if tables else ""
    line = f"in: {read}{made}; {event['seconds']:.1f} s, {event['peak_mb']:,.0f} MB"
    log(snakemake, line)
    _write_event(snakemake, event)
    _say(f"{_job(snakemake)}: {line}")


def _event(snakemake, started: float, outcome: str) -> dict:
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "rule": snakemake.rule,
        "wildcards": dict(snakemake.wildcards.items()),
        "outcome": outcome,
        "mb_in": sum(Path(path).stat().st_size for path in snakemake.input if Path(path).is_file()) / 1e6,
        "rows_in": sum(_rows(path) for path in _tables(snakemake.input)),
        "rows_out": {path.stem: _rows(path) for path in _tables(snakemake.output)},
        "seconds": round(time.monotonic() - started, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / 1e6, 1),
    }


def _tables(paths: Iterable[str]) -> list[Path]:
    return [path for path in map(Path, paths) if path.suffix == ".parquet" and path.is_file()]


def _rows(table: Path) -> int:
    return pq.read_metadata(table).num_rows


def _write_event(snakemake, event: dict) -> None:
    """Add a line to the run's events in one write, so that jobs that end together do not mix theirs."""
    line = f"{json.dumps(event)}\n".encode()
    path = Path(snakemake.log[0]).with_name(EVENTS)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def _job(snakemake) -> str:
    return " ".join([snakemake.rule, *snakemake.wildcards])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(snakemake, started: float, sentence: str) -> None:
    line = f"casemix-risk, {snakemake.rule}: {sentence}"
    # On a full disk neither may have room; the terminal always has.
    with contextlib.suppress(OSError):
        log(snakemake, line)
    with contextlib.suppress(OSError):
        _write_event(snakemake, _event(snakemake, started, "failed") | {"message": sentence})
    sys.exit(line)
