"""The demonstration's extract, read back and judged from its text alone."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm, poisson

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.errors import InputError
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.engine import group_records
from casemix_risk.synthetic import defects, population
from casemix_risk.synthetic.catalogue import catalogue, catalogue_lines
from casemix_risk.synthetic.code_frequencies import SORTS, code_frequencies
from casemix_risk.synthetic.conditions import CONDITIONS, has_conditions
from casemix_risk.synthetic.draws import pick, pick_listed
from casemix_risk.synthetic.extract import (
    draw_extract,
    expected_admissions,
    people_of_extract,
    write_extract,
)
from casemix_risk.synthetic.hes_file import COLUMNS, DIAGNOSES, OPERATIONS, episode_keys
from casemix_risk.synthetic.planted_coding import grouper_input
from casemix_risk.synthetic.practices import practice_codes

DEFINITIONS = read_definitions(demonstration())
YEAR = "2003-04"
RATES = dict.fromkeys(defects.DEFECTS, 0.004)
SETTINGS = {
    "seed": 7,
    "population": 2_000_000,
    "sampling_fraction": 0.02,
    "target_year": "2007-08",
    "defect_rates": RATES,
}
FACTORS = {("L49", "elective"): 25.0, ("S15", "elective"): 4.0, ("S12", "emergency"): 2.0}
BABY_AGES = [str(code) for code in range(7001, 7008)]


def small_truth() -> pd.DataFrame:
    """Lines of the catalogue with round figures, in a country of two millions."""
    lines = catalogue_lines()[["hrg", "admission_type", "chapter", "description"]]
    lines = lines[
        lines["hrg"].isin(catalogue()["hrg"].iloc[::7]) | lines["hrg"].isin([h for h, _ in FACTORS])
    ]
    keys = list(zip(lines["hrg"], lines["admission_type"], strict=True))
    return lines.assign(
        admissions=[{"L49": 100_000, "S15": 100_000}.get(hrg, 2_500) for hrg, _ in keys],
        mean_los_days=np.where(lines["admission_type"] == "elective", 1.0, 4.0),
        variance_factor=[FACTORS.get(key, 1.0) for key in keys],
        annual_growth=0.01,
    ).reset_index(drop=True)


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    header, *lines = gzip.decompress(path.read_bytes()).decode().removesuffix("\n").split("\n")
    return header.split("|"), [line.split("|") for line in lines]


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return small_truth()


@pytest.fixture(scope="module")
def written(truth, tmp_path_factory) -> tuple[Path, pd.DataFrame]:
    path = tmp_path_factory.mktemp("extract") / "hes.txt.gz"
    return path, write_extract(truth, YEAR, SETTINGS, DEFINITIONS, path).defects


@pytest.fixture(scope="module")
def kept(written) -> pd.DataFrame:
    """The rows that carry no excluding defect, as text, with the line's admission type and dates."""
    path, planted = written
    header, rows = rows_of(path)
    excluded = set(planted.loc[planted["action"] == "exclude", "source_row"])
    table = pd.DataFrame(
        [row for number, row in enumerate(rows, 1) if number not in excluded], columns=header
    )
    for column in ("EPISTART", "EPIEND", "ADMIDATE"):
        table[column] = table[column].astype("datetime64[s]")
    elective = table["ADMIMETH"].isin(["11", "12", "13"])
    return table.assign(admission_type=np.where(elective, "elective", "emergency"))


@pytest.fixture(scope="module")
def clean(truth) -> pd.DataFrame:
    return draw_extract(truth, YEAR, SETTINGS, DEFINITIONS).to_pandas()


@pytest.fixture(scope="module")
def later(truth) -> pd.DataFrame:
    """The clean rows of the year after."""
    return draw_extract(truth, "2004-05", SETTINGS, DEFINITIONS).to_pandas()


def counts_of(kept: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    first = kept[kept["EPIORDER"] == "1"]
    counts = first.groupby(["HRGLATE35", "admission_type"]).size()
    return counts.reindex(pd.MultiIndex.from_frame(truth[["hrg", "admission_type"]]), fill_value=0).to_numpy()


def test_expected_admissions_by_hand(truth):
    # Four years before the target at 1 % a year, one in fifty: 2,500 x e^-0.04 / 50.
    assert expected_admissions(truth, YEAR, SETTINGS)[0] == pytest.approx(50 * np.exp(-0.04))


def test_kept_admissions_are_poisson_about_the_truth(kept, truth):
    expected = expected_admissions(truth, YEAR, SETTINGS)
    counts = counts_of(kept, truth)
    single = truth["variance_factor"] == 1
    tail = np.minimum(poisson.cdf(counts, expected), poisson.sf(counts - 1, expected))[single]
    assert tail.min() > 1e-4 / len(truth)
    score = ((counts - expected) ** 2 / expected)[single].sum()
    assert chi2.ppf(1e-4, single.sum()) < score < chi2.ppf(1 - 1e-4, single.sum())


def test_kept_admissions_of_repeat_lines_spread_as_their_variance_factor_says(kept, truth):
    expected = expected_admissions(truth, YEAR, SETTINGS)
    z = (counts_of(kept, truth) - expected) / np.sqrt(expected * truth["variance_factor"])
    assert z[truth["variance_factor"] > 1].abs().max() < norm.ppf(1 - 1e-4)


@pytest.mark.parametrize(("hrg", "factor", "tolerance"), [("S15", 4.0, 0.15), ("L49", 25.0, 0.3)])
def test_variance_factor_comes_back_from_the_patients(kept, hrg, factor, tolerance):
    line = kept[
        (kept["HRGLATE35"] == hrg) & (kept["EPIORDER"] == "1") & (kept["admission_type"] == "elective")
    ]
    times = line.groupby("ENCRYPTED_HESID").size()
    assert (times**2).sum() / times.sum() == pytest.approx(factor, rel=tolerance)


def test_patients_of_a_poisson_line_are_admitted_once(kept, truth):
    first = kept[kept["EPIORDER"] == "1"].merge(
        truth, left_on=["HRGLATE35", "admission_type"], right_on=["hrg", "admission_type"]
    )
    once = first[first["variance_factor"] == 1]
    assert not once.duplicated(["hrg", "admission_type", "ENCRYPTED_HESID"]).any()


def test_the_file_has_52_columns_but_for_the_torn_rows(written):
    path, planted = written
    header, rows = rows_of(path)
    assert header == COLUMNS
    assert len(header) == 52
    torn = set(planted.loc[planted["defect"] == "ragged_row", "source_row"])
    widths = {number: len(row) for number, row in enumerate(rows, 1)}
    assert {number for number, width in widths.items() if width != 52} == torn
    assert {widths[number] for number in torn} <= {51, 53}


def test_planted_defects_keep_their_contract(written):
    contract = read_contract(Path(__file__).parents[2] / "workflow/schemas/planted_defects.yaml")
    table = pa.Table.from_pandas(written[1], schema=contract.schema, preserve_index=False)
    check_domain(table, contract)
    check_key(table.select(list(contract.key)), contract)


def test_every_defect_is_planted_at_its_rate(written, clean):
    planted = written[1]["defect"].value_counts()
    expected = dict.fromkeys(RATES, round(0.004 * len(clean)))
    expected["baby_age"] += clean["STARTAGE"].isin(BABY_AGES).sum()
    assert planted.to_dict() == expected


BAD_DATES = {"1800-01-01", "1801-01-01", "1600-01-01", "1582-10-15"}
KNOWN_METHODS = {"11", "12", "13", "21", "22", "23", "24", "28", "31", "32", "81", "82", "83"}
EXCLUDING = {  # the agreed cleaning rules, in their order, written down a second time
    "unfinished_episode": lambda row: row["EPISTAT"] != "3",
    "invalid_dates": lambda row: bool({row["EPISTART"], row["EPIEND"], row["ADMIDATE"]} & BAD_DATES),
    "unknown_admission_method": lambda row: row["ADMIMETH"] not in KNOWN_METHODS,
    "unknown_episode_order": lambda row: row["EPIORDER"] in {"98", "99"},
    "private_patient": lambda row: row["ADMINCAT"] in {"02", "04"},
    "non_english_practice": lambda row: row["GPPRAC"][:1] in {"W", "S", "Z"},
    "ungroupable_hrg": lambda row: row["HRGLATE35"].startswith("U0"),
}
CHANGING = {
    "baby_age": lambda row: row["STARTAGE"] in BABY_AGES,
    "unknown_sex": lambda row: row["SEX"] in {"0", "9", ""},
    "unknown_practice": lambda row: row["GPPRAC"] in {"V81997", "V81998", "V81999", "&", ""},
    "admission_flag_differs": lambda row: (row["FAE"] == "1") != (row["EPIORDER"] == "1"),
}


def rules_that_act(path: Path) -> set[tuple[int, str]]:
    """What the agreed cleaning rules do with each row of the file."""
    header, rows = rows_of(path)
    whole = {n: dict(zip(header, row, strict=True)) for n, row in enumerate(rows, 1) if len(row) == 52}
    acts = {(number, "ragged_row") for number in range(1, len(rows) + 1) if number not in whole}
    newest = {}
    for row in whole.values():
        newest[row["EPIKEY"]] = max(row["PARTYEAR"], newest.get(row["EPIKEY"], ""))
    passed = {}
    for number, row in whole.items():
        broken = [rule for rule, holds in EXCLUDING.items() if holds(row)]
        if row["PARTYEAR"] < newest[row["EPIKEY"]]:
            acts.add((number, "superseded"))
        elif broken:
            assert len(broken) == 1
            acts.add((number, broken[0]))
        else:
            episode = tuple(
                row[name] for name in ("ENCRYPTED_HESID", "EPISTART", "EPIORDER", "EPIEND", "PROCODE3")
            )
            passed.setdefault(episode, []).append((number, row))
    for same in passed.values():
        same.sort(
            key=lambda pair: (
                -sum(pair[1][name] not in {"", "-   "} for name in DIAGNOSES + OPERATIONS),
                pair[0],
            )
        )
        acts |= {(number, "duplicate") for number, _ in same[1:]}
        number, row = same[0]
        acts |= {(number, rule) for rule, holds in CHANGING.items() if holds(row)}
    return acts


def test_the_cleaning_rules_find_the_planted_defects_and_nothing_else(written):
    path, planted = written
    assert rules_that_act(path) == set(zip(planted["source_row"], planted["rule"], strict=True))


def test_duplicates_stand_before_and_after_the_row_they_copy(written):
    path, planted = written
    header, rows = rows_of(path)
    key = [header.index(name) for name in ("ENCRYPTED_HESID", "EPISTART", "EPIORDER", "EPIEND", "PROCODE3")]
    copies = planted.loc[planted["defect"] == "duplicate_episode", "source_row"].tolist()
    episodes = {tuple(rows[number - 1][place] for place in key): number for number in copies}
    originals = {}
    for number, row in enumerate(rows, 1):
        episode = tuple(row[place] for place in key) if len(row) == 52 else None
        if episode in episodes and number not in copies:
            originals.setdefault(episode, number)
    assert {episodes[episode] < number for episode, number in originals.items()} == {True, False}


def test_episode_keys_are_text_of_12_digits_and_differ(written):
    header, rows = rows_of(written[0])
    superseded = (written[1]["defect"] == "superseded_partyear").sum()
    keys = [row[0] for row in rows if len(row) == len(header)]
    assert all(len(key) == 12 and key.isdigit() for key in keys)
    assert len(keys) - len(set(keys)) == superseded
    assert len(set(episode_keys("2002-03", np.arange(10**5)))) == 10**5


def test_spells_are_chains_of_episodes(clean):
    spells = clean.assign(order=clean["EPIORDER"].astype(int)).sort_values(
        ["ENCRYPTED_HESID", "ADMIDATE", "order"]
    )
    first, last = spells["EPIORDER"] == "1", spells["SPELEND"] == "Y"
    assert first.sum() == last.sum()
    assert (last.shift(fill_value=True) == first).all()
    inner = spells[~last.to_numpy()]
    following = spells[~first.to_numpy()]
    for left, right in [("EPIEND", "EPISTART"), ("ADMIDATE", "ADMIDATE"), ("PROCODE3", "PROCODE3")]:
        assert (inner[left].to_numpy() == following[right].to_numpy()).all()
    assert (following["order"].to_numpy() == inner["order"].to_numpy() + 1).all()
    assert (following["HRGLATE35"].str[0].to_numpy() == inner["HRGLATE35"].str[0].to_numpy()).all()
    assert (spells["EPISTART"] == spells["ADMIDATE"])[first].all()
    assert (inner["DISMETH"] == "8").all()
    assert (inner["DISDATE"] == "1800-01-01").all()
    assert (inner["SPELDUR"] == "").all()
    ends = spells[last]
    assert (ends["DISDATE"] == ends["EPIEND"]).all()
    days = (pd.to_datetime(ends["DISDATE"]) - pd.to_datetime(ends["ADMIDATE"])).dt.days
    assert (ends["SPELDUR"].astype(int) == days).all()
    begins = np.select([~first, spells["ADMIDATE"] < "2003-04-01"], ["0", "1"], default="2")
    assert (spells["SPELBGIN"] == begins).all()


def test_spells_hold_15_episodes_in_13(clean):
    spells = (clean["EPIORDER"] == "1").sum()
    assert len(clean) / spells == pytest.approx(1.15, abs=0.02)


def test_episodes_end_in_the_year_and_nobody_is_in_two_places(clean):
    assert clean["EPIEND"].between("2003-04-01", "2004-03-31").all()
    spells = clean[clean["SPELEND"] == "Y"].sort_values(["ENCRYPTED_HESID", "ADMIDATE"])
    same = (spells["ENCRYPTED_HESID"] == spells["ENCRYPTED_HESID"].shift()).to_numpy()
    assert (spells["ADMIDATE"] > spells["DISDATE"].shift())[same].all()


def test_mean_stay_is_the_lines(clean):
    spells = clean[clean["SPELEND"] == "Y"]
    stay = spells["SPELDUR"].astype(int)
    other = stay[~spells["HRGLATE35"].isin(["L49", "S15"]) & ~spells["ADMIMETH"].isin(["11", "12", "13"])]
    # Poisson about a gamma of shape 1.2 and mean 4: variance 4 + 16 / 1.2.
    error = np.sqrt((4 + 16 / 1.2) / len(other))
    assert other.mean() == pytest.approx(4, abs=4 * error)
    assert other.median() < 4


def test_patients_fit_their_hrg(clean):
    age = clean["STARTAGE"].astype(int).where(~clean["STARTAGE"].isin(BABY_AGES), 0)
    chapter = clean["HRGLATE35"].str[0]
    born = clean["HRGLATE35"].isin(
        catalogue().loc[catalogue()["description"].str.contains("Neonat|Babies"), "hrg"]
    )
    assert (age[chapter == "P"] <= 15).all()
    young = clean["HRGLATE35"].isin(catalogue().loc[catalogue()["description"].str.contains("<70"), "hrg"])
    assert age[young].between(16, 69).all()
    assert (age[born] == 0).all()
    assert (clean["SEX"][(chapter == "M") | ((chapter == "N") & ~born)] == "2").all()
    over_69 = clean["HRGLATE35"].isin(catalogue().loc[catalogue()["description"].str.contains(">69"), "hrg"])
    assert (age[over_69] >= 69).all()


def test_codes_look_like_codes_and_none_comes_twice(clean):
    diagnoses = clean[DIAGNOSES].to_numpy()
    given_codes = diagnoses[diagnoses != ""]
    assert pd.Series(given_codes).str.fullmatch(r"[A-Z]\d\d[\dX]").all()
    assert (diagnoses[:, 0] != "").all()
    assert all(len(set(row[row != ""])) == (row != "").sum() for row in diagnoses[:5000])
    assert pd.Series(clean["OPERTN_01"].unique()).str.fullmatch(r"[A-Z]\d{3}|-   ").all()


def test_people_grow_older_and_keep_sex_and_practice(clean, later):
    facts = ["SEX", "GPPRAC", "STARTAGE"]
    both = (
        clean.groupby("ENCRYPTED_HESID")[facts]
        .first()
        .merge(
            later.groupby("ENCRYPTED_HESID")[facts].first(),
            left_index=True,
            right_index=True,
            suffixes=("", "_later"),
        )
    )
    assert len(both) > 100
    assert (both["SEX"] == both["SEX_later"]).all()
    assert (both["GPPRAC"] == both["GPPRAC_later"]).all()
    adults = both[both["STARTAGE"].str.len() == 2]
    assert (adults["STARTAGE_later"].astype(int) - adults["STARTAGE"].astype(int)).between(0, 2).all()


def test_nobody_is_admitted_after_dying(clean, later):
    died = clean.loc[clean["DISMETH"] == "4"].set_index("ENCRYPTED_HESID")["DISDATE"]
    assert len(died)
    last = clean.groupby("ENCRYPTED_HESID")["EPIEND"].max()
    assert (last[died.index] <= died).all()
    assert not died.index.isin(later["ENCRYPTED_HESID"]).any()


def test_same_seed_same_bytes_and_another_seed_others(truth, written, tmp_path):
    again = write_extract(truth, YEAR, SETTINGS, DEFINITIONS, tmp_path / "again.gz").defects
    pd.testing.assert_frame_equal(again, written[1])
    assert (tmp_path / "again.gz").read_bytes() == written[0].read_bytes()
    write_extract(truth, YEAR, SETTINGS | {"seed": 8}, DEFINITIONS, tmp_path / "other.gz")
    assert (tmp_path / "other.gz").read_bytes() != written[0].read_bytes()


def test_without_rates_only_the_babies_are_recorded(truth, tmp_path):
    planted = write_extract(truth, YEAR, SETTINGS | {"defect_rates": {}}, DEFINITIONS, tmp_path / "clean.gz")
    assert set(planted.defects["defect"]) == {"baby_age"}
    assert planted.upcoding.empty


@pytest.mark.parametrize(
    ("year", "change", "says"),
    [
        ("2005-06", {}, "No people are sampled for 2005-06"),
        (YEAR, {"defect_rates": {"typo": 0.1}}, "No defect typo"),
        (YEAR, {"defect_rates": {"unknown_sex": 2.0}}, "lower the defect rates"),
        (YEAR, {"population": 20_000}, "raise the population"),
    ],
)
def test_impossible_settings_are_one_sentence(truth, tmp_path, year, change, says):
    with pytest.raises(InputError, match=says):
        write_extract(truth, year, SETTINGS | change, DEFINITIONS, tmp_path / "none.gz")


@pytest.mark.parametrize(
    ("days", "code"),
    [
        *[(0, 7001), (1, 7002), (6, 7002), (7, 7003), (28, 7003), (29, 7004), (90, 7004), (91, 7005)],
        *[(182, 7006), (273, 7007), (364, 7007), (365, 1), (731, 2), (36_525, 100)],
    ],
)
def test_start_ages_are_those_of_the_data_dictionary(days, code):
    assert population.start_ages(np.array([days])) == [code]


def test_practice_and_provider_codes_are_different_and_in_form():
    practices, providers = pd.Series(practice_codes()), pd.Series(population.provider_codes())
    assert practices.is_unique
    assert practices.str.fullmatch(r"[A-P]\d{5}").all()
    assert providers.is_unique
    assert providers.str.fullmatch(r"R[A-Z0-9]{2}").all()


@given(
    weights=st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any), min_size=1, max_size=5),
    uniform=st.floats(0, 1, exclude_max=True),
    data=st.data(),
)
def test_pick_inverts_the_distribution_of_the_group(weights, uniform, data):
    group = data.draw(st.integers(0, len(weights) - 1))
    choice = pick(np.array(weights), np.array([group]), np.array([uniform]))[0]
    shares = np.cumsum(weights[group]) / sum(weights[group])
    assert uniform < shares[choice] + 1e-12
    assert choice == 0 or uniform >= shares[choice - 1] - 1e-12


@given(
    weights=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=5),
    uniform=st.floats(0, 1, exclude_max=True),
    data=st.data(),
)
def test_pick_listed_is_pick_on_lists_of_different_lengths(weights, uniform, data):
    group = data.draw(st.integers(0, len(weights) - 1))
    first = sum(map(len, weights[:group]))
    choice = pick_listed(
        np.repeat(np.arange(len(weights)), list(map(len, weights))),
        np.concatenate(weights),
        np.array([group]),
        np.array([uniform]),
    )[0]
    shares = np.cumsum(weights[group]) / sum(weights[group])
    assert 0 <= choice - first < len(weights[group])
    assert uniform < shares[choice - first] + 1e-9
    assert choice == first or uniform >= shares[choice - first - 1] - 1e-9


def test_secondary_diagnoses_come_in_lists_in_which_steps_never_meet_a_code_twice():
    frequencies = code_frequencies()
    for sort in SORTS:
        own = {}
        for kind in ("complication", "comorbidity"):
            rows = frequencies[frequencies["kind"] == kind]
            own[kind] = rows[rows["of"] == sort]
            if own[kind].empty:
                own[kind] = rows[rows["of"] == ""]
            assert (own[kind]["weight"] / own[kind]["weight"].sum()).max() <= 1 / 13
        assert not set(own["complication"]["code"]) & set(own["comorbidity"]["code"])


def test_every_code_of_the_frequencies_is_one_that_the_definitions_know():
    table = code_frequencies()
    operations = table["kind"].isin(["procedure", "further_procedure"])
    for rows, known in (
        (table[operations], DEFINITIONS.procedure),
        (table[~operations], DEFINITIONS.diagnosis),
    ):
        codes = set(known["code"])
        assert [code for code in rows["code"] if not {code[:n] for n in range(1, 6)} & codes] == []
    assert not table.duplicated(["kind", "of", "code"]).any()
    assert (table["weight"] > 0).all()


def test_providers_code_about_as_deeply_as_one_another(clean):
    depth = (clean[DIAGNOSES] != "").sum(axis=1)
    mean = depth.groupby(clean["PROCODE3"]).mean()
    # Their true depths differ by 5 %; case mix and chance add to it.
    assert 0.03 < np.log(mean[clean["PROCODE3"].value_counts() > 200]).std() < 0.15


def test_what_a_grouper_makes_of_the_defects(written):
    header, rows = rows_of(written[0])
    whole = {number: row for number, row in enumerate(rows, 1) if len(row) == len(header)}
    table = pl.DataFrame(list(whole.values()), schema=header, orient="row")
    defect = written[1].set_index("source_row")["defect"].reindex(list(whole)).fillna("").to_numpy()
    compiled = compile_definitions(DEFINITIONS)
    found = group_records(grouper_input(table), compiled)
    errors = pd.Series(found["error"].fill_null("")).groupby(defect).unique().map(set)
    assert errors["ungroupable_hrg"] == {"no_primary", "invalid_primary"}
    assert errors["superseded_partyear"] == {"no_primary"}
    assert errors["unknown_sex"] == {"bad_sex"}
    # Every row that is kept has its HRG, that of unknown sex whichever sex it is.
    for sex in ("1", "2"):
        unknown = pl.Series(defect == "unknown_sex")
        known = table.with_columns(SEX=pl.when(unknown).then(pl.lit(sex)).otherwise("SEX"))
        found = group_records(grouper_input(known), compiled)
        kept = np.isin(defect, ["", "baby_age", "unknown_sex", "unknown_practice", "wrong_admission_flag"])
        assert (found["hrg"] == table["HRGLATE35"]).to_numpy()[kept].all()


def test_a_condition_is_coded_on_those_who_have_it_and_not_always(clean, truth):
    people = people_of_extract(truth, SETTINGS)
    ids = population.patient_ids(len(people), SETTINGS["seed"])
    conditions = pd.Series(people["conditions"].to_numpy(), index=[each.decode() for each in ids])
    adults = clean[~clean["HRGLATE35"].str.startswith("N")]
    has = has_conditions(conditions[adults["ENCRYPTED_HESID"]].to_numpy())
    secondary = adults[DIAGNOSES[1:]].to_numpy()
    for condition, of_patient in zip(CONDITIONS, has, strict=True):
        coded = (secondary == condition.code).any(axis=1)
        # What the HRG itself needs beside the primary diagnosis is there whoever the patient is.
        assert coded[~of_patient].mean() < 0.01, condition
        if of_patient.sum() > 300:
            assert 0.3 < coded[of_patient].mean() < 0.75, condition
