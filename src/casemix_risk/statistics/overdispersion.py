"""How much the units of a funnel plot differ beyond chance."""

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

WINSORISED_TAIL = 0.1
WINSORISED_EFFICIENCY = 0.71  # of `winsorised_phi` beside the mean square, 2 / (n variance), for normal z


def mean_square(z: np.ndarray) -> float:
    """phi as it stands: the mean of z^2."""
    return float(np.mean(z**2))


def winsorised_phi(z: np.ndarray) -> float:
    """phi that a few far-out units do not move.

    The tenth at each end is drawn in to its quantile (Spiegelhalter 2005, Statistics in Medicine 24,
    1185-1202). That alone gives 0.68 where all is chance, which would make limits too narrow; so it is
    divided by what it is for a standard normal z: 1 - 2 t - 2 a f(a) + 2 t a^2, with t = 0.1, a the normal
    quantile of 1 - t and f the density.
    """
    tail, edge = WINSORISED_TAIL, norm.isf(WINSORISED_TAIL)
    of_chance = 1 - 2 * tail - 2 * edge * norm.pdf(edge) + 2 * tail * edge**2
    return mean_square(np.clip(z, *np.quantile(z, [tail, 1 - tail]))) / of_chance


def between_variance(
    difference: np.ndarray,
    variance: np.ndarray,
    phi: Callable[[np.ndarray], float] = mean_square,
    steps: int = 1,
) -> float:
    """Additive overdispersion tau^2: the variance of true differences between units.

    One step is the method of moments (DerSimonian and Laird 1986; NHS Digital, *SHMI specification*):
    tau^2 = max(0, (n phi - (n - 1)) / (sum w - sum w^2 / sum w)), with phi of z = difference sqrt(w) and
    w = 1 / variance. Further steps add the same with w = 1 / (variance + tau^2), and end where n phi is
    n - 1 (Paule and Mandel 1982; DerSimonian and Kacker 2007, Contemporary Clinical Trials 28, 105-114). That
    matters where units are of unequal size and differ more than by chance: one step is then too small with
    `winsorised_phi`.

    Args:
        difference: of each unit from its expectation, such as ln(O / E).
        variance: its variance by chance, above 0; for ln(O / E) of Poisson counts 1 / E.
        phi: of the z of all units, `mean_square` or `winsorised_phi`.
        steps: how many.
    """
    units, tau_squared = len(difference), 0.0
    for _ in range(steps):
        weight = 1 / (variance + tau_squared)
        total = weight.sum()
        beyond_chance = units * phi(difference * np.sqrt(weight)) - (units - 1)
        tau_squared = max(0.0, tau_squared + beyond_chance / (total - (weight**2).sum() / total))
    return float(tau_squared)
