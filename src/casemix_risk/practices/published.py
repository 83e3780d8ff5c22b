"""What may be shown of single practices: small numbers stay untold, whatever is added up or taken away.

Counts of 1 to 7 are not shown and others are rounded to the nearest 5, as in the Hospital Episode Statistics
below national level. Ratios are exempt there; but a ratio times its expectation is a count, so here nothing
is shown in a row whose count is small, and what is left gives at least two values to every count untold.
"""

import pandas as pd

from casemix_risk.practices.expected import ALL_YEARS
from casemix_risk.volumes.small_numbers import LARGEST_SMALL_NUMBER, ROUNDED_TO

COST_ROUNDED_TO = 1_000  # GBP, about the price of one admission
DRIVERS_SHOWN = 5
NEVER_LISTED = 2
_RATIOS = [
    *("ratio", "lower", "upper", "lower_95", "upper_95", "lower_998", "upper_998"),
    *("shrunken", "shrunken_lower", "shrunken_upper"),
]


def rounded(values: pd.Series, to: int = ROUNDED_TO) -> pd.Series:
    """The nearest multiple; counts of 1 to 7 must have been taken out before."""
    return to * (values / to).round()


def is_small(counts: pd.Series) -> pd.Series:
    """Whether each count is too small to be shown."""
    return (counts > 0) & (counts <= LARGEST_SMALL_NUMBER)


def published_ratios(ratios: pd.DataFrame) -> pd.DataFrame:
    """Observed, expected and ratios of practices, as they may be shown.

    Where any single year of a practice is small, none of its years is shown but all years together: a year
    left out alone would be their difference.

    Args:
        ratios: table ``practice_ratios``.

    Returns:
        ``practice, year, measure, step, observed, expected``, the ratios and their limits, ``tau`` and
        ``signal``, in the same rows; missing where they may not be shown. Counts are rounded to the nearest
        5, pounds to the nearest 1,000, ratios to two decimals.
    """
    counts = ratios[ratios["measure"] == "admissions"].drop_duplicates(["practice", "year"])
    counts = counts.set_index(["practice", "year"])["observed"]
    small = is_small(counts)
    single = small.index.get_level_values("year") != ALL_YEARS
    any_year = (small & single).groupby("practice").transform("any")
    hidden = small.where(~single, any_year)
    rows = pd.MultiIndex.from_frame(ratios[["practice", "year"]])
    untold = pd.Series(hidden.reindex(rows).to_numpy(bool), ratios.index)
    to = ratios["measure"].map({"admissions": ROUNDED_TO, "cost": COST_ROUNDED_TO})
    return ratios[["practice", "year", "measure", "step"]].assign(
        observed=rounded(ratios["observed"], to).mask(untold),
        expected=rounded(ratios["expected"], to).mask(untold),
        **{name: ratios[name].round(2).mask(untold) for name in _RATIOS},
        tau=ratios["tau"],
        signal=ratios["signal"].mask(untold),
    )


def published_coding(coding: pd.DataFrame) -> pd.DataFrame:
    """Depth, precision and completeness of each practice's coding, all years together, as they may be shown.

    Args:
        coding: table ``practice_coding``.

    Returns:
        ``practice, depth, unspecified_share, completeness``. Rates are made from rounded counts; they are
        missing where a count that they need is small.
    """
    rows = coding[coding["year"] == ALL_YEARS]
    admissions = rounded(rows["admissions"]).mask(is_small(rows["admissions"]))
    depth, unspecified = (
        rounded(rows[count]).mask(is_small(rows[count])) / admissions
        for count in ("secondary_codes", "unspecified")
    )
    return pd.DataFrame(
        {
            "practice": rows["practice"],
            "depth": depth.round(1),
            # Both are rounded apart, so all of few may come out as more than all.
            "unspecified_share": unspecified.clip(upper=1).round(2),
            "completeness": rows["completeness"].round(2),
        }
    )


def published_prevalence(prevalence: pd.DataFrame) -> pd.DataFrame:
    """Recorded and expected prevalence, as they may be shown.

    Args:
        prevalence: table ``practice_prevalence``.

    Returns:
        ``practice, condition, recorded_pct, expected_pct`` to one decimal; recorded is made from the rounded
        number of cases and is missing where that is small.
    """
    cases = (prevalence["recorded_pct"] * prevalence["patients"] / 100).round()
    shown = rounded(cases).mask(is_small(cases))
    return prevalence[["practice", "condition"]].assign(
        recorded_pct=(100 * shown / prevalence["patients"]).round(1),
        expected_pct=prevalence["expected_pct"].round(1),
    )


def published_drivers(drivers: pd.DataFrame) -> pd.DataFrame:
    """The conditions of each practice with most excess admissions, as they may be shown.

    Choice, order and limits are made from rounded numbers. At each practice the two conditions with fewest
    expected are never listed: whatever the practice's total is, they can make up for any other value of a
    condition that is not listed.

    Args:
        drivers: table ``practice_drivers``.

    Returns:
        ``practice, condition, observed, expected, excess``, at most five rows a practice, the largest
        excess first; none whose count is small or whose excess rounds to nothing.
    """
    order = drivers.sort_values(["practice", "expected", "condition"], kind="stable")
    candidates = order[order.groupby("practice").cumcount() >= NEVER_LISTED]
    candidates = candidates[candidates["observed"] > LARGEST_SMALL_NUMBER]
    shown = candidates[["practice", "condition"]].assign(
        observed=rounded(candidates["observed"]), expected=rounded(candidates["expected"])
    )
    shown["excess"] = shown["observed"] - shown["expected"]
    largest = shown[shown["excess"] > 0].sort_values(
        ["practice", "excess", "condition"], ascending=[True, False, True], kind="stable"
    )
    return largest.groupby("practice").head(DRIVERS_SHOWN).reset_index(drop=True)
