"""Whole runs that the workflow's tests share: no test may change their folders."""

import shutil

import pandas as pd
import pytest
from small_run import YEARS, copy_project, small_configuration, snakemake


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """The copy of casemix-risk that makes the shared runs; Snakemake's records hold its place."""
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    return folder


@pytest.fixture
def changeable(project):
    """The copy of casemix-risk that made the shared runs, put back afterwards."""
    yield project
    copy_project(project)


@pytest.fixture(scope="session")
def two_cores(tmp_path_factory, project):
    """The results of a small demonstration."""
    folder = tmp_path_factory.mktemp("two_cores")
    done = snakemake(folder, small_configuration(), project=project)
    assert done.returncode == 0, done.stderr
    return folder / "results/demo"


@pytest.fixture(scope="session")
def users_own(tmp_path_factory, two_cores, project):
    """The results of a user's run on two of the demonstration's extracts and a workbook of prices."""
    folder, synthetic = tmp_path_factory.mktemp("users_own"), two_cores / "synthetic"
    extracts = {year: f"FILE{YEARS[year]}_HES_APC.txt.gz" for year in ("2003-04", "2004-05")}
    for name in extracts.values():
        shutil.copy2(synthetic / name, folder)
    prices = pd.read_csv(project / "config/tariffs/demonstration_2006-07.csv")
    prices["HRG code"] = prices["HRG code"].str.replace("T", "W")  # chapter T is not in the price list
    prices.to_excel(folder / "prices.xlsx", sheet_name="Annex A", index=False, startrow=2)
    config = {
        "run": "mine",
        "extract": {"files": extracts, "population_covered": 22_950},
        "population": 22_950,
        "target_year": "2005-06",
        "unit": "spell",
        "regular_attenders": False,
        "projection": "mean",
        "list_sizes": [10_000],
        "tariff": {
            "maximum_estimated_share": 1,
            "editions": {
                "now": {
                    "file": "prices.xlsx",
                    "sheet": "Annex A",
                    "columns": {
                        "hrg": "HRG code",
                        "elective": "Elective spell tariff",
                        "emergency": "Non-elective spell tariff",
                    },
                }
            },
        },
        "risk": {"simulated_years": 200},
    }
    done = snakemake(folder, config, project=project)
    assert done.returncode == 0, done.stderr
    return folder / "results/mine"
