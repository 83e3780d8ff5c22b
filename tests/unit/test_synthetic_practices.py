"""The demonstration's districts, their people's conditions, and whom need brings to hospital."""

import numpy as np
import pandas as pd
import pytest

from casemix_risk.practices.profile import read_profile
from casemix_risk.practices.register import read_people, read_register
from casemix_risk.synthetic import population
from casemix_risk.synthetic.conditions import CONDITIONS, emergency_need, has_conditions
from casemix_risk.synthetic.patient_groups import patient_drawer, patient_groups
from casemix_risk.synthetic.practice_files import practice_profile, practice_register, registered
from casemix_risk.synthetic.practices import PRACTICES, practice_truth, sampled_practices

SEED = 11
PEOPLE = 1_020_000


@pytest.fixture(scope="module")
def practices():
    return sampled_practices(SEED)


@pytest.fixture(scope="module")
def people():
    return population.sampled_people(PEOPLE, 12_000, SEED)


def test_two_districts_of_57_practices_and_only_the_first_has_effects(practices):
    assert practices["district"].value_counts().to_dict() == {"one": 57, "two": 57, "": PRACTICES - 114}
    own = practices["district"] == "one"
    assert (practices.loc[~own, "effect"] == 1).all()
    log_effect = np.log(practices.loc[own, "effect"])
    assert log_effect.mean() == pytest.approx(0, abs=1e-9)
    assert log_effect.std(ddof=0) == pytest.approx(0.10)
    for name in ("completeness", "survey_score"):
        assert np.corrcoef(log_effect, practices.loc[own, name])[0, 1] == pytest.approx(-0.5, abs=0.02)
    assert practices["commissioner"].nunique() == 8
    assert practice_truth(practices)["practice"].is_sorted()


def test_the_districts_have_350000_people_each_of_every_age(people, practices):
    district = practices["district"].to_numpy()[people["practice"]]
    at_first = people["birth"] < population.year_start(population.YEARS[0])
    for name in ("one", "two"):
        # Binomial: one standard deviation is 480.
        assert (district[at_first] == name).sum() == pytest.approx(350_000, abs=4 * 480)
    old = (people["birth"] < -10_000).to_numpy()
    share = 350_000 / PEOPLE
    assert (district[old] == "one").mean() == pytest.approx(share, abs=4 * np.sqrt(share / old.sum()))
    mean_age = people["birth"].groupby(people["practice"]).mean()[:114] / -365
    assert 1 < mean_age.std() < 6


def test_conditions_rise_with_age_and_deprivation_as_their_curves_say(people, practices):
    age = (population.year_start(population.YEARS[0]) - people["birth"].to_numpy()) / 365.25
    own = practices.iloc[people["practice"]]
    has = has_conditions(people["conditions"].to_numpy())
    for condition, of_person in zip(CONDITIONS, has, strict=True):
        assert of_person[age < 1].mean() < 0.011
        chance = condition.most / (1 + np.exp((condition.half_at - age) / condition.years))
        chance = chance * np.where(people["sex"] == 1, condition.men, 1) * own["illness"].to_numpy()
        chance = np.minimum(chance * np.exp(condition.deprivation * own["deprived"].to_numpy()), 0.95)
        for some in (age > 60, own["deprived"].to_numpy() > 1, people["sex"].to_numpy() == 1):
            spread = np.sqrt((chance * (1 - chance))[some].sum())
            assert of_person[some].sum() == pytest.approx(chance[some].sum(), abs=5 * spread)


def test_need_multiplies_conditions_deprivation_and_the_practices_effect(practices):
    bits = [1 << bit for bit, each in enumerate(CONDITIONS) if each.name in ("copd", "heart_failure")]
    need = emergency_need(np.array([sum(bits), 0]), np.array([3, 3]), practices)
    own = practices.iloc[3]
    assert need[1] == pytest.approx(own["effect"] * np.exp(0.08 * own["deprived"]))
    assert need[0] / need[1] == pytest.approx(1.9 * 2.0)


def test_need_moves_emergencies_between_people_of_one_age_and_sex_only():
    born = [population.year_start("2003-04") - round(age * 365.25) for age in (30.5, 30.5, 30.5, 60.5)]
    people = pd.DataFrame({"sex": 1, "birth": born, "dies": population.NEVER, "need": [1.0, 2.0, 5.0, 9.0]})
    group = {"youngest": 17, "oldest": 90, "rise": 0.0, "sex": 0}
    groups = pd.DataFrame([group | {"by_need": True}, group | {"by_need": False}])
    draw = patient_drawer(people, groups, "2003-04")
    count = 80_000
    drawn = draw(np.repeat([0, 1], count), np.random.default_rng(5))
    by_need, equally = (np.bincount(part, minlength=4) / count for part in np.split(drawn, 2))
    # Three in four people are 30; of emergencies among them one in eight is the first person's.
    assert by_need == pytest.approx([0.75 / 8, 0.75 * 2 / 8, 0.75 * 5 / 8, 0.25], abs=0.01)
    assert equally == pytest.approx([0.25] * 4, abs=0.01)


def test_births_and_pregnancies_do_not_go_by_need():
    lines = pd.DataFrame(
        {
            "hrg": ["E12", "E12", "N01", "N12", "P01"],
            "description": ["Infarction", "Infarction", "Neonates", "Antenatal", "Asthma"],
            "admission_type": ["emergency", "elective", "emergency", "emergency", "emergency"],
            "chapter": ["E", "E", "N", "N", "P"],
        }
    )
    number, groups = patient_groups(lines)
    assert groups["by_need"].to_numpy()[number].tolist() == [True, False, False, False, True]


def test_register_and_profile_are_of_the_people_and_can_be_read(people, practices, tmp_path):
    listed = registered(people)
    practice_register(listed, practices).to_csv(tmp_path / "register.csv", index=False)
    practice_profile(listed, practices).to_csv(tmp_path / "profile.csv", index=False)
    read = read_people(tmp_path / "register.csv")
    start = population.year_start("2003-04")
    alive = people[(people["birth"] < start) & (people["dies"] >= 2003)]
    assert read["patients"].sum() == len(alive)
    assert read["practice"].n_unique() == PRACTICES
    assert read_register(tmp_path / "register.csv")["commissioner"].nunique() == 8
    profile = read_profile(tmp_path / "profile.csv", read["practice"].unique()).to_pandas()
    own = alive[alive["practice"] == 5]
    copd = own["conditions"].to_numpy() >> 5 & 1  # the sixth of them
    row = profile.set_index("practice").loc[practices["practice"][5]]
    recorded = 100 * copd.mean() * practices["completeness"][5]
    assert row["prevalence_copd_pct"] == pytest.approx(recorded, abs=0.005)
    assert row["deprivation"] == practices["deprivation"][5]
    assert row["survey_score"] == practices["survey_score"][5]


def test_a_practice_without_anybody_is_in_neither_file(people, practices):
    listed = registered(people[people["practice"] != 7])
    assert practices["practice"][7] not in set(practice_register(listed, practices)["practice"])
    assert practices["practice"][7] not in set(practice_profile(listed, practices)["practice"])
