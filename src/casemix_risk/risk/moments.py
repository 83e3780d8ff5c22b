"""Mean, standard deviation and coefficient of variation of the yearly cost, in closed form."""

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError

TOLERANCE_CVS = 3.0


def moments_per_head(lines: pd.DataFrame, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the cost per person of the lines kept.

    A line with L expected admissions, price p and variance factor d has mean L p and variance L p^2 d; lines
    are independent (Jones 2008; a compound Poisson sum, Klugman, Panjer and Willmot, *Loss Models*, ch. 9).

    Args:
        lines: table ``cost_lines``.
        kept: booleans, pools x lines.

    Returns:
        Two arrays, one value a pool: GBP per head, and GBP^2 per head; both grow in proportion to the list.
    """
    mean = (lines["admissions_per_head"] * lines["price_gbp"]).to_numpy()
    variance = mean * (lines["price_gbp"] * lines["variance_factor"]).to_numpy()
    return np.where(kept, mean, 0.0).sum(axis=1), np.where(kept, variance, 0.0).sum(axis=1)


def coefficient_of_variation(lines: pd.DataFrame, kept: np.ndarray, list_sizes: np.ndarray) -> np.ndarray:
    """Coefficient of variation of the yearly cost of the lines kept: sqrt(A / n) / B for n heads.

    Args:
        lines: table ``cost_lines``.
        kept: booleans, pools x lines.
        list_sizes: heads, one value a list size.

    Returns:
        Array list sizes x pools, as a fraction of the budget kept.

    Raises:
        InputError: a pool takes every line, so that no budget is left.
    """
    mean, variance = moments_per_head(lines, kept)
    if (mean <= 0).any():
        raise InputError("A pool rule takes every cost line; raise its price cut so that a budget is left.")
    return np.sqrt(variance / np.asarray(list_sizes, dtype=float)[:, None]) / mean
