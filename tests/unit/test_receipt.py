import json

import pandas as pd
import pytest

from casemix_risk.audit.content_hash import file_hash
from casemix_risk.audit.difference import moved_figures
from casemix_risk.audit.lineage import ancestors, lineage_html, lineage_lines, lineage_picture
from casemix_risk.audit.receipt import jobs_behind, receipt
from casemix_risk.audit.source import CELL, MEDIAN, ROWS, SHARE, SUM, Source, recomputed, source_of
from casemix_risk.errors import InputError


@pytest.fixture
def run(tmp_path):
    """raw.txt -> a -> b and c; c also reads b and a definition; d has nothing to do with it."""
    folder, root = tmp_path / "results/run", tmp_path / "root"
    (folder / "receipts").mkdir(parents=True)
    root.mkdir()
    (root / "contract.yaml").write_text("contract")
    (tmp_path / "raw.txt").write_text("raw")
    jobs = {"a": ["raw.txt"], "b": ["a.txt"], "c": ["a.txt", "b.txt", "contract.yaml"], "d": []}
    place = {"raw.txt": tmp_path / "raw.txt", "contract.yaml": root / "contract.yaml"}
    for name, inputs in jobs.items():
        (folder / f"{name}.txt").write_text(name)
        read = [str(place.get(path, folder / path)) for path in inputs]
        made = receipt({"rule": name, "code": name * 64}, read, [str(folder / f"{name}.txt")], folder, root)
        (folder / f"receipts/{name}.json").write_text(json.dumps(made))
    return folder


def test_a_receipt_tells_files_of_the_run_from_definitions_and_raw_files(run):
    jobs = jobs_behind(run, ["c.txt"])
    assert list(jobs) == ["a", "b", "c"]
    assert jobs["c"]["inputs"] == {name: file_hash(run / name) for name in ("a.txt", "b.txt")}
    assert list(jobs["c"]["definitions"]) == ["contract.yaml"]
    assert list(jobs["a"]["raw"]) == [str(run.parents[1] / "raw.txt")]
    assert jobs["a"]["outputs"] == {"a.txt": {"bytes": 1, "sha256": file_hash(run / "a.txt")}}


def test_a_file_without_a_receipt_is_named(run):
    (run / "receipts/a.json").unlink()
    with pytest.raises(InputError, match=r"a\.txt has no receipt"):
        jobs_behind(run, ["c.txt"])


def test_lineage_goes_back_the_longest_way_and_ends_in_raw_files(run):
    found = ancestors(jobs_behind(run, ["c.txt"]), "c.txt")
    raw = str(run.parents[1] / "raw.txt")
    assert [(each.path, each.generation) for each in found] == [
        ("c.txt", 0),
        ("b.txt", 1),
        ("a.txt", 2),
        (raw, 3),
    ]
    lines = lineage_lines(found)
    assert lines[1].startswith("  b.txt: hash ")
    assert lines[3].endswith(f"raw file, sha256 {file_hash(raw)[:8]}")
    picture = lineage_picture(found)
    assert picture.count("<rect") == 4
    assert picture.count("<path") == 4  # raw to a, a to b, a to c, b to c
    assert lineage_html(found).count("<li>") == 4


FRAME = pd.DataFrame({"hrg": ["H01", "H02", "A01"], "list_size": [1, 2, 1], "gbp": [1.0, 4.0, 5.0]})


@pytest.mark.parametrize(
    ("where", "how", "value"),
    [
        ({"hrg": "H02"}, CELL, 4.0),
        ({"hrg": "H*"}, SUM, 5.0),
        ({"list_size": 1}, SUM, 6.0),
        ({"list_size": 1, "hrg": "A*"}, ROWS, 1.0),
        ({}, MEDIAN, 4.0),
        ({"hrg": "H*"}, SHARE, 0.5),
        ({}, "the largest but one", None),
    ],
)
def test_a_source_gives_its_number_again(where, how, value):
    source = Source("lines", "gbp", where, how)
    assert recomputed(source, FRAME) == value
    kept = {"table": "lines", "column": "gbp", "where": source.where_text(), "how": how}
    assert source_of(kept) == source


@pytest.mark.parametrize("where", [{"hrg": "H*"}, {"hrg": "Z"}])
def test_a_cell_is_one_cell(where):
    with pytest.raises(ValueError, match=r"."):
        recomputed(Source("lines", "gbp", where), FRAME)


def test_figures_that_moved_come_largest_first():
    before = pd.DataFrame({"number": list("abcde"), "value": [100.0, 1.0, 5.0, 0.0, None]})
    after = pd.DataFrame({"number": list("abcdf"), "value": [101.0, 1.5, 5.0, 2.0, 1.0]})
    moved = moved_figures(before, after)
    assert moved["number"].tolist() == ["d", "b", "a", "f"]
    assert moved["change"].tolist()[1:3] == pytest.approx([0.5, 0.01])
