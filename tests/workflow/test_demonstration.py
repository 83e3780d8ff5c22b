"""The whole pipeline on a small extract with known truth, run from a folder of its own."""

import json
import re

import pandas as pd
import pytest
from pyarrow import parquet
from small_run import ROOT, SAMPLING, YEARS, hashes, small_configuration, snakemake, table

from casemix_risk.audit.content_hash import file_hash, table_hash
from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.audit.tables import table_facts

pytestmark = pytest.mark.xdist_group("workflow")


@pytest.mark.parametrize("year", YEARS)
def test_every_row_is_kept_or_excluded_as_planted(two_cores, year):
    planted = table(two_cores, f"synthetic/planted_defects_{YEARS[year]}")
    excluded = table(two_cores, f"group/excluded_{year}")
    kept = table(two_cores, f"group/episodes_{year}")
    waterfall = table(two_cores, f"group/waterfall_{year}").groupby(["action", "rule"])["rows"].sum()
    excluding = planted[planted["action"] == "exclude"]
    assert dict(zip(excluding["source_row"], excluding["rule"], strict=True)) == dict(
        zip(excluded["source_row"], excluded["rule"], strict=True)
    )
    assert sorted([*kept["source_row"], *excluded["source_row"]]) == list(
        range(1, len(kept) + len(excluded) + 1)
    )
    assert waterfall["keep"]["kept"] == len(kept)
    acted = planted[planted["action"] != "exclude"].value_counts(["action", "rule"])
    for key, rows in acted.items():
        assert waterfall[key] == rows, key


def test_every_job_left_an_event_a_log_and_a_benchmark(two_cores):
    events = [json.loads(line) for line in (two_cores / "logs/events.jsonl").read_text().splitlines()]
    rows = {stem: count for event in events for stem, count in event["rows_out"].items()}
    assert {event["outcome"] for event in events} == {"done"}
    assert all(event["seconds"] > 0 and event["peak_mb"] > 0 for event in events)
    assert rows["activity"] == len(table(two_cores, "volumes/activity"))
    assert rows["episodes_2004-05"] == len(table(two_cores, "group/episodes_2004-05"))
    assert len(list((two_cores / "logs").glob("*.log"))) == len(events)
    assert len(list((two_cores / "benchmarks").glob("*.tsv"))) == len(events)
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert text.count("benchmark:") == text.count("log:") == len(re.findall(r"^ *rule \w+:", text, re.M))


def test_every_planted_defect_of_the_configuration_occurs(two_cores):
    planted = pd.concat(table(two_cores, f"synthetic/planted_defects_{year}") for year in YEARS.values())
    assert set(planted["defect"]) == set(small_configuration()["synthetic"]["defect_rates"])


def test_rows_admissions_and_pounds_tie_from_room_to_room(two_cores):
    episodes = pd.concat(table(two_cores, f"group/episodes_{year}") for year in YEARS)
    activity = table(two_cores, "volumes/activity")
    assert activity["admissions"].sum() == (episodes["episode_order"] == 1).sum()
    national = table(two_cores, "volumes/national")
    lists = table(two_cores, "volumes/by_list_size")
    at_10_000 = lists.loc[lists["list_size"] == 10_000, "expected_admissions"].sum()
    assert at_10_000 == pytest.approx(national["admissions"].sum() / 5_100)
    for edition, factor in {"2006-07": 1, "2007-08": 1.025}.items():
        prices = table(two_cores, f"tariff/{edition}/prices")
        budget = national.merge(prices).eval("admissions * price_gbp").sum()
        summary = table(two_cores, f"risk/{edition}/risk_summary").query(
            "pool == 'none' and method == 'exact'"
        )
        assert summary.set_index("list_size").loc[10_000, "budget_gbp"] == pytest.approx(budget / 5_100)
        coverage = table(two_cores, f"tariff/{edition}/tariff_coverage")
        assert coverage["budget_gbp"].sum() == pytest.approx(budget)
        assert coverage["admissions"].sum() == pytest.approx(national["admissions"].sum())
        first = table(two_cores, "tariff/2006-07/prices").query("source == 'published'")
        both = first.merge(prices, on=["hrg", "admission_type"])
        assert both["price_gbp_y"].to_numpy() == pytest.approx(
            both["price_gbp_x"].to_numpy() * factor, abs=0.011
        )


def test_volumes_meet_the_truth_within_their_error(two_cores):
    truth = table(two_cores, "synthetic/truth_lines")
    lines = truth.merge(table(two_cores, "volumes/national"), on=["hrg", "admission_type"], how="left")
    gap = lines["admissions_y"].sum() - lines["admissions_x"].sum()
    of_one_year = (lines["admissions_x"] * lines["variance_factor_x"]).sum() / SAMPLING
    of_a_trend = 1 / 3 + 4**2 / 2  # a straight line through three years, four years after the middle one
    assert abs(gap) < 4 * (of_one_year * of_a_trend) ** 0.5


def test_tables_keep_their_contracts_and_say_where_they_are_from(two_cores):
    paths = sorted(two_cores.rglob("*.parquet"))
    assert len(paths) > 40
    by_relative = {path.relative_to(two_cores.parents[1]).as_posix(): path for path in paths}
    for path in paths:
        facts, rows = table_facts(path), parquet.read_table(path)
        contract = read_contract(ROOT / f"workflow/schemas/{facts['schema']}.yaml")
        assert rows.schema.names == list(contract.columns), path
        check_domain(rows, contract)
        check_key(rows.select(contract.key), contract)
        assert facts["content"] == table_hash(rows), path
        for parent, said in facts["parents"].items():
            if parent in by_relative:
                assert table_facts(by_relative[parent])["content"] == said
            elif (two_cores.parents[1] / parent).is_file():
                assert file_hash(two_cores.parents[1] / parent) == said


def test_the_report_needs_nothing_from_outside(two_cores):
    page = (two_cores / "report/index.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert page.count("<img") == page.count('alt="') == 28
    assert "Demonstration." in page


def test_the_workbook_holds_the_figures_of_the_tables(two_cores):
    sheets = pd.read_excel(two_cores / "report/tables.xlsx", sheet_name=None, engine="openpyxl")
    assert list(sheets)[:4] == ["Cover", "Notes", "List sizes", "Practices"]
    assert {"What need explains", "Savings by estimate"} < set(sheets)
    assert {"Table 2", "Editions", "Published facts", "Waterfall", "Tariff coverage"} < set(sheets)
    summary = table(two_cores, "risk/2006-07/risk_summary").query("pool == 'none' and method == 'exact'")
    sizes = sheets["List sizes"].set_index("People")["Nothing pooled, %"]
    assert sizes.to_dict() == pytest.approx(summary.set_index("list_size")["tolerance_pct"].to_dict())
    waterfall = table(two_cores, "tariff/2006-07/waterfall")
    assert sheets["Waterfall"]["Episodes"].tolist() == waterfall["rows"].tolist()
    assert sheets["Tariff coverage"]["Share of the budget, %"].sum() == pytest.approx(100)


def test_a_second_run_has_nothing_to_do(two_cores, project):
    again = snakemake(two_cores.parents[1], small_configuration(), "-n", project=project)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_one_core_and_two_give_the_same_bytes(two_cores, tmp_path):
    done = snakemake(tmp_path, small_configuration(), cores=1)
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path / "results/demo") == hashes(two_cores)


def test_a_users_own_run_has_nothing_of_the_demonstration(users_own):
    assert not (users_own / "synthetic").exists()
    assert [run.name for run in users_own.parent.iterdir()] == ["mine"]
    assert "dearest" in set(table(users_own, "risk/now/pool_rules")["pool"])
    assert set(table(users_own, "tariff/now/prices")["source"]) == {"published", "estimated"}
    coverage = table(users_own, "tariff/now/tariff_coverage")
    missing = coverage[coverage["status"] == "estimated_missing"]
    assert set(missing["hrg"].str[0]) == {"T"}
    page = (users_own / "report/index.html").read_text()
    assert "Demonstration." not in page
    assert "Published, truth, this run" not in page


def test_a_wrong_key_stops_before_the_first_job_with_one_sentence(tmp_path):
    stopped = snakemake(tmp_path, small_configuration(populaton=5))
    assert stopped.returncode == 1
    sentence = "The configuration has an unknown key populaton at the top level; did you mean population?"
    assert stopped.stderr.splitlines()[-1] == f"casemix-risk: {sentence}"
    assert "Traceback" not in stopped.stderr
    assert not (tmp_path / "results").exists()


def users_configuration(folder, extract):
    """A user's run on one extract, with a price list of one line beside it."""
    (folder / "prices.csv").write_text("HRG,E,N\nH04,100,200\n")
    config = small_configuration(run="mine", projection="last_year")
    del config["synthetic"], config["practices"], config["year_in_progress"]
    config["extract"] = {"files": {"2004-05": extract}, "population_covered": 1_000}
    columns = {"hrg": "HRG", "elective": "E", "emergency": "N"}
    config["tariff"]["editions"] = {"now": {"file": "prices.csv", "columns": columns}}
    return config


def test_a_file_without_a_needed_column_stops_before_the_first_job(tmp_path):
    (tmp_path / "bad.txt").write_text("EPIKEY|SEX\n123456789012|1\n")
    stopped = snakemake(tmp_path, users_configuration(tmp_path, "bad.txt"))
    assert stopped.returncode == 1
    assert stopped.stderr.splitlines()[-1].startswith("casemix-risk: bad.txt has no column ENCRYPTED_HESID, ")
    assert "123456789012" not in stopped.stderr + stopped.stdout
    assert not (tmp_path / "results").exists()


def test_a_damaged_file_is_one_sentence_last_in_the_terminal_and_the_log_and_leaves_nothing(
    two_cores, tmp_path
):
    whole = (two_cores / "synthetic/FILE0405_HES_APC.txt.gz").read_bytes()
    (tmp_path / "bad.gz").write_bytes(whole[:-100])
    stopped = snakemake(tmp_path, users_configuration(tmp_path, "bad.gz"))
    assert stopped.returncode == 1
    sentence = "casemix-risk, ingest: bad.gz is damaged or incomplete and cannot be unpacked: fetch it again."
    assert stopped.stderr.splitlines()[-1] == sentence
    assert "Traceback" not in stopped.stderr + stopped.stdout
    log = tmp_path / "results/mine/logs/ingest_2004-05.log"
    assert log.read_text().splitlines()[-1] == sentence
    # Listing the tariff editions needs no extract.
    of_extracts = {path for path in (tmp_path / "results").rglob("*.*") if path.stem != "editions"}
    assert of_extracts == {log, log.with_name("events.jsonl")}
