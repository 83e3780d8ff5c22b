"""Data quality: what ingest did, and whether the demonstration's planted defects came back exactly."""

from collections.abc import Sequence

import pandas as pd


def planted_check(
    planted: Sequence[pd.DataFrame], excluded: Sequence[pd.DataFrame], waterfalls: Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Planted defects against what ingest found, by cleaning rule, over all years.

    Args:
        planted: tables ``planted_defects``, one a year.
        excluded: tables ``excluded`` (at least `source_row, rule`), one a year, in the same order.
        waterfalls: tables ``waterfall``, one a year, in the same order.

    Returns:
        `rule, action, planted, found, same_rows`: for excluding rules `same_rows` counts rows that the
        generator's record and ingest agree on; for recoding and flagging rules, which leave rows where they
        are, it is the smaller count of each year.
    """
    years = [_year(*tables) for tables in zip(planted, excluded, waterfalls, strict=True)]
    total = pd.concat(years).groupby(["step", "rule", "action"], as_index=False).sum()
    return total.drop(columns="step")


def _year(planted: pd.DataFrame, excluded: pd.DataFrame, waterfall: pd.DataFrame) -> pd.DataFrame:
    found = waterfall.groupby(["step", "rule", "action"], as_index=False)["rows"].sum()
    found = found[found["action"] != "keep"].rename(columns={"rows": "found"})
    found["planted"] = found["rule"].map(planted["rule"].value_counts()).fillna(0).astype(int)
    both = planted.merge(excluded[["source_row", "rule"]], on=["source_row", "rule"])
    same = found["rule"].map(both["rule"].value_counts()).fillna(0).astype(int)
    found["same_rows"] = same.where(found["action"] == "exclude", found[["found", "planted"]].min(axis=1))
    return found[["step", "rule", "action", "planted", "found", "same_rows"]]
