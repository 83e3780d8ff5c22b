"""A run of the whole pipeline on a small extract, from a folder of its own."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = ("Snakefile", "config", "envs", "profiles", "scripts", "src", "workflow")
SAMPLING = 0.00045  # about 20,000 rows over three years
YEARS = {"2002-03": "0203", "2003-04": "0304", "2004-05": "0405"}
RESULT_KINDS = {".parquet", ".svg", ".png", ".html", ".xlsx", ".csv", ".gz"}


def small_configuration(**changes):
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["synthetic"]["sampling_fraction"] = SAMPLING
    config["synthetic"]["defect_rates"] = dict.fromkeys(config["synthetic"]["defect_rates"], 0.004)
    config["extract"]["population_covered"] = config["population"] * SAMPLING
    config["tariff"] = {"maximum_estimated_share": 1, "editions": ["2006-07", "2007-08"]}
    config["list_sizes"] = [10_000, 100_000]
    config["risk"]["simulated_years"] = 200
    return config | changes


def snakemake(folder, config, *arguments, cores=2, project=ROOT):
    """Run the pipeline of a project's folder, the checkout's or a copy's, from another folder."""
    if not (folder / "config/tariffs").is_dir():
        shutil.copytree(ROOT / "config/tariffs", folder / "config/tariffs")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile")]
    return subprocess.run(
        [*command, "--cores", str(cores), *arguments, "--configfile", "config.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"NO_COLOR": "1", "PYTHONPATH": str(project / "src")},
    )


def copy_project(folder):
    """Copy what a run needs of the checkout, with its times, over what is there."""
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, folder / name)


def table(run, name):
    """A table of a run, by its place under the run's folder."""
    return pd.read_parquet(run / f"{name}.parquet")


def hashes(run):
    """SHA-256 of every table, figure, page, workbook and receipt of a run."""
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in run.rglob("*")
        if path.suffix in RESULT_KINDS or path.parent.name == "receipts"
    }
