"""Practices' admissions or cost explained by covariates: Poisson, or Negative Binomial where they differ more."""

from typing import NamedTuple

import numpy as np
import statsmodels.api as sm
from scipy.optimize import minimize_scalar
from scipy.stats import chi2

LEVEL = 0.05
ALPHAS = (1e-6, 10.0)


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
    design = np.column_stack([np.ones(len(observed)), covariates])
    offset = np.log(expected)

    def fitted(family, start=None):
        model = sm.GLM(observed, design, family=family, offset=offset)
        return model.fit(start_params=start, tol=1e-10)

    poisson = fitted(sm.families.Poisson())

    def negative_binomial(log_alpha):
        return fitted(sm.families.NegativeBinomial(alpha=np.exp(log_alpha)), poisson.params)

    best = minimize_scalar(
        lambda log_alpha: -negative_binomial(log_alpha).llf,
        bounds=np.log(ALPHAS),
        method="bounded",
        options={"xatol": 1e-5},
    )
    p_value = 0.5 * chi2.sf(max(2 * (-best.fun - poisson.llf), 0.0), 1)
    if p_value >= LEVEL:
        return NeedModel(poisson.params, "poisson", 0.0, p_value)
    coefficients = negative_binomial(best.x).params
    return NeedModel(coefficients, "negative_binomial", float(np.exp(best.x)), p_value)
