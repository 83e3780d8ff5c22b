"""Alternatives to a pool: a cover of what is above a limit, a corridor that shares gains and losses.

Nothing is simulated: payments are functions of the cost, whose law is at hand (`cost_law`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from casemix_risk.decisions.cost_law import cost_laws, sum_quantiles
from casemix_risk.decisions.pool_fees import SUFFICIENCIES, pool_margins
from casemix_risk.decisions.reserves import margins
from casemix_risk.risk.lines import NO_SHOCKS, Shocks, any_pools, lines_from
from casemix_risk.risk.moments import cumulants

ATTACHMENTS_PCT = (101.0, 102.0, 103.0, 105.0)
# The risk corridors of the Affordable Care Act (section 1342(b), 42 U.S.C. 18062): nothing shared within 3 %
# of the target, half of what lies between 3 and 8 %, 80 % of what lies beyond.
FREE, HALF_SHARED_UP_TO, HALF_SHARE, OUTER_SHARE = 0.03, 0.08, 0.5, 0.8
SHARING = 10  # groups under one cover
KEPT_PROBABILITIES = (0.95, 0.99)
KEY = ["list_size", "shock", "cover"]


def stop_loss_payment(cost: np.ndarray, budget: float, attachment_pct: float) -> np.ndarray:
    """What an aggregate stop-loss pays: all cost above so many % of the budget, in GBP."""
    return np.maximum(cost - attachment_pct / 100 * budget, 0.0)


def corridor_payment(cost: np.ndarray, budget: float) -> np.ndarray:
    """What a risk corridor pays, in GBP; negative where the group pays in, out of a gain.

    Within 3 % of the budget nothing, half of what lies between 3 and 8 %, 80 % of the rest, either way.
    """
    away = np.abs(cost / budget - 1)
    half = HALF_SHARE * np.clip(away - FREE, 0.0, HALF_SHARED_UP_TO - FREE)
    return np.sign(cost - budget) * budget * (half + OUTER_SHARE * np.maximum(away - HALF_SHARED_UP_TO, 0.0))


def stop_loss(
    lines: pd.DataFrame,
    pools: Mapping[str, np.ndarray],
    list_sizes: Sequence[int],
    shocks: Shocks = NO_SHOCKS,
) -> pd.DataFrame:
    """What each cover costs a group of each list size, and the risk that the group still bears.

    Args:
        lines: table ``cost_lines``.
        pools: by name, booleans over the lines: True where the group keeps the line. A rule that pools
            nothing has no rows; going without cover has the rows ``none``.
        list_sizes: heads.
        shocks: the scenario. Rows with a shock are there for a common shock alone: given it ten groups are
            independent, which they are not while the lines of an epidemic move together.

    Returns:
        Table ``stop_loss``. The premium is the cover's expected payment; `kept_*` is what the group bears
        with that premium paid, over its whole budget, so covers compare.

    Raises:
        InputError: no line, or none of those pooled, is paid by activity.
    """
    sizes = np.asarray(sorted(list_sizes))
    scenarios = {"none": NO_SHOCKS, **({"with": shocks} if shocks.common and not shocks.groups else {})}
    parts = []
    for shock, scenario in scenarios.items():
        parts.append(_group_covers(lines, sizes, scenario).assign(shock=shock))
        parts += [
            _pool_cover(lines, name, kept, sizes, scenario).assign(shock=shock)
            for name, kept in pools.items()
            if not kept.all()
        ]
    table = pd.concat(parts).sort_values(KEY, ignore_index=True)
    return table[[*KEY, *table.columns.difference(KEY, sort=False)]]


def _group_covers(lines: pd.DataFrame, sizes: np.ndarray, shocks: Shocks) -> pd.DataFrame:
    found = margins(lines, np.ones((1, len(lines)), dtype=bool), sizes, KEPT_PROBABILITIES, shocks)
    covers: list[tuple[str, float, Callable]] = [
        ("none", np.nan, lambda cost, budget: np.zeros_like(cost)),
        ("corridor", np.nan, corridor_payment),
        *(
            (f"stop_loss_{limit:g}", limit, partial(stop_loss_payment, attachment_pct=limit))
            for limit in ATTACHMENTS_PCT
        ),
    ]
    rows = []
    for number, law in enumerate(cost_laws(lines, sizes, shocks.common, SHARING)):
        budget = found.budget_gbp[number, 0]
        dear = budget + found.reserve_gbp[number, 0]
        for cover, limit, payment in covers:
            paid = payment(law.amounts, budget)
            premium = law.mean(paid)
            needed = np.maximum(sum_quantiles(law, paid, SHARING, SUFFICIENCIES) / SHARING, premium)
            borne = law.amounts - paid
            deviation = np.sqrt(law.mean((borne - law.mean(borne)) ** 2))
            # What is borne never falls as the cost grows, so its quantile is that of the cost, paid for.
            kept = dear - payment(dear, budget) + premium - budget
            rows.append((sizes[number], cover, limit, budget, premium, *needed, deviation, *kept))
    return _in_percent(rows)


def _pool_cover(
    lines: pd.DataFrame, name: str, kept: np.ndarray, sizes: np.ndarray, shocks: Shocks
) -> pd.DataFrame:
    core = margins(lines, kept[None], sizes, KEPT_PROBABILITIES, shocks)
    shared = pool_margins(lines, ~kept, sizes * SHARING, shocks)[0]
    variance = cumulants(lines_from(lines), any_pools(kept[None]), sizes, shocks, orders=2)[:, 0, 1]
    premium = shared.budget_gbp[:, 0] / SHARING
    needed = premium[:, None] + np.maximum(shared.reserve_gbp[:, 0], 0.0) / SHARING
    budget = core.budget_gbp[:, 0] + premium
    rows = [
        (size, f"pool_{name}", np.nan, *row)
        for size, *row in zip(
            sizes, budget, premium, *needed.T, np.sqrt(variance), *core.reserve_gbp[:, 0].T, strict=True
        )
    ]
    return _in_percent(rows)


def _in_percent(rows: list[tuple]) -> pd.DataFrame:
    cell = ["list_size", "cover", "attachment_pct", "budget_gbp"]
    amounts = ["premium_gbp", "premium_95_gbp", "premium_995_gbp"]
    kept = ["kept_cv_pct", "kept_95_pct", "kept_99_pct"]
    table = pd.DataFrame(rows, columns=[*cell, *amounts, *kept])
    table[kept] = 100 * table[kept].div(table["budget_gbp"], axis=0)
    table.insert(len(cell) + 1, "premium_pct", 100 * table["premium_gbp"] / table["budget_gbp"])
    return table
