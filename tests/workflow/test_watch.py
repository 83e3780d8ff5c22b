"""The scheduled check, driven for real: changes, failures, locks and kills, one after the other."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from small_run import ROOT

from casemix_risk.audit.verify import faults, verify
from casemix_risk.watch import AT_WORK, DONE, FAILED, planned

pytestmark = [pytest.mark.xdist_group("releases"), pytest.mark.slow]

REGISTRY = "config/tariffs/registry.yaml"
PRICES = "config/tariffs/demonstration_2006-07.csv"
RESTATED = """\
restated:
  effective_from: 2007-04-01
  published_on: 2009-01-31
  source: A test
  restates: 2007-08
  from: 2006-07
  factor: 1.03
"""


class Place(NamedTuple):
    """A user's folder with a finished run, and the copy of casemix-risk that made it."""

    folder: Path
    project: Path

    def check(self, *options):
        """One check; its exit code and status."""
        done = subprocess.run(self.command(*options), cwd=self.folder, env=self.environment(), check=False)
        return done.returncode, json.loads((self.folder / "results/watch/config.json").read_text())

    def command(self, *options):
        return [sys.executable, "-m", "casemix_risk.cli", "watch", "--config", "config.yaml", *options]

    def snakemake(self):
        """A person's run."""
        snakefile = f"{self.project}/Snakefile"
        options = ["--snakefile", snakefile, "--cores", "2", "--configfile", "config.yaml"]
        return [sys.executable, "-m", "snakemake", *options]

    def environment(self):
        return os.environ | {"NO_COLOR": "1", "PYTHONPATH": f"{self.project}/src"}

    def edit(self, path, old, new):
        place = (self.project if path.startswith("src/") else self.folder) / path
        text = place.read_text()
        assert old in text
        place.write_text(text.replace(old, new))

    def latest(self):
        return (self.folder / "results/releases/latest").resolve().name


@pytest.fixture
def place(two_cores, changeable, tmp_path):
    shutil.copytree(two_cores.parents[1], tmp_path / "folder")
    return Place(tmp_path / "folder", changeable)


def test_ten_changes_and_failures_one_after_the_other(place):
    assert not (place.folder / "results/releases").exists()
    code, status = place.check()
    assert (code, status["outcome"], status["jobs"]) == (DONE, "nothing to do", {})
    first = place.latest()
    assert status["released"] == status["latest_release"] == first

    (place.folder / PRICES).touch()
    place.edit("src/casemix_risk/errors.py", '"""The error that', '# A comment.\n"""The error that')
    code, status = place.check("--on-change", "touch called")
    assert (code, status["outcome"]) == (DONE, "nothing to do")
    assert "released" not in status
    assert not (place.folder / "called").exists()

    place.edit("config.yaml", "run: demo", "run: demo\nchecks: {size_of_year: {warning: 0.3}}")
    code, status = place.check("--on-change", "cat >told && basename $CASEMIX_RISK_STATUS >>told")
    assert (code, status["outcome"]) == (DONE, "ran")
    assert status["jobs"] == {"checks": 1, "report": 1, "manifest": 1}
    assert "its settings or code changed" in status["why"]
    told, _, name = (place.folder / "told").read_text().rpartition("}")
    assert json.loads(told + "}")["why"] == status["why"]
    assert name.strip() == "config.json"
    second = place.latest()
    assert second != first

    place.edit("src/casemix_risk/report/html_table.py", 'f"; – means:', 'f"; - means:')
    code, status = place.check()
    assert (code, status["outcome"], status["jobs"]) == (DONE, "ran", {"report": 1, "manifest": 1})

    (place.folder / REGISTRY).write_text((place.folder / REGISTRY).read_text() + RESTATED)
    code, status = place.check()
    assert (code, status["outcome"], status["jobs"]["price"]) == (DONE, "ran", 1)
    assert "ingest" not in status["jobs"]
    good = place.latest()

    prices = (place.folder / PRICES).read_text()
    place.edit(PRICES, "1,842", "1,843")
    code, status = place.check("--on-failure", "cat >failed; exit 7")
    assert (code, status["outcome"], status["exit_code"]) == (FAILED, "failed", FAILED)
    assert "the tariff registry says" in status["why"]
    assert status["latest_release"] == place.latest() == good
    assert status["command"] == "ended with exit code 7"
    assert json.loads((place.folder / "failed").read_text())["outcome"] == "failed"
    (place.folder / PRICES).write_text(prices)
    assert place.check()[1]["outcome"] == "nothing to do"

    # A job that fails after Snakemake has removed what it was to write.
    place.edit("src/casemix_risk/risk/tables.py", "    sizes = sorted(list_sizes)\n", "    sizes = 1 / 0\n")
    code, status = place.check()
    assert (code, status["outcome"]) == (FAILED, "failed")
    assert "ZeroDivisionError" in status["sentence"]
    left = list((place.folder / "results/demo/risk").glob("*/risk_summary.parquet"))
    assert len(left) < 3  # one for each edition, restated too
    assert place.latest() == good
    assert faults(verify(place.folder / "results/releases/latest", place.project)) == []

    place.edit("src/casemix_risk/risk/tables.py", "    sizes = 1 / 0\n", "    sizes = sorted(list_sizes)\n")
    code, status = place.check()
    assert (code, status["outcome"]) == (DONE, "ran")

    place.edit("config.yaml", "population:", "populaton:")
    code, status = place.check()
    assert (code, status["outcome"]) == (FAILED, "failed")
    assert "did you mean population?" in status["why"]

    log = (place.folder / "results/watch/config.log").read_text().splitlines()
    assert [line.split(" | ")[0].split(" ", 1)[1] for line in log] == [
        "nothing to do",
        "nothing to do",
        *["ran"] * 3,
        "failed",
        "nothing to do",
        "failed",
        "ran",
        "failed",
    ]


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, "it ended too early"
        time.sleep(0.02)


def test_a_check_that_is_killed_is_made_up_for_by_the_next(place):
    place.edit("config.yaml", "common_pct: 2", "common_pct: 3")
    locks, tables = place.folder / ".snakemake/locks", place.folder / "results/demo/decisions/2006-07"
    check = subprocess.Popen(
        place.command(), cwd=place.folder, env=place.environment(), start_new_session=True
    )
    wait_for(lambda: any(locks.glob("*")) and not (tables / "frontier.parquet").exists(), check)
    os.killpg(check.pid, signal.SIGKILL)
    check.wait()
    assert any(locks.glob("*"))
    place.edit("config.yaml", "common_pct: 3", "common_pct: 2")
    code, status = place.check()
    assert (code, status["outcome"]) == (DONE, "ran")
    assert faults(verify(place.folder / "results/releases/latest", place.project)) == []


def test_no_check_runs_beside_another_or_beside_a_person_s_run(place):
    place.edit("config.yaml", "run: demo", "run: demo\nchecks: {size_of_year: {warning: 0.3}}")
    (place.folder / "results/watch").mkdir()
    with (place.folder / "results/watch/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 1 on here")
        lock.flush()
        second = subprocess.run(
            place.command(),
            cwd=place.folder,
            env=place.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == AT_WORK
    assert "at work | another check is at work: process 1 on here" in second.stdout
    assert not (place.folder / "results/watch/config.json").exists()

    run = subprocess.Popen(
        place.snakemake(),
        cwd=place.folder,
        env=place.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    locks = place.folder / ".snakemake/locks"
    wait_for(lambda: any(locks.glob("*")), run)
    os.killpg(run.pid, signal.SIGSTOP)
    code, status = place.check()
    assert (code, status["outcome"]) == (AT_WORK, "at work")
    assert re.search(r"a run is at work in this folder, or may be: process \d+", status["why"])
    assert any(locks.glob("*"))
    os.killpg(run.pid, signal.SIGCONT)
    assert run.wait() == 0
    assert place.check()[1]["outcome"] == "nothing to do"


def test_the_plan_s_reasons_are_the_first_causes():
    plan = (
        "Job stats:\njob    count\n-----  -------\nprice        2\nall          1\ntotal        3\n"
        "Job 7: Pricing the lines with tariff edition 2008-09\n"
        "Reason: Params have changed since last execution: a long list\n"
        "Job 8: Writing the report\nReason: Input files updated by another job: x\n"
        "Job 9: Reading\nReason: Updated input files: a.csv\n"
    )
    jobs, why = planned(plan)
    assert jobs == {"price": 2}
    assert why == (
        "Pricing the lines with tariff edition 2008-09: its settings or code changed; "
        "Reading: Updated input files: a.csv"
    )
    assert planned("Nothing to be done.\n") == ({}, "no input, tariff, setting or code changed")


def test_the_units_call_what_exists():
    service = (ROOT / "docs/watch/casemix-risk-watch.service").read_text()
    crontab = (ROOT / "docs/watch/crontab").read_text()
    for text in (service, crontab):
        assert ".venv/bin/casemix-risk watch --config config/mine.yaml --on-failure" in text
    assert f"SuccessExitStatus={AT_WORK}" in service
