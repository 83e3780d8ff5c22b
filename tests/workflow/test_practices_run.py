"""Practices compared in the small demonstration: counts tie, and the pages tell no small number."""

import re

import pandas as pd
import pytest
from small_run import YEARS, small_configuration, table

pytestmark = pytest.mark.xdist_group("workflow")

EMERGENCY = ["21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"]  # ADMIMETH


@pytest.fixture(scope="module")
def episodes(two_cores):
    years = {year: table(two_cores, f"group/episodes_{year}") for year in YEARS}
    together = pd.concat(rows.assign(year=year) for year, rows in years.items())
    return together[(together["episode_order"] == 1) & together["admission_method"].isin(EMERGENCY)]


def test_every_emergency_admission_is_counted_or_in_the_waterfall(two_cores, episodes):
    waterfall = table(two_cores, "practices/practice_waterfall")
    counts = table(two_cores, "practices/practice_counts")
    placed = waterfall.groupby("year")["admissions"].sum().to_dict()
    assert placed == episodes["year"].value_counts().to_dict()
    counted = waterfall[waterfall["rule"] == "counted"].set_index("year")
    of_year = counts.groupby("year")[["admissions", "cost_gbp"]].sum()
    assert of_year["admissions"].to_dict() == counted["admissions"].to_dict()
    assert of_year["cost_gbp"].to_dict() == pytest.approx(counted["cost_gbp"].to_dict())
    no_practice = waterfall[waterfall["rule"] == "no_practice"].set_index("year")["admissions"]
    prices = table(two_cores, "tariff/2006-07/prices").query("admission_type == 'emergency'")["hrg"]
    unknown = episodes[episodes["practice"].isna() & episodes["hrg"].isin(prices)]
    assert no_practice.to_dict() == unknown["year"].value_counts().reindex(no_practice.index).to_dict()


def test_people_are_those_of_the_register(two_cores):
    register = pd.read_csv(two_cores / "synthetic/practice_register.csv")
    people = table(two_cores, "practices/practice_people")
    assert people["patients"].sum() == register["patients"].sum()
    counts = table(two_cores, "practices/practice_counts")
    # More can be known from earlier years in a cell than are on the list now, so no year has fewer.
    assert (counts.groupby("year")["people"].sum() >= people["patients"].sum()).all()
    assert counts.query("year == '2002-03'")["people"].sum() == people["patients"].sum()


def test_practices_of_the_district_are_compared_at_every_step_and_in_the_next_column(two_cores):
    district = small_configuration()["practices"]["district"]
    ratios = table(two_cores, "practices/practice_ratios")
    assert set(ratios["practice"]) == set(district)
    assert set(ratios["year"]) == {*YEARS, "all"}
    assert set(ratios["step"]) == {"age_sex", "deprivation", "morbidity", "earlier_diagnoses"}
    every = table(two_cores, "practices/practice_expected").query("year == 'all' and measure == 'admissions'")
    counts = table(two_cores, "practices/practice_counts").groupby("practice")["admissions"].sum()
    for _, of_step in every.groupby("step"):
        assert of_step.set_index("practice")["observed"].to_dict() == counts.loc[district].to_dict()


def test_the_report_says_what_the_tables_say(two_cores):
    page = (two_cores / "report/index.html").read_text()
    assert 'id="practices-compared"' in page
    assert 'href="../practices/pages.html"' in page
    numbers = table(two_cores, "report/numbers").set_index("number")["value"]
    ratios = table(two_cores, "practices/practice_ratios")
    leading = ratios.query("year == 'all' and measure == 'admissions' and step == 'deprivation'")
    assert numbers["text/practices_compared"] == len(leading) == 57
    assert numbers["text/practices_above"] == (leading["shrunken_lower"] > 1).sum()
    savings = table(two_cores, "practices/practice_savings")
    of_best = savings.query("best == 8 and estimator == 'bootstrap' and not truncated")
    either = of_best[of_best["step"].isin(["deprivation", "earlier_diagnoses"])]["saving_gbp"]
    assert numbers["text/practices_used_saving_gbp"] == either.min()


def test_each_practice_has_a_page_and_no_small_count_is_on_it(two_cores):
    pages = (two_cores / "practices/pages.html").read_text()
    for practice in small_configuration()["practices"]["district"]:
        assert f'id="practice-{practice}"' in pages
    assert "http" not in pages.replace("http://www.w3.org", "")
    counts = table(two_cores, "practices/practice_counts").groupby(["practice", "year"])["admissions"].sum()
    small = counts[(counts > 0) & (counts <= 7)].index.get_level_values("practice")
    assert len(small)  # or nothing is shown by this test; 5 can be a rounded expectation
    for practice in set(small) & set(small_configuration()["practices"]["district"]):
        section = pages.split(f'id="practice-{practice}"')[1].split("</section>")[0]
        cells = re.findall(r"<td[^>]*>([\d,]+)</td>", section)
        assert not {cell for cell in cells if cell in set("123467")}, practice
