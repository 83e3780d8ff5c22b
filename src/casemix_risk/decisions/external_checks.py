"""What others have published about group size and chance, next to this run's lines. Nothing is tuned."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from casemix_risk.risk.distribution import chances
from casemix_risk.risk.lines import any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import coefficient_of_variation


class Published(NamedTuple):
    """A limit in % of the budget, the side of the budget it is on, and how often (%) chance stays within it.

    The probability is None where the source gives none.
    """

    source: str
    list_size: int
    limit_pct: float
    side: str
    within_pct: float | None


MEDICARE = "Medicare Shared Savings Program, minimum savings rate"
GERMANY = "German study of 100,000 insured people"  # at second hand: its publication is not known here
PUBLISHED = (
    Published(MEDICARE, 5_000, 3.9, "below", 90.0),
    Published(MEDICARE, 7_000, 3.4, "below", None),
    Published(MEDICARE, 7_999, 3.2, "below", None),
    Published(MEDICARE, 60_000, 2.0, "below", None),
    Published(GERMANY, 100_000, 1.0, "above", 80.0),
    Published(GERMANY, 100_000, 2.0, "above", 96.0),
)


def external_checks(lines: pd.DataFrame) -> pd.DataFrame:
    """Published limits, what a Normal law makes of them, and what these lines give with nothing pooled.

    A limit with a probability implies a coefficient of variation, limit / z. Where Medicare's rule (42 CFR
    425.604, savings under the one-sided model) states no probability, its coefficient at 5,000 people, scaled
    by 1 / sqrt(people), gives one.

    Args:
        lines: table ``cost_lines``.

    Returns:
        Table ``external_checks``: `normal_*` are implied, `here_*` exact for these lines at the same size.
    """
    arrays, kept = lines_from(lines), np.ones((1, len(lines)), dtype=bool)
    at_risk = arrays.volume @ arrays.price
    budget = at_risk + fixed_costs(lines).sum()
    table = pd.DataFrame(PUBLISHED).rename(columns={"within_pct": "published_within_pct"})
    sizes, limit = table["list_size"].to_numpy(), table["limit_pct"].to_numpy()
    sign = np.where(table["side"] == "above", 1.0, -1.0)
    first = PUBLISHED[0]
    stated = table["published_within_pct"].to_numpy(dtype=float) / 100
    scaled = first.limit_pct / ndtri(first.within_pct / 100) * np.sqrt(first.list_size / sizes)
    implied = np.where(np.isnan(stated), scaled, limit / ndtri(stated))
    costs = sizes * (at_risk + sign * limit / 100 * budget)
    below, above = (found[:, 0, 0] for found in chances(arrays, kept, sizes, costs[:, None, None]))
    here_cv = coefficient_of_variation(arrays, any_pools(kept), sizes, fixed=fixed_costs(lines))[:, 0]
    return table.assign(
        normal_cv_pct=implied,
        normal_within_pct=100 * ndtr(limit / implied),
        here_cv_pct=100 * here_cv,
        here_within_pct=100 * (1 - np.where(sign > 0, above, below)),
    ).sort_values(["source", "list_size", "limit_pct"], ignore_index=True)
