"""What runs again after a change: all that depends on it and nothing else."""

import gzip
import re
import shutil
from collections.abc import Callable

import pytest
import yaml
from small_run import snakemake

pytestmark = pytest.mark.xdist_group("workflow")

EDITIONS = 2
NOTHING: dict[str, int] = {}
FROM_REPORT = {"report": 1, "manifest": 1}
FROM_CHANGES = {"changes": 1, "not_modelled": 1} | FROM_REPORT
FROM_LAST_PRICES = {"coding": 3, "coding_drift": 1, "activity_trends": 1}
FROM_ONE_PRICE_LIST = (
    {"price": 1, "risk": 1, "decisions": 1, "year_end": 1, "checks": 1} | FROM_LAST_PRICES | FROM_CHANGES
)
FROM_THE_REGISTRY = {"editions": 1} | FROM_ONE_PRICE_LIST
FROM_DECISIONS = {"decisions": EDITIONS} | FROM_REPORT
FROM_COST_LINES = {
    "monte_carlo": 1,
    "published_facts": 1,
    "year_end": EDITIONS,
    "control_charts": 1,
} | FROM_DECISIONS
FROM_COMPARISON = {"practice_comparison": 1, "practice_pages": 1} | FROM_REPORT
FROM_RISK = (
    {"risk": EDITIONS, "checks": 1, "practices": 1, "practice_pages": 1} | FROM_COST_LINES | FROM_CHANGES
)
FROM_VOLUMES = {"price": EDITIONS, "practice_counts": 1} | FROM_RISK | FROM_LAST_PRICES | FROM_COMPARISON
FROM_INGEST = {
    "ingest": 3,
    "group_episodes": 3,
    "activity": 1,
    "volumes": 1,
    "years_compared": 1,
} | FROM_VOLUMES
EVERYTHING = {
    "synthetic_truth": 1,
    "synthetic_extract": 3,
    "synthetic_practices": 1,
    "synthetic_months": 1,
} | FROM_INGEST
# A user's run has one tariff edition, given HRGs, no published facts to compare with, no practices and
# no year in progress.
ONLY_IN_THE_DEMONSTRATION = {
    *("published_facts", "changes", "year_end", "control_charts", "group_episodes"),
    *("practices", "practice_counts", "practice_comparison", "practice_pages"),
    *FROM_LAST_PRICES,
}
FROM_ONE_EXTRACT = {rule: 1 for rule in FROM_INGEST if rule not in ONLY_IN_THE_DEMONSTRATION}


def replace(path, old, new):
    text = path.read_text()
    assert old in text, path
    path.write_text(text.replace(old, new))


def setting(old, new) -> Callable:
    return lambda folder, project: replace(folder / "config.yaml", old, new)


def registry(old, new) -> Callable:
    return lambda folder, project: replace(folder / "config/tariffs/registry.yaml", old, new)


def edition_added(folder, project):
    registry("# England's", ADDED.format("2009-10", "2009-04-01") + "# England's")(folder, project)
    setting("- 2007-08", "- 2007-08\n  - 2009-10")(folder, project)


def source(path, old, new) -> Callable:
    return lambda folder, project: replace(project / path, old, new)


def touched(path) -> Callable:
    return lambda folder, project: (project / path).touch()


def extract_loses_its_last_row(folder, project):
    path = folder / "FILE0304_HES_APC.txt.gz"
    rows = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(rows[:-1])))


def extract_touched(folder, project):
    (folder / "FILE0304_HES_APC.txt.gz").touch()


def records_deleted(folder, project):
    shutil.rmtree(folder / ".snakemake")


ADDED = """\
{}:
  effective_from: {}
  published_on: 2009-01-31
  source: A test
  from: 2006-07
  factor: 1.03
"""
SAID_OF_ONE_EDITION = {"editions": 1} | FROM_CHANGES
LIBRARY = "src/casemix_risk"
CUTS = "individual_admissions: {}\n  individual_price_gbp: {}"
CHANGES = [
    ("a tariff factor", registry("factor: 1.025", "factor: 1.03"), FROM_THE_REGISTRY),
    ("a tariff edition added", edition_added, FROM_THE_REGISTRY),
    # It takes the old one's place on both sides, and is compared with it.
    (
        "a tariff edition restated",
        registry("2008-09:", ADDED.format("again", "2007-04-01") + "  restates: 2007-08\n2008-09:"),
        FROM_THE_REGISTRY | {"changes": 2},
    ),
    (
        "an edition nobody asks for",
        registry("2008-09:", ADDED.format("other", "2001-04-01") + "2008-09:"),
        NOTHING,
    ),
    ("what a registry says of a source", registry("about 2.5 % above", "2.5 % above"), SAID_OF_ONE_EDITION),
    ("a list size", setting("\n- 100000\n", "\n- 200000\n"), {"volumes": 1} | FROM_VOLUMES),
    (
        "an option of payment",
        setting("run: demo", "run: demo\npayment: {short_stay: true}"),
        {"payment": EDITIONS} | FROM_VOLUMES,
    ),
    ("the seed", setting("seed: 20080514", "seed: 1"), EVERYTHING),
    (
        "two values change places",
        setting(CUTS.format(100000, 3000), CUTS.format(3000, 100000)),
        FROM_RISK,
    ),
    ("a formula", source(f"{LIBRARY}/tariff/prices.py", "share * day_case", "day_case"), FROM_VOLUMES),
    ("a literal", source(f"{LIBRARY}/ingest/episodes.py", "_DAYS = 29_200", "_DAYS = 29_201"), FROM_INGEST),
    (
        "a comment and a docstring of a module behind every job",
        source(f"{LIBRARY}/errors.py", '"""The error that', '# A comment.\n"""What'),
        NOTHING,
    ),
    ("a module touched", touched(f"{LIBRARY}/errors.py"), NOTHING),
    (
        "the report's template",
        source(f"{LIBRARY}/report/page.html", "<main", "<main dir='ltr'"),
        FROM_REPORT,
    ),
    ("a practice of the district", setting("  - A85072\n", ""), FROM_COMPARISON),
    (
        "the template of the practices' pages",
        source(f"{LIBRARY}/practices/pages.html", "<main", "<main dir='ltr'"),
        {"practice_pages": 1} | FROM_REPORT,
    ),
    ("the scenario of shocks", setting("common_pct: 2", "common_pct: 3"), FROM_DECISIONS),
    (
        "a limit of the checks",
        setting("run: demo", "run: demo\nchecks: {size_of_year: {warning: 0.3}}"),
        {"checks": 1} | FROM_REPORT,
    ),
    ("a contract", source("workflow/schemas/prices.yaml", "HRG name", "name of the HRG"), FROM_VOLUMES),
    ("a contract touched", touched("workflow/schemas/prices.yaml"), NOTHING),
    ("a definition", source(f"{LIBRARY}/synthetic/catalogue.csv", ",3700,", ",3800,"), EVERYTHING),
    (
        "the locked libraries",
        source("envs/requirements.lock", "==0.8.0", "==0.8.1"),
        EVERYTHING | {"editions": 1},
    ),
    ("Snakemake's records deleted", records_deleted, NOTHING),
    (
        "a figure deleted",
        lambda folder, project: (folder / "results/demo/tariff/2007-08/prices.png").unlink(),
        FROM_ONE_PRICE_LIST,
    ),
]
CHANGES_OF_A_USERS_FILE = [
    ("an extract", extract_loses_its_last_row, FROM_ONE_EXTRACT),
    ("an extract touched", extract_touched, NOTHING),
]


@pytest.mark.parametrize(
    ("run", "change", "jobs"),
    [
        pytest.param(run, change, jobs, id=name)
        for run, changes in (("two_cores", CHANGES), ("users_own", CHANGES_OF_A_USERS_FILE))
        for name, change, jobs in changes
    ],
)
def test_a_change_reruns_what_depends_on_it(run, change, jobs, request, changeable, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(request.getfixturevalue(run).parents[1], folder)
    change(folder, changeable)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    plan = snakemake(folder, config, "-n", project=changeable)
    assert plan.returncode == 0, plan.stderr
    planned = re.findall(r"^(\w+) +(\d+)$", plan.stdout + plan.stderr, re.MULTILINE)
    assert {rule: int(count) for rule, count in planned if rule not in {"all", "total"}} == jobs
