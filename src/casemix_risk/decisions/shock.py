"""A scenario of shocks: over several years, over some of the lines, and as the floor of every reserve.

T years without a shock are T times as many heads. A Gamma shock of variance s turns the exponent u of a
year into -log(1 - s u) / s (Klugman, Panjer and Willmot, *Loss Models*, ch. 6 and 9). Drawn anew each year,
T years have T times that, which is -log(1 - (s / T) (T u)) / (s / T): T times the heads and a T-th of the
variance, of every shock, since those of groups stand inside the common one. Drawn once and lasting all T
years, the years are independent given the shock and add up inside: T times the heads, the same variance.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from casemix_risk.risk.lines import NO_SHOCKS, Shocks, any_pools, fixed_costs, lines_from
from casemix_risk.risk.spectrum import quantiles, spectra

ENDLESS_LIST = 1e12  # heads: chance is some 0.0003 % of the budget there


def any_shock(shocks: Shocks) -> bool:
    """Whether a scenario has a shock at all."""
    return bool(shocks.common or shocks.groups)


def with_and_without(shocks: Shocks) -> dict[str, Shocks]:
    """Scenarios by name: ``none``, and ``with`` where there is a shock."""
    return {"none": NO_SHOCKS, **({"with": shocks} if any_shock(shocks) else {})}


def over_years(shocks: Shocks, years: int) -> Shocks:
    """The shocks of several years together when each year draws its own."""
    groups = tuple((variance / years, inside) for variance, inside in shocks.groups)
    return Shocks(shocks.common / years, groups)


def shocks_of(shocks: Shocks, chosen: np.ndarray) -> Shocks:
    """The shocks as they bear on some of the lines: booleans over the lines."""
    return shocks._replace(groups=tuple((variance, inside[chosen]) for variance, inside in shocks.groups))


def shock_floor_pct(
    shocks: Shocks, lines: pd.DataFrame, kept: np.ndarray, probabilities: Sequence[float]
) -> np.ndarray:
    """The reserve that no size of list gets below, in % of its budget: what the shock alone asks for.

    As the list grows the cost over its mean tends to the shock itself. A common shock is a Gamma variable of
    mean 1 and variance s, whose quantile is exact. Shocks of groups of lines tend to a sum of Gamma variables
    weighted by budget, which has no closed form: the same inversion gives it for a list so large that chance
    is nothing. What is paid whatever the admissions has no part in it.

    Args:
        shocks: the scenario; 0 without one.
        lines: table ``cost_lines``.
        kept: booleans over the lines.
        probabilities: that the reserve is enough.

    Returns:
        A value a probability.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    if not any_shock(shocks):
        return np.zeros(len(probabilities))
    arrays = lines_from(lines)
    at_risk = (arrays.volume * arrays.price) @ kept
    if shocks.groups:
        found = spectra(arrays, any_pools(kept[None]), [ENDLESS_LIST], shocks)
        excess = quantiles(found, probabilities)[0, 0] / found.cumulants[0, 0, 0] - 1
    else:
        excess = shocks.common * gammaincinv(1 / shocks.common, probabilities) - 1
    return 100 * excess * at_risk / (at_risk + fixed_costs(lines) @ kept)
