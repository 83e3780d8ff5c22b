"""How much units of a funnel plot differ beyond chance."""

import numpy as np
from scipy.stats import norm


def between_variance(z: np.ndarray, weight: np.ndarray, phi: float | None = None) -> float:
    """Additive overdispersion tau^2: the variance of true differences between units.

    phi is the mean of z^2, and tau^2 = max(0, (n phi - (n - 1)) / (sum w - sum w^2 / sum w)), by the method
    of moments (Spiegelhalter 2005, *Handling over-dispersion of performance indicators*, Quality and Safety
    in Health Care 14, 347-351; NHS Digital, *SHMI specification*; DerSimonian and Laird 1986).

    Args:
        z: of n units, the difference from its expectation over its standard error by chance, on the scale
            that tau^2 is wanted on (for log ratios of Poisson counts z = sqrt(E) ln(O / E)).
        weight: 1 / variance by chance of each unit on that scale (E for such counts).
        phi: another estimate of the mean square, as `winsorised_phi`.
    """
    units, total = len(z), weight.sum()
    phi = np.mean(z**2) if phi is None else phi
    return max(0.0, float((units * phi - (units - 1)) / (total - (weight**2).sum() / total)))


def winsorised_phi(z: np.ndarray, tail: float = 0.1) -> float:
    """The mean of z^2 that a few far-out units do not move.

    The share `tail` at each end is drawn in to its quantile (Spiegelhalter 2005). That alone is too small, 0.68
    where all is chance, and would make limits too narrow; so it is divided by what it is for a standard normal
    z: 1 - 2 t - 2 a f(a) + 2 t a^2, with a the quantile of 1 - t and f the normal density.
    """
    drawn_in = np.clip(z, *np.quantile(z, [tail, 1 - tail]))
    edge = norm.isf(tail)
    return float(np.mean(drawn_in**2) / (1 - 2 * tail - 2 * edge * norm.pdf(edge) + 2 * tail * edge**2))
