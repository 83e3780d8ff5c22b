"""What every script of the workflow shares: writing its tables, its log, and one sentence when it fails."""

import contextlib
import sys
import time
import traceback
from pathlib import Path

from casemix_risk.audit.contract import ContractError, read_contract
from casemix_risk.audit.tables import parent_hash, write_table
from casemix_risk.errors import InputError, explain


def run(main, snakemake) -> None:
    """Run a script's main, log what happened, and end with exit code 1 and one sentence if it fails.

    Only errors that are ours may speak: the text of any other could hold a patient's row, so the log gets the
    place in the code instead.
    """
    started = time.monotonic()
    try:
        Path(snakemake.log[0]).write_text("", encoding="utf-8")
        main(snakemake)
        log(snakemake, f"done in {time.monotonic() - started:.1f} s")
    except ContractError as error:
        _fail(snakemake, str(error))
    except (InputError, OSError, MemoryError) as error:
        _fail(snakemake, explain(error))
    except Exception as error:
        places = traceback.extract_tb(error.__traceback__)
        log(
            snakemake,
            "\n".join(f"  {Path(place.filename).name}:{place.lineno} {place.name}" for place in places),
        )
        _fail(
            snakemake,
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
        parents={_stable_name(parent): parent_hash(parent) for parent in inputs},
        settings=snakemake.params.settings,
        code=snakemake.params.code,
    )
    log(snakemake, f"{path}: {facts['rows']:,} rows")


def _stable_name(path: str) -> str:
    """A relative path as it is; of an absolute one, which belongs to a machine, only the file's name."""
    return Path(path).name if Path(path).is_absolute() else Path(path).as_posix()


def _fail(snakemake, sentence: str) -> None:
    line = f"casemix-risk, {snakemake.rule}: {sentence}"
    # On a full disk the log may have no room either; the terminal always has.
    with contextlib.suppress(OSError):
        log(snakemake, line)
    sys.exit(line)
