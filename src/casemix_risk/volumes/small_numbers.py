"""Small numbers below national level: suppressed where they are counted, so that nothing gives them away."""

import pandas as pd

from casemix_risk.volumes.activity import LINE

LARGEST_SMALL_NUMBER = 7
ROUNDED_TO = 5
TAKEN_AS = 4  # what a suppressed count is computed with: the middle of 1 to 7
RATES = ["mean_los", "day_case_share"]


def suppressed(activity: pd.DataFrame) -> pd.DataFrame:
    """Activity whose counts of 1 to 7 are suppressed and others rounded to the nearest 5; 0 stays 0.

    The rule is that of the Hospital Episode Statistics below national level. Whatever is computed from the
    result (volumes, prices, risk, a report) is a function of what may be shown, and so cannot tell a
    suppressed count, whatever totals, differences or costs are formed.

    Args:
        activity: table ``activity``.

    Returns:
        The same columns. A suppressed count is `TAKEN_AS`, whatever it was, which no rounded count can be;
        its rates are those of the admission type's other lines, and each of its patients has one admission.
        The rates of other lines have one decimal. The number of patients is not kept.
    """
    counts = activity["admissions"]
    small = counts <= LARGEST_SMALL_NUMBER
    rounded = (ROUNDED_TO * (counts / ROUNDED_TO).round()).astype("int64")
    rates = activity[RATES].round(1)
    usual = rates[~small].groupby(activity.loc[~small, "admission_type"]).mean().round(1)
    table = activity.assign(
        admissions=rounded.mask(small, TAKEN_AS),
        patients=pd.Series(pd.NA, index=activity.index, dtype="Int64"),
        variance_factor=activity["variance_factor"].round(1).mask(small, 1.0),
    )
    for rate in RATES:
        typical = activity["admission_type"].map(usual[rate])
        table[rate] = rates[rate].mask(small, typical)
    # Where every line of a type is small there is no other to take the share from.
    return table.fillna({"day_case_share": 0.0})


def published_activity(activity: pd.DataFrame) -> pd.DataFrame:
    """Table ``published_activity``: counts as they may be shown.

    Args:
        activity: `suppressed`.

    Returns:
        `year, hrg, admission_type, admissions`, missing where suppressed.
    """
    counts = activity["admissions"]
    shown = counts.where(counts != TAKEN_AS).astype("Int64")
    return activity[["year", *LINE]].assign(admissions=shown)
