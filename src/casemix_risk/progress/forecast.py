"""What the months so far say of each line's rate, and so of the rest of the year: Gamma-Poisson."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaincinv, gammaln

from casemix_risk.risk.lines import Lines

SMALLEST_VARIANCE, LARGEST_VARIANCE = 1e-6, 10.0
DECIMALS = 6  # of the variance: what is beyond hangs on the processor


class Rates(NamedTuple):
    """Rates of a group's lines relative to the nation's, given the counts so far.

    Each is a Gamma variable with this mean, and this variance over the squared mean.
    """

    mean: np.ndarray
    relative_variance: np.ndarray


def relative_rates(counts: np.ndarray, expected: np.ndarray, factor: np.ndarray, variance: float) -> Rates:
    """The posterior of each line's rate.

    Before the year a rate is Gamma with mean 1 and variance v; after y admissions where E were expected it is
    Gamma with shape 1 / v + y and rate 1 / v + E (Clayton and Kaldor 1987, *Biometrics* 43, 671-681). On a
    line whose count has d times a Poisson's variance y admissions tell as much as y / d independent ones, so
    both y and E are divided by d (quasi-likelihood; McCullagh and Nelder 1989, *Generalized Linear Models*,
    ch. 9).

    Args:
        counts: admissions so far, by line.
        expected: admissions expected so far at the nation's rates.
        factor: variance factors, at least 1.
        variance: v, how much groups differ; 0 where they do not.
    """
    seen, due = variance * counts / factor, variance * expected / factor
    return Rates((1 + seen) / (1 + due), variance / (1 + seen))


def rate_quantiles(rates: Rates, probability: float) -> np.ndarray:
    """Quantiles of the rates, by line."""
    spread = np.where(rates.relative_variance > 0, rates.relative_variance, 1.0)
    quantile = rates.mean * spread * gammaincinv(1 / spread, probability)
    return np.where(rates.relative_variance > 0, quantile, rates.mean)


def rest_of_year(rates: Rates, expected: np.ndarray, price: np.ndarray, factor: np.ndarray) -> Lines:
    """The rest of the year as lines that the risk engine knows, for a list of one.

    Where R are expected at the nation's rates, the count is Negative Binomial with mean R (1 / v + y) /
    (1 / v + E) and size 1 / v + y (Clayton and Kaldor 1987), so variance / mean is 1 + mean / size. With a
    variance factor d it is d + mean / size.

    Args:
        rates: `relative_rates`.
        expected: R, by line.
        price: GBP that one more admission costs.
        factor: variance factors.
    """
    mean = expected * rates.mean
    return Lines(mean, price, factor + mean * rates.relative_variance)


def group_variance(counts: np.ndarray, expected: np.ndarray, factor: np.ndarray) -> float:
    """How much groups differ from the nation: the variance v of the lines' rates, by maximum likelihood.

    Given v a line's count is Negative Binomial with mean E and variance E + v E^2; the likelihood of v is the
    product over the lines (Lawless 1987, *Canadian Journal of Statistics* 15, 209-225). Counts with a
    variance factor d enter as y / d and E / d, as in `relative_rates`.

    Returns:
        v, to six decimals; 0 where the counts differ from what was expected by no more than chance.
    """
    y, e = counts / factor, expected / factor
    if ((y - e) ** 2).sum() <= y.sum():  # the slope of the likelihood at v = 0 is half the difference
        return 0.0

    def minus_log_likelihood(log_variance: float) -> float:
        v = np.exp(log_variance)
        of_counts = gammaln(y + 1 / v) - gammaln(1 / v) + y * np.log(v)
        return -(of_counts - (y + 1 / v) * np.log1p(v * e)).sum()

    bounds = (np.log(SMALLEST_VARIANCE), np.log(LARGEST_VARIANCE))
    best = minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return round(float(np.exp(best.x)), DECIMALS)
