"""A page on each practice of a district: its patients' need, what chance does, and what that is in pounds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from casemix_risk.formats import about_pounds, decimals, integer, percent
from casemix_risk.practices.funnel_svg import Funnel, district_funnel, own_point
from casemix_risk.practices.prevalence import condition_in_words
from casemix_risk.practices.published import (
    ALL_YEARS,
    published_coding,
    published_drivers,
    published_prevalence,
    published_ratios,
)
from casemix_risk.templates import template_environment
from casemix_risk.volumes.small_numbers import LARGEST_SMALL_NUMBER, ROUNDED_TO

# What no coding moves leads; with too few practices for a model there is age and sex alone.
LEADING = {"deprivation": "age, sex and deprivation", "age_sex": "age and sex"}
WITH_DIAGNOSES = "earlier_diagnoses"
STEPS = {  # words, whether somebody's coding moves it
    "age_sex": ("age and sex", False),
    "deprivation": ("and deprivation", False),
    "morbidity": ("and recorded conditions", True),
    "earlier_diagnoses": ("and diagnoses of earlier years", True),
}
SIGNALS = {  # in the overview, and in a sentence
    "high": ("many", "It stands out: practices of its size seldom have so many."),
    "low": ("few", "It stands out: practices of its size seldom have so few."),
    "": ("no", "It does not stand out from how much practices usually differ."),
}
NORMAL_95 = 1.96
STANDARD_DEVIATIONS_A_TOLERANCE = 3
NOTHING = "–"


def practice_pages(
    *,
    run: str,
    ratios: pd.DataFrame,
    coding: pd.DataFrame,
    prevalence: pd.DataFrame,
    drivers: pd.DataFrame,
    risk: pd.DataFrame,
    templates: Mapping[str, str],
) -> str:
    """One page with a section for each practice, of which one is seen at a time (CSS ``:target``, no script).

    All that it shows is made of published values: see `casemix_risk.practices.published`.

    Args:
        run: name of the run.
        ratios: table ``practice_ratios`` of the district.
        coding: table ``practice_coding``.
        prevalence: table ``practice_prevalence``.
        drivers: table ``practice_drivers``.
        risk: table ``practice_risk``.
        templates: ``pages.html`` and ``page.css`` -> their texts.

    Returns:
        HTML that needs no other file and no network. The section of practice A81001 is ``#practice-A81001``.
    """
    shown = published_ratios(ratios)
    step = next(each for each in LEADING if each in set(shown["step"]))
    leading = shown.query("measure == 'admissions' and year == @ALL_YEARS and step == @step")
    funnel = district_funnel(leading)
    years = sorted(set(ratios["year"]) - {ALL_YEARS})
    codes = sorted(leading["practice"])
    coded = published_coding(coding)
    published = {
        "rows": _by_practice(shown, ["year", "measure", "step"]),
        "coding": _by_practice(coded, ["practice"]),
        "prevalence": _by_practice(published_prevalence(prevalence), ["condition"]),
        "drivers": _by_practice(published_drivers(drivers), ["condition"]),
        "risk": _by_practice(risk[risk["kind"] == "practice"].assign(practice=risk["code"]), ["code"]),
    }
    environment = template_environment(templates)
    environment.filters |= {
        "count": _or_nothing(integer),
        "one": _or_nothing(decimals(1)),
        "two": _or_nothing(decimals(2)),
        "share": _or_nothing(percent),
        "about": about_pounds,
        "words": condition_in_words,
    }
    return environment.get_template("pages.html").render(
        run=run,
        first_and_last=f"{years[0]} to {years[-1]}" if len(years) > 1 else years[0],
        funnel=funnel,
        medians=coded[coded["practice"].isin(codes)].median(numeric_only=True),
        practices=[
            _practice(code, step, funnel, years, {name: of[code] for name, of in published.items()})
            for code in codes
        ],
        largest_small_number=LARGEST_SMALL_NUMBER,
        rounded_to=ROUNDED_TO,
        nothing=NOTHING,
        need=LEADING[step],
    )


def _or_nothing(form):
    return lambda value: NOTHING if pd.isna(value) else form(value)


def _by_practice(table: pd.DataFrame, key: Sequence[str]) -> Mapping[str, dict]:
    """Rows of each practice by their key, in the order of the table; nothing for a practice without any."""
    rows: dict[str, dict] = defaultdict(dict)
    for row in table.to_dict("records"):
        rows[row["practice"]][tuple(row[name] for name in key)] = row
    return rows


def _practice(
    code: str, step: str, funnel: Funnel | None, years: Sequence[str], published: Mapping[str, dict]
) -> dict:
    """What the template shows of one practice, whose rows by key are given by the table's name."""
    rows = published["rows"]
    leading = rows[ALL_YEARS, "admissions", step]
    told = pd.notna(leading["ratio"])
    return {
        "code": code,
        "leading": leading,
        "told": told,
        "signal": SIGNALS[leading["signal"]] if told else (NOTHING, ""),
        "deviation": _deviation(leading["ratio"] - 1) if told else "",
        "chance": _chance(leading) if told else None,
        "point": own_point(funnel, leading["expected"], leading["ratio"], code)
        if told and leading["ratio"] > 0
        else None,
        "steps": list(_steps(rows)),
        "years": [_year(rows, year, step) for year in years],
        "all": _year(rows, ALL_YEARS, step),
        "coding": published["coding"].get((code,)),
        "prevalence": list(published["prevalence"].values()),
        "drivers": list(published["drivers"].values()),
        "budget": _budget(rows[ALL_YEARS, "cost", step], len(years), published["risk"].get((code,))),
    }


def _deviation(share: float) -> str:
    """A deviation in words; it is shown to a whole percent."""
    whole = round(100 * share)
    return "as many as" if whole == 0 else f"{abs(whole)} % {'more' if whole > 0 else 'fewer'} than"


def _chance(leading: Mapping) -> dict:
    """How much of a deviation chance explains at the practice's size.

    Chance gives the ratio the variance 1 / E, true differences tau^2. Of a deviation seen, the share
    (1 / E) / (1 / E + tau^2) is to be expected by chance (the shrinkage of Efron and Morris 1975, J. Am.
    Stat. Assoc. 70, 311-319).
    """
    by_chance = 1 / leading["expected"] if leading["expected"] else np.nan
    return {
        "excess": leading["observed"] - leading["expected"],
        "range": NORMAL_95 * np.sqrt(leading["expected"]),
        "share": by_chance / (by_chance + leading["tau"] ** 2),
    }


def _steps(rows: Mapping) -> Iterator[dict]:
    """Observed and expected by step, admissions and cost, all years together."""
    for step, (words, coded) in STEPS.items():
        if (ALL_YEARS, "admissions", step) in rows:
            yield {
                "words": words,
                "coded": "yes" if coded else "no",
                "admissions": rows[ALL_YEARS, "admissions", step],
                "cost": rows[ALL_YEARS, "cost", step],
            }


def _year(rows: Mapping, year: str, step: str) -> dict:
    """Admissions of one year, or of all, without and with diagnoses in expected."""
    without = rows[year, "admissions", step]
    return {
        "year": year,
        "without": without,
        "with": rows.get((year, "admissions", WITH_DIAGNOSES), dict.fromkeys(without, np.nan)),
    }


def _budget(cost: Mapping, years: int, own: Mapping | None) -> dict | None:
    """What the cost of its emergency admissions beyond expectation is to its whole budget, a year."""
    if own is None or pd.isna(cost["observed"]):
        return None
    beyond = (cost["observed"] - cost["expected"]) / years
    return {
        "patients": own["patients"],
        "budget": own["budget_gbp"],
        "tolerance_pct": own["tolerance_pct"],
        "tolerance": own["budget_gbp"] * own["tolerance_pct"] / 100,
        "beyond": abs(beyond),
        "more": beyond >= 0,
        "beyond_share": abs(beyond) / own["budget_gbp"],
        "chance_share": own["tolerance_pct"] / STANDARD_DEVIATIONS_A_TOLERANCE / 100,
    }
