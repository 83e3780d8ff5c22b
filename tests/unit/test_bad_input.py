import errno
import hashlib
import os
import shutil
import sys
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from bad_input import (
    CASES,
    CONFIGURATION,
    EXTRACT,
    HEADINGS,
    PAGE,
    ROOT,
    SCHEMA,
    SECRET,
    TARIFF,
    outcome,
    page,
)

from casemix_risk.cli import main
from casemix_risk.configuration import complete_configuration, refuse_repeated_keys
from casemix_risk.errors import InputError, explain
from casemix_risk.preflight import check_run
from casemix_risk.tariff.registry import chosen_editions, read_registry

sys.path.append(str(ROOT / "scripts"))
import job


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_a_bad_input_is_one_sentence_that_names_no_row_and_leaves_nothing(case):
    when, sentence = outcome(case)
    assert when != "never"
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    assert SECRET not in sentence
    assert not Path("results").exists()


def test_the_page_of_bad_inputs_is_up_to_date():
    assert PAGE.read_text() == page()


def good_run():
    Path("extract.txt").write_text(EXTRACT)
    Path("prices.csv").write_text(TARIFF)
    return complete_configuration(yaml.safe_load(CONFIGURATION), SCHEMA)


def test_a_good_run_passes_and_nothing_is_written():
    config = good_run()
    before = sorted(Path().iterdir())
    check_run(config, Path("results/mine"))
    assert sorted(Path().iterdir()) == before


def test_files_that_the_demonstration_makes_are_not_looked_for():
    config = configuration_with("extract")
    config["tariff"]["editions"]["2006-07"]["file"] = str(ROOT / "config/tariffs/demonstration_2006-07.csv")
    check_run(complete_configuration(config, SCHEMA), Path("results/demo"))
    with pytest.raises(InputError, match="no extract file"):
        check_run(complete_configuration(config, SCHEMA), Path("results/other"))


def schema_keys(schema, where=()):
    """Every key of the schema, with the part of it that it must meet; an edition's where it can stand."""
    for name, part in schema.get("properties", {}).items():
        uplift = name in ("from", "factor", "factors_file")
        yield (*where[:-1], "2007-08" if uplift else where[-1], name) if where else (name,), part
        yield from schema_keys(part, (*where, name))
    within = schema.get("additionalProperties")
    if isinstance(within, dict):
        yield from schema_keys(within, (*where, "2006-07"))


def place(config, path):
    for key in path:
        config = config.setdefault(key, {})
    return config


KEYS = dict(schema_keys(yaml.safe_load(SCHEMA.read_text())))
WRONG_TYPE = {"string": 5, "integer": "five", "number": "five", "boolean": "perhaps", "array": 5, "object": 5}


def configuration_with(source):
    """The demonstration, or the configuration of a schedule where the demonstration has no such key."""
    name = "schedule" if source in ("schedule", "practices") else "config"
    config = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
    registry = read_registry(ROOT / "config/tariffs/registry.yaml")
    config["tariff"]["editions"] = chosen_editions(registry, config["tariff"]["editions"])
    return config


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_a_wrong_type_in_any_key_names_it(path):
    config = configuration_with(path[0])
    place(config, path[:-1])[path[-1]] = WRONG_TYPE[KEYS[path].get("type", "string")]
    with pytest.raises(InputError) as error:
        complete_configuration(config, SCHEMA)
    assert str(error.value).startswith(f"The configuration at {'.'.join(path)} has a value it cannot have, ")


@pytest.mark.parametrize("path", [path for path in KEYS if len(path[-1]) > 3], ids=".".join)
def test_a_typing_error_in_any_key_names_the_nearest(path):
    config = configuration_with(path[0])
    parent, name = place(config, path[:-1]), path[-1]
    parent[f"{name[:-2]}{name[-1]}"] = parent.pop(name, None)
    with pytest.raises(InputError, match=rf"did you mean {name}\?"):
        complete_configuration(config, SCHEMA)


def test_a_year_read_as_a_number_is_text():
    config = yaml.safe_load(CONFIGURATION)
    config["tariff"]["editions"][2007] = {"from": "2005-06", "factor": 1.05}
    before = deepcopy(config)
    assert list(complete_configuration(config, SCHEMA)["tariff"]["editions"]) == [
        "2005-06",
        "2006-07",
        "2007",
    ]
    assert config == before


def test_the_same_key_in_two_places_is_no_repetition():
    Path("a.yaml").write_text("a: {x: 1}\nb: {x: [1, {x: 2}]}\n")
    refuse_repeated_keys(Path("a.yaml"))
    Path("b.yaml").write_text("a: {x: 1}\nb: [{x: 1,\n x: 2}]\n")
    with pytest.raises(InputError, match="the key x twice in one place, on lines 2 and 3"):
        refuse_repeated_keys(Path("b.yaml"))
    Path("c.yaml").write_text("")
    refuse_repeated_keys(Path("c.yaml"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(errno.ENOSPC, "No space left", "results/a"),
            "The disk is full at results/a: free some space",
        ),
        # As polars raises it: the number stands in the text only.
        (OSError("No space left on device (os error 28)"), "The disk is full: free some space"),
        (
            PermissionError(errno.EACCES, "Permission denied", "a.txt"),
            "a.txt may not be read or written: ask",
        ),
        (
            OSError(errno.EROFS, "Read-only file system"),
            "A file or folder of the run may not be read or written",
        ),
        (
            OSError(errno.EIO, "secret", "a.txt"),
            f"a.txt could not be read or written ({os.strerror(errno.EIO)})",
        ),
        (OSError("secret"), "A file or folder of the run could not be read or written: check"),
        (MemoryError(), "The machine's memory is too small"),
    ],
)
def test_what_the_machine_lacks_is_one_sentence(error, sentence):
    assert explain(error).startswith(sentence)
    assert "secret" not in explain(error)


def rule_with_log(log):
    return SimpleNamespace(rule="ingest", wildcards={"year": "2004-05"}, log=[log], input=[], output=[])


def failing(error):
    def main(_):
        raise error

    return main


def test_a_rule_ends_in_the_sentence_of_its_log():
    rule = rule_with_log("rule.log")
    with pytest.raises(SystemExit) as stopped:
        job.run(failing(OSError(errno.ENOSPC, "", "results/a.parquet")), rule)
    assert stopped.value.code == (
        "casemix-risk, ingest: The disk is full at results/a.parquet: free some space, or run in a folder on "
        "another disk."
    )
    assert Path("rule.log").read_text().splitlines() == [stopped.value.code]


def test_a_rule_whose_log_cannot_be_written_still_says_why():
    rule = rule_with_log("no/such/folder/rule.log")
    with pytest.raises(SystemExit, match=r"casemix-risk, ingest: no/such/folder/rule.log could not be read"):
        job.run(failing(AssertionError), rule)


def test_an_unexpected_error_tells_its_place_and_not_its_text():
    rule = rule_with_log("rule.log")
    with pytest.raises(SystemExit, match=r"unexpected KeyError at test_bad_input\.py:"):
        job.run(failing(KeyError("secret")), rule)
    assert "secret" not in Path("rule.log").read_text()


def test_check_says_what_an_extract_is_and_what_becomes_of_its_rows(capsys):
    lines = EXTRACT.splitlines()[:6]
    lines[1] = lines[1].replace("|3|1|", "|1|1|")  # an episode that is not finished
    lines[2] = lines[2].replace("|50|2|", "|50|9|")  # a sex that is not known
    Path("a.csv").write_text("\n".join([*lines, "torn|row", ""]).replace("|", ";"))
    assert main(["check", "a.csv"]) == 0
    said = capsys.readouterr()
    first, *rest = said.out.splitlines()
    assert first == "a.csv: text separated by semicolon, 17 columns."
    assert rest[0] == f"Columns found: {HEADINGS.replace('|', ', ')}."
    assert rest[1] == "Needed and not found: none."
    # Rows 3 to 5 have the first finished row's patient and dates: they repeat it.
    assert rest[4] == "Rows read: 6; kept: 1; left out: 5 (83.3%)."
    assert [line.split(".")[0].strip() for line in rest[5:]] == [
        "left out: 1 ragged_row",
        "left out: 1 unfinished_episode",
        "left out: 3 duplicate",
        "changed: 1 unknown_sex",
    ]
    assert SECRET not in said.out + said.err


def test_check_names_what_is_not_found_and_ends_in_1(capsys):
    Path("a.txt").write_text(EXTRACT.replace("SEX", "GENDER"))
    assert main(["check", "a.txt"]) == 1
    said = capsys.readouterr()
    assert "Needed and not found: SEX." in said.out
    assert said.err.startswith("casemix-risk: a.txt has no column SEX: give an extract that has it, or")
    assert said.err.count("\n") == 1


def test_check_ends_in_1_where_no_row_would_be_kept(capsys):
    Path("a.txt").write_text(EXTRACT.replace("|H04|", "||"))
    assert main(["check", "a.txt"]) == 1
    said = capsys.readouterr()
    assert "left out: 5,000 missing_hrg. The record has no HRG." in said.out
    assert "5,000 of 5,000 rows have no HRG and 0 are kept: set grouper" in said.err


def test_check_takes_a_price_list_for_what_it_is(capsys):
    Path("prices.csv").write_text(TARIFF)
    assert main(["check", "prices.csv"]) == 1
    assert "If this is a price list" in capsys.readouterr().out
    pd.read_csv("prices.csv").to_excel("p.xlsx", sheet_name="Annex A", index=False)
    assert main(["check", "p.xlsx"]) == 0
    assert "sheet Annex A: 3 rows, 3 columns" in capsys.readouterr().out
    assert main(["check", "nothing.xlsx"]) == 1
    assert "casemix-risk: There is no" in capsys.readouterr().err


def test_a_definition_set_with_faults_stops_a_run_before_its_first_job(tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(ROOT / "tests/data/definitions_small", folder)
    split = folder / "split.csv"
    header, _, *rest = split.read_text().splitlines(keepends=True)
    split.write_text("".join([header, *rest]))  # a node's ranges now leave a gap, or a node is gone
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    manifest["files"]["split.csv"] = hashlib.sha256(split.read_bytes()).hexdigest()
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    said = r"has faults, \d+ in all, the first in \w+\.csv:\d+: .* definitions lint"
    with pytest.raises(InputError, match=said):
        check_run(good_run() | {"grouper": "always", "definitions": str(folder)}, tmp_path / "results")
