"""Activity by HRG over the years on one version of the definitions, beside the HRGs given at the time."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from casemix_risk.ingest.rules import UNGROUPABLE
from casemix_risk.volumes.growth import poisson_growth
from casemix_risk.volumes.national import LINE, years_in_use

SIDES = {"given": "given_hrg", "regrouped": "derived_hrg"}
KEY = ["hrg", "chapter", "admission_type"]
COLUMNS = [
    *("level", "code", "admissions_given", "admissions_regrouped"),
    *("growth_given_pct", "growth_regrouped_pct", "difference_points"),
    *("cost_growth_given_pct", "cost_growth_regrouped_pct", "cost_gbp", "worth_gbp"),
]


def activity_trends(pairs: Mapping[str, pd.DataFrame], error_hrgs: Collection[str]) -> pd.DataFrame:
    """Table ``activity_trends``: the same admissions counted by the HRG given and by the one regrouped to.

    Only episodes with both count, so that a year's two totals are equal and codes alone make the difference.

    Args:
        pairs: year -> table ``given_and_derived``, all grouped by one definition set.
        error_hrgs: HRGs of that set that mean that an episode did not group.
    """
    years = []
    for year, table in pairs.items():
        given = table["given_hrg"]
        both = table[(given != "") & ~given.str.match(UNGROUPABLE) & ~table["derived_hrg"].isin(error_hrgs)]
        counts = {
            f"admissions_{side}": both.groupby([column, "admission_type"])["admissions"].sum()
            for side, column in SIDES.items()
        }
        lines = pd.DataFrame({name: count.rename_axis(LINE) for name, count in counts.items()})
        years.append(lines.fillna(0).astype("int64").reset_index().assign(year=year))
    trends = pd.concat(years, ignore_index=True)
    trends["chapter"] = trends["hrg"].str[:1]
    columns = ["year", *KEY, *(f"admissions_{side}" for side in SIDES)]
    return trends[columns].sort_values(["year", *LINE], ignore_index=True)


def rebasing(trends: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Table ``rebasing``: growth by given and by regrouped HRGs, and what the difference is worth.

    Growth is that of `casemix_risk.volumes.growth.poisson_growth`: b of exp(a + b t), by Poisson maximum
    likelihood, as 100 (exp(b) - 1) % a year, over the years in which a code was in use. Growth in cost is
    that of admissions x price, at the same prices in every year. Its difference times the last year's cost is
    what a year's projection by given HRGs would take for growth.

    Args:
        trends: `activity_trends` of two years or more.
        prices: table ``prices``, in pounds.

    Returns:
        A row an HRG, a chapter (`level`) and for all; none where no episode has both HRGs. Growth is missing
        where the counts do not show one, cost where no line has a price.
    """
    if trends.empty:
        return pd.DataFrame(columns=COLUMNS)
    priced = trends.merge(prices[[*LINE, "price_gbp"]], on=LINE, how="left")
    levels = {"hrg": priced["hrg"], "chapter": priced["chapter"], "all": pd.Series("all", index=priced.index)}
    tables = [_level(priced, level, code) for level, code in levels.items()]
    return pd.concat(tables)[COLUMNS].sort_values(["level", "code"], ignore_index=True)


def _level(priced: pd.DataFrame, level: str, code: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"level": level, "code": sorted(code.unique())})
    for side in SIDES:
        admissions = priced[f"admissions_{side}"]
        counts = _by_year(priced, code, admissions)
        cost = _by_year(priced, code, admissions * priced["price_gbp"])
        table[f"admissions_{side}"] = counts.iloc[:, -1].to_numpy().astype("int64")
        table[f"growth_{side}_pct"] = _growth_pct(counts, counts)
        table[f"cost_growth_{side}_pct"] = _growth_pct(cost, counts)
    table["cost_gbp"] = cost.iloc[:, -1].where(cost.sum(axis=1) > 0).to_numpy()
    by_cost = table["cost_growth_given_pct"] - table["cost_growth_regrouped_pct"]
    return table.assign(
        difference_points=table["growth_given_pct"] - table["growth_regrouped_pct"],
        worth_gbp=table["cost_gbp"] * by_cost / 100,
    )


def _by_year(priced: pd.DataFrame, code: pd.Series, values: pd.Series) -> pd.DataFrame:
    """Sums, codes x years."""
    sums = values.groupby([code.rename("code"), priced["year"]]).sum()
    return sums.unstack(fill_value=0.0).sort_index()


def _growth_pct(values: pd.DataFrame, counts: pd.DataFrame) -> np.ndarray:
    """Growth of each row of `values`, codes x years, over the years in which `counts` has the code in use."""
    growth = np.full(len(values), np.nan)
    some = values.to_numpy().sum(axis=1) > 0
    y, factor = values.to_numpy()[some], np.ones(some.sum())
    time = np.array([int(year[:4]) for year in values.columns], dtype=float)
    used = years_in_use(counts.to_numpy()[some], factor)
    found, variance = poisson_growth(y, used, factor, time - time[-1])
    growth[some] = np.where(np.isfinite(variance), 100 * np.expm1(found), np.nan)
    return growth
