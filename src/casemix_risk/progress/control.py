"""Control charts of chosen lines: months that are out of control, season apart."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.progress.months import FEWEST_MONTHS, check_chart_names, known_months
from casemix_risk.progress.season import LINE, check_priced, counts_by_month, month_shares
from casemix_risk.progress.xmr import process_limits, signals
from casemix_risk.risk.lines import line_names, lines_from
from casemix_risk.risk.moments import line_cumulants
from casemix_risk.volumes.seasons import MONTHS

RULES = ["beyond_limit", "shift", "trend", "near_limit"]
COLUMNS = [*LINE, "month", "admissions", "expected", "adjusted", "centre", "lower", "upper", *RULES]
CHARTS = 6


def control_chart(
    cost_lines: pd.DataFrame,
    seasons: pd.DataFrame,
    admissions: pd.DataFrame,
    year: str,
    list_size: int,
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """XmR charts of the monthly admissions of some lines, all months of the file.

    Counts are seasonal, so what is charted is the count over twelve times its month's share of a year: what
    it would be in a month of the mean year. Limits are not below 0.

    Args:
        cost_lines: table ``cost_lines``.
        seasons: table ``seasons``.
        admissions: `casemix_risk.progress.months.read_months`.
        year: the financial year in progress.
        list_size: people of the group.
        names: lines to chart; the six that contribute most to the variance of the budget where None, or fewer
            if the group has admissions on fewer of these.

    Returns:
        Table ``control_chart``; without rows where there is only one month.

    Raises:
        InputError: as `check_chart_names` or, where no lines are named, `check_priced`.
    """
    months = sorted(admissions["month"].unique())
    if len(months) < FEWEST_MONTHS:
        return pd.DataFrame(columns=COLUMNS)
    chosen = _chosen(cost_lines, admissions, names)
    shares = month_shares(chosen, seasons, year)
    in_year = np.array([(int(month[5:]) - 4) % MONTHS for month in months])
    shares = shares[:, in_year]
    of_year = list_size * chosen["admissions_per_head"].to_numpy()[:, None] * shares
    expected = np.where(np.isin(months, known_months(admissions, year)), of_year, np.nan)
    counts = counts_by_month(chosen, admissions, months)
    adjusted = counts / (MONTHS * shares)
    charts = []
    for number, line in enumerate(chosen[LINE].itertuples(index=False)):
        limits = process_limits(adjusted[number])
        charts.append(
            pd.DataFrame(
                {
                    "hrg": line.hrg,
                    "admission_type": line.admission_type,
                    "month": months,
                    "admissions": counts[number],
                    "expected": expected[number],
                    "adjusted": adjusted[number],
                    "centre": limits.centre,
                    "lower": max(limits.lower, 0.0),
                    "upper": limits.upper,
                    **signals(adjusted[number], limits),
                }
            )
        )
    return pd.concat(charts, ignore_index=True)[COLUMNS]


def _chosen(cost_lines: pd.DataFrame, admissions: pd.DataFrame, names: Sequence[str] | None) -> pd.DataFrame:
    """The lines to chart, sorted, with ``admissions_per_head``, missing where a line has no price."""
    in_file = admissions[LINE].drop_duplicates()
    if names is None:
        check_priced(cost_lines, admissions)
        seen = cost_lines.merge(in_file, on=LINE)
        variance = line_cumulants(lines_from(seen), orders=2)[:, 1]
        chosen = seen.iloc[np.argsort(-variance, kind="stable")[:CHARTS]]
    else:
        check_chart_names(names, admissions)
        asked = in_file[np.isin(line_names(in_file), list(names))]
        chosen = asked.merge(cost_lines, on=LINE, how="left")
    return chosen[[*LINE, "admissions_per_head"]].sort_values(LINE, ignore_index=True)
