"""What the true ratios of units may be, given what was observed and expected."""

import numpy as np
from scipy.special import chdtri

_GRID = 400  # values of the spread at which Q is computed; between them it is interpolated
_SMALLEST_OF_GRID = 1e-7


def variance_factor(observed: np.ndarray, expected: np.ndarray) -> float:
    """Variance over mean of a unit's count by chance, measured between its own years; 1 is Poisson.

    Pearson's X^2 / ((units - 1)(years - 1)) of observed counts against each unit's own rate and each year's
    own level, as for a quasi-Poisson model with factors for units and years (McCullagh and Nelder 1989,
    *Generalized Linear Models*, section 6.2.3). Patients who come back, and what differs between a unit's
    years, raise it; lasting differences between units do not. At least 1; 1 with one year or one unit.

    Args:
        observed: counts, units x years; no unit may have none in all years.
        expected: their expected counts, above 0.
    """
    units, years = observed.shape
    if units < 2 or years < 2:
        return 1.0
    levelled = expected * (observed.sum(axis=0) / expected.sum(axis=0))
    fitted = levelled * (observed.sum(axis=1) / levelled.sum(axis=1))[:, None]
    return max(1.0, float(((observed - fitted) ** 2 / fitted).sum() / ((units - 1) * (years - 1))))


def spread_profile(
    observed: np.ndarray, expected: np.ndarray, factor: float, replicates: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How much true ratios may differ: their variance at evenly spaced quantiles of its confidence law.

    Steps 1 and 2 of `true_ratio_draws`; its arguments.

    Returns:
        Arrays over replicates: variance between true ratios, falling; the mean ratio at each; its standard
        error.
    """
    freedom = len(observed) - 1
    wanted = chdtri(freedom, (np.arange(replicates) + 0.5) / replicates)
    ratio = observed / expected
    chance = factor * observed.sum() / expected.sum() / expected
    # Q(v) is at most sum (ratio - mean)^2 / v, so at the grid's last value it is below all that is wanted.
    last = ((ratio - ratio.mean()) ** 2).sum() / wanted.min()
    grid = last * np.concatenate([[0.0], np.geomspace(_SMALLEST_OF_GRID, 1, _GRID)])
    weight = 1 / (chance + grid[:, None])
    total = weight.sum(axis=1)
    mean = (weight * ratio).sum(axis=1) / total
    q = (weight * (ratio - mean[:, None]) ** 2).sum(axis=1)
    spread = np.interp(-wanted, -q, grid)
    return spread, np.interp(spread, grid, mean), np.interp(spread, grid, np.sqrt(1 / total))


def true_ratio_draws(
    observed: np.ndarray,
    expected: np.ndarray,
    factor: float,
    replicates: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draws of all units' true ratios together: what is known of them, and of how much they differ at all.

    Counts vary by chance with variance factor x mean; true ratios have a Gamma law of mean m and variance v
    (Poisson-Gamma shrinkage; Clayton and Kaldor 1987, Biometrics 43, 671-681). Each draw takes

    1. v from its confidence distribution: Q(v) = sum w (ratio - m(v))^2, with w = 1 / (factor M / E + v), M
       the ratio of all units together and m(v) the mean of ratios by w, has a chi-squared law of units - 1
       degrees of freedom at the true v, so v solves Q(v) = a quantile of that law, and is 0 where even Q(0)
       is below it (Q-profile; Viechtbauer 2007, Statistics in Medicine 26, 37-52). The quantiles are spaced
       evenly in probability;
    2. m from a Normal law of mean m(v) and variance 1 / sum w;
    3. each ratio from its Gamma law given these: shape O / factor + m^2 / v, rate E / factor + m / v.

    Where v is 0 all ratios are m. A draw with v fixed at its estimate would claim to know how much units
    differ, and intervals would be too narrow (docs/decisions, 14).

    Args:
        observed: counts of the units.
        expected: their expected counts, above 0.
        factor: `variance_factor`.
        replicates: how many draws.
        generator: of random numbers.

    Returns:
        Array replicates x units.
    """
    spread, centre, error = spread_profile(observed, expected, factor, replicates)
    mean = (centre + error * generator.standard_normal(replicates))[:, None]
    differ = spread > 0
    drawn = np.repeat(mean, len(observed), axis=1)
    rate = mean[differ] / spread[differ, None]
    shape = observed / factor + mean[differ] * rate
    drawn[differ] = generator.standard_gamma(shape) / (expected / factor + rate)
    return drawn
