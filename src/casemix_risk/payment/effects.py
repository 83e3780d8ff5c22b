"""What each way of payment does to budget and risk, in closed form."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from casemix_risk.payment.options import OPTIONS
from casemix_risk.payment.payments import LINE
from casemix_risk.risk.cost_lines import cost_lines
from casemix_risk.risk.optimum import pool_optimum
from casemix_risk.risk.summary import exact_summary

CHANGES = {
    "budget_change_gbp": "budget_gbp",
    "tolerance_change_points": "tolerance_pct",
    "best_tolerance_change_points": "best_tolerance_pct",
}


def payment_effects(
    national: pd.DataFrame,
    prices: pd.DataFrame,
    payments: pd.DataFrame,
    population: float,
    list_sizes: Sequence[int],
    cost_line_settings: Mapping,
    always_pooled: Sequence[str] = (),
    never_pooled: Sequence[str] = (),
) -> pd.DataFrame:
    """Table ``payment_effects``: budget, tolerance and best cut of each way of payment, and beside flat.

    Args:
        national: table ``national``.
        prices: table ``prices``, for the lines' names.
        payments: table ``payments``.
        population: people whom the national admissions belong to.
        list_sizes: heads.
        cost_line_settings: the configuration's ``cost_lines``.
        always_pooled: the configuration's ``risk.always_pooled``.
        never_pooled: likewise.

    Returns:
        A row for each list size and way of payment, flat first.
    """
    ways, names = dict(list(payments.groupby("option"))), prices[[*LINE, "description"]]
    found = {}
    for way in ("flat", *OPTIONS, "all"):
        if way in ways:
            lines = cost_lines(national, ways[way].merge(names, on=LINE), population, **cost_line_settings)
            found[way] = _risk(lines, pool_optimum(lines, sorted(list_sizes), always_pooled, never_pooled))
    rows = []
    for position, (way, risk) in enumerate(found.items(), 1):
        changes = {name: risk[of] - found["flat"][of] for name, of in CHANGES.items()}
        rows.append(risk.assign(position=position, option=way, **changes))
    columns = ["list_size", "position", "option"]
    table = pd.concat(rows).sort_values(columns[:2], ignore_index=True)
    table["budget_change_gbp"] = (
        table["budget_change_gbp"].round(2) + 0.0
    )  # no -0 where only the order differs
    return table[[*columns, *table.columns.drop(columns)]]


def _risk(lines: pd.DataFrame, optimum: pd.DataFrame) -> pd.DataFrame:
    """Budget and tolerance of each list size with nothing pooled, and with the best cut."""
    whole = exact_summary(lines, ["none"], np.ones((1, len(lines)), dtype=bool), optimum["list_size"])
    best = optimum.set_index("list_size")[["cut_gbp", "pooled_budget_share", "tolerance_pct"]]
    return whole[["list_size", "budget_gbp", "tolerance_pct"]].join(best.add_prefix("best_"), on="list_size")
