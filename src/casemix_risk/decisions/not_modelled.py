"""What moves a budget and is not chance, sized where the run's own data can, beside what chance does."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from casemix_risk.changes.account import LINE
from casemix_risk.volumes.back_test import WHOLE

# Source -> what it is to a reader, and how its size is found, in the order of the table.
SOURCES = {
    "trend": (
        "Demand as a whole grows or falls",
        "root mean square of the yearly change of all admissions, less what chance gives",
    ),
    "mix": (
        "Demand, supply and coding move single lines",
        "what the lines' own yearly changes beyond chance do to a budget if they are independent",
    ),
    "projection": (
        "The projection misses the whole",
        "root mean square error of all admissions projected in years that are known",
    ),
    "uplift": ("Prices rise in general", "largest general change of prices between two editions of the run"),
    "price": ("Prices change by line", "largest effect of lines' own changes of price between two editions"),
    "redesign": (
        "Codes begin and end",
        "largest share of a year's admissions on lines that the year after does not have",
    ),
    "need": ("A group's patients are not the nation's", "not known from these data"),
    "supply": ("Beds, waiting lists and new services", "not known apart from trend and mix"),
}


def not_modelled(
    activity: pd.DataFrame,
    prices: pd.DataFrame,
    year_on_year: pd.DataFrame | None,
    back_test: pd.DataFrame | None,
    accounts: Mapping[str, pd.DataFrame],
    summary: pd.DataFrame,
    projection: str,
) -> pd.DataFrame:
    """Sizes of what the risk figures leave out, beside one standard deviation of chance.

    Args:
        activity: table ``activity``.
        prices: table ``prices`` of the leading edition.
        year_on_year: table ``year_on_year``; None where the run has one year.
        back_test: table ``back_test``; None where it has fewer than three.
        accounts: change between two editions -> table ``change_account``.
        summary: table ``risk_summary`` of the leading edition.
        projection: the run's projection method.

    Returns:
        Table ``not_modelled``: a row for each list size and source; `size_pct` is empty where the data at
        hand cannot tell. A source's size is the same for every list size: nothing of it averages out.
    """
    sizes = {
        "trend": np.nan if year_on_year is None else _trend(year_on_year),
        "mix": np.nan if year_on_year is None else _mix(activity, prices),
        "redesign": np.nan if year_on_year is None else _redesign(activity),
        "projection": np.nan if back_test is None else _missed(back_test, projection),
        **{term: _largest_term(accounts, term) for term in ("uplift", "price")},
    }
    sources = pd.DataFrame(
        [
            {"position": position, "source": source, "size_pct": sizes.get(source, np.nan)}
            | {"description": description, "basis": basis}
            for position, (source, (description, basis)) in enumerate(SOURCES.items(), start=1)
        ]
    )
    chance = summary[(summary["method"] == "exact") & (summary["pool"] == "none")]
    table = chance[["list_size", "cv_pct"]].rename(columns={"cv_pct": "chance_pct"})
    columns = ["list_size", "position", "source", "description", "basis", "size_pct", "chance_pct"]
    return table.merge(sources, how="cross").sort_values(columns[:2], ignore_index=True)[columns]


def _beyond_chance(change: np.ndarray, chance: np.ndarray) -> float:
    """Root mean square of changes, less that of chance."""
    return float(np.sqrt(max(0.0, np.mean(change**2 - chance**2))))


def _trend(year_on_year: pd.DataFrame) -> float:
    whole = year_on_year[year_on_year["level"] == "all"]
    return _beyond_chance(whole["change_pct"].to_numpy(), whole["chance_pct"].to_numpy())


def _mix(activity: pd.DataFrame, prices: pd.DataFrame) -> float:
    """The standard deviation that lines' own shifts give a budget, in % of it.

    Given independent counts y1, y2 about means m and r m with variance factor d, y2 - r y1 has variance
    d m r (1 + r) by chance, with r the change of the whole; what its square exceeds that by is the line's own
    shift. On lines seen in both years, at their prices; the mean over pairs of years.
    """
    lines = activity.merge(prices[[*LINE, "price_gbp"]], on=LINE)
    squares = []
    for before, after in pairwise(sorted(activity["year"].unique())):
        both = lines[lines["year"] == before].merge(lines[lines["year"] == after], on=LINE)
        first, second = both["admissions_x"], both["admissions_y"]
        ratio, price = second.sum() / first.sum(), both["price_gbp_x"]
        by_chance = both["variance_factor_x"] * (first + second) * ratio
        own = (price**2 * ((second - ratio * first) ** 2 - by_chance)).sum()
        squares.append(own / (price * second).sum() ** 2)
    return 100 * float(np.sqrt(max(0.0, np.mean(squares))))


def _redesign(activity: pd.DataFrame) -> float:
    counts = activity.pivot(index=LINE, columns="year", values="admissions").fillna(0)
    ended = [
        counts.loc[counts[after] == 0, before].sum() / counts[before].sum()
        for before, after in pairwise(sorted(counts.columns))
    ]
    return 100 * max(ended)


def _missed(back_test: pd.DataFrame, projection: str) -> float:
    whole = back_test[(back_test["chapter"] == WHOLE) & (back_test["codes"] == "all")]
    years = whole[whole["method"] == projection]
    return 100 * float(np.sqrt(np.mean((years["projected"] / years["admissions"] - 1) ** 2)))


def _largest_term(accounts: Mapping[str, pd.DataFrame], term: str) -> float:
    effects = [abs(account[term].sum()) / account["before_gbp"].sum() for account in accounts.values()]
    return 100 * max(effects, default=np.nan)
