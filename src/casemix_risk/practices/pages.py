"""A page on each practice of a district: its patients' need, what chance does, and what that is in pounds."""

from collections.abc import Iterator, Mapping

import jinja2
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
    leading = leading.set_index("practice")
    funnel = district_funnel(leading)
    years = sorted(set(ratios["year"]) - {ALL_YEARS})
    codes = sorted(leading.index)
    published = {
        "coding": published_coding(coding).set_index("practice"),
        "prevalence": dict(list(published_prevalence(prevalence).groupby("practice"))),
        "drivers": dict(list(published_drivers(drivers).groupby("practice"))),
        "risk": risk[risk["kind"] == "practice"].set_index("code"),
    }
    of_practice = dict(list(shown.groupby("practice")))
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"count": _or_nothing(integer), "two": _or_nothing(decimals(2))}
    environment.filters |= {"one": _or_nothing(decimals(1)), "share": _or_nothing(percent)}
    environment.filters |= {
        "about": about_pounds,
        "words": condition_in_words,
    }
    return environment.get_template("pages.html").render(
        run=run,
        years=years,
        first_and_last=f"{years[0]} to {years[-1]}" if len(years) > 1 else years[0],
        funnel=funnel,
        medians=published["coding"].reindex(codes).median(),
        practices=[
            _practice(code, of_practice[code], leading.loc[code], funnel, years, published) for code in codes
        ],
        largest_small_number=LARGEST_SMALL_NUMBER,
        rounded_to=ROUNDED_TO,
        nothing=NOTHING,
        need=LEADING[step],
    )


def _or_nothing(form):
    return lambda value: NOTHING if pd.isna(value) else form(value)


def _practice(
    code: str,
    rows: pd.DataFrame,
    leading: pd.Series,
    funnel: Funnel | None,
    years: list[str],
    published: Mapping,
) -> dict:
    """What the template shows of one practice."""
    of_all = rows[rows["year"] == ALL_YEARS].set_index(["measure", "step"])
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
        "steps": list(_steps(of_all)),
        "years": [_year(rows, year, leading["step"]) for year in years],
        "all": _year(rows, ALL_YEARS, leading["step"]),
        "coding": published["coding"].loc[code] if code in published["coding"].index else None,
        "prevalence": published["prevalence"].get(code, pd.DataFrame()).to_dict("records"),
        "drivers": published["drivers"].get(code, pd.DataFrame()).to_dict("records"),
        "budget": _budget(code, of_all.loc["cost", leading["step"]], len(years), published["risk"]),
    }


def _deviation(share: float) -> str:
    """A deviation in words; it is shown to a whole percent."""
    whole = round(100 * share)
    return "as many as" if whole == 0 else f"{abs(whole)} % {'more' if whole > 0 else 'fewer'} than"


def _chance(leading: pd.Series) -> dict:
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


def _steps(of_all: pd.DataFrame) -> Iterator[dict]:
    """Observed and expected by step, admissions and cost."""
    for step, (words, coded) in STEPS.items():
        if ("admissions", step) in of_all.index:
            yield {
                "words": words,
                "coded": "yes" if coded else "no",
                "admissions": of_all.loc["admissions", step],
                "cost": of_all.loc["cost", step],
            }


def _year(rows: pd.DataFrame, year: str, step: str) -> dict:
    """Admissions of one year, or of all, without and with diagnoses in expected."""
    of_year = rows[(rows["year"] == year) & (rows["measure"] == "admissions")].set_index("step")
    of_year = of_year.reindex([step, WITH_DIAGNOSES])
    return {"year": year, "without": of_year.loc[step], "with": of_year.loc[WITH_DIAGNOSES]}


def _budget(code: str, cost: pd.Series, years: int, risk: pd.DataFrame) -> dict | None:
    """What the cost of its emergency admissions beyond expectation is to its whole budget, a year."""
    if code not in risk.index or pd.isna(cost["observed"]):
        return None
    own = risk.loc[code]
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
