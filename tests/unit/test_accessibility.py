"""What can be checked of the report's accessibility without a browser."""

import re
from itertools import pairwise
from pathlib import Path

import jinja2
import pytest
from html_tags import Page

import casemix_risk.report.page as page_module

TEMPLATES = {
    path.name: path.read_text(encoding="utf-8")
    for path in Path(page_module.__file__).parent.iterdir()
    if path.suffix in (".html", ".css")
}
STYLE = TEMPLATES["page.css"]
COLOURS = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", STYLE))
CHANGES = ("2006-07_to_2007-08", "2007-08_to_2008-09")
TEXT, MARK = 4.5, 3  # WCAG 2.2, success criteria 1.4.3 and 1.4.11


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize(
    ("colour", "background", "least"),
    [
        *(("ink", background, TEXT) for background in ("white", "soft", "warm")),
        *(("blue", background, TEXT) for background in ("white", "soft")),
        ("grey", "white", TEXT),
        ("focus", "white", MARK),
    ],
)
def test_colours_stand_out_from_what_is_behind_them(colour, background, least):
    behind = {"white": "#ffffff"} | COLOURS
    assert contrast(COLOURS[colour], behind[background]) >= least


def test_no_colour_is_set_outside_the_palette():
    rules = re.sub(r":root {.*}", "", STYLE)
    assert set(re.findall(r"#[0-9a-fA-F]{3,6}\b(?=[;\s])", rules)) <= {"#fff"}


@pytest.fixture(scope="module", params=["demonstration", "own"])
def page(request):
    """The template with a stand-in for every value: its structure without a run's figures."""

    class Anything(float):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return Anything(1)

        def __call__(self):
            return [Anything(1)]

        def __iter__(self):
            return iter([Anything(1)])

    environment = jinja2.Environment(loader=jinja2.DictLoader(TEMPLATES), autoescape=True)
    environment.filters |= dict.fromkeys(["pounds", "about", "about_count", "integer", "share"], str)
    environment.filters["places"] = lambda value, places: str(value)
    environment.globals |= environment.filters | {"number": lambda *_: "1", "decimals": lambda places: str}
    names = ("config", "value", "images", "table", "tested", "years_compared")
    demonstration = request.param == "demonstration"
    text = environment.get_template("page.html").render(
        dict.fromkeys(names, Anything(1))
        | {
            "demonstration": demonstration,
            "run": "mine",
            "lineages": {},
            "grouped_by": "demonstration definitions",
            "changes": dict.fromkeys(CHANGES, ""),
        }
    )
    return Page(text)


def test_language_title_and_landmarks(page):
    assert page.attributes("html")[0]["lang"] == "en-GB"
    assert len(page.attributes("title")) == 1
    for landmark in ("header", "main", "nav", "footer"):
        assert len(page.attributes(landmark)) == 1
    assert page.attributes("nav")[0]["aria-label"]


def test_one_first_heading_and_no_level_skipped(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))


def test_ids_are_unique_and_links_lead_to_them_or_to_the_files_of_the_run(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"] for attributes in page.attributes("a")]
    files = {
        "tables.xlsx",
        "../practices/pages.html",
        *(f"../tariff/changes/{change}/brief.html" for change in CHANGES),
    }
    assert {target for target in targets if not target.startswith("#")} == files
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    assert set(targets) >= {f"#{attributes['id']}" for attributes in page.attributes("h2")}


def test_the_first_link_skips_to_the_main_part(page):
    assert page.attributes("a")[0]["href"] == f"#{page.attributes('main')[0]['id']}"


def test_every_picture_is_described(page):
    descriptions = [attributes["alt"] for attributes in page.attributes("img")]
    assert len(descriptions) == len(set(descriptions)) == len(page.attributes("figcaption"))
    assert all(len(description) > 60 for description in descriptions)


def test_nothing_is_in_the_tab_order_before_its_place(page):
    assert {attributes["tabindex"] for _, attributes in page.tags if "tabindex" in attributes} == {"-1"}


def test_closed_tables_print():
    printed = STYLE.split("@media print", 1)[1]
    assert re.search(r"details::details-content { content-visibility: visible; block-size: auto; }", printed)
    assert not re.search(r"(?<!-)\bdetails[^:{]*{[^}]*display: none", printed)
