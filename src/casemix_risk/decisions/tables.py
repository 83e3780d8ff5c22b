"""All the decision tables of one tariff edition."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from casemix_risk.decisions.detectability import detectability, provable, savings_claim
from casemix_risk.decisions.external_checks import external_checks
from casemix_risk.decisions.frontier import frontier
from casemix_risk.decisions.pool_fees import pool_fees
from casemix_risk.decisions.reserves import overspend, reserves
from casemix_risk.decisions.smallest_group import smallest_group
from casemix_risk.decisions.stop_loss import stop_loss
from casemix_risk.risk.pools import kept_lines, shared_pool_of
from casemix_risk.risk.scenario import scenario
from casemix_risk.risk.shocked_pool import shocked_pool

BEST = "best"


def decision_tables(
    lines: pd.DataFrame,
    rules: pd.DataFrame,
    pool_lines: pd.DataFrame,
    *,
    list_sizes: Sequence[int],
    risk: Mapping,
    shocks: Mapping,
) -> dict[str, pd.DataFrame]:
    """From cost lines to every decision table.

    Args:
        lines: table ``cost_lines``.
        rules: table ``pool_rules``.
        pool_lines: table ``pool_lines``.
        list_sizes: heads.
        risk: the configuration's ``risk``.
        shocks: the configuration's ``shocks``.

    Returns:
        Tables by name.
    """
    pools = decided_pools(lines, rules, pool_lines, risk["shared_pool"])
    bad_year = scenario(lines, shocks)
    forced = {name: risk[name] for name in ("always_pooled", "never_pooled")}
    detectable = detectability(lines, list_sizes)
    return {
        "frontier": frontier(lines, list_sizes, **forced),
        "shocked_pool": shocked_pool(lines, list_sizes, bad_year, **forced),
        "pool_fees": pool_fees(lines, pools, list_sizes, bad_year),
        "stop_loss": stop_loss(lines, pools, list_sizes, bad_year),
        "reserves": reserves(lines, pools, list_sizes, bad_year),
        "overspend": overspend(lines, pools, list_sizes, bad_year),
        "smallest_group": smallest_group(lines, pools, bad_year),
        "external_checks": external_checks(lines),
        "detectability": detectable,
        "provable": provable(lines, detectable),
        "savings_claim": savings_claim(lines, detectable),
    }


def decided_pools(
    lines: pd.DataFrame, rules: pd.DataFrame, pool_lines: pd.DataFrame, shared_pool: Mapping
) -> dict[str, np.ndarray]:
    """The pools that decisions are compared for: none, the shared pool of Figure 2, and the best.

    Args:
        lines: table ``cost_lines``.
        rules: table ``pool_rules``.
        pool_lines: table ``pool_lines``, whose rows are those of `lines`.
        shared_pool: the configuration's ``risk.shared_pool``.

    Returns:
        Name -> booleans over the lines, True where the group keeps the line. A best pool that pools nothing
        keeps everything.
    """
    named = rules[rules["pool"].isin(["none", shared_pool_of(rules)])]
    kept = kept_lines(lines, named, shared_pool)
    return dict(zip(named["pool"], kept, strict=True)) | {BEST: ~pool_lines["pooled"].to_numpy()}
