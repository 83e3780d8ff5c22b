"""Which providers code differently from all others, or begin to, at constant case mix."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from casemix_risk.coding.standardised import standardised
from casemix_risk.statistics.funnel import cqc_limits
from casemix_risk.statistics.overdispersion import (
    WINSORISED_EFFICIENCY,
    between_variance,
    winsorised_phi,
)

FAMILY_ERROR = 0.05
SMALLEST_EXPECTED = 30  # episodes with complications
FEWEST_PROVIDERS = 10
SMALLEST_SHARE_ELSEWHERE = 0.1
KEY = ["provider", "year", "measure", "kind"]
COLUMNS = [*KEY, "observed", "expected", "ratio", "lower", "upper", "tau", "z", "q", "signal"]
_MOMENT_STEPS = 10


def coding_drift(cells: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """Compare providers' coding, each year, with all others' and with their own of the year before.

    Three measures: ``depth``, secondary diagnoses of all episodes; ``complication_share``, episodes with a
    complication, of those whose HRG one can move; ``price_index``, pounds of all priced admissions. Expected
    (`standardised`) is scaled to the year's national total, so that a trend of all is no one's signal.
    ``level`` compares observed over expected with 1, ``change`` with what it was in the year before (of
    `cells`), for providers with both; expected is then what that would give.

    Differences are 2 (sqrt(ratio) - sqrt(ratio before)), as square roots make counts nearly normal (CQC's
    method; Spiegelhalter 2012, J. R. Stat. Soc. A 175, 1-47); on a logarithmic scale most false alarms would
    be small counts. Chance is the variance within cells, which grows with the mean. Providers differ
    legitimately too, so tau^2 is added: `between_variance` of each year, measure and kind, with winsorised z,
    so that those who are far out do not hide themselves. Limits of the ratio are
    (1 +- t sqrt((chance + tau^2) / before) / 2)^2, where t is Bonferroni's for 5 % over all providers,
    measures and kinds of a year: in about one year of twenty anyone at all is marked wrongly. It is
    Student's, as tau^2 is estimated, with the estimate's efficiency times (providers - 1) degrees of freedom.

    ``q`` is Benjamini and Hochberg's (1995, J. R. Stat. Soc. B 57, 289-300), to see who comes next. As a rule
    for signals it finds few more and accuses many more wrongly where someone up-codes
    (`casemix_risk.coding.simulation` measures both).

    Args:
        cells: year -> table ``coding_cells``, all with the prices of one edition.

    Returns:
        Table ``coding_drift``. Providers with fewer than 30 expected episodes with complications, where
        little could stand out, have the signal ``too_few``, no limits, and no part in the others' limits;
        likewise those whose kinds of case hardly anyone else has (a tenth of the variance or less is left),
        and all providers where fewer than 10 can be compared. No rows where no episode says its provider.
    """
    levels = _levels(standardised(cells))
    if levels.empty:
        return levels.reindex(columns=COLUMNS)
    rows = pd.concat([levels, _changes(levels, sorted(cells))], ignore_index=True)
    judged = [_judged(of_year) for _, of_year in rows.groupby("year")]
    return pd.concat(judged)[COLUMNS].sort_values(KEY, ignore_index=True)


def _levels(sums: pd.DataFrame) -> pd.DataFrame:
    """Each provider against all providers of its year."""
    of_year = sums.groupby(["year", "measure"])[["observed", "expected"]].transform("sum")
    national = of_year["observed"] / of_year["expected"]
    complications = sums[sums["measure"] == "complication_share"].set_index(["provider", "year"])["expected"]
    expected = sums["expected"] * national
    events = sums.set_index(["provider", "year"]).index.map(complications)
    # Of the variance, what is left when cells that are the provider's alone give nothing to compare with.
    elsewhere = sums["level_variance"] / sums["change_variance"]
    return sums.assign(
        kind="level",
        expected=expected,
        level=sums["observed"] / expected,
        before=1.0,
        variance=sums["level_variance"] * national / expected**2,
        change_variance=sums["change_variance"] * national / expected**2,
        enough=(events >= SMALLEST_EXPECTED) & (elsewhere > SMALLEST_SHARE_ELSEWHERE),
    )


def _changes(levels: pd.DataFrame, years: Sequence[str]) -> pd.DataFrame:
    """Each provider's level less its level of the year before, against the other providers' changes."""
    following = dict(pairwise(years))
    before = levels.assign(year=levels["year"].map(following)).dropna(subset="year")
    both = levels.merge(before, on=["provider", "year", "measure"], suffixes=("", "_before"))
    return both.assign(
        kind="change",
        expected=both["expected"] * both["level_before"],
        before=both["level_before"],
        variance=both["change_variance"] + both["change_variance_before"],
        enough=both["enough"] & both["enough_before"] & (both["level_before"] > 0),
    )


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Limits and signals of one year."""
    compared = rows["enough"].groupby([rows["measure"], rows["kind"]]).transform("sum")
    tested = rows["enough"] & (compared >= FEWEST_PROVIDERS)
    difference = 2 * (np.sqrt(rows["level"]) - np.sqrt(rows["before"]))
    tau_squared = pd.Series(np.nan, rows.index)
    for _, units in rows[tested].groupby(["measure", "kind"]):
        differences, variances = difference[units.index].to_numpy(), units["variance"].to_numpy()
        tau_squared[units.index] = between_variance(differences, variances, winsorised_phi, _MOMENT_STEPS)
    spread = np.sqrt(rows["variance"] + tau_squared)
    z = difference / spread
    law = stats.t(WINSORISED_EFFICIENCY * (compared - 1).clip(1))
    limit = law.isf(FAMILY_ERROR / 2 / max(tested.sum(), 1))
    lower, upper = cqc_limits(limit * spread / np.sqrt(rows["before"]))
    q = pd.Series(np.nan, rows.index)
    q[tested] = stats.false_discovery_control(2 * law.sf(z.abs())[tested])
    return rows.assign(
        ratio=(rows["level"] / rows["before"]).where(rows["before"] > 0),
        lower=lower,
        upper=upper,
        tau=np.sqrt(tau_squared),
        z=z,
        q=q,
        signal=np.select([~tested, z > limit, z < -limit], ["too_few", "above", "below"], "none"),
    )
