"""Registers by age and profiles of practices: what is read, and the one sentence for what is not."""

import polars as pl
import pytest

from casemix_risk.errors import InputError
from casemix_risk.practices.lists import practice_lists, practices_compared
from casemix_risk.practices.profile import CONDITIONS, PREVALENCES, read_profile
from casemix_risk.practices.register import AGE_BANDS, read_people, read_register
from casemix_risk.synthetic import conditions

PUBLISHED = "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS"
PUBLISHED_BANDS = [*(f"{age}_{age + 4}" for age in range(0, 95, 5)), "95+"]


def our_register(folder, change=lambda rows: rows):
    """Two practices whose people in a band are its age plus their sex."""
    rows = [
        [practice, "00L", str(sex), str(age), str(age + sex)]
        for practice in ("B2", "A1")
        for sex in (1, 2)
        for age in AGE_BANDS
    ]
    path = folder / "register.csv"
    lines = map(",".join, change(rows))
    path.write_text("\n".join(["practice,commissioner,sex,age_from,patients", *lines, ""]))
    return path


def published_register(folder, change=lambda rows: rows):
    """One practice with 1 man and 2 women in each band, and a region that holds it."""
    rows = [
        f"L,01JAN2021,{kind},{code},E3,AB1 2CD,{sex},{band},{patients}"
        for kind, code in (("GP", "A1"), ("Region", "Y60"))
        for sex, patients in (("MALE", 1), ("FEMALE", 2))
        for band in PUBLISHED_BANDS
    ]
    rows.append("L,01JAN2021,GP,A1,E3,AB1 2CD,ALL,ALL,60")
    path = folder / "register.csv"
    path.write_text("\n".join([PUBLISHED, *change(rows), ""]))
    return path


def test_our_layout(tmp_path):
    path = our_register(tmp_path)
    people = read_people(path)
    assert people.columns == ["practice", "sex", "age_from", "patients"]
    assert people.rows()[:2] == [("A1", 1, 0, 1), ("A1", 1, 5, 6)]
    assert people.height == 2 * 2 * 19
    assert (people["patients"] == people["age_from"] + people["sex"]).all()
    # 2 sexes x (0 + 5 + ... + 90) + 19 x 1 + 19 x 2
    assert read_register(path).to_dict("list") == {
        "practice": ["A1", "B2"],
        "commissioner": ["00L", "00L"],
        "patients": [2 * 855 + 57] * 2,
    }


def test_the_published_layout_by_age_group(tmp_path):
    path = published_register(tmp_path)
    people = read_people(path)
    assert people["practice"].unique().to_list() == ["A1"]
    assert people.filter(pl.col("age_from") == 90)["patients"].to_list() == [2, 4]
    assert people.filter(pl.col("age_from") == 85)["patients"].to_list() == [1, 2]
    register = read_register(path)
    assert register.to_dict("list") == {"practice": ["A1"], "commissioner": [""], "patients": [60]}
    assert practice_lists(register, None)["kind"].tolist() == ["practice"]


def test_totals_have_no_ages(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("TYPE,CCG_CODE,CODE,SEX,AGE,NUMBER_OF_PATIENTS\nGP,00L,A1,ALL,ALL,50\n")
    with pytest.raises(InputError, match=r"without ages: give the file by five-year age group \(gp-reg-pat-"):
        read_people(path)


def replaced(place, column, value):
    def change(rows):
        rows[place][column] = value
        return rows

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows[:-1], "has no row for the women of A1 aged 90: add it"),
        (lambda rows: [*rows, rows[3]], "has the men of B2 aged 15 more than once"),
        (replaced(4, 3, "21"), "an age of B2 is none of 0, 5, 10"),
        (replaced(4, 4, "-1"), "the list of B2 is not a whole number of 0 or more"),
        (replaced(4, 4, ""), "the list of B2 is not a whole number of 0 or more"),
        (replaced(4, 4, "2.5"), "the list of B2 is not a whole number of 0 or more"),
        (
            lambda rows: [[*row[:4], "0" if row[0] == "B2" else "1"] for row in rows],
            "nobody is on the list of B2",
        ),
        (lambda rows: [], "has no rows by sex and age"),
    ],
)
def test_what_is_not_a_list_by_age_names_the_practice(tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        read_people(our_register(tmp_path, change))


def test_a_missing_band_of_the_published_layout(tmp_path):
    path = published_register(tmp_path, lambda rows: [row for row in rows if "FEMALE,95+" not in row])
    with pytest.raises(InputError, match=r"has no row for the women of A1 aged 95\+"):
        read_people(path)


def test_practices_compared(tmp_path):
    codes = [f"A{number}" for number in range(10, 30)]
    people = pl.DataFrame({"practice": codes})
    assert practices_compared(None, people) == codes
    assert practices_compared(["A12", "A11"], people) == ["A11", "A12"]
    with pytest.raises(
        InputError, match=r"practices\.district names the practice A1X, .* did you mean A1\d\?"
    ):
        practices_compared(["A11", "A1X"], people)
    with pytest.raises(InputError, match="at least 20 on the register, which has 2"):
        practices_compared(None, read_people(our_register(tmp_path)))


def profile_file(folder, practices=("B2", "A1", "C3"), **changes):
    """Profiles with round values; changes are of B2."""
    columns = ["practice", "deprivation", "survey_score", *PREVALENCES]
    rows = []
    for practice in practices:
        row = dict.fromkeys(columns, "5") | {"practice": practice}
        rows.append(row | (changes if practice == "B2" else {}))
    path = folder / "profile.csv"
    path.write_text("\n".join([",".join(columns), *(",".join(row.values()) for row in rows), ""]))
    return path


def test_a_profile_is_of_the_registers_practices(tmp_path):
    profile = read_profile(profile_file(tmp_path, survey_score="100"), ["A1", "B2"])
    assert profile["practice"].to_list() == ["A1", "B2"]
    assert profile["survey_score"].to_list() == [5.0, 100.0]
    assert profile.width == 3 + 12


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"survey_score": "100.5"}, "survey_score of B2 is not a number from 0 to 100"),
        ({"survey_score": ""}, "survey_score of B2 is not a number from 0 to 100"),
        ({"prevalence_copd_pct": "-1"}, "prevalence_copd_pct of B2 is not a number from 0 to 100"),
        ({"prevalence_stroke_pct": "nan"}, "prevalence_stroke_pct of B2 is not a number from 0 to 100"),
        ({"deprivation": "poor"}, "deprivation of B2 is not a number of 0 or more"),
        ({"practices": ("B2",)}, "has no row for A1, which the register has"),
        ({"practices": ("B2", "A1", "B2")}, "has B2 more than once"),
    ],
)
def test_what_is_not_a_profile_names_the_practice(tmp_path, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        read_profile(profile_file(tmp_path, **changes), ["A1", "B2"])


def test_a_profile_that_is_no_file_or_lacks_columns(tmp_path):
    with pytest.raises(InputError, match="There is no practice profile"):
        read_profile(tmp_path / "none.csv", ["A1"])
    path = tmp_path / "profile.csv"
    path.write_text("practice,deprivation\nA1,5\n")
    with pytest.raises(InputError, match=r"has no column survey_score, prevalence_asthma_pct, "):
        read_profile(path, ["A1"])
    path.write_bytes(b"practice\n\xff\xfe,1,2,3\n")
    with pytest.raises(InputError, match="is not a CSV table"):
        read_profile(path, ["A1"])


def test_the_demonstration_has_the_profiles_conditions():
    assert tuple(each.name for each in conditions.CONDITIONS) == CONDITIONS
