"""One check on a schedule: run what changed, release it, and say why it ran or not."""

import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import yaml

from casemix_risk.audit.release import LATEST, RELEASES, release, release_folder, small_numbers_of
from casemix_risk.errors import InputError, explain

DONE, FAILED, AT_WORK = 0, 1, 3  # exit codes; 2 is a command line that cannot be read
WATCH = Path("results/watch")
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
REASONS_SAID = 5
LONGEST_REASON = 120
_NOT_A_CAUSE = "Input files updated by another job"


def watch(config: Path, root: Path, on_change: str | None = None, on_failure: str | None = None) -> int:
    """Check once whether a run has anything to do, do it, and release the result.

    Snakemake says what is to be done; nothing else remembers what a run was made from. The outcome goes to a
    line of ``results/watch/<name>.log`` and, whole, to ``results/watch/<name>.json``, which appears in one
    piece; name is that of the configuration file.

    Args:
        config: the run's configuration.
        root: casemix-risk's own folder.
        on_change: shell command after a run that did something; it gets the status on its standard input,
            and the status file's name as CASEMIX_RISK_STATUS.
        on_failure: likewise after one that failed.

    Returns:
        Exit code: `DONE`, `FAILED` or `AT_WORK`.
    """
    WATCH.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    status = {"configuration": str(config), "time": datetime.now(UTC).isoformat(timespec="seconds")}
    with _held(WATCH / "lock") as (ours, holder):
        if not ours:
            status |= {"outcome": "at work", "why": f"another check is at work: {holder}"}
        else:
            status |= _check(config, root)
        code = {"failed": FAILED, "at work": AT_WORK}.get(status["outcome"], DONE)
        latest = WATCH.parent / RELEASES / f"{LATEST}-{_run(config)}"
        status |= {
            "seconds": round(time.monotonic() - started, 1),
            "exit_code": code,
            "latest_release": latest.resolve().name if latest.is_dir() else None,
        }
        command = {"ran": on_change, "failed": on_failure}.get(status["outcome"])
        if ours:
            _write_status(config, status)
        if command:
            status["command"] = _called(command, config, status)
            _write_status(config, status)
    _log(config, status)
    return code


@contextmanager
def _held(path: Path) -> Iterator[tuple[bool, str]]:
    """The lock of all checks in this folder: whether it is ours, and whose it is.

    The system drops it when its holder ends, however that happens, so it is never stale.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            yield False, file.read().strip()
            return
        file.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(f"process {os.getpid()} on {socket.gethostname()} since {since}\n")
        file.flush()
        yield True, ""


def _check(config: Path, root: Path) -> dict:
    """What is to be done, and the outcome of doing it."""
    plan = _snakemake(root, config, "--dry-run", "--quiet", "host")
    if plan.returncode:
        return {"outcome": "failed", "why": _sentence(plan.stdout)}
    jobs, why = planned(plan.stdout)
    if jobs and (at_work := _unlocked(root, config)):
        return {"outcome": "at work", "why": at_work}
    if jobs:
        done = _snakemake(root, config, "--cores", "all")
        _path(config, "out").write_text(done.stdout, encoding="utf-8")
        if done.returncode:
            return {"outcome": "failed", "jobs": jobs, "why": why, "sentence": _sentence(done.stdout)}
    return {"outcome": "ran" if jobs else "nothing to do", "jobs": jobs, "why": why} | _released(config, root)


def planned(plan: str) -> tuple[dict[str, int], str]:
    """The jobs of a dry run by rule, and why the first of them run.

    Args:
        plan: what ``snakemake --dry-run --quiet host`` prints.

    Returns:
        Rule -> number of jobs, empty where there is nothing to do; and the reasons that are not another job's
        doing, in words.
    """
    jobs = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", plan, re.MULTILINE)}
    reasons = re.findall(r"^Job \d+: (.*)\nReason: (.*)$", plan, re.MULTILINE)
    causes = [f"{job}: {_cause(reason)}" for job, reason in reasons if not reason.startswith(_NOT_A_CAUSE)]
    rest = len(causes) - REASONS_SAID
    more = [f"and {rest} more"] if rest > 0 else []
    return (
        {rule: count for rule, count in jobs.items() if rule not in ("all", "total")},
        "; ".join([*causes[:REASONS_SAID], *more]) or "no input, tariff, setting or code changed",
    )


def _cause(reason: str) -> str:
    words = "its settings or code changed" if reason.startswith("Params have changed") else reason
    return words if len(words) <= LONGEST_REASON else f"{words[:LONGEST_REASON]}..."


def _unlocked(root: Path, config: Path) -> str | None:
    """Remove the lock of a run that was cut off; who is at work in this folder, if anyone may be."""
    if not any(SNAKEMAKE_LOCKS.glob("*")):
        return None
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        facts = process.info
        is_snakemake = any("snakemake" in word for word in facts["cmdline"] or [])
        if is_snakemake and facts["cwd"] in (None, str(Path.cwd())):
            return f"a run is at work in this folder, or may be: process {facts['pid']}"
    _snakemake(root, config, "--unlock")
    return None


def _snakemake(root: Path, config: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
    return subprocess.run(
        [*command, *arguments, "--configfile", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _sentence(screen: str) -> str:
    """What a run that stopped said last."""
    ours = [line for line in screen.splitlines() if line.startswith("casemix-risk")]
    return ours[-1] if ours else (screen.splitlines() or ["Snakemake said nothing"])[-1]


def _released(config: Path, root: Path) -> dict:
    run = WATCH.parent / _run(config)
    if release_folder(run).is_dir():
        return {}
    try:
        # A run that keeps small numbers is for those who see its folder, and so is its release beside it.
        return {"released": release(run, root, everything=small_numbers_of(run) == "keep").name}
    except (InputError, OSError) as error:
        return {"outcome": "failed", "sentence": f"casemix-risk: {explain(error)}"}


def _run(config: Path) -> str | None:
    """The name of the run; None where the configuration cannot be read."""
    try:
        return yaml.safe_load(config.read_text(encoding="utf-8"))["run"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return None


def _called(command: str, config: Path, status: dict) -> str:
    """Run a user's command with the status; how it ended."""
    done = subprocess.run(
        command,
        shell=True,
        input=json.dumps(status, indent=1),
        text=True,
        env=os.environ | {"CASEMIX_RISK_STATUS": str(_path(config, "json").absolute())},
        check=False,
    )
    return f"ended with exit code {done.returncode}"


def _path(config: Path, ending: str) -> Path:
    return WATCH / f"{config.stem}.{ending}"


def _write_status(config: Path, status: dict) -> None:
    path = _path(config, "json")
    writing = path.with_suffix(".writing")
    writing.write_text(json.dumps(status, indent=1) + "\n", encoding="utf-8")
    writing.replace(path)


def _log(config: Path, status: dict) -> None:
    jobs = status.get("jobs") or {}
    parts = [
        f"{status['time']} {status['outcome']}",
        f"{sum(jobs.values())} jobs in {status['seconds']} s" if jobs else "",
        status["why"],
        status.get("sentence", ""),
        f"released as {status['released']}" if "released" in status else "",
        f"command {status['command']}" if "command" in status else "",
    ]
    line = " | ".join(filter(None, parts))
    with _path(config, "log").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    print(line, flush=True)
