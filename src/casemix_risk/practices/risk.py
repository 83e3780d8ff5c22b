"""What chance does to the budgets of real lists."""

import numpy as np
import pandas as pd


def practice_risk(lists: pd.DataFrame, summary: pd.DataFrame, optimum: pd.DataFrame) -> pd.DataFrame:
    """Budget and tolerance of each practice and group, with the national mix of admissions.

    Budgets grow with the list and coefficients of variation fall with its square root, both exactly, so one
    list size gives all others.

    Args:
        lists: table ``practice_lists``.
        summary: table ``risk_summary``.
        optimum: table ``pool_optimum``.

    Returns:
        Table ``practice_risk``.
    """
    known = summary[(summary["method"] == "exact") & (summary["pool"] == "none")].iloc[0]
    best = optimum[optimum["list_size"] == known["list_size"]].iloc[0]
    share = lists["patients"] / known["list_size"]
    return lists.assign(
        budget_gbp=share * known["budget_gbp"],
        tolerance_pct=known["tolerance_pct"] / np.sqrt(share),
        best_tolerance_pct=best["tolerance_pct"] / np.sqrt(share),
    )
