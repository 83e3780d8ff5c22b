"""Practices' admissions or cost explained by covariates: Poisson, or Negative Binomial by test."""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

LEVEL = 0.05
ALPHAS = (1e-6, 10.0)
START_ALPHA = 0.01
PRECISION = 1e4  # of the likelihood, in units of the last digit
MOST_STEPS = 500


class NeedModel(NamedTuple):
    """A fitted model and the test that chose its family."""

    coefficients: np.ndarray
    """Constant first; log rate ratios for a unit of each covariate."""
    family: str
    """``poisson`` or ``negative_binomial``."""
    alpha: float
    """Variance of practices' true ratios that is left, 0 for Poisson: the variance is mean + alpha mean^2."""
    p_value: float
    """Of the likelihood ratio test between the two."""


def fit_need(observed: np.ndarray, expected: np.ndarray, covariates: np.ndarray) -> NeedModel:
    """Fit log(mean) = log(expected) + constant + covariates x coefficients, by maximum likelihood.

    Twice the difference of log likelihoods of Negative Binomial (variance mean + alpha mean^2; Hilbe 2011,
    *Negative Binomial Regression*) and Poisson is 0 or chi-squared with one degree of freedom, half the time
    each, if alpha is 0, at the edge of what is possible (Self and Liang 1987, J. Am. Stat. Assoc. 82,
    605-610). The larger family is taken where the test is significant at 5 %.

    Args:
        observed: counts of practices, or cost as effective counts (`effective_counts`), which need not be
            whole: with a right mean the coefficients are consistent (Gourieroux, Monfort and Trognon 1984,
            Econometrica 52, 681-700).
        expected: by standardisation, above 0.
        covariates: practices x covariates; none for the test alone.
    """
    import statsmodels.api as sm  # slow to load

    design, offset = np.column_stack([np.ones(len(observed)), covariates]), np.log(expected)
    poisson = sm.GLM(observed, design, family=sm.families.Poisson(), offset=offset).fit()
    negative_binomial = sm.NegativeBinomial(observed, design, offset=offset).fit(
        start_params=[*poisson.params, START_ALPHA],
        method="lbfgs",
        bounds=[(None, None)] * design.shape[1] + [tuple(np.log(ALPHAS))],  # alpha is fitted as its logarithm
        factr=PRECISION,
        maxiter=MOST_STEPS,
        skip_hessian=True,
        warn_convergence=False,
        disp=False,
    )
    *coefficients, alpha = negative_binomial.params
    p_value = 0.5 * chi2.sf(max(2 * (negative_binomial.llf - poisson.llf), 0.0), 1)
    if p_value >= LEVEL:
        return NeedModel(poisson.params, "poisson", 0.0, p_value)
    return NeedModel(np.array(coefficients), "negative_binomial", float(alpha), p_value)
