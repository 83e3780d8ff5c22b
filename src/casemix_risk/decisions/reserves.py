"""The reserve: what covers the cost of one or several years with a stated probability; how often it fails.

Every figure is exact: years together are a longer list (`casemix_risk.decisions.shock`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.decisions.shock import any_shock, over_years, shock_floor_pct
from casemix_risk.risk.distribution import chances, tails
from casemix_risk.risk.lines import NO_SHOCKS, Shocks, fixed_costs, lines_from

YEARS = (1, 3, 5)
PROBABILITIES = (0.80, 0.90, 0.95, 0.99, 0.995)
OVER_PCT = (1.0, 3.0, 5.0, 8.0, 10.0)
CELL = ["list_size", "pool", "years", "shock"]


class Margins(NamedTuple):
    """What the cost can be above its budget; list sizes x pools, and x probabilities where they matter.

    Attributes:
        budget_gbp: expected cost.
        reserve_gbp: quantile of the cost less the budget; negative where even that quantile is below it.
        tail_mean_gbp: mean cost beyond the quantile (TVaR) less the budget.
        method: ``inversion`` or ``lattice``.
    """

    budget_gbp: np.ndarray
    reserve_gbp: np.ndarray
    tail_mean_gbp: np.ndarray
    method: np.ndarray


def margins(
    lines: pd.DataFrame,
    kept: np.ndarray,
    heads: np.ndarray,
    probabilities: Sequence[float],
    shocks: Shocks = NO_SHOCKS,
) -> Margins:
    """Reserves of lists of so many heads (people, or people x years) under each pool rule.

    Args:
        lines: table ``cost_lines``.
        kept: booleans, pools x lines.
        heads: of the lists.
        probabilities: that the reserve is enough.
        shocks: shared by lines.

    Raises:
        InputError: a pool takes every line that is paid by activity.
    """
    arrays = lines_from(lines)
    found = tails(arrays, kept, heads, probabilities, shocks)
    at_risk = np.outer(heads, kept @ (arrays.volume * arrays.price))
    certain = np.outer(heads, kept @ fixed_costs(lines))
    return Margins(
        at_risk + certain,
        found.quantile_gbp - at_risk[..., None],
        found.tail_mean_gbp - at_risk[..., None],
        found.method,
    )


def reserves(
    lines: pd.DataFrame,
    pools: Mapping[str, np.ndarray],
    list_sizes: Sequence[int],
    shocks: Shocks = NO_SHOCKS,
) -> pd.DataFrame:
    """The reserve of each list size under each pool, for one, three and five years together.

    Args:
        lines: table ``cost_lines``.
        pools: by name, booleans over the lines: True where the group keeps the line.
        list_sizes: heads.
        shocks: the scenario; without one there are no rows with a shock.

    Returns:
        Table ``reserves``.

    Raises:
        InputError: a pool takes every line that is paid by activity.
    """
    sizes, kept = np.asarray(sorted(list_sizes)), np.stack([*pools.values()])
    parts = []
    for years, shock, scenario in _scenarios(shocks):
        found = margins(lines, kept, sizes * years, PROBABILITIES, scenario)
        floors = np.array([shock_floor_pct(scenario, lines, row, PROBABILITIES) for row in kept])
        budget = np.repeat(found.budget_gbp.ravel(), len(PROBABILITIES))
        reserve, tail_mean = found.reserve_gbp.ravel(), found.tail_mean_gbp.ravel()
        parts.append(
            _cells(sizes, pools, "probability", PROBABILITIES).assign(
                years=years,
                shock=shock,
                budget_gbp=budget,
                reserve_gbp=reserve,
                reserve_pct=100 * reserve / budget,
                tail_mean_gbp=tail_mean,
                tail_mean_pct=100 * tail_mean / budget,
                floor_pct=np.tile(floors.ravel(), len(sizes)),
                computed_by=np.repeat(found.method.ravel(), len(PROBABILITIES)),
            )
        )
    return _in_order(parts, "probability")


def overspend(
    lines: pd.DataFrame,
    pools: Mapping[str, np.ndarray],
    list_sizes: Sequence[int],
    shocks: Shocks = NO_SHOCKS,
) -> pd.DataFrame:
    """How often the cost is more than 1, 3, 5, 8 or 10 % over its budget, and how often as much under it.

    Args and errors: as `reserves`.

    Returns:
        Table ``overspend``.
    """
    sizes, kept = np.asarray(sorted(list_sizes)), np.stack([*pools.values()])
    arrays = lines_from(lines)
    at_risk = kept @ (arrays.volume * arrays.price)
    away = np.outer(at_risk + kept @ fixed_costs(lines), np.array(OVER_PCT) / 100)
    parts = []
    for years, shock, scenario in _scenarios(shocks):
        heads = (sizes * years)[:, None, None]
        over = chances(arrays, kept, sizes * years, heads * (at_risk[:, None] + away), scenario)[1]
        under = chances(arrays, kept, sizes * years, heads * (at_risk[:, None] - away), scenario)[0]
        parts.append(
            _cells(sizes, pools, "over_pct", OVER_PCT).assign(
                years=years, shock=shock, over_probability=over.ravel(), under_probability=under.ravel()
            )
        )
    return _in_order(parts, "over_pct")


def _scenarios(shocks: Shocks) -> Iterator[tuple[int, str, Shocks]]:
    for years in YEARS:
        yield years, "none", NO_SHOCKS
        if any_shock(shocks):
            yield years, "independent", over_years(shocks, years)
            yield years, "persistent", shocks


def _cells(sizes: np.ndarray, pools: Mapping, name: str, values: Sequence[float]) -> pd.DataFrame:
    return pd.MultiIndex.from_product([sizes, pools, values], names=[*CELL[:2], name]).to_frame(index=False)


def _in_order(parts: list[pd.DataFrame], last: str) -> pd.DataFrame:
    key = [*CELL, last]
    table = pd.concat(parts).sort_values(key, ignore_index=True)
    return table[[*key, *table.columns.difference(key, sort=False)]]
