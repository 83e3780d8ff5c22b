import json
import sys
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from casemix_risk.errors import InputError

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
import job


class Wildcards(list):
    """As Snakemake's: a list of values that knows their names."""

    def items(self):
        return [("edition", value) for value in self]


def rule_in(folder):
    """A job that reads two tables and a text file and writes two tables of the same name as one of them."""
    (folder / "logs").mkdir()
    (folder / "made").mkdir()
    (folder / "prices.txt").write_text("HRG,E,N\n")
    for name, rows in {"national": 5, "prices": 7, "made/prices": 7, "made/coverage": 2}.items():
        pd.DataFrame({"x": range(rows)}).to_parquet(folder / f"{name}.parquet")
    return SimpleNamespace(
        rule="price",
        wildcards=Wildcards(["2006-07"]),
        log=[str(folder / "logs/price.log")],
        input=[str(folder / name) for name in ("national.parquet", "prices.parquet", "prices.txt")],
        output=[str(folder / f"made/{name}.parquet") for name in ("prices", "coverage")],
    )


def events_of(folder):
    return [json.loads(line) for line in (folder / "logs/events.jsonl").read_text().splitlines()]


def test_a_job_that_is_done_leaves_one_event_and_says_it(tmp_path, capsys):
    job.run(lambda _: None, rule_in(tmp_path))
    (event,) = events_of(tmp_path)
    assert (event["rule"], event["wildcards"], event["outcome"]) == ("price", {"edition": "2006-07"}, "done")
    assert event["rows_in"] == 12
    assert event["rows_out"] == {"prices": 7, "coverage": 2}
    sizes = [
        (tmp_path / name).stat().st_size for name in ("national.parquet", "prices.parquet", "prices.txt")
    ]
    assert event["mb_in"] == pytest.approx(sum(sizes) / 1e6)
    assert 0 <= event["seconds"] < 10
    assert 10 < event["peak_mb"] < 100_000
    said = capsys.readouterr().err
    assert said.startswith("price 2006-07: in: 12 rows; out: prices 7, coverage 2 rows; ")
    assert (tmp_path / "logs/price.log").read_text() == said.removeprefix("price 2006-07: ")


def test_a_job_that_fails_leaves_its_sentence_in_the_event(tmp_path):
    def main(_):
        raise InputError("The file is empty: fetch it again.")

    with pytest.raises(SystemExit):
        job.run(main, rule_in(tmp_path))
    (event,) = events_of(tmp_path)
    assert (event["outcome"], event["message"]) == ("failed", "The file is empty: fetch it again.")


def test_progress_is_told_now_and_then(tmp_path, capsys, monkeypatch):
    tell = job.progress(rule_in(tmp_path), "rows read")
    tell(1_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(job, "SECONDS_BETWEEN_PROGRESS_LINES", 0)
    tell(2_000)
    assert capsys.readouterr().err == "price 2006-07: 2,000 rows read so far\n"


def add_events(rule, count):
    for number in range(count):
        job._write_event(rule, {"number": number, "filler": "x" * 500})


def test_jobs_that_end_together_leave_whole_lines(tmp_path):
    rule = rule_in(tmp_path)
    log_only = SimpleNamespace(log=rule.log)
    context = get_context("fork")
    writers = [context.Process(target=add_events, args=(log_only, 200)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    numbers = sorted(event["number"] for event in events_of(tmp_path))
    assert numbers == sorted([*range(200)] * 4)
