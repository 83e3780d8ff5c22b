"""The practices' pages: complete, accessible, and the same whatever is not to be told."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from html_tags import Page

import casemix_risk
from casemix_risk.practices.funnel_svg import HEIGHT, LEFT, RIGHT, TOP, WIDTH, district_funnel, own_point
from casemix_risk.practices.pages import STEPS, practice_pages
from casemix_risk.statistics.funnel import shmi_limits

ROOT = Path(casemix_risk.__file__).parent
TEMPLATES = {
    "pages.html": (ROOT / "practices/pages.html").read_text(encoding="utf-8"),
    "page.css": (ROOT / "report/page.css").read_text(encoding="utf-8"),
}
YEARS = ["2003-04", "2004-05"]
COUNTS = {"P1": (520, 630), "P2": (3, 300), "P3": (2, 1), "P4": (400, 410)}


def tables(counts=COUNTS, last_driver=5):
    """A district of four practices, of which two have small numbers."""
    rows = [
        (practice, year, measure, step, count * price, 500.0 * price * (2 if year == "all" else 1))
        for practice, by_year in counts.items()
        for year, count in zip([*YEARS, "all"], [*by_year, sum(by_year)], strict=True)
        for measure, price in (("admissions", 1), ("cost", 1_600))
        for step in STEPS
    ]
    ratios = pd.DataFrame(rows, columns=["practice", "year", "measure", "step", "observed", "expected"])
    ratio = ratios["observed"] / ratios["expected"]
    for name, factor in {"ratio": 1, "lower": 0.9, "upper": 1.1, "shrunken": 1}.items():
        ratios[name] = factor * ratio
    for name, limit in {"95": 1.2, "998": 1.3}.items():
        ratios[f"lower_{name}"], ratios[f"upper_{name}"] = 1 / limit, limit
    ratios = ratios.assign(shrunken_lower=0.9, shrunken_upper=1.1, tau=0.1, z=0.5, q=0.8, signal="")
    ratios.loc[ratios["practice"] == "P1", "signal"] = "high"
    codes = list(counts)
    coding = pd.DataFrame({"practice": codes, "year": "all", "admissions": [sum(counts[c]) for c in codes]})
    coding = coding.assign(secondary_codes=2_500, unspecified=400, completeness=0.95)
    drivers = pd.DataFrame(
        [
            (practice, condition, observed, expected)
            for practice in codes
            for condition, observed, expected in (
                *(("Breathing", 63, 40.0), ("Skin", last_driver, 20.0)),
                *(("Eye", 2, 1.0), ("Ear", 1, 1.0)),
            )
        ],
        columns=["practice", "condition", "observed", "expected"],
    )
    prevalence = pd.DataFrame({"practice": codes, "condition": "chd", "patients": 6_000})
    return {
        "ratios": ratios,
        "coding": coding,
        "prevalence": prevalence.assign(recorded_pct=3.02, expected_pct=3.3),
        "drivers": drivers,
        "risk": pd.DataFrame(
            {"kind": "practice", "code": codes, "patients": 6_000, "budget_gbp": 4.2e6, "tolerance_pct": 12.0}
        ),
    }


def section(text, practice):
    found = re.search(
        rf'<section class="practice" id="practice-{practice}".*?(?=<section class="practice"|</main>)',
        text,
        re.S,
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0]))


@pytest.fixture(scope="module")
def text():
    return practice_pages(run="mine", templates=TEMPLATES, **tables())


def test_landmarks_headings_and_links(text):
    page = Page(text)
    assert page.attributes("html")[0]["lang"] == "en-GB"
    assert all(len(page.attributes(tag)) == 1 for tag in ("title", "header", "main", "footer", "h1"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for attributes in page.attributes("a")]
    assert links[0] == "#content"
    assert {link[1:] for link in links} <= set(ids)
    assert {f"#practice-{code}" for code in COUNTS} <= set(links)
    assert not page.attributes("script")


def test_every_table_has_a_name_and_header_cells_and_every_drawing_words(text):
    page = Page(text)
    scrolled = [each for each in page.attributes("div") if each.get("class") == "scroll"]
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in scrolled)
    assert len({each["aria-label"] for each in scrolled}) == len(scrolled)
    assert {each["scope"] for each in page.attributes("th")} == {"col", "row"}
    drawings = [each for each in page.attributes("svg") if "aria-hidden" not in each]
    assert [each["role"] for each in drawings] == ["img"] * 3  # P3 has no point of its own
    assert all(len(each["aria-label"]) > 60 for each in drawings)


def test_what_a_page_says(text):
    """1,150 of 1,000 expected; 1.96 sqrt(1000) = 62; 1/1000 beside 0.1^2 is 1 in 11; 2 years."""
    words = section(text, "P1")
    assert "about 1,150 emergency admissions in 2003-04 to 2004-05: 15 % more than" in words
    assert "It stands out: practices of its size seldom have so many." in words
    assert "up to 62 either way (95 %); it is 150 above" in words
    assert "At its size 9.1 % of how practices differ is chance" in words
    assert "Breathing 65 40 25" in words
    assert "coronary heart disease 3.0 3.3" in words
    # 150 admissions at 1,600 over two years; 12 % are three standard deviations.
    assert "cost £120,000 a year more than" in words
    assert "2.9 % of that budget, beside a standard deviation by chance of 4.0 %" in words


def test_where_a_year_is_small_only_all_years_are_shown(text):
    words = section(text, "P2")
    assert "about 305 emergency admissions" in words
    assert "2003-04 – – – 2004-05 – – –" in words


def test_where_all_is_small_nothing_is_shown(text):
    words = section(text, "P3")
    assert "too few admissions for its figures to be shown" in words
    assert "age and sex no – – – – –" in words
    assert "Not shown: its figures are small" in words


def test_too_few_practices_for_a_model_are_compared_by_age_and_sex_alone():
    few = tables()
    few["ratios"] = few["ratios"].query("step == 'age_sex'").assign(tau=np.nan)
    words = section(practice_pages(run="mine", templates=TEMPLATES, **few), "P1")
    assert "15 % more than their age and sex lead to expect" in words
    assert "is chance" not in words
    assert "2004-05 630 1.26 (1.13 to 1.39) –" in words


def test_the_page_is_the_same_whatever_is_not_to_be_told(text):
    other = COUNTS | {"P2": (5, 298), "P3": (1, 6)}
    assert practice_pages(run="mine", templates=TEMPLATES, **tables(other, last_driver=1)) == text


def test_the_funnel_places_points_and_limits_by_their_values():
    points = pd.DataFrame({"expected": [100.0, 400.0], "ratio": [1.5, 1.0], "tau": 0.1})
    funnel = district_funnel(points)
    at = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', funnel.drawing)]
    middle = TOP + (HEIGHT - TOP - 46) / 2
    assert at[1][1] == pytest.approx(middle, abs=0.05)
    assert (at[1][0] - LEFT) / (at[0][0] - LEFT) == pytest.approx(4, abs=0.01)
    assert LEFT < at[0][0] < at[1][0] < WIDTH - RIGHT
    lines = re.findall(r'<polyline points="([^"]*)"', funnel.drawing)
    x, y = np.array([pair.split(",") for pair in lines[1].split()], float).T  # the upper 95 % limit
    pixels_a_log = (middle - at[0][1]) / np.log(1.5)
    expected = 400 * (x - LEFT) / (at[1][0] - LEFT)
    limit = np.log(shmi_limits(1 / expected, 0.1, 1.959964)[1])
    assert (middle - y) / pixels_a_log == pytest.approx(limit, abs=0.005)
    assert "&lt;" in own_point(funnel, 100, 1.5, "<")


def test_no_funnel_without_a_point():
    assert district_funnel(pd.DataFrame({"expected": [np.nan], "ratio": [np.nan], "tau": [0.1]})) is None
