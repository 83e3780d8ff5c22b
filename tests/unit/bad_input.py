"""Every bad input that is tried, and the page that shows the sentence each of them gives.

Run as a program it writes docs/bad-input.md anew.
"""

import contextlib
import errno
import gzip
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pandas as pd
import pyarrow as pa
import yaml

from casemix_risk.configuration import complete_configuration, refuse_repeated_keys
from casemix_risk.errors import InputError, explain
from casemix_risk.ingest.clean import clean_year
from casemix_risk.practices.profile import PREVALENCES
from casemix_risk.preflight import check_run

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
PAGE = ROOT / "docs/bad-input.md"
SECRET = "patient-level"  # stands in every row of the extracts and must stand in no sentence
HEADINGS = (
    "EPIKEY|ENCRYPTED_HESID|EPISTAT|EPIORDER|EPISTART|EPIEND|ADMIDATE|ADMIMETH|ADMINCAT|CLASSPAT|DISMETH|"
    "STARTAGE|SEX|GPPRAC|PROCODE3|HRGLATE35|DIAG_01"
)
ROW = f"|{SECRET}|3|1|2004-06-03|2004-06-07|2004-06-03|11|01|1|1|50|2|A81001|RR8|H04|M169"
EXTRACT = "\n".join([HEADINGS, *(f"{number:012}{ROW}" for number in range(5000)), ""])
TARIFF = "HRG,Elective,Emergency\nH04,100,200\nD33,300,400\n"
REGISTER = "CCG_CODE,CODE,SEX,AGE,NUMBER_OF_PATIENTS\n00L,A81001,ALL,ALL,9000\n"
CODES = [f"A81{number:03}" for number in range(1, 21)]
NINE = ", ".join(CODES[:9])
LIST, *_OTHERS = (
    "".join(f"{code},00K,{sex},{age},50\n" for sex in (1, 2) for age in range(0, 95, 5)) for code in CODES
)
LISTS = "".join(["practice,commissioner,sex,age_from,patients\n", LIST, *_OTHERS])
PROFILE = "\n".join(
    [
        ",".join(["practice", "deprivation", "survey_score", *PREVALENCES]),
        *(f"{code},20.5,80{',5' * len(PREVALENCES)}" for code in CODES),
    ]
)
MONTHS = """\
month,hrg,admission_type,admissions
2005-04,H04,elective,3
2005-05,H04,elective,2
2005-06,H04,elective,4
"""
REGISTRY = f"""\
2005-06:
  effective_from: 2005-04-01
  published_on: 2005-01-31
  source: The publisher
  file: prices.csv
  sha256: {"ab" * 32}
  columns: {{hrg: HRG, elective: Elective, emergency: Emergency}}
"""
CONFIGURATION = """\
run: mine
extract:
  files:
    2004-05: extract.txt
  population_covered: 1000
population: 1000
target_year: 2005-06
list_sizes: [10000]
tariff:
  editions:
    2005-06: {file: prices.csv, columns: {hrg: HRG, elective: Elective, emergency: Emergency}}
    2006-07: {from: 2005-06, factor: 1.025}
"""


class Case(NamedTuple):
    """A bad input.

    Attributes:
        what: it in words.
        make: changes the good run in the current folder, and may give another configuration.
        machine: what is wrong with the machine meanwhile.
    """

    what: str
    make: Callable[[], str | None] = lambda: None
    machine: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext


def content(name: str, value: str | bytes) -> Callable[[], None]:
    """A file of the run with another content."""

    def make() -> None:
        Path(name).write_bytes(value if isinstance(value, bytes) else value.encode())

    return make


def setting(old: str, new: str) -> Callable[[], str]:
    """The configuration with something else written in it."""
    assert old in CONFIGURATION
    return lambda: CONFIGURATION.replace(old, new)


def price(text: str) -> Callable[[], None]:
    """The price list with another first price."""
    return content("prices.csv", TARIFF.replace("H04,100", f"H04,{text}"))


def workbook() -> str:
    """A run whose prices are asked for from a sheet that the workbook does not have."""
    pd.DataFrame({"HRG": ["H04"], "Elective": [1], "Emergency": [2]}).to_excel(
        "prices.xlsx", sheet_name="Cover"
    )
    return CONFIGURATION.replace("{file: prices.csv,", "{file: prices.xlsx, sheet: Annex A,")


def unlike_workbook(value: bytes) -> Callable[[], str]:
    """A run whose price workbook has this content."""

    def make() -> str:
        Path("prices.xlsx").write_bytes(value)
        return CONFIGURATION.replace("prices.csv", "prices.xlsx")

    return make


def copied_year() -> str:
    """A run that gives a copy of one year's extract for another."""
    Path("copy.txt").write_text(EXTRACT)
    return CONFIGURATION.replace("2004-05: extract.txt", "2003-04: copy.txt\n    2004-05: extract.txt")


def refusing(number: int) -> Callable[[], contextlib.AbstractContextManager]:
    """A folder that cannot be written to, for this reason."""
    return lambda: patch.object(tempfile, "TemporaryFile", side_effect=OSError(number, os.strerror(number)))


packed = gzip.compress(EXTRACT.encode(), mtime=0)
zstd = pa.compress(EXTRACT.encode(), "zstd", asbytes=True)
noise = bytes(range(1, 250))
latin = EXTRACT.replace("RR8|H04|M169", "RR8|H04|Caf\xe9").encode("latin-1")


def schedule(make: Callable[[], None]) -> Callable[[], str]:
    """A run on a national schedule in place of an extract."""

    def configured() -> str:
        make()
        source = CONFIGURATION[CONFIGURATION.index("extract:") : CONFIGURATION.index("population:")]
        return CONFIGURATION.replace(source, "schedule: {files: {2004-05: schedule.xlsx}}\n")

    return configured


def one_sheet() -> None:
    """A schedule's workbook with one of its sheets."""
    pd.DataFrame({"Currency Code": ["AA01A"]}).to_excel("schedule.xlsx", sheet_name="EL", index=False)


def practices(register: str, member: str = "A81001") -> Callable[[], str]:
    """A run with this practice register, where it is not empty, and a group of one practice."""

    def make() -> str:
        if register:
            Path("register.csv").write_text(register)
        return f"{CONFIGURATION}practices: {{register: register.csv, groups: {{north: [{member}]}}}}\n"

    return make


def compared(old: str = "", new: str = "", more: str = "") -> Callable[[], str]:
    """A run that compares 20 practices, with something else written in the register or in the profile."""

    def make() -> str:
        for name, text in (("lists.csv", LISTS), ("profile.csv", PROFILE)):
            Path(name).write_text(text.replace(old, new) if old else text)
        return f"{CONFIGURATION}practices: {{register: lists.csv, profile: profile.csv{more}}}\n"

    return make


def months(text: str, more: str = "") -> Callable[[], str]:
    """A run with this file of a group's months, where it is not empty, in the year 2005-06."""

    def make() -> str:
        if text:
            Path("months.csv").write_text(text)
        return f"{CONFIGURATION}year_in_progress: {{file: months.csv, list_size: 5000{more}}}\n"

    return make


def registry(old: str, new: str) -> Callable[[], str]:
    """A run whose editions come from a registry with something else written in it."""
    assert old in REGISTRY

    def make() -> str:
        Path("registry.yaml").write_text(REGISTRY.replace(old, new))
        editions = CONFIGURATION[CONFIGURATION.index("  editions:") :]
        return CONFIGURATION.replace(editions, "  registry: registry.yaml\n  editions: [2005-06]\n")

    return make


def codes_priced_as(code: str) -> Callable[[], str]:
    """A run whose price list has codes under another name."""

    def make() -> str:
        Path("codes.csv").write_text(f"hrg,priced_as\nA01,{code}\n")
        digest = hashlib.sha256(TARIFF.encode()).hexdigest()
        return registry("ab" * 32, f"{digest}\n  codes_file: codes.csv")()

    return make


CASES = [
    Case("extract: missing file", lambda: Path("extract.txt").unlink()),
    Case("extract: a folder in place of a file", setting("extract.txt", ".")),
    Case("extract: one column missing", content("extract.txt", EXTRACT.replace("HRGLATE35", "GROUP"))),
    Case("extract: several columns missing", content("extract.txt", EXTRACT.replace("EPI", "EP_"))),
    Case("extract: delimiter ~", content("extract.txt", EXTRACT.replace("|", "~"))),
    Case(
        "extract: header with commas, rows with pipes",
        content("extract.txt", EXTRACT.replace(HEADINGS, HEADINGS.replace("|", ","))),
    ),
    Case("extract: mixed encodings", content("extract.txt", EXTRACT.encode() + latin[-100:])),
    Case("extract: UTF-16", content("extract.txt", EXTRACT.encode("utf-16"))),
    Case("extract: an open quote", content("extract.txt", EXTRACT.replace("|A81001", '|"A81001', 1))),
    Case("extract: truncated gz", content("extract.txt", packed[:-9])),
    Case("extract: corrupt gz", content("extract.txt", packed[:40] + noise + packed[300:])),
    Case("extract: truncated zst", content("extract.txt", zstd[:-9])),
    Case("extract: corrupt zst", content("extract.txt", zstd[:40] + noise + zstd[300:])),
    Case("extract: truncated Parquet", content("extract.txt", b"PAR1" + noise)),
    Case("extract: empty file", content("extract.txt", "")),
    Case("extract: empty gz", content("extract.txt", gzip.compress(b"", mtime=0))),
    Case("extract: header only", content("extract.txt", f"{HEADINGS}\n")),
    Case("schedule: missing file", schedule(lambda: None)),
    Case("schedule: without its sheets", schedule(one_sheet)),
    Case("schedule: no workbook", schedule(content("schedule.xlsx", TARIFF))),
    Case(
        "schedule: beside an extract",
        setting("population: 1000", "population: 1000\nschedule: {files: {2004-05: a.xlsx}}"),
    ),
    Case("practices: missing file", practices("")),
    Case("practices: a column missing", practices(REGISTER.replace("SEX", "GENDER"))),
    Case("practices: a list of 0", practices(REGISTER.replace("9000", "0"))),
    Case("practices: a list as text", practices(REGISTER.replace("9000", "nine thousand"))),
    Case("practices: a practice twice", practices(f"{REGISTER}{REGISTER.splitlines()[1]}\n")),
    Case("practices: a group with an unknown practice", practices(REGISTER, "A81OO1")),
    Case("practices compared: no profile", lambda: (compared()(), Path("profile.csv").unlink())[0]),
    Case("practices compared: a column of the profile missing", compared("survey_score", "survey")),
    Case("practices compared: a practice without a profile", compared("A81001,20.5,80,", "A81000,20.5,80,")),
    Case("practices compared: a profile twice", compared(PROFILE, f"{PROFILE}\n{PROFILE.splitlines()[1]}")),
    Case("practices compared: a survey score of 108", compared("A81001,20.5,80,", "A81001,20.5,108,")),
    Case("practices compared: a prevalence of 120 %", compared("A81001,20.5,80,5", "A81001,20.5,80,120")),
    Case("practices compared: lists without ages", compared(LISTS, REGISTER)),
    Case("practices compared: a band missing", compared("A81001,00K,2,45,50\n", "")),
    Case("practices compared: a band twice", compared("A81001,00K,2,45,", "A81001,00K,2,50,")),
    Case("practices compared: a band that is none", compared("A81001,00K,2,45,", "A81001,00K,2,46,")),
    Case("practices compared: half a person", compared("A81001,00K,2,45,50", "A81001,00K,2,45,50.5")),
    Case("practices compared: nobody on a list", compared(LIST, LIST.replace(",50\n", ",0\n"))),
    Case("practices compared: one on the register", compared(LISTS, f"{LISTS.splitlines()[0]}\n{LIST}")),
    Case("practices compared: an unknown practice", compared(more=f", district: [A81O01, {NINE}]")),
    Case("practices compared: with two others", compared(more=", district: [A81001, A81002, A81003]")),
    Case(
        "practices compared: a district and no profile",
        lambda: compared(more=f", district: [{NINE}]")().replace("profile: profile.csv, ", ""),
    ),
    Case(
        "practices compared: with a schedule",
        lambda: schedule(one_sheet)() + compared()().removeprefix(CONFIGURATION),
    ),
    Case("months: missing file", months("")),
    Case("months: empty file", months("\n")),
    Case("months: header only", months(MONTHS.splitlines()[0] + "\n")),
    Case("months: columns missing", months(MONTHS.replace("admission", "addmission"))),
    Case("months: month 2005/04", months(MONTHS.replace("2005-04", "2005/04"))),
    Case("months: month 13", months(MONTHS.replace("2005-06", "2005-13"))),
    Case("months: no HRG", months(MONTHS.replace("04,H04", "04,"))),
    Case("months: an unknown admission type", months(MONTHS.replace("elective,2", "planned,2"))),
    Case("months: a negative count", months(MONTHS.replace("elective,2", "elective,-2"))),
    Case("months: a fraction", months(MONTHS.replace("elective,2", "elective,2.5"))),
    Case("months: no count", months(MONTHS.replace("elective,2", "elective,"))),
    Case("months: a line twice in a month", months(f"{MONTHS}2005-05,H04,elective,1\n")),
    Case("months: after the year's end", months(f"{MONTHS}2006-04,H04,elective,1\n")),
    Case("months: none of the year", months(MONTHS.replace("2005", "2004"))),
    Case("months: not from April on", months(MONTHS.replace("2005-04,H04,elective,3\n", ""))),
    Case("months: a gap", months(MONTHS.replace("2005-05,H04,elective,2\n", ""))),
    Case("months: a gap in earlier years", months(f"{MONTHS}2005-02,H04,elective,1\n")),
    Case("months: no CSV", months(f"{MONTHS}2005-06,H04,elective,4,5,6\n")),
    Case("months: an unknown line to chart", months(MONTHS, ", control_charts: [H40 elective]")),
    Case(
        "months: a chart of one month",
        months("\n".join(MONTHS.splitlines()[:2]) + "\n", ", control_charts: [H04 elective]"),
    ),
    Case("months: a line to chart without its type", months(MONTHS, ", control_charts: [H04]")),
    Case("months: a negative variance", months(MONTHS, ", group_variance: -1")),
    Case(
        "months: with suppressed small numbers",
        lambda: f"{months(MONTHS)()}small_numbers: suppress\n",
    ),
    Case("years: 2004-06", setting("2004-05:", "2004-06:")),
    Case("years: 2004", setting("2004-05:", "2004:")),
    Case("years: FY0405", setting("2004-05:", "FY0405:")),
    Case("years: target year 2004/05", setting("target_year: 2005-06", "target_year: 2004/05")),
    Case(
        "years: two files for one year",
        setting("2004-05: extract.txt", "2004-05: extract.txt\n    2004-05: other.txt"),
    ),
    Case(
        "years: one file for two years",
        setting("2004-05: extract.txt", "2004-05: extract.txt\n    2003-04: extract.txt"),
    ),
    Case("years: a copied file for another year", copied_year),
    Case("price list: missing file", lambda: Path("prices.csv").unlink()),
    Case("price list: empty file", content("prices.csv", "")),
    Case("price list: header only", content("prices.csv", TARIFF.splitlines()[0] + "\n")),
    Case("price list: missing columns", content("prices.csv", TARIFF.replace("E", "Price e"))),
    Case("price list: delimiter ~", content("prices.csv", TARIFF.replace(",", "~"))),
    Case("price list: negative price", price("-100")),
    Case("price list: text for a price", price("tbc")),
    Case("price list: absurd price", price("1e9")),
    Case("price list: infinite price", price("inf")),
    Case("price list: not a number", price("-nan")),
    Case("price list: duplicate code", content("prices.csv", TARIFF + "H04,100,200\n")),
    Case("workbook: no such sheet", workbook),
    Case(
        "workbook: protected by a password", unlike_workbook(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096))
    ),
    Case("workbook: truncated", unlike_workbook(b"PK\x03\x04" + noise)),
    Case("workbook: CSV under the name .xlsx", unlike_workbook(TARIFF.encode())),
    Case("registry: an edition it does not have", registry("2005-06:", "2006-07:")),
    Case("registry: a price file with another hash", registry("ab" * 32, "cd" * 32)),
    Case("registry: no source", registry("source: The publisher", "sheet: Prices")),
    Case("registry: a day that no calendar has", registry("2005-04-01", "2005-02-30")),
    Case("registry: restates what is not there", registry("source", "restates: 2004-05\n  source")),
    Case("registry: codes priced as what is not there", codes_priced_as("H99")),
    Case("registry: text in place of editions", registry(REGISTRY, "none")),
    Case("registry: missing file", lambda: (registry("a", "a")(), Path("registry.yaml").unlink())[0]),
    Case("uplift: factor 0", setting("1.025", "0")),
    Case("uplift: factor 100", setting("1.025", "100")),
    Case("uplift: factor 2.5 %", setting("1.025", "2.5 %")),
    Case("uplift: of an edition that is not there", setting("from: 2005-06", "from: 2005-07")),
    Case(
        "uplift: factors file with a factor of 100",
        lambda: (
            content("factors.csv", "hrg,factor\nH04,100\n")(),
            CONFIGURATION.replace("factor: 1.025", "factors_file: factors.csv"),
        )[1],
    ),
    Case("list size 0", setting("[10000]", "[0]")),
    Case("list size as text", setting("[10000]", "[ten thousand]")),
    Case("list size twice", setting("[10000]", "[10000, 10000]")),
    Case("no list size", setting("[10000]", "[]")),
    Case("key: typing error", setting("population: 1000", "populaton: 1000")),
    Case("key: typing error within", setting("factor: 1.025", "fcator: 1.025")),
    Case("key: left out", setting("target_year: 2005-06\n", "")),
    Case("key: twice", setting("population: 1000\n", "population: 1000\npopulation: 2000\n")),
    Case("value: text for a number", setting("population: 1000", "population: a million")),
    Case("value: typing error", lambda: CONFIGURATION + "projection: pooled_tend\n"),
    Case("value: yes for a list", lambda: CONFIGURATION + "risk: {price_cuts_gbp: yes}\n"),
    Case("grouper: no such definition set", lambda: CONFIGURATION + "grouper: always\ndefinitions: mine\n"),
    Case("grouper: definitions and none to use them", lambda: CONFIGURATION + "definitions: mine\n"),
    Case("grouper: typing error", lambda: CONFIGURATION + "grouper: allways\n"),
    Case("folder: disk full", machine=refusing(errno.ENOSPC)),
    Case("folder: read-only", machine=refusing(errno.EROFS)),
    Case("folder: no right to write", machine=refusing(errno.EACCES)),
]


def outcome(case: Case) -> tuple[str, str]:
    """When a run in an empty current folder stops on a bad input, and with what sentence."""
    content("extract.txt", EXTRACT)()
    content("prices.csv", TARIFF)()
    path = Path("config.yaml")
    path.write_text(case.make() or CONFIGURATION)
    with case.machine():
        try:
            refuse_repeated_keys(path)
            config = complete_configuration(yaml.safe_load(path.read_text()), SCHEMA)
            check_run(config, Path("results/mine"))
        except (InputError, OSError) as error:
            return "before the first job", explain(error)
    for file in config["extract"]["files"].values():
        try:
            clean_year(Path(file), Path())
        except (InputError, OSError) as error:
            return "in rule ingest", explain(error)
    return "never", ""


@contextlib.contextmanager
def empty_folder() -> Iterator[None]:
    """A temporary current folder."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield


INTRODUCTION = """\
# Bad input

Every bad input that is tried, and the sentence it gives. The run ends with exit code 1; the sentence is the
last line on the terminal and, where a rule has begun, of the rule's log. Nothing half-written is left, and no
sentence holds a value of a row. One bad row among good ones stops nothing: it is left out and counted in the
waterfall. `casemix-risk check FILE` says what a file is and what would be kept of it before any run.

Written by `python tests/unit/bad_input.py`; a test compares this page with what the code says.

| bad input | found | sentence |
|---|---|---|
"""


def page() -> str:
    """docs/bad-input.md."""
    rows = []
    for case in CASES:
        with empty_folder():
            when, sentence = outcome(case)
        rows.append(f"| {case.what} | {when} | {sentence} |\n")
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page())
