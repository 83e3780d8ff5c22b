import hashlib
import itertools
import sys
import time
from pathlib import Path

from casemix_risk.audit.fingerprint import code_fingerprint
from casemix_risk.changes.tables import edition_notes
from casemix_risk.configuration import base_years, complete_configuration, refuse_repeated_keys
from casemix_risk.errors import InputError, explain
from casemix_risk.payment.options import options_on, payment_files
from casemix_risk.preflight import check_run
from casemix_risk.tariff.editions import edition_chain, edition_files, schedule_years
from casemix_risk.tariff.registry import changes_between, in_force
from casemix_risk.volumes.years import FEWEST_YEARS

STARTED = time.time()
ROOT = Path(workflow.basedir)
SCHEMAS = ROOT / "workflow/schemas"
LOCK = hashlib.sha256((ROOT / "envs/requirements.lock").read_bytes()).hexdigest()

try:
    for path in workflow.configfiles:
        refuse_repeated_keys(Path(path))
    config = complete_configuration(config, SCHEMAS / "config.schema.yaml")
    RESULTS = Path("results") / config["run"]
    if workflow.is_main_process:
        check_run(config, RESULTS)
except (InputError, OSError) as error:
    # An exit and not an exception, so that the sentence is the last line.
    sys.exit(f"casemix-risk: {explain(error)}")

SOURCE = "extract" if "extract" in config else "schedule"
YEARS = base_years(config)
GROUPED = config["grouper"] != "given"
DEFINITIONS = Path(config.get("definitions", ROOT / "src/casemix_risk/group/demonstration"))
DEFINITION_FILES = sorted(path for path in DEFINITIONS.iterdir() if path.is_file()) if GROUPED else []
CLEANED = "group" if GROUPED else "ingest"
POPULATION_COVERED = config.get("extract", {}).get("population_covered", config["population"])
EDITIONS = list(config["tariff"]["editions"])
YEARS_COMPARED = ["year_on_year", "back_test"][: max(0, len(YEARS) - 1)]
SUPPRESSED = config["small_numbers"] == "suppress"
CODED = GROUPED and not SUPPRESSED
COMPARED = "profile" in config.get("practices", {}) and not SUPPRESSED
PAYMENT = options_on(config["payment"])
LEADING = in_force(config["tariff"]["editions"], EDITIONS[0])
CHANGES = {"_to_".join(pair): pair for pair in changes_between(config["tariff"]["editions"])}
CHANGES_OF_LISTS = [
    change
    for change, pair in CHANGES.items()
    if not any("schedule_year" in config["tariff"]["editions"][name] for name in pair)
]
CHANGED_TABLES = {
    "tariff": ["prices"],
    "risk": ["cost_lines", "risk_summary", "risk_quantiles", "pool_optimum", "pool_lines"],
}


DECISION_TABLES = [
    "frontier",
    "shocked_pool",
    "pool_fees",
    "stop_loss",
    "reserves",
    "overspend",
    "smallest_group",
    "external_checks",
    "detectability",
    "provable",
    "savings_claim",
]
DECISION_FIGURES = [
    "frontier",
    "pool_fees",
    "covers",
    "reserve_by_size",
    "reserve_by_years",
    "smallest_group",
    "falls_that_show",
    "provable_lines",
]
PROGRESS_TABLES = ["year_end", "year_end_by_month", "year_end_lines"]


wildcard_constraints:
    year=r"\d{4}-\d{2}",
    edition="|".join(EDITIONS),
    change="|".join(CHANGES) or "none",


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
    return cleaned("episodes" if SOURCE == "extract" else "schedule_lines", years)


def cleaned(table, years=YEARS):
    """A table of each year, as cleaning or, where the run has one, the grouper left it."""
    return expand(RESULTS / CLEANED / f"{table}_{{year}}.parquet", year=years)


def files_of_jobs(pick, *, but=()):
    """Files that the jobs of the run write, picked from each rule's outputs, but for those of some rules."""
    values = {
        "year": YEARS,
        "edition": EDITIONS,
        "change": list(CHANGES),
        "fyear": [year[2:4] + year[5:] for year in YEARS],
    }
    return sorted(
        str(path.apply_wildcards(dict(zip(each.wildcard_names, chosen))))
        for each in workflow.rules
        if each.name not in but
        for path in pick(each.output)
        for chosen in itertools.product(*(values[name] for name in each.wildcard_names))
    )


def receipts(*, but=()):
    """The receipts of every job of the run, but for those of some rules."""
    return files_of_jobs(lambda output: [output.receipt] if hasattr(output, "receipt") else [], but=but)


def in_demonstration(**files):
    """Files that only the demonstration has, which knows the truth its extract was drawn from."""
    return files if "synthetic" in config else {}


def exact_counts(*files):
    """Files that hold exact counts, or what tells of them: none in a run whose small numbers are suppressed."""
    return [] if SUPPRESSED else list(files)


def with_years(fewest, **files):
    """Files that only a run with so many base years has."""
    return files if len(YEARS) >= fewest else {}


def in_progress(*files):
    """Files that only a run with a year in progress has."""
    return list(files) if "year_in_progress" in config else []


def in_coding(*files):
    """Files that only a run has whose coding is looked at: one with a grouper that keeps exact counts."""
    return list(files) if CODED else []


def in_comparison(*files):
    """Files that only a run has whose practices are compared: one with a profile of them that keeps exact counts."""
    return list(files) if COMPARED else []


def with_payment(**files):
    """Files that only a run with an option of payment has."""
    return files if PAYMENT else {}


def what_stopped():
    """The sentences that this run's failed rules left as the last line of their logs."""
    logs = [path for path in RESULTS.glob("logs/*.log") if path.stat().st_mtime >= STARTED]
    last_lines = [line for path in sorted(logs) for line in path.read_text().splitlines()[-1:]]
    return "\n".join(line for line in last_lines if line.startswith("casemix-risk, "))


def say_if_locked():
    """What a run adds to Snakemake's words when it has met another's lock."""
    if workflow.persistence and workflow.persistence.locked and not workflow.dryrun:
        print(
            "casemix-risk: Another run is at work in this folder, or one was cut off: wait for it to end; if none "
            "is at work: make recover.",
            file=sys.stderr,
        )
