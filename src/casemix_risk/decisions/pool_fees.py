"""The pool's own risk: what it must ask a head so that its cost is covered, by the people it serves."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from casemix_risk.decisions.reserves import Margins, margins
from casemix_risk.decisions.shock import shocks_of, with_and_without
from casemix_risk.risk.lines import NO_SHOCKS, Shocks, any_pools, lines_from
from casemix_risk.risk.moments import cumulants

GROUPS = (1, 2, 5, 10, 20, 50)
A_MILLION = 1_000_000
SUFFICIENCIES = (0.95, 0.995)
KEY = ["pool", "shock", "list_size", "groups"]


def pool_fees(
    lines: pd.DataFrame,
    pools: Mapping[str, np.ndarray],
    list_sizes: Sequence[int],
    shocks: Shocks = NO_SHOCKS,
) -> pd.DataFrame:
    """The yearly fee per head of pools that serve 1 to 50 groups of each list size, and of one for a million.

    Groups are independent but for a shock, so a pool of ten groups is the pooled lines at ten times the
    heads, exactly.

    Args:
        lines: table ``cost_lines``.
        pools: by name, booleans over the lines: True where the group keeps the line. A rule that pools
            nothing has no rows.
        list_sizes: heads of one group.
        shocks: the scenario; without one there are no rows with a shock.

    Returns:
        Table ``pool_fees``. The pool of a million people, however they are grouped, is the row of one group
        of that size.

    Raises:
        InputError: the lines pooled are all paid whatever the admissions.
    """
    sharing = {name: ~kept for name, kept in pools.items() if not kept.all()}
    cells = pd.MultiIndex.from_product([sorted(list_sizes), GROUPS]).to_list()
    cells = np.array(sorted({*cells, (A_MILLION, 1)}))
    parts = [
        _fees(lines, pooled, cells, scenario).assign(pool=name, shock=shock)
        for name, pooled in sharing.items()
        for shock, scenario in with_and_without(shocks).items()
    ]
    columns = [
        *KEY,
        "heads",
        "pooled_budget_gbp",
        "cv_pct",
        "fee_gbp",
        "fee_95_gbp",
        "fee_995_gbp",
        "loading_95_pct",
        "loading_995_pct",
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values(KEY, ignore_index=True)[columns]


def pool_margins(
    lines: pd.DataFrame, pooled: np.ndarray, heads: np.ndarray, shocks: Shocks
) -> tuple[Margins, np.ndarray]:
    """What the cost of the pooled lines can be above its budget, and its variance, by people served.

    Args:
        lines: table ``cost_lines``.
        pooled: booleans over the lines.
        heads: people served.
        shocks: shared by lines.

    Returns:
        Margins of 95 and 99.5 % (heads x 1), and GBP^2 (heads).
    """
    mine, borne, whole = lines[pooled], shocks_of(shocks, pooled), np.ones((1, pooled.sum()), dtype=bool)
    variance = cumulants(lines_from(mine), any_pools(whole), heads, borne, orders=2)[:, 0, 1]
    return margins(mine, whole, heads, SUFFICIENCIES, borne), variance


def _fees(lines: pd.DataFrame, pooled: np.ndarray, cells: np.ndarray, shocks: Shocks) -> pd.DataFrame:
    heads, place = np.unique(cells.prod(axis=1), return_inverse=True)
    found, variance = pool_margins(lines, pooled, heads, shocks)
    budget = found.budget_gbp[:, 0]
    loading = found.reserve_gbp[:, 0] / budget[:, None]
    fee = budget / heads
    by_heads = pd.DataFrame(
        {
            "heads": heads,
            "pooled_budget_gbp": budget,
            "cv_pct": 100 * np.sqrt(variance) / budget,
            "fee_gbp": fee,
            "fee_95_gbp": fee * (1 + loading[:, 0]),
            "fee_995_gbp": fee * (1 + loading[:, 1]),
            "loading_95_pct": 100 * loading[:, 0],
            "loading_995_pct": 100 * loading[:, 1],
        }
    )
    return by_heads.iloc[place].assign(list_size=cells[:, 0], groups=cells[:, 1])
