"""A run that is killed, starved or disturbed says so, and docs/recovery.md brings it to its end."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest
import yaml
from small_run import ROOT, hashes, small_configuration

pytestmark = [pytest.mark.xdist_group("workflow"), pytest.mark.slow]

RUN = "make run"
RECOVER = re.search(r"```\n(.*?)\n```", (ROOT / "docs/recovery.md").read_text(), re.DOTALL)[1]
# Where a run is killed: as soon as one of these rules begins, or when it has written some of its tables.
STAGES = {
    "synthetic_extract": "begun",
    "volumes": "some tables",
    "risk": "some tables",
    "report": "some tables",
    "manifest": "begun",
}
LOCKED = (
    "casemix-risk: Another run is at work in this folder, or one was cut off: wait for it to end; "
    "if none is at work: make recover."
)
FULL = "casemix-risk, report: The disk is full: free some space, or run in a folder on another disk."
FORBIDDEN = (
    "casemix-risk: results/demo may not be read or written: ask for the right to it, "
    "or run in a folder of your own."
)
ROOM_BYTES = 1_200_000  # enough to begin with and too little for the page


@pytest.fixture
def folder(project, tmp_path, monkeypatch):
    """A user's folder: the Makefile, the configuration, and programs that run the copy of casemix-risk."""
    folder = tmp_path / "folder"
    (folder / "bin").mkdir(parents=True)
    shutil.copytree(ROOT / "config/tariffs", folder / "config/tariffs")
    (folder / "config/config.yaml").write_text(yaml.safe_dump(small_configuration()))
    (folder / "Makefile").symlink_to(ROOT / "Makefile")
    programs = {"python": "", "snakemake": f"-m snakemake --snakefile '{project}/Snakefile'"}
    for name, arguments in programs.items():
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\nexec '{sys.executable}' {arguments} \"$@\"\n")
        program.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("MAKEFLAGS", f"READY= BIN={folder}/bin")
    monkeypatch.setenv("PYTHONPATH", f"{project}/src")
    return folder


@pytest.fixture
def without_report(folder, two_cores):
    """A user's folder in which only the report is still to be written."""
    shutil.copytree(two_cores.parents[1], folder, dirs_exist_ok=True)
    for name in ("report", "logs"):
        shutil.rmtree(folder / "results/demo" / name)
    return folder


@pytest.fixture
def with_mounts():
    """The beginning of a command that may mount what nobody else sees."""
    command = ["unshare", "-Urm", "sh", "-ec"]
    if not shutil.which("unshare") or subprocess.run([*command, "mount -t tmpfs none /mnt"]).returncode:
        pytest.skip("this machine lets a user mount nothing: no unshare -Urm")
    return command


def start(command, folder, screen):
    """Start a command as from a terminal of its own; what it says goes to a file."""
    with screen.open("w") as said:
        return subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, start_new_session=True)


def last_sentence(screen):
    """The last line that is not make's own."""
    return [line for line in screen.read_text().splitlines() if not line.startswith("make")][-1]


def wait_until(condition, process, *arguments):
    while not condition(*arguments):
        assert process.poll() is None, "the run ended too early"
        time.sleep(0.01)


def in_the_middle(run, rule, point, since):
    """Whether a job of a rule has begun since, reached a point and not ended."""
    return any(
        log.stat().st_mtime > since
        and (point == "begun" or log.stat().st_size)
        and log.stem not in jobs_ended(run, since)
        for log in run.glob(f"logs/{rule}*.log")
    )


def jobs_ended(run, since):
    path = run / "logs/events.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {
        "_".join([event["rule"], *event["wildcards"].values()])
        for event in events
        if datetime.fromisoformat(event["time"]).timestamp() >= int(since)
    }


def half_written(folder):
    return [*folder.rglob(".*.writing"), *folder.rglob(".*.working")]


def test_killed_in_stage_after_stage_it_still_ends_in_the_same_bytes(folder, two_cores, tmp_path):
    run, screen, command = folder / "results/demo", tmp_path / "screen", RUN
    for rule, point in STAGES.items():
        started = time.time()
        process = start(["sh", "-c", command], folder, screen)
        wait_until(in_the_middle, process, run, rule, point, started)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        command = RECOVER
    assert start(["sh", "-c", RECOVER], folder, screen).wait() == 0, screen.read_text()
    assert hashes(run) == hashes(two_cores)
    assert not half_written(folder)


def test_on_a_full_disk_it_says_so_and_goes_on_when_there_is_room(
    without_report, with_mounts, two_cores, tmp_path
):
    disk, screen = tmp_path / "disk", tmp_path / "screen"
    disk.mkdir()
    script = f"""
        mount -t tmpfs -o size=64m none {disk}
        cp -a {without_report}/. {disk}
        cd {disk}
        head -c $(($(df --output=avail -B1 . | tail -n 1) - {ROOM_BYTES})) /dev/zero > ballast
        {RUN} > {tmp_path}/full 2>&1 || true
        rm ballast
        {RECOVER}
        cp -a results/demo {tmp_path}/recovered
    """
    assert start([*with_mounts, script], without_report, screen).wait() == 0, screen.read_text()
    assert last_sentence(tmp_path / "full") == FULL
    assert hashes(tmp_path / "recovered") == hashes(two_cores)
    assert not half_written(tmp_path / "recovered")


def test_in_a_forbidden_folder_it_says_so_and_changes_nothing(without_report, with_mounts, tmp_path):
    def state():
        return {path: path.lstat().st_mtime_ns for path in (without_report / "results").rglob("*")}

    before, screen = state(), tmp_path / "screen"
    script = f"mount --bind results results; mount -o remount,ro,bind results; {RUN}"
    assert start([*with_mounts, script], without_report, screen).wait() != 0
    assert last_sentence(screen) == FORBIDDEN
    assert state() == before


def test_a_second_run_in_the_same_folder_stops_and_does_no_harm(without_report, two_cores, tmp_path):
    run, screens = without_report / "results/demo", [tmp_path / "first", tmp_path / "second"]
    started = time.time()
    first = start(["sh", "-c", RUN], without_report, screens[0])
    wait_until(in_the_middle, first, run, "report", "begun", started)
    os.killpg(first.pid, signal.SIGSTOP)  # it would else be done before the second has begun
    assert start(["sh", "-c", RUN], without_report, screens[1]).wait() != 0
    os.killpg(first.pid, signal.SIGCONT)
    assert last_sentence(screens[1]) == LOCKED
    assert first.wait() == 0, screens[0].read_text()
    assert hashes(run) == hashes(two_cores)
