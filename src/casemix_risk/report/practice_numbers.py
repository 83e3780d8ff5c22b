"""What the report says of practices compared, number by number."""

from collections.abc import Iterator, Mapping

import pandas as pd

from casemix_risk.audit.source import MEDIAN, ROWS, Source
from casemix_risk.practices.expected import ALL_YEARS, CODED_STEP, LEADING_STEP
from casemix_risk.practices.savings import recommended_saving, step_to_use
from casemix_risk.report.numbers import Number
from casemix_risk.report.tables_practices import ASSOCIATION, LADDER, RATIOS, SAVINGS, STEPS, beyond_chance

SIGNALS = ("high", "low")
SIDES = {"above": "shrunken_lower above 1", "below": "shrunken_upper below 1"}


def comparison_numbers(tables: Mapping[str, pd.DataFrame]) -> Iterator[Number]:
    """What is said of practices compared.

    Args:
        tables: as of `casemix_risk.report.tables_practices.comparison_tables`.
    """
    yield from _ratio_numbers(tables["practice_ratios"])
    yield from _ladder_numbers(tables["practice_ladder"])
    yield from _savings_numbers(tables["practice_savings"])
    for row in tables["practice_association"].to_dict("records"):
        for column in ("rate_ratio", "lower", "upper"):
            source = Source(ASSOCIATION, column, {"step": row["step"], "term": row["term"]})
            yield Number(f"text/practices_{row['term']}_{row['step']}_{column}", row[column], source)


def _ratio_numbers(ratios: pd.DataFrame) -> Iterator[Number]:
    of_admissions = {"year": ALL_YEARS, "measure": "admissions"}
    every = ratios[(ratios["year"] == ALL_YEARS) & (ratios["measure"] == "admissions")]
    sides = every.assign(side=beyond_chance(every)).pivot(index="practice", columns="step", values="side")
    for step, ending in ((LEADING_STEP, ""), (CODED_STEP, "_coded")):
        where = of_admissions | {"step": step}
        counted = Source(RATIOS, "practice", where, ROWS)
        yield Number(f"text/practices_compared{ending}", sides[step].notna().sum(), counted)
        for side, how in SIDES.items():
            source = Source(RATIOS, how.split()[0], where, f"the number of rows with {how}")
            yield Number(f"text/practices_{side}{ending}", (sides[step] == side).sum(), source)
        for signal in SIGNALS:
            source = Source(RATIOS, "signal", where | {"signal": signal}, ROWS)
            found = ((every["step"] == step) & (every["signal"] == signal)).sum()
            yield Number(f"text/practices_{signal}{ending}", found, source)
    for side, how in SIDES.items():
        agreed = (sides[[LEADING_STEP, CODED_STEP]] == side).all(axis=1).sum()
        said = f"the number of practices with {how} at both {LEADING_STEP} and {CODED_STEP}"
        yield Number(
            f"text/practices_{side}_both", agreed, Source(RATIOS, how.split()[0], of_admissions, said)
        )


def _ladder_numbers(ladder: pd.DataFrame) -> Iterator[Number]:
    for step in STEPS:
        for column in ("r_squared", "missed_by_10_share"):
            cells = ladder.query("measure == 'admissions' and step == @step")[column]
            if len(cells):
                source = Source(LADDER, column, {"measure": "admissions", "step": step}, MEDIAN)
                yield Number(f"text/practices_{column}_{step}", cells.median(), source)


def _savings_numbers(savings: pd.DataFrame) -> Iterator[Number]:
    used = step_to_use(savings, (LEADING_STEP, CODED_STEP))
    best = recommended_saving(savings, used).best
    of_best = savings[(savings["best"] == best) & ~savings["truncated"]].set_index(["step", "estimator"])
    for step, estimator, words in (
        (used, "bootstrap", "used"),
        (LEADING_STEP, "bootstrap", "without"),
        (CODED_STEP, "bootstrap", "with"),
        (used, "naive", "naive"),
        (used, "next_year", "next_year"),
    ):
        where = {"step": step, "best": best, "estimator": estimator, "truncated": False}
        if (step, estimator) in of_best.index:
            for column in ("saving_gbp", "lower_gbp", "upper_gbp"):
                value = of_best.loc[(step, estimator), column]
                yield Number(f"text/practices_{words}_{column}", value, Source(SAVINGS, column, where))
    where = {"step": used, "best": best, "estimator": "bootstrap", "truncated": False}
    yield Number("text/practices_best", best, Source(SAVINGS, "best", where))
