"""Pool rules: which lines a group hands to the larger shared risk pool."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

CEILING_LIST_SIZE = 10_000
SHARED_POOLS = ("table1", "dearest")


def pool_rules(lines: pd.DataFrame, risk: Mapping) -> pd.DataFrame:
    """Every pool rule of a run.

    Args:
        lines: table ``cost_lines``; decides whether the shared pool of Figure 2 is ``table1`` (the source has
            any of the HRGs named) or ``dearest``.
        risk: `price_cuts_gbp` (Figure 1), `combined_price_cuts_gbp` and `volume_ceilings` (Table 2: each cut
            with every ceiling and with none) and `shared_pool`, as in the configuration's ``risk``.

    Returns:
        Table ``pool_rules``, sorted by pool.
    """
    shared = risk["shared_pool"]
    if lines["hrg"].isin(shared["hrgs"]).any():
        shared_rule = ("table1", "the low-volume, high-cost HRGs of the paper's Table 1")
    else:
        shared_rule = (
            "dearest",
            f"the dearest lines up to {shared['otherwise_dearest_share']:.1%} of the budget",
        )
    combined = sorted(set(risk["combined_price_cuts_gbp"]))
    rules = [
        ("none", None, None, "nothing is pooled"),
        (shared_rule[0], None, None, shared_rule[1]),
    ]
    for cut in sorted({*risk["price_cuts_gbp"], *combined}):
        rules.append((f"price_above_{cut:g}", cut, None, f"lines priced above GBP {cut:,.0f}"))
    for cut in combined:
        for ceiling in sorted(set(risk["volume_ceilings"])):
            name = f"price_above_{cut:g}_volume_below_{ceiling:g}"
            words = f"lines priced above GBP {cut:,.0f} with under {ceiling:g} admissions at 10,000 heads"
            rules.append((name, cut, ceiling, words))
    table = pd.DataFrame(rules, columns=["pool", "price_cut_gbp", "volume_ceiling", "description"])
    return table.astype({"price_cut_gbp": float, "volume_ceiling": float}).sort_values(
        "pool", ignore_index=True
    )


def shared_pool_of(rules: pd.DataFrame) -> str:
    """The shared pool among a run's rules: ``table1`` or ``dearest``."""
    return next(pool for pool in SHARED_POOLS if pool in set(rules["pool"]))


def kept_lines(lines: pd.DataFrame, rules: pd.DataFrame, shared_pool: Mapping) -> np.ndarray:
    """Which lines a group keeps under each pool rule.

    Args:
        lines: table ``cost_lines`` (or `banded` of it).
        rules: table ``pool_rules``.
        shared_pool: `hrgs` of the pool ``table1`` and the budget share of the pool ``dearest``
            (`otherwise_dearest_share`).

    Returns:
        Booleans, rules x lines; True where the line stays with the group.
    """
    price = lines["price_gbp"].to_numpy()
    volume = lines["admissions_per_head"].to_numpy() * CEILING_LIST_SIZE
    cut = rules["price_cut_gbp"].fillna(np.inf).to_numpy()[:, None]
    ceiling = rules["volume_ceiling"].fillna(np.inf).to_numpy()[:, None]
    pooled = (price > cut) & (volume < ceiling)
    pools = rules["pool"].to_numpy()
    pooled[pools == "table1"] = lines["hrg"].isin(shared_pool["hrgs"]).to_numpy()
    pooled[pools == "dearest"] = dearest_lines(lines, shared_pool["otherwise_dearest_share"])
    return ~pooled


def dearest_lines(lines: pd.DataFrame, budget_share: float) -> np.ndarray:
    """The dearest lines whose costs together stay within a share of the budget: booleans, one a line."""
    price = lines["price_gbp"].to_numpy()
    cost = lines["admissions_per_head"].to_numpy() * price
    dearest_first = np.argsort(-price, kind="stable")
    pooled = np.empty(len(lines), dtype=bool)
    pooled[dearest_first] = np.cumsum(cost[dearest_first]) <= budget_share * cost.sum()
    return pooled
