"""Cost lines: volume, price and variance factor of each HRG x admission type, and the paper's price bands."""

import numpy as np
import pandas as pd

LINE = ["hrg", "admission_type"]


def cost_lines(
    national: pd.DataFrame,
    prices: pd.DataFrame,
    population: float,
    *,
    individual_price_gbp: float,
    individual_admissions: float,
    bands: int,
) -> pd.DataFrame:
    """The one table the risk room reads.

    The paper models a line on its own when it is dear or large and merges the rest into price bands of about
    equal admissions (Jones 2008, method); `band` says which, and `banded` does the merging.

    Args:
        national: table ``national``: national admissions a year and variance factor per line.
        prices: table ``prices``: GBP per admission on average, its coefficient of variation from admission to
            admission and the share that is fixed, with the HRG's description.
        population: people whom the national admissions belong to.
        individual_price_gbp: lines priced above are modelled on their own.
        individual_admissions: lines with more national admissions are modelled on their own.
        bands: number of price bands for the rest.

    Returns:
        Table ``cost_lines``: a row for each line with admissions, sorted by HRG and admission type. Where
        payments vary, a count of mean L and variance L d costs p on average with variance L p^2 (d + cv^2)
        (a random sum: Klugman, Panjer and Willmot, *Loss Models*, ch. 9), so cv^2 is added to the factor.
    """
    lines = national[national["admissions"] > 0].merge(prices, on=LINE, validate="one_to_one")
    alone = (lines["price_gbp"] > individual_price_gbp) | (lines["admissions"] > individual_admissions)
    lines["band"] = _bands(lines["price_gbp"], lines["admissions"].where(~alone, 0.0), bands).where(~alone, 0)
    lines["admissions_per_head"] = lines["admissions"] / population
    lines["variance_factor"] += lines["payment_cv"] ** 2
    columns = [
        *LINE,
        "description",
        "admissions_per_head",
        "price_gbp",
        "variance_factor",
        "band",
        "fixed_share",
    ]
    return lines.sort_values(LINE, ignore_index=True)[columns]


def _bands(price: pd.Series, admissions: pd.Series, bands: int) -> pd.Series:
    """Bands of about equal admissions in order of price; a line falls where its middle admission does."""
    cheapest_first = admissions.loc[price.sort_values(kind="stable").index]
    middle = cheapest_first.cumsum() - cheapest_first / 2
    band = 1 + np.floor(bands * middle / max(admissions.sum(), 1e-300)).clip(upper=bands - 1)
    return band.astype(int).reindex(price.index)


def banded(lines: pd.DataFrame) -> pd.DataFrame:
    """The paper's model: each price band becomes one line at its admissions-weighted mean price.

    The variance factor of a band is the admissions-weighted mean of its lines' factors, as if they had the
    same price; its fixed share is theirs weighted by cost.

    Args:
        lines: table ``cost_lines``.

    Returns:
        The same columns; the bands stand under HRG ``band 1``, ``band 2``... and admission type ``both``.
    """
    rest = lines[lines["band"] > 0]
    weights = rest["admissions_per_head"]
    cost = weights * rest["price_gbp"]
    sums = rest.assign(
        cost=cost, clustered=weights * rest["variance_factor"], fixed=cost * rest["fixed_share"]
    )
    merged = sums.groupby("band")[["admissions_per_head", "cost", "clustered", "fixed"]].sum()
    merged["price_gbp"] = merged["cost"] / merged["admissions_per_head"]
    merged["variance_factor"] = merged["clustered"] / merged["admissions_per_head"]
    merged["fixed_share"] = merged["fixed"] / merged["cost"]
    merged = merged.reset_index().assign(admission_type="both")
    merged["hrg"] = "band " + merged["band"].astype(str)
    merged["description"] = merged["hrg"].str.replace("band", "price band")
    return pd.concat([lines[lines["band"] == 0], merged[lines.columns]], ignore_index=True)


def price_bands(lines: pd.DataFrame, population: float) -> pd.DataFrame:
    """Table ``price_bands``: number of lines, national admissions and mean price of each band."""
    merged = banded(lines)
    merged = merged[merged["band"] > 0].sort_values("band", ignore_index=True)
    counts = lines["band"].value_counts()
    return pd.DataFrame(
        {
            "band": merged["band"],
            "lines": merged["band"].map(counts),
            "admissions": merged["admissions_per_head"] * population,
            "price_gbp": merged["price_gbp"],
        }
    )
