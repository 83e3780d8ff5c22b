"""The best pool: over all subsets of lines, one cut on price x variance factor (x the square of 1 - f)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.risk.moments import TOLERANCE_CVS


def pool_optimum(lines: pd.DataFrame, list_sizes: Sequence[int]) -> pd.DataFrame:
    """The cut with the smallest coefficient of variation of what is kept.

    With b = L p and a = L p^2 d the sums (B, A) of every subset of lines lie in the zonotope of the segments
    (b, a); A / B^2 is quasi-concave on it, so its minimum is at a vertex, and the vertices that matter keep
    the lines with the smallest a / b = p d. Every such prefix is scanned, because the first-order condition
    p d = 2 A / B can have several roots. Both sums grow with the list, so the cut is the same for every size.
    A line paid a fixed share f has b = L p still and a = L p^2 d (1 - f)^2; nothing above asks more of a than
    not to be negative, so the same cut is best with a / b = p d (1 - f)^2.

    Args:
        lines: table ``cost_lines``.
        list_sizes: heads.

    Returns:
        Table ``pool_optimum``; `cut_gbp` is empty where pooling nothing is best.
    """
    slope = variance_per_pound(lines).to_numpy()
    order = np.argsort(slope, kind="stable")
    slope = slope[order]
    mean = (lines["admissions_per_head"] * lines["price_gbp"]).to_numpy()[order]
    kept_mean, kept_variance = np.cumsum(mean), np.cumsum(mean * slope)
    last_of_tie = np.append(slope[1:] > slope[:-1], True)
    possible = last_of_tie & (kept_mean > 0)
    relative_variance = np.full(len(slope), np.inf)
    relative_variance[possible] = kept_variance[possible] / kept_mean[possible] ** 2
    best = int(np.argmin(relative_variance))
    cut = slope[best + 1] if best + 1 < len(slope) else np.nan
    sizes = np.sort(np.asarray(list_sizes))
    return pd.DataFrame(
        {
            "list_size": sizes,
            "cut_gbp": cut,
            "pooled_budget_share": max(0.0, 1 - kept_mean[best] / kept_mean[-1]),
            "tolerance_pct": 100 * TOLERANCE_CVS * np.sqrt(relative_variance[best] / sizes),
        }
    )


def variance_per_pound(lines: pd.DataFrame) -> pd.Series:
    """Variance over budget of each line of a table ``cost_lines``, in GBP: what the best cut is a cut on."""
    return lines["price_gbp"] * lines["variance_factor"] * (1 - lines["fixed_share"]) ** 2
