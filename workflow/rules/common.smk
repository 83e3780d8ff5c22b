import hashlib
from pathlib import Path

from casemix_risk.audit.fingerprint import code_fingerprint
from casemix_risk.configuration import base_years, complete_configuration
from casemix_risk.errors import InputError
from casemix_risk.tariff.editions import edition_chain, edition_files, schedule_years
from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
SCHEMAS = ROOT / "workflow/schemas"
LOCK = hashlib.sha256((ROOT / "envs/requirements.lock").read_bytes()).hexdigest()

try:
    config = complete_configuration(config, SCHEMAS / "config.schema.yaml")
except InputError as error:
    raise WorkflowError(str(error)) from None

RESULTS = Path("results") / config["run"]
YEARS = base_years(config)
POPULATION_COVERED = config.get("extract", {}).get("population_covered", config["population"])
EDITIONS = list(config["tariff"]["editions"])


wildcard_constraints:
    year=r"\d{4}-\d{2}",
    edition="|".join(EDITIONS),


def contracts(*tables):
    """The contract files of the tables that a rule writes."""
    return [SCHEMAS / f"{table}.yaml" for table in tables]


def settings(*keys):
    """The part of the configuration that a rule depends on, as one value."""
    return {key: config[key] for key in keys}


def code(script):
    """Fingerprint of a script and of every module of ours that it imports."""
    return code_fingerprint(ROOT / f"scripts/{script}.py", (ROOT / "src", ROOT / "scripts"))


def figure(name):
    """A figure's two files."""
    return [RESULTS / f"{name}.{ending}" for ending in ("svg", "png")]


def lines_of(years):
    """What activity is counted from: episodes of an extract, or the lines of a schedule."""
    table = "episodes" if "extract" in config else "schedule_lines"
    return expand(RESULTS / "ingest" / f"{table}_{{year}}.parquet", year=years)


def in_demonstration(**files):
    """Files that only the demonstration has, which knows the truth its extract was drawn from."""
    return files if "synthetic" in config else {}
