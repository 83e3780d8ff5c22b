"""A run proves itself: tampering is found and named, and each number leads back to the raw files."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet
from small_run import ROOT, copy_project, hashes, small_configuration, snakemake

from casemix_risk.audit.content_hash import file_hash
from casemix_risk.audit.contract import read_contract
from casemix_risk.audit.difference import difference, moved_figures
from casemix_risk.audit.manifest import chain_lines, line_hash
from casemix_risk.audit.release import release, run_list
from casemix_risk.audit.tables import read_table, table_facts, write_table
from casemix_risk.audit.trace import numbers_that_do_not_agree, trace
from casemix_risk.audit.verify import read_manifest, verify
from casemix_risk.cli import main
from casemix_risk.errors import InputError

pytestmark = pytest.mark.xdist_group("releases")
BUDGET = "text/budget_gbp"
NATIONAL, SUMMARY = "volumes/national.parquet", "risk/2006-07/risk_summary.parquet"


@pytest.fixture
def run(two_cores, tmp_path, monkeypatch):
    """A copy of the shared run that may be changed."""
    shutil.copytree(two_cores.parents[1], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Path("results/demo")


def rewritten(path, *, code=None, change=lambda rows: rows):
    """The same table written anew, whole in itself, by other code or with other values."""
    facts = table_facts(path)
    return write_table(
        change(read_table(path)),
        path,
        read_contract(ROOT / f"workflow/schemas/{facts['schema']}.yaml"),
        parents=facts["parents"],
        settings={},
        code=code or facts["code"],
    )


def flip_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def edit_value(path):
    """As a careful forger would: the metadata and the time stay."""
    times, rows = path.stat(), parquet.read_table(path)
    column = rows.schema.names.index("admissions")
    values = rows.column(column).to_pylist()
    values[0] += 1
    forged = rows.set_column(column, rows.schema.field(column), pa.array(values))
    parquet.write_table(forged.replace_schema_metadata(rows.schema.metadata), path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def swap(path):
    rewritten(path, change=lambda rows: rows.assign(admissions=2 * rows["admissions"]))


def edit_line(path):
    path.write_text(path.read_text().replace('"number": 1', '"number": 2'))


def edit_time(path):
    path.write_text(path.read_text().replace('"time": "20', '"time": "19'))


CHILDREN = {("parent", f"tariff/{edition}/prices.parquet") for edition in ("2006-07", "2007-08")}
TAMPERING = [
    ("a flipped byte of a table", NATIONAL, flip_byte, {("damaged", NATIONAL)}),
    ("a flipped byte of a figure", "volumes/national.png", flip_byte, {("damaged", "volumes/national.png")}),
    ("an edited value, the time restored", NATIONAL, edit_value, {("edited", NATIONAL)}),
    ("a missing file", SUMMARY, Path.unlink, {("missing", SUMMARY)}),
    ("an extra file", "volumes/x.csv", lambda path: path.write_text("1"), {("extra", "volumes/x.csv")}),
    ("a swapped parent", NATIONAL, swap, {("replaced", NATIONAL)} | CHILDREN),
    ("other code", NATIONAL, lambda path: rewritten(path, code="0" * 64), {("other code", NATIONAL)}),
    ("a forged manifest", "manifest.json", edit_line, {("chain", "manifest.json")}),
    ("a forged list of sums", "SHA256SUMS", flip_byte, {("chain", "SHA256SUMS")}),
    ("a broken chain", "runs.jsonl", edit_line, {("chain", "runs.jsonl")}),
    ("a chain with another time", "runs.jsonl", edit_time, {("chain", "runs.jsonl")}),
    ("a chain without sense", "runs.jsonl", lambda path: path.write_text("{}\n"), {("chain", "runs.jsonl")}),
    ("a chain of bytes", "runs.jsonl", lambda path: path.write_bytes(b"\xff\n"), {("chain", "runs.jsonl")}),
    ("a chain cut off", "runs.jsonl", Path.unlink, {("chain", "runs.jsonl")}),
    ("a forged receipt", "receipts/volumes.json", flip_byte, {("damaged", "receipts/volumes.json")}),
]


@pytest.mark.parametrize(
    ("place", "tamper", "found"), [pytest.param(*case, id=name) for name, *case in TAMPERING]
)
def test_tampering_is_found_and_named(run, project, place, tamper, found):
    tamper(run / place)
    said = {(finding.kind, finding.path) for finding in verify(run, project)}
    assert found <= said
    assert {path for _, path in said - found} <= {
        path for path, facts in read_manifest(run)["files"].items() if place in facts["parents"]
    }


def test_an_untouched_run_is_as_its_manifest_says(run, project, capsys):
    progress = []
    assert verify(run, project, lambda *counts: progress.append(counts)) == []
    files = len(read_manifest(run)["files"])
    assert progress[-1] == (files, files)


def test_a_changed_raw_file_is_named_and_so_is_a_missing_one(users_own, project, tmp_path, monkeypatch):
    shutil.copytree(users_own.parents[1], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    run, extract = Path("results/mine"), Path("FILE0304_HES_APC.txt.gz")
    assert verify(run, project) == []
    flip_byte(extract)
    assert [finding[:2] for finding in verify(run, project)] == [("raw input", extract.name)]
    extract.unlink()
    (finding,) = verify(run, project)
    assert finding.sentence == "is not there any more"


def test_a_checkout_with_other_code_definitions_or_libraries_is_named(run, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    copy_project(other)
    formula = other / "src/casemix_risk/practices/register.py"
    formula.write_text(formula.read_text() + "\nX = 1\n")
    contract = other / "workflow/schemas/national.yaml"
    contract.write_text(contract.read_text() + "\n")
    lock = other / "envs/requirements.lock"
    lock.write_text(lock.read_text() + "\n")
    said = {finding.path for finding in verify(run, other)}
    assert {"workflow/schemas/national.yaml", "envs/requirements.lock"} <= said
    assert "scripts/volumes.py" not in said  # it does not read the practice register


def test_every_number_of_the_report_comes_again_from_its_table(run):
    numbers = read_table(run / "report/numbers.parquet")
    page = (run / "report/index.html").read_text()
    assert set(re.findall(r'data-number="([^"]+)"', page)) <= set(numbers["number"])
    again = numbers["how"].isin(["the cell", "the sum of the cells", "the number of rows"])
    assert again.mean() > 0.75
    assert list(numbers_that_do_not_agree(run)) == []
    path = run / "risk/2006-07/price_bands.parquet"
    rewritten(path, change=lambda rows: rows.assign(price_gbp=rows["price_gbp"] * 1.0001))
    wrong = list(numbers_that_do_not_agree(run))
    assert wrong
    assert all(re.fullmatch(r"bands/\d+/price_gbp", number) for number in wrong)


def test_a_number_leads_through_every_step_to_the_raw_files(run):
    lines, found = trace(run, BUDGET)
    summary = read_table(run / SUMMARY).query("pool == 'none' and method == 'exact' and list_size == 10000")
    assert lines[0] == f"text/budget_gbp = {summary['budget_gbp'].item()!r}"
    paths = [each.path for each in found]
    assert paths[0] == SUMMARY
    steps = ["tariff/2006-07/prices.parquet", NATIONAL, "volumes/activity.parquet"]
    steps += ["ingest/episodes_2003-04.parquet", "synthetic/FILE0304_HES_APC.txt.gz"]
    places = [paths.index(step) for step in steps]
    assert places == sorted(places)
    assert all(each.digest == table_facts(run / each.path)["content"] for each in found if each.rows)


def test_the_command_traces_draws_and_lists(run, capsys):
    assert main(["audit", "trace", "sizes/10000/best", "--picture", "picture.svg"]) == 0
    said = capsys.readouterr().out
    assert "from risk/2006-07/pool_optimum, column tolerance_pct" in said
    assert "by rule risk" in said
    made_of = said.split("made of:\n")[1].splitlines()
    assert Path("picture.svg").read_text().count("<rect") == len(made_of)
    assert main(["audit", "trace", "sizes/10000/beste"]) == 1
    assert "the nearest are sizes/10000/best" in capsys.readouterr().err
    assert main(["audit", "list"]) == 0
    assert capsys.readouterr().out.startswith("results/demo: run 1, ")
    assert main(["audit", "verify", "results"]) == 1
    assert "results has no manifest.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("manifest.json", None),
        (SUMMARY, BUDGET),
        ("receipts/risk_2006-07.json", BUDGET),
    ],
)
def test_a_damaged_run_ends_a_command_in_a_sentence(run, place, number, capsys):
    (run / place).write_text("{}")
    assert main(["audit", "trace", number] if number else ["audit", "verify"]) == 1
    assert re.fullmatch(r"casemix-risk: results/demo\S* is damaged: .*\n", capsys.readouterr().err)


def test_others_can_read_what_the_run_says_of_itself(run):
    checked = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=run)
    assert checked.returncode == 0
    statement = json.loads((run / "provenance.json").read_text())
    assert (statement["_type"], statement["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    assert set(hashes(run)) < set(subjects)
    assert all(file_hash(run / path) == digest for path, digest in subjects.items())
    package = json.loads((run / "datapackage.json").read_text())
    tables = {path.relative_to(run).as_posix() for path in run.rglob("*.parquet")}
    assert {resource["path"] for resource in package["resources"]} == tables
    for resource in package["resources"]:
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        columns = [field["name"] for field in resource["schema"]["fields"]]
        assert columns == parquet.read_schema(run / resource["path"]).names
        assert resource["hash"] == f"sha256:{file_hash(run / resource['path'])}"


def test_a_change_of_tariff_is_told_apart_and_released_beside_the_first_run(run, project):
    first = release(run, project, everything=True)
    assert hashes(first) == hashes(run)
    registry = Path("config/tariffs/registry.yaml")
    registry.write_text(registry.read_text().replace("factor: 1.025", "factor: 1.03"))
    done = snakemake(Path.cwd(), small_configuration(), project=project)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in chain_lines(run)]
    assert [line["number"] for line in lines] == [1, 2]
    assert lines[1]["previous"] == line_hash(chain_lines(run)[0])
    said = list(difference(first, run))
    assert said[:2] == ["data: the same", "configuration: 1 differ"]
    assert said[2] == "  tariff.editions.2007-08.factor: 1.025 -> 1.03"
    assert {"definitions: the same", "code: the same", "environment: the same"} <= set(said)
    figures = moved_figures(*(read_table(each / "report/numbers.parquet") for each in (first, run)))
    (budget,) = figures.loc[figures["number"] == "editions/2007-08/budget_gbp", "change"]
    assert budget == pytest.approx(1.03 / 1.025 - 1, rel=2e-3)
    assert not any("/2006-07/" in line for line in said)
    assert len(run_list(Path("results"))) == 2


def test_a_tampered_run_is_not_released(run, project):
    flip_byte(run / "volumes/national.png")
    with pytest.raises(InputError, match="is not as its manifest says"):
        release(run, project)
    assert not Path("results/releases").exists()


def test_the_kept_configuration_makes_the_run_again(run):
    kept = yaml.safe_load((run / "config.yaml").read_text())
    assert kept["tariff"] == read_manifest(run)["jobs"]["report"]["settings"]["tariff"]
    assert file_hash(run / "requirements.lock") == file_hash(ROOT / "envs/requirements.lock")
