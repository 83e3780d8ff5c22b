"""The ingest waterfall in pounds."""

from collections.abc import Sequence

import pandas as pd


def price_waterfall(waterfalls: Sequence[pd.DataFrame], prices: pd.DataFrame) -> pd.DataFrame:
    """Rows, admissions and their value by cleaning rule, over all years.

    Args:
        waterfalls: tables ``waterfall``, one a year.
        prices: table ``prices``.

    Returns:
        Table ``priced_waterfall``. Values are summed in whole pence; admissions on a line without a price
        (an unknown or ungroupable HRG) are counted and carry no value.
    """
    rows = pd.concat(waterfalls).merge(
        prices[["hrg", "admission_type", "price_gbp"]], on=["hrg", "admission_type"], how="left"
    )
    unpriced = rows["price_gbp"].isna()
    rows["pence"] = (rows["price_gbp"].fillna(0) * 100).round().astype("int64") * rows["admissions"]
    rows["unpriced_admissions"] = rows["admissions"].where(unpriced, 0)
    rule = ["step", "rule", "description", "action"]
    table = rows.groupby(rule, as_index=False)[["rows", "admissions", "pence", "unpriced_admissions"]].sum()
    table["value_gbp"] = table["pence"] / 100
    columns = [*rule, "rows", "admissions", "value_gbp", "unpriced_admissions"]
    return table.sort_values("step", ignore_index=True)[columns]
