"""What leaves the house: releases, what they withhold, and that nobody can tell a suppressed number."""

import gzip
import json
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest
from small_run import snakemake

from casemix_risk.audit.release import INTERNAL, PATIENTS, prune, release, release_folder, run_list
from casemix_risk.audit.verify import RELEASE, faults, read_release, verify
from casemix_risk.cli import main
from casemix_risk.errors import InputError

pytestmark = [pytest.mark.xdist_group("releases"), pytest.mark.slow]


@pytest.fixture
def run(two_cores, tmp_path, monkeypatch):
    """A copy of the small demonstration, in a folder of its own."""
    shutil.copytree(two_cores, tmp_path / "results/demo")
    shutil.copytree(two_cores.parents[1] / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return Path("results/demo")


def test_a_release_holds_what_may_be_published_read_only_and_verifies(run, project, capsys):
    folder = release(run, project)
    said = read_release(folder)
    assert set(said["withheld"].values()) == {INTERNAL, PATIENTS}
    assert {"volumes/activity.parquet", "ingest/episodes_2004-05.parquet"} < said["withheld"].keys()
    assert "synthetic/FILE0405_HES_APC.txt.gz" in said["withheld"]
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert present == {*said["files"], RELEASE}
    assert not present & said["withheld"].keys()
    for path in [folder, *folder.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o222
    latest = {name: Path("results/releases", name).resolve().name for name in ("latest", "latest-demo")}
    assert set(latest.values()) == {folder.name}
    assert faults(verify(folder, project)) == []
    assert main(["audit", "verify", str(folder)]) == 0
    assert f"{len(said['withheld'])} withheld" in capsys.readouterr().out
    assert len(run_list(Path("results"))) == 2
    with pytest.raises(InputError, match="was released before"):
        release(run, project)


def test_everything_is_released_when_it_is_asked_for(run, project):
    folder = release(run, project, everything=True)
    said = read_release(folder)
    assert said["withheld"] == {}
    assert (folder / "volumes/activity.parquet").read_bytes() == (
        run / "volumes/activity.parquet"
    ).read_bytes()
    assert faults(verify(folder, project)) == []


def test_a_release_that_was_changed_is_found_out(run, project):
    folder = release(run, project)
    path = folder / "report/index.html"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("9", "8"))
    folder.chmod(0o755)
    (folder / "more.txt").write_text("more")
    found = {(finding.kind, finding.path) for finding in faults(verify(folder, project))}
    assert {("damaged", "report/index.html"), ("extra", "more.txt")} <= found


def test_what_is_left_over_from_another_run_is_not_released(run, project):
    (run / "tariff/old").mkdir()
    (run / "tariff/old/prices.parquet").write_text("left over")
    folder = release(run, project)
    assert not (folder / "tariff/old").exists()
    (run / "tariff/old/prices.parquet").unlink()
    (run / "report/index.html").write_text("forged")
    with pytest.raises(InputError, match="is not as its manifest says"):
        release(run, project)


def test_old_releases_leave_but_for_the_newest_those_in_use_and_those_pinned(run, project):
    folder = release(run, project)
    releases = folder.parent
    for number in range(2, 7):
        copy = releases / f"demo-{number}-0000000{number}"
        shutil.copytree(folder, copy)
        for path in (copy, copy / RELEASE):
            path.chmod(0o755)
        said = json.loads((copy / RELEASE).read_text()) | {"number": number}
        (copy / RELEASE).write_text(json.dumps(said))
        copy.chmod(0o555)
    (releases / "demo-3-00000003.keep").touch()
    # The first is in use: both pointers lead to it.
    assert prune(Path("results"), 2) == ["demo-2-00000002", "demo-4-00000004"]
    left = {path.name for path in releases.iterdir() if not path.is_symlink()}
    assert left == {
        folder.name,
        "demo-3-00000003",
        "demo-3-00000003.keep",
        "demo-5-00000005",
        "demo-6-00000006",
    }
    assert prune(Path("results"), 2) == []
    with pytest.raises(InputError, match="needs 1 or more"):
        prune(Path("results"), 0)
    assert main(["release", "--keep", "1"]) == 0
    assert not (releases / "demo-5-00000005").exists()


LOCAL = {
    "run": "public",
    "small_numbers": "suppress",
    "projection": "last_year",
    "list_sizes": [10_000],
    "population": 22_950,
    "target_year": "2005-06",
    "extract": {"files": {"2004-05": "FILE0405_HES_APC.txt.gz"}, "population_covered": 22_950},
    "tariff": {"maximum_estimated_share": 1, "editions": ["2006-07", "2007-08"]},
    "risk": {"simulated_years": 200},
}


def rows_of(extract):
    header, *rows = gzip.decompress(extract.read_bytes()).decode().splitlines()
    return header, rows


def without_one_admission_of_a_small_line(extract, episodes):
    """The extract's text less one row, the only one of its patient, on a line of 5 admissions."""
    first = episodes[episodes["episode_order"] == 1]
    counts = first.groupby(["hrg", "admission_type"])["source_row"].transform("size")
    alone = first["patient"].map(episodes["patient"].value_counts()) == 1
    row = first.loc[(counts == 5) & alone, "source_row"].iloc[0]
    header, rows = rows_of(extract)
    return "\n".join([header, *rows[: row - 1], *rows[row:], ""]), row


def released(folder, config, project):
    done = snakemake(folder, config, project=project)
    assert done.returncode == 0, done.stderr
    copy = release(folder / "results" / config["run"], project)
    return {
        path.relative_to(copy).as_posix(): path.read_bytes()
        for path in copy.rglob("*")
        if path.is_file() and path.name != RELEASE
    }


def test_a_suppressed_number_changes_no_byte_of_what_is_released(two_cores, project, tmp_path):
    """Whatever is formed from a release, it cannot tell 5 admissions from 4: both give the same release."""
    extract = two_cores / "synthetic/FILE0405_HES_APC.txt.gz"
    episodes = pd.read_parquet(two_cores / "ingest/episodes_2004-05.parquet")
    text, _ = without_one_admission_of_a_small_line(extract, episodes)
    folders = [tmp_path / "five", tmp_path / "four"]
    for folder in folders:
        folder.mkdir()
    shutil.copy2(extract, folders[0])
    (folders[1] / extract.name).write_bytes(gzip.compress(text.encode()))
    five, four = (released(folder, LOCAL, project) for folder in folders)
    assert five.keys() == four.keys()
    assert [path for path in five if five[path] != four[path]] == []
    assert {"report/index.html", "report/tables.xlsx", "volumes/published_activity.parquet"} < five.keys()
    assert not any(path.startswith(("ingest", "receipts", "audit", "manifest", "logs")) for path in five)
    shown = pd.read_parquet(folders[0] / "results/public/volumes/published_activity.parquet")["admissions"]
    assert shown.isna().any() and (shown.dropna() % 5 == 0).all()

    # The check can fail: a run that keeps the numbers tells the two apart, and is not released.
    kept, national = dict(LOCAL, run="kept", small_numbers="keep"), "results/kept/volumes/national.parquet"
    assert snakemake(folders[0], kept, project=project).returncode == 0
    assert snakemake(folders[1], kept, national, project=project).returncode == 0
    assert (folders[0] / national).read_bytes() != (folders[1] / national).read_bytes()
    with pytest.raises(InputError, match="keeps small numbers of a local population"):
        release(folders[0] / "results/kept", project)
    assert not release_folder(folders[0] / "results/kept").exists()
