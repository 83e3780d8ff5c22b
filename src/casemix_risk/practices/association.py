"""How emergency admissions go with recording, survey score and deprivation, over practices."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from scipy import optimize, stats

from casemix_risk.practices.expected import ALL_YEARS

TERMS = ["completeness", "deprivation", "survey_score"]
STEPS = ["age_sex", "earlier_diagnoses"]
COLUMNS = [
    *("step", "term", "practices", "standard_deviation"),
    *("rate_ratio", "lower", "upper", "practice_sd"),
]
LEVEL = 0.95
PRACTICES_A_TERM = 10
_LARGEST_VARIANCE = 100.0
NOT_PROVEN = (
    "It is not proof that recording or good access lowers admissions: practices were compared, nothing was "
    "changed at any, and what makes a practice record well may also keep its patients out of hospital.",
    "A practice that records much may have sicker patients or may code better: these records cannot tell the "
    "two apart. Sicker patients alone would go with more admissions.",
    "With earlier diagnoses in the expected number, recording is on both sides: whoever codes more is "
    "expected to have more admissions. Read that line only beside the one without diagnoses.",
    "It is about practices, not patients: that practices of one kind have more admissions does not mean that "
    "the patients who make the difference have them.",
)


class Fitted(NamedTuple):
    """A regression of counts with random practice effects."""

    coefficients: np.ndarray
    standard_errors: np.ndarray
    variance: float  # of the practices' effects, relative to their mean; 0: chance alone
    degrees_of_freedom: int


def practice_association(expected: pd.DataFrame, profile: pl.DataFrame, recorded: pd.Series) -> pd.DataFrame:
    """Rate ratios of emergency admissions for one standard deviation more of each term, all terms together.

    Observed admissions of all years are Negative Binomial about expected x exp(a + sum of b z): a practice
    has a random effect of its own, Gamma distributed, beside the terms. Without it the intervals would be
    those of chance within practices alone, far too narrow. They are Student's, with practices less
    coefficients as degrees of freedom. The model is fitted twice: with expected by age and sex, which no
    coding moves, and with expected by earlier diagnoses, which it does.

    Args:
        expected: table ``practice_expected`` of the practices to be compared.
        profile: table ``practice_profile``.
        recorded: `casemix_risk.practices.prevalence.completeness`.

    Returns:
        Table ``practice_association``; without rows where there are fewer than 10 practices for each term, or
        a term is the same at every practice.
    """
    terms = profile.to_pandas().set_index("practice")[TERMS[1:]].join(recorded)[TERMS].dropna()
    rows = expected[(expected["year"] == ALL_YEARS) & (expected["measure"] == "admissions")]
    rows = rows[rows["practice"].isin(terms.index)].sort_values("practice")
    parts = [_associated(rows[rows["step"] == step], terms).assign(step=step) for step in STEPS]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _associated(rows: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    values = terms.loc[rows["practice"]].to_numpy()
    if len(rows) < PRACTICES_A_TERM * len(TERMS) or not np.ptp(values, axis=0).all():
        return pd.DataFrame(columns=COLUMNS)
    spread = values.std(axis=0, ddof=1)
    design = np.column_stack([np.ones(len(rows)), (values - values.mean(axis=0)) / spread])
    fit = negative_binomial(rows["observed"].to_numpy(), rows["expected"].to_numpy(), design)
    away = stats.t.ppf((1 + LEVEL) / 2, fit.degrees_of_freedom) * fit.standard_errors
    ratio, lower, upper = (np.exp(fit.coefficients + side)[1:] for side in (0 * away, -away, away))
    return pd.DataFrame(
        {
            "term": TERMS,
            "practices": len(rows),
            "standard_deviation": spread,
            "rate_ratio": ratio,
            "lower": lower,
            "upper": upper,
            "practice_sd": np.sqrt(fit.variance),
        }
    )


def negative_binomial(observed: np.ndarray, expected: np.ndarray, design: np.ndarray) -> Fitted:
    """A Negative Binomial regression with the logarithm of expected as offset.

    Counts have mean m and variance m + v m^2, as Poisson counts whose means have a Gamma factor of variance
    v do. v makes Pearson's statistic equal to its degrees of freedom (Breslow 1984, Applied Statistics 33,
    38-44), or is 0 where the statistic is smaller by chance; maximum likelihood's is too small with few
    practices.

    Args:
        observed: counts.
        expected: above 0.
        design: practices x coefficients, the first column 1.
    """
    import statsmodels.api as sm

    freedom = len(observed) - design.shape[1]
    offset = np.log(expected)

    def fitted(variance: float):
        # At next to no variance the family is Poisson's in the limit.
        family = sm.families.NegativeBinomial(alpha=variance) if variance else sm.families.Poisson()
        return sm.GLM(observed, design, family=family, offset=offset).fit(scale=1.0)

    def beyond(variance: float) -> float:
        return fitted(variance).pearson_chi2 - freedom

    variance = optimize.brentq(beyond, 0.0, _LARGEST_VARIANCE, xtol=1e-10) if beyond(0.0) > 0 else 0.0
    fit = fitted(variance)
    return Fitted(fit.params, fit.bse, variance, freedom)
