"""Many lines tested at once: which falls to believe, and on how many lines a saving could be believed."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from casemix_risk.decisions.known_baseline import LEVEL, POWER, probability_at_most
from casemix_risk.errors import InputError


def significant_falls(observed: np.ndarray, expected: np.ndarray, factor: np.ndarray) -> pd.DataFrame:
    """Which lines' counts are below their expectation by more than chance, with few false claims among them.

    The p-value P(X <= observed) is exact. Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57, 289-300)
    hold the expected share of false claims at 5 %: for independent lines, for lines that a shock moves
    together (positive dependence; Benjamini and Yekutieli 2001, Ann. Stat. 29, 1165-1188), and for
    counts, whose p-values are if anything too large. Benjamini and Yekutieli's own correction, for any
    dependence at all, divides the rate by 1 + 1/2 + ... + 1/m, nearly 8 for 1,200 lines. Storey's (2002,
    J. R. Stat. Soc. B 64, 479-498) estimates from the large p-values how many lines did not change, which
    needs p-values without lumps: rare lines have few and large.

    Args:
        observed: admissions counted in the year on each line.
        expected: expected admissions without any change, known.
        factor: variance factors.

    Returns:
        A row a line: `observed, expected, fall_pct, p_value, adjusted_p_value`, `significant_alone`
        (at 5 %) and `significant` (with the false discovery rate over all lines at 5 %).

    Raises:
        InputError: a count is not a whole number of at least 0, an expectation not above 0, a factor below 1.
    """
    observed, expected, factor = (np.asarray(values, dtype=float) for values in (observed, expected, factor))
    for what, rule, holds in (
        ("observed admissions", "whole numbers of at least 0", (observed >= 0) & (observed % 1 == 0)),
        ("expected admissions", "numbers above 0", (expected > 0) & np.isfinite(expected)),
        ("variance factors", "numbers of at least 1", (factor >= 1) & np.isfinite(factor)),
    ):
        if not holds.all():
            raise InputError(
                f"The {what} of the lines to be tested are not all {rule}; mend or drop such lines."
            )
    p_value = probability_at_most(observed, expected, factor)
    adjusted = false_discovery_control(p_value)
    return pd.DataFrame(
        {
            "observed": observed.astype(int),
            "expected": expected,
            "fall_pct": 100 * (1 - observed / expected),
            "p_value": p_value,
            "adjusted_p_value": adjusted,
            "significant_alone": p_value <= LEVEL,
            "significant": adjusted <= LEVEL,
        }
    )


def provable_together(
    power: Callable[..., np.ndarray],
    mean: np.ndarray,
    factor: np.ndarray,
    fall: float,
    alone: np.ndarray,
) -> np.ndarray:
    """The lines on which a true fall would show with 80 % power while the false discovery rate is held.

    Benjamini and Hochberg call r of m lines when r p-values are at most 5 % x r / m. So the plan is for
    the largest r such that r lines have the power at that level (as Jung 2005, Bioinformatics 21,
    3097-3104, plans for a mean power), all of them having the fall. A smaller r has a stricter level, so
    taking away the lines that fail, time after time from those with the power alone, ends at the largest.

    Args:
        power: `known_baseline.power` or `year_on_year.power`.
        mean: expected admissions a year of all m lines, above 0.
        factor: variance factors.
        fall: true fall as a share of the admissions.
        alone: booleans, the lines with the power when tested alone at 5 %.

    Returns:
        Booleans over the lines.
    """
    chosen = np.flatnonzero(alone)
    left_out = len(chosen)
    while left_out:
        enough = power(mean[chosen], factor[chosen], fall, LEVEL * len(chosen) / len(mean)) >= POWER
        left_out = len(chosen) - enough.sum()
        chosen = chosen[enough]
    return np.isin(np.arange(len(mean)), chosen)
