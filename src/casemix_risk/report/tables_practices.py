"""The report's tables of practices compared: who differs, what need explains, what is saved."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from casemix_risk.audit.source import MEDIAN, Source
from casemix_risk.formats import decimals, integer, pounds
from casemix_risk.practices.expected import ALL_YEARS, CODED_STEP, LEADING_STEP
from casemix_risk.practices.ladder import PUBLISHED_R_SQUARED
from casemix_risk.practices.published import published_ratios
from casemix_risk.practices.savings import recommended_saving, step_to_use
from casemix_risk.report.table import ReportTable, Spread, spread_table, straight

STEPS = {
    "age_sex": "age and sex",
    "deprivation": "and deprivation",
    "morbidity": "and recorded morbidity",
    "earlier_diagnoses": "and diagnoses of earlier years",
}
# Step -> the published ladder's step that has the same information.
PUBLISHED = {"age_sex": "age_sex", "earlier_diagnoses": "diagnoses_area"}
ESTIMATORS = {
    "naive": "naive: the best by the year they are measured in",
    "shrunken": "shrunken: chance taken off each practice, the best held",
    "next_year": "next year: the best chosen the year before",
    "bootstrap": "truly best: chance taken off, chosen anew in every draw (use this)",
}
TERMS = {
    "completeness": "completeness of records",
    "deprivation": "deprivation score",
    "survey_score": "survey score",
}
NAMED = 30
_ROUNDED = "the cell, rounded to two decimals"
RATIOS, LADDER = "practices/practice_ratios", "practices/practice_ladder"
SAVINGS, ASSOCIATION = "practices/practice_savings", "practices/practice_association"


def comparison_tables(tables: Mapping[str, pd.DataFrame]) -> list[ReportTable]:
    """The tables of practices compared, in the order of the page; no count of a practice is in them.

    Args:
        tables: ``practice_ratios``, ``practice_ladder``, ``practice_savings`` and ``practice_association``.
    """
    savings = tables["practice_savings"]
    opportunity = recommended_saving(savings, LEADING_STEP)
    return [
        _named(tables["practice_ratios"]),
        _ladder(tables["practice_ladder"]),
        _estimates(savings, opportunity.best),
        _sweep(savings),
        _association(tables["practice_association"]),
    ]


def beyond_chance(ratios: pd.DataFrame) -> pd.Series:
    """Whether a practice is above or below what need explains with chance taken off.

    Its shrunken 95 % interval is all on one side of 1. The chance that its true ratio is on the other is then
    at most 1 in 40, so at most about 1 in 40 of those named should be.

    Args:
        ratios: rows of table ``practice_ratios``.

    Returns:
        ``above``, ``below`` or an empty text, by row.
    """
    above, below = ratios["shrunken_lower"] > 1, ratios["shrunken_upper"] < 1
    return pd.Series(np.select([above, below], ["above", "below"], ""), ratios.index)


def _named(ratios: pd.DataFrame) -> ReportTable:
    """Practices beyond chance without or with diagnoses, both side by side, from the most to the fewest."""
    rows = ratios[(ratios["year"] == ALL_YEARS) & (ratios["measure"] == "admissions")]
    rows = rows[rows["step"].isin([LEADING_STEP, CODED_STEP])]
    shown = published_ratios(rows).assign(side=beyond_chance(rows))
    apart = shown[(shown["side"] != "") & shown["ratio"].notna()]
    far = apart.assign(far=np.log(apart["shrunken"]).abs()).sort_values("far", ascending=False, kind="stable")
    names = far["practice"].drop_duplicates().head(NAMED)
    shown = shown[shown["practice"].isin(names)]
    order = shown[shown["step"] == LEADING_STEP].sort_values("shrunken", ascending=False, kind="stable")
    shown = shown.set_index("practice").loc[order["practice"]].reset_index()
    columns = {}
    for step, words in ((LEADING_STEP, "without diagnoses"), (CODED_STEP, "with diagnoses")):
        for column, heading, form in (
            ("shrunken", "Ratio", decimals(2)),
            ("shrunken_lower", "from", decimals(2)),
            ("shrunken_upper", "to", decimals(2)),
            ("side", "So it is", None),
        ):
            columns[f"{column}_{step}"] = Spread(f"{heading}, {words}", form, column, {"step": step})
    table = spread_table(
        "practices_named",
        "Practices beyond chance",
        "Emergency admissions over what need explains with chance taken off (95 % interval), all years: "
        f"practices beyond chance without or with diagnoses (at most {NAMED})",
        RATIOS,
        shown,
        {"practice": ("Practice", None)},
        columns,
        {"year": ALL_YEARS, "measure": "admissions"},
        missing="not shown, as a count of the practice is small",
    )
    return table._replace(source=lambda row, column: table.source(row, column)._replace(how=_ROUNDED))


def _ladder(ladder: pd.DataFrame) -> ReportTable:
    """What each step explains in practices it was not fitted to, beside the published ladder."""
    halves = ladder.groupby(["measure", "step"], sort=False)[["r_squared", "missed_by_10_share"]].median()
    rows = halves.unstack("measure")
    rows.columns = [f"{column}_{measure}" for column, measure in rows.columns]
    rows = rows.loc[[step for step in STEPS if step in rows.index]].rename_axis("step").reset_index()

    def source(row: Mapping, column: str) -> Source:
        name, measure = column.rsplit("_", 1)
        return Source(LADDER, name, {"step": row["step"], "measure": measure}, MEDIAN)

    return ReportTable(
        "practice_ladder",
        "What need explains",
        "What each step explains in the half of the practices that it was not fitted to, mean of both halves",
        rows.assign(words=rows["step"].map(STEPS), published=rows["step"].map(_published_r_squared)),
        {
            "words": ("Step", None),
            "r_squared_admissions": ("R², admissions", decimals(2)),
            "published": ("R², published", None),
            "r_squared_cost": ("R², cost", decimals(2)),
            "missed_by_10_share_admissions": ("Missed by 10 %, admissions", decimals(2)),
            "missed_by_10_share_cost": ("Missed by 10 %, cost", decimals(2)),
        },
        ("step",),
        source,
        missing="not published for this step",
    )


def _published_r_squared(step: str) -> str | None:
    if step not in PUBLISHED:
        return None
    low, high = PUBLISHED_R_SQUARED[PUBLISHED[step]]
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"


def _estimates(savings: pd.DataFrame, best: int) -> ReportTable:
    rows = savings[(savings["best"] == best) & savings["step"].isin([LEADING_STEP, CODED_STEP])]
    order = {name: rank for rank, name in enumerate(ESTIMATORS)}
    rows = rows.sort_values(["step", "truncated", "estimator"], key=lambda part: part.replace(order))
    return _savings_table(
        "practice_savings",
        "Savings by estimate",
        f"What would be saved a year if all matched the best {best}, four ways",
        rows.assign(
            words=rows["estimator"].map(ESTIMATORS),
            step_words=rows["step"].map({LEADING_STEP: "without", CODED_STEP: "with"}),
            floor=rows["truncated"].map({False: "counts below zero", True: "counts nothing"}),
        ),
        {
            "words": ("Estimate", None),
            "step_words": ("Diagnoses", None),
            "floor": ("A practice better than the best", None),
        },
    )


def _sweep(savings: pd.DataFrame) -> ReportTable:
    used = step_to_use(savings, (LEADING_STEP, CODED_STEP))
    rows = savings[(savings["step"] == used) & ~savings["truncated"]]
    rows = rows[rows["estimator"].isin(["naive", "bootstrap"])].sort_values(["best", "estimator"])
    return _savings_table(
        "practice_savings_by_best",
        "Savings by number",
        "What would be saved a year, by how many practices are matched",
        rows.assign(words=rows["estimator"].map({"naive": "naive", "bootstrap": "truly best (use this)"})),
        {"best": ("The best", integer), "words": ("Estimate", None)},
    )


def _savings_table(id_: str, name: str, title: str, rows: pd.DataFrame, first: Mapping) -> ReportTable:
    key = ("step", "best", "estimator", "truncated")
    money = {
        "saving_gbp": ("Saving", pounds),
        "lower_gbp": ("From (95 %)", pounds),
        "upper_gbp": ("To", pounds),
    }
    return ReportTable(id_, name, title, rows, {**first, **money}, key, straight(SAVINGS, *key))


def _association(association: pd.DataFrame) -> ReportTable:
    rows = association.assign(
        words=association["term"].map(TERMS),
        step_words=association["step"].map(
            lambda step: "with" if step in ("morbidity", CODED_STEP) else "without"
        ),
    )
    key = ("step", "term")
    return ReportTable(
        "practice_association",
        "What admissions go with",
        "Emergency admissions of a practice one standard deviation higher, as a ratio, all terms together",
        rows.sort_values(["term", "step"]),
        {
            "words": ("One standard deviation more of", None),
            "step_words": ("Expected is with diagnoses or without", None),
            "rate_ratio": ("Ratio of admissions", decimals(3)),
            "lower": ("From (95 %)", decimals(3)),
            "upper": ("To", decimals(3)),
        },
        key,
        straight(ASSOCIATION, *key),
    )
