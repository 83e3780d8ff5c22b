import gzip
import random
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.audit.tables import write_table
from casemix_risk.errors import InputError
from casemix_risk.ingest.clean import clean_year
from casemix_risk.ingest.rules import RULES

CONTRACTS = Path(__file__).parents[2] / "workflow/schemas"
CLEAN_ROW = {
    "EPIKEY": "500000000001",
    "ENCRYPTED_HESID": "aB3x",
    "PARTYEAR": "200213",
    "EPISTAT": "3",
    "EPITYPE": "1",
    "EPIORDER": "1",
    "EPISTART": "2002-06-03",
    "EPIEND": "2002-06-07",
    "ADMIDATE": "2002-06-03",
    "DISDATE": "2002-06-07",
    "ADMIMETH": "11",
    "CLASSPAT": "1",
    "ADMINCAT": "01",
    "DISMETH": "1",
    "SPELDUR": "4",
    "EPIDUR": "4",
    "STARTAGE": "50",
    "SEX": "2",
    "GPPRAC": "A81001",
    "PROCODE3": "RR8",
    "HRGLATE35": "H04",
    "FAE": "1",
    "DIAG_01": "M169",
    "DIAG_02": "",
    "DIAG_03": "",
    "OPERTN_01": "-   ",
    "OPERTN_02": "",
}
OTHER_HEADINGS = {
    "ENCRYPTED_HESID": "token_person_id",
    "STARTAGE": "AdmiAge",
    "PROCODE3": "procode5",
    "HRGLATE35": " hrg_3.5 ",
    "DIAG_01": "diag_4_01",
    "OPERTN_01": "opertn_4_01",
}


def row(key=1, **changes):
    """A clean row with an episode key and a patient of its own."""
    return CLEAN_ROW | {"EPIKEY": str(500000000000 + key), "ENCRYPTED_HESID": f"patient{key}"} | changes


def as_text(rows, delimiter="|", header=None):
    lines = [header or list(CLEAN_ROW), *(list(values.values()) for values in rows)]
    return "".join(delimiter.join(line) + "\n" for line in lines)


def clean_text(folder, text, name="extract.txt", **options):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return clean_year(path, folder, **options)


def outcome(cleaned):
    """Row -> rule of the excluded rows, and the kept rows."""
    excluded = pa.concat_tables(cleaned.excluded())
    kept = pa.concat_tables(cleaned.episodes())
    rules = dict(zip(excluded["source_row"].to_pylist(), excluded["rule"].to_pylist(), strict=True))
    return rules, kept.to_pylist()


def acted(cleaned):
    rows = cleaned.waterfall.groupby("rule")["rows"].sum()
    return {rule: count for rule, count in rows.items() if count and rule != "kept"}


def judge(folder, *rows):
    return clean_text(folder, as_text(rows))


def test_a_clean_row_is_kept_as_it_stands(tmp_path):
    rules, [kept] = outcome(judge(tmp_path, CLEAN_ROW))
    assert rules == {}
    assert kept == {
        "source_row": 1,
        "epikey": "500000000001",
        "patient": "aB3x",
        "provider": "RR8",
        "practice": "A81001",
        "episode_start": date(2002, 6, 3),
        "episode_end": date(2002, 6, 7),
        "admission_date": date(2002, 6, 3),
        "discharge_date": date(2002, 6, 7),
        "episode_order": 1,
        "episode_type": "1",
        "admission_method": "11",
        "admission_type": "elective",
        "patient_class": "1",
        "discharge_method": "1",
        "age": 50,
        "sex": "2",
        "spell_days": 4,
        "episode_days": 4,
        "hrg": "H04",
        "diagnoses": "M169",
        "procedures": None,
    }


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"EPISTAT": "1"}, "unfinished_episode"),
        ({"EPISTAT": "9"}, "unfinished_episode"),
        ({"EPISTAT": ""}, "unfinished_episode"),
        ({"EPISTART": "1800-01-01"}, "invalid_dates"),
        ({"EPIEND": "1801-01-01"}, "invalid_dates"),
        ({"ADMIDATE": "1600-01-01"}, "invalid_dates"),
        ({"ADMIDATE": "1582-10-15"}, "invalid_dates"),
        ({"EPISTART": "2002-02-30"}, "invalid_dates"),
        ({"EPIEND": ""}, "invalid_dates"),
        ({"EPIEND": "2002-06-02"}, "invalid_dates"),
        ({"EPIEND": "2002-06-03"}, None),
        ({"DISDATE": "1800-01-01"}, None),
        ({"ADMIMETH": "98"}, "unknown_admission_method"),
        ({"ADMIMETH": "99"}, "unknown_admission_method"),
        ({"ADMIMETH": ""}, "unknown_admission_method"),
        ({"ADMIMETH": "2E"}, "unknown_admission_method"),
        ({"ADMIMETH": "2A"}, None),
        ({"ADMIMETH": "2d"}, None),
        ({"EPIORDER": "98"}, "unknown_episode_order"),
        ({"EPIORDER": "99"}, "unknown_episode_order"),
        ({"EPIORDER": "x"}, "unknown_episode_order"),
        ({"EPIORDER": ""}, "unknown_episode_order"),
        ({"EPIORDER": "87", "FAE": "0"}, None),
        ({"ADMINCAT": "02"}, "private_patient"),
        ({"ADMINCAT": "4"}, "private_patient"),
        ({"ADMINCAT": "03"}, None),
        ({"ADMINCAT": ""}, None),
        ({"GPPRAC": "W92001"}, "non_english_practice"),
        ({"GPPRAC": "S10043"}, "non_english_practice"),
        ({"GPPRAC": "z00156"}, "non_english_practice"),
        ({"GPPRAC": "Y00001"}, None),
        ({"HRGLATE35": ""}, "missing_hrg"),
        ({"HRGLATE35": "&"}, "missing_hrg"),
        ({"HRGLATE35": " - "}, "missing_hrg"),
        ({"HRGLATE35": "U01"}, "ungroupable_hrg"),
        ({"HRGLATE35": "U09"}, "ungroupable_hrg"),
        ({"HRGLATE35": "UZ01Z"}, "ungroupable_hrg"),
        ({"HRGLATE35": "U10"}, None),
        # The first rule of the table counts.
        ({"EPISTAT": "1", "EPISTART": "1800-01-01", "ADMINCAT": "02"}, "unfinished_episode"),
        ({"ADMINCAT": "02", "HRGLATE35": "U01"}, "private_patient"),
    ],
)
def test_excluding_rules(tmp_path, changes, rule):
    cleaned = judge(tmp_path, row(1, **changes), row(2))
    assert outcome(cleaned)[0] == ({1: rule} if rule else {})
    assert acted(cleaned) == ({rule: 1} if rule else {})


@pytest.mark.parametrize(
    ("changes", "rule", "recoded"),
    [
        ({"STARTAGE": "7001"}, "baby_age", {"age": 0}),
        ({"STARTAGE": "7007"}, "baby_age", {"age": 0}),
        ({"STARTAGE": "7008"}, "unknown_age", {"age": None}),
        ({"STARTAGE": "999"}, "unknown_age", {"age": None}),
        ({"STARTAGE": ""}, "unknown_age", {"age": None}),
        ({"STARTAGE": "131"}, "unknown_age", {"age": None}),
        ({"STARTAGE": "130"}, None, {"age": 130}),
        ({"SEX": "9"}, "unknown_sex", {"sex": None}),
        ({"SEX": "0"}, "unknown_sex", {"sex": None}),
        ({"SEX": ""}, "unknown_sex", {"sex": None}),
        ({"SEX": "x"}, None, {"sex": "X"}),
        ({"GPPRAC": "V81997"}, "unknown_practice", {"practice": None}),
        ({"GPPRAC": "V81998"}, "unknown_practice", {"practice": None}),
        ({"GPPRAC": "V81999"}, "unknown_practice", {"practice": None}),
        ({"GPPRAC": "&"}, "unknown_practice", {"practice": None}),
        ({"GPPRAC": ""}, "unknown_practice", {"practice": None}),
        ({"FAE": "0"}, "admission_flag_differs", {}),
        ({"FAE": "1", "EPIORDER": "2"}, "admission_flag_differs", {"episode_order": 2}),
        ({"FAE": "0", "EPIORDER": "2"}, None, {}),
        ({"FAE": ""}, None, {}),
    ],
)
def test_recoding_and_flagging_rules(tmp_path, changes, rule, recoded):
    cleaned = judge(tmp_path, row(1, **changes))
    rules, [kept] = outcome(cleaned)
    assert rules == {}
    assert {name: kept[name] for name in recoded} == recoded
    assert acted(cleaned) == ({rule: 1} if rule else {})


def test_a_row_can_be_recoded_by_several_rules_and_an_excluded_one_counts_for_none(tmp_path):
    twice = {"SEX": "9", "STARTAGE": "999"}
    assert acted(judge(tmp_path, row(1, **twice))) == {"unknown_sex": 1, "unknown_age": 1}
    assert acted(judge(tmp_path, row(1, EPISTAT="1", **twice))) == {"unfinished_episode": 1}


def test_a_later_party_year_supersedes_whatever_else_is_wrong_with_either_row(tmp_path):
    rules, _ = outcome(
        judge(
            tmp_path,
            row(1, PARTYEAR="200212", EPISTAT="1"),
            row(1, PARTYEAR="200213"),
            row(2, PARTYEAR="200213", ADMINCAT="02"),
            row(2, PARTYEAR="200212"),
            row(3, PARTYEAR=""),
            row(3, PARTYEAR="200201"),
            row(4, EPIKEY="", PARTYEAR="200201"),
            row(5, EPIKEY="", PARTYEAR="200213"),
        )
    )
    assert rules == {1: "superseded", 3: "private_patient", 4: "superseded", 5: "superseded"}


def test_of_duplicates_the_most_complete_stays_then_the_first(tmp_path):
    same = {"ENCRYPTED_HESID": "p"}
    coded = {"DIAG_01": "M169", "DIAG_02": "I10X", "OPERTN_01": "W371"}
    rules, kept = outcome(
        judge(
            tmp_path,
            row(1, **same),
            row(2, **same, **coded),
            row(3, **same, **coded | {"DIAG_02": "R69X"}),
            row(4, **same, **coded),
            row(5, **same, **coded, EPISTAT="1", DIAG_03="E119"),  # out before duplicates are judged
            row(6, **same, EPIORDER="2", FAE="0"),
            row(7, **same, PROCODE3="RR9"),
            row(8, **same, EPIEND="2002-06-08"),
        )
    )
    assert rules == {1: "duplicate", 3: "duplicate", 4: "duplicate", 5: "unfinished_episode"}
    assert [episode["source_row"] for episode in kept] == [2, 6, 7, 8]


def test_rows_without_a_patient_are_never_duplicates_but_an_unknown_provider_is_like_another(tmp_path):
    nobody = {"ENCRYPTED_HESID": "-"}
    nowhere = {"ENCRYPTED_HESID": "p", "PROCODE3": "89997"}
    rules, kept = outcome(
        judge(tmp_path, row(1, **nobody), row(2, **nobody), row(3, **nowhere), row(4, **nowhere))
    )
    assert rules == {4: "duplicate"}
    assert [kept[0]["patient"], kept[2]["provider"]] == [None, None]


@pytest.mark.parametrize(
    ("method", "kind"),
    [("11", "elective"), ("13", "elective"), ("2A", "emergency"), ("31", "emergency"), ("82", "emergency")],
)
def test_admission_type(tmp_path, method, kind):
    _, [kept] = outcome(judge(tmp_path, row(1, ADMIMETH=method)))
    assert kept["admission_type"] == kind


@pytest.mark.parametrize(
    ("codes", "diagnoses", "procedures"),
    [
        (
            {"DIAG_01": " m16.9 ", "DIAG_02": "I10X", "OPERTN_01": "w37.1", "OPERTN_02": "Z942"},
            "M169 I10X",
            "W371 Z942",
        ),
        ({"DIAG_01": "R69X", "DIAG_02": "I10X", "DIAG_03": "-"}, "- I10X", None),
        ({"DIAG_01": "M169", "DIAG_02": "r69x", "DIAG_03": "E11-"}, "M169 E11", None),
        ({"DIAG_01": "&", "OPERTN_01": "&", "OPERTN_02": "W37-"}, None, "W37"),
    ],
)
def test_clinical_codes(tmp_path, codes, diagnoses, procedures):
    _, [kept] = outcome(judge(tmp_path, row(1, **codes)))
    assert (kept["diagnoses"], kept["procedures"]) == (diagnoses, procedures)


def test_durations_out_of_range_are_empty(tmp_path):
    _, kept = outcome(
        judge(tmp_path, row(1, SPELDUR="-1", EPIDUR="29201"), row(2, SPELDUR="29200", EPIDUR=""))
    )
    assert [(episode["spell_days"], episode["episode_days"]) for episode in kept] == [
        (None, None),
        (29200, None),
    ]


@pytest.mark.parametrize("delimiter", ["|", ",", "\t", ";"])
@pytest.mark.parametrize("headings", ["upper", "lower", "other"])
def test_any_delimiter_and_heading_reads_the_same(tmp_path, delimiter, headings):
    header = {
        "upper": list(CLEAN_ROW),
        "lower": [f" {heading.lower()}" for heading in CLEAN_ROW],
        "other": [OTHER_HEADINGS.get(heading, heading) for heading in CLEAN_ROW],
    }[headings]
    rows = [row(1), row(2, EPISTAT="1")]
    assert outcome(clean_text(tmp_path, as_text(rows, delimiter, header))) == outcome(judge(tmp_path, *rows))


def test_quotes_blanks_and_other_line_ends_change_nothing(tmp_path):
    rows = [row(1, GPPRAC="A81001   "), row(2)]
    quoted = [{name: f'"{value}"' for name, value in values.items()} for values in rows]
    text = as_text(quoted, ",", [f'"{heading}"' for heading in CLEAN_ROW])
    plain = outcome(judge(tmp_path, row(1), row(2)))
    assert outcome(clean_text(tmp_path, text)) == plain
    assert outcome(clean_text(tmp_path, "\ufeff" + text.replace("\n", "\r\n"))) == plain
    assert outcome(clean_text(tmp_path, text.rstrip("\n"))) == plain


def test_compressed_and_parquet_files_read_the_same(tmp_path):
    rows = [row(1), row(2, EPISTAT="1"), row(3, STARTAGE="999", SPELDUR="")]
    text = as_text(rows).encode()
    plain = outcome(judge(tmp_path, *rows))
    assert outcome(clean_text(tmp_path, gzip.compress(text), "a.bin")) == plain
    assert outcome(clean_text(tmp_path, pa.compress(text, "zstd", asbytes=True), "b.bin")) == plain

    pl.DataFrame(rows).write_parquet(tmp_path / "text.parquet")
    assert outcome(clean_year(tmp_path / "text.parquet", tmp_path)) == plain
    numbers = ["EPIKEY", "PARTYEAR", "EPISTAT", "EPIORDER", "ADMIMETH", "ADMINCAT", "STARTAGE", "FAE"]
    typed = pl.DataFrame(rows).with_columns(
        pl.col(numbers).cast(pl.Int64),
        pl.col("SPELDUR").cast(pl.Float64, strict=False),
        pl.col("EPISTART", "EPIEND").str.to_date(),
        pl.col("ADMIDATE", "DISDATE").str.to_datetime("%Y-%m-%d"),
        pl.col("HRGLATE35").cast(pl.Categorical),
    )
    typed.write_parquet(tmp_path / "typed.parquet")
    assert outcome(clean_year(tmp_path / "typed.parquet", tmp_path)) == plain


def test_columns_that_may_be_absent(tmp_path):
    absent = ["PARTYEAR", "EPITYPE", "DISDATE", "SPELDUR", "EPIDUR", "FAE", "OPERTN_01", "OPERTN_02"]
    rows = [{name: value for name, value in row(1).items() if name not in absent}]
    rules, [kept] = outcome(clean_text(tmp_path, as_text(rows, header=list(rows[0]))))
    assert rules == {}
    assert kept["spell_days"] is None and kept["discharge_date"] is None and kept["procedures"] is None


def test_of_several_hrg_columns_the_first_filled_one_counts(tmp_path):
    rows = [row(1) | {"SUSHRG": "HB12C"}, row(2, HRGLATE35="") | {"SUSHRG": "HB12C"}]
    _, kept = outcome(clean_text(tmp_path, as_text(rows, header=list(rows[0]))))
    assert [episode["hrg"] for episode in kept] == ["H04", "HB12C"]


@pytest.mark.parametrize("block_bytes", [2**10, 2**22])
def test_ragged_rows_are_caught_and_numbered(tmp_path, block_bytes):
    lines = as_text([row(key) for key in range(1, 9)]).splitlines()
    lines[1] = lines[1].rsplit("|", 1)[0]  # row 1: one field too few
    lines[4] += "|"  # row 4: one too many
    lines[5] = lines[5].replace("A81001", '"A81|001"')  # row 5: quoted, as many as it should be
    lines[6] = lines[6].replace("A81001", '"A81|001"|')  # row 6: quoted and one too many
    lines[8] = "torn"  # row 8
    lines.insert(3, "")  # a blank line is no row
    text = "\n".join(lines) + "\n"
    rules, kept = outcome(clean_text(tmp_path, text, block_bytes=block_bytes))
    assert rules == dict.fromkeys((1, 4, 6, 8), "ragged_row")
    assert [episode["source_row"] for episode in kept] == [2, 3, 5, 7]
    assert [episode["epikey"][-1] for episode in kept] == ["2", "3", "5", "7"]


def test_a_ragged_row_supersedes_nothing(tmp_path):
    text = as_text([row(1, PARTYEAR="200212")]) + "500000000001|patient1|200213\n"
    assert outcome(clean_text(tmp_path, text))[0] == {2: "ragged_row"}


def test_only_ragged_rows(tmp_path):
    rules, kept = outcome(clean_text(tmp_path, as_text([]) + "1|2\n3\n"))
    assert (rules, kept) == ({1: "ragged_row", 2: "ragged_row"}, [])


def test_waterfall_by_line(tmp_path):
    cleaned = judge(
        tmp_path,
        row(1, EPISTAT="1"),
        row(2, EPISTAT="1", EPIORDER="2"),
        row(3, EPISTAT="1", ADMIMETH="21"),
        row(4, EPISTAT="1", ADMIMETH="99", HRGLATE35=""),
        row(5, SEX="9"),
        row(6, EPIORDER="2", FAE="0"),
    )
    waterfall = cleaned.waterfall
    assert [*waterfall["rule"].unique()] == [*(rule.id for rule in RULES), "kept"]
    counts = waterfall.set_index(["rule", "hrg", "admission_type"])[["rows", "admissions"]]
    assert counts[counts["rows"] > 0].to_records().tolist() == [
        ("unfinished_episode", "", "", 1, 1),
        ("unfinished_episode", "H04", "elective", 2, 1),
        ("unfinished_episode", "H04", "emergency", 1, 1),
        ("unknown_sex", "H04", "elective", 1, 1),
        ("kept", "H04", "elective", 2, 1),
    ]


def test_tables_keep_their_contracts(tmp_path):
    cleaned = clean_text(
        tmp_path, as_text([row(1), row(2, EPISTAT="1"), row(3, EPIKEY="", SEX="9")]) + "torn\n"
    )
    for name in ("episodes", "excluded", "waterfall"):
        contract = read_contract(CONTRACTS / f"{name}.yaml")
        rows = cleaned.waterfall if name == "waterfall" else list(getattr(cleaned, name)())
        if name != "waterfall":
            table = pa.concat_tables(rows)
            assert [*zip(table.schema.names, table.schema.types, strict=True)] == [
                *zip(contract.schema.names, contract.schema.types, strict=True)
            ]
            check_domain(table, contract)
            check_key(table.select(contract.key), contract)
        written = tmp_path / "table.parquet"
        write_table(rows, written, contract, parents={}, settings={}, code="")


def random_rows(choose, count):
    """Rows that often share keys and often break rules."""
    changes = {
        "EPISTAT": ["3", "3", "1"],
        "PARTYEAR": ["200212", "200213"],
        "EPISTART": ["2002-06-03", "2002-06-04", "1800-01-01"],
        "ADMIMETH": ["11", "21", "99"],
        "EPIORDER": ["1", "2", "98"],
        "ADMINCAT": ["01", "02"],
        "GPPRAC": ["A81001", "W92001", "&"],
        "HRGLATE35": ["H04", "D33", "", "U01"],
        "ENCRYPTED_HESID": ["a", "b", ""],
        "DIAG_02": ["", "I10X"],
        "SEX": ["1", "9"],
    }
    for _ in range(count):
        some = {name: choose(values) for name, values in changes.items() if choose([True, False])}
        key = choose(range(1, max(count, 2)))
        torn = choose([False] * 9 + [True])
        line = [*row(key, **some).values()]
        yield "|".join(line[:5] if torn else line)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**9), count=st.integers(1, 40))
def test_every_row_is_kept_or_excluded_once_whatever_the_batches(tmp_path_factory, seed, count):
    folder = tmp_path_factory.mktemp("year")
    text = "\n".join([as_text([]).strip(), *random_rows(random.Random(seed).choice, count)]) + "\n"
    cleaned = clean_text(folder, text)
    rules, kept = outcome(cleaned)
    assert sorted([*rules, *(episode["source_row"] for episode in kept)]) == [*range(1, count + 1)]
    steps = cleaned.waterfall.groupby("action")["rows"].sum()
    assert (steps["exclude"], steps["keep"]) == (len(rules), len(kept))

    again = clean_text(folder, text, block_bytes=700)
    assert outcome(again) == (rules, kept)
    assert again.waterfall.equals(cleaned.waterfall)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**9))
def test_the_order_of_the_file_does_not_change_how_many_rows_each_rule_takes(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("year")
    lines = list(random_rows(random.Random(seed).choice, 30))
    header = as_text([]).strip()
    forward, backward = (
        clean_text(folder, "\n".join([header, *ordered]) + "\n") for ordered in (lines, lines[::-1])
    )
    excluded = [cleaned.waterfall.query("action == 'exclude'") for cleaned in (forward, backward)]
    assert excluded[0].groupby("rule")["rows"].sum().equals(excluded[1].groupby("rule")["rows"].sum())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (as_text([]).encode(), "no rows"),
        (as_text([]).rstrip("\n").encode(), "no rows"),
        (as_text([row(1, GPPRAC='"secret'), row(2), row(3)]).encode(), "an open quote"),
        (
            b"EPIKEY|PATIENT\n1|secret\n",
            "has no column ENCRYPTED_HESID, PSEUDO_HESID or TOKEN_PERSON_ID; EPISTAT; .* or DIAG_4_01: give",
        ),
        (gzip.compress(as_text([row(1)] * 2000).encode())[:-200], "damaged"),
        (pa.compress(as_text([row(1)] * 2000).encode(), "zstd", asbytes=True)[:-200], "damaged"),
        (b"PAR1" + b"secret" * 9, "damaged"),
        ("EPIKEY|CAFÉ\n".encode("latin-1"), "not UTF-8"),
        (as_text([row(1, GPPRAC="secret\xe9")]).encode("latin-1"), "not UTF-8"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, content, says):
    with pytest.raises(InputError, match=says) as error:
        clean_text(tmp_path, content)
    assert "secret" not in str(error.value)


def test_a_missing_file_and_a_decimal_key_are_errors(tmp_path):
    with pytest.raises(InputError, match="no extract file"):
        clean_year(tmp_path / "nothing.txt", tmp_path)
    pl.DataFrame([row(1)]).with_columns(pl.col("EPIKEY").cast(pl.Float64)).write_parquet(
        tmp_path / "a.parquet"
    )
    with pytest.raises(InputError, match="decimal number"):
        clean_year(tmp_path / "a.parquet", tmp_path)
