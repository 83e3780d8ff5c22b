"""The tables of what a group could ever prove that it saved, by line, list size and design."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.decisions import known_baseline, year_on_year
from casemix_risk.decisions.false_discovery import provable_together
from casemix_risk.risk.cost_lines import LINE

DESIGNS = {"known_baseline": known_baseline, "year_on_year": year_on_year}
SAVINGS_PCT = (5, 10, 20)
CLAIMED_LINES = (47, 48)  # Jones (2008), key points and discussion
CLAIMED_SAVING_PCT = 10
GROUP = ["list_size", "design"]


def detectability(lines: pd.DataFrame, list_sizes: Sequence[int]) -> pd.DataFrame:
    """Table ``detectability``: the falls in admissions that chance does not hide, line by line.

    Args:
        lines: table ``cost_lines``; lines without admissions are left out.
        list_sizes: heads.

    Returns:
        A row for each list size, line and design. A fall is in % of the expected admissions, an observed
        one year on year of the first year's, and empty where none is enough.
    """
    lines = lines[lines["admissions_per_head"] > 0]
    sizes = np.sort(np.asarray(list_sizes))
    mean = np.outer(sizes, lines["admissions_per_head"]).ravel()
    factor = np.tile(lines["variance_factor"].to_numpy(), len(sizes))
    rows = pd.DataFrame(
        {
            "list_size": np.repeat(sizes, len(lines)),
            **{name: np.tile(lines[name].to_numpy(), len(sizes)) for name in LINE},
        }
    )
    parts = []
    for design, method in DESIGNS.items():
        found = method.detectable(mean, factor)
        parts.append(
            rows.assign(
                design=design,
                expected_admissions=mean,
                observed_fall_significant_pct=100 * found.observed_fall,
                true_fall_for_80_power_pct=100 * found.true_fall,
                false_alarm_probability=found.false_alarm,
            )
        )
    return pd.concat(parts).sort_values(["list_size", *LINE, "design"], ignore_index=True)


def provable(lines: pd.DataFrame, detectable: pd.DataFrame) -> pd.DataFrame:
    """Table ``provable``: on how many lines a saving would show, and what it would be worth.

    Args:
        lines: table ``cost_lines``.
        detectable: table ``detectability`` of it.

    Returns:
        A row for each list size, design and saving. `lines`: each tested alone at 5 %. `lines_fdr`: with
        the false discovery rate over all lines held at 5 % (`provable_together`). `lines_by_chance`:
        falls expected to be significant on all the lines, tested alone, when nothing has changed. An
        admission saved on a line paid a fixed share f saves p (1 - f).
    """
    money = lines[LINE].assign(
        factor=lines["variance_factor"],
        per_admission=lines["price_gbp"],
        saved_per_admission=lines["price_gbp"] * (1 - lines["fixed_share"]),
    )
    rows = []
    for (list_size, design), found in detectable.merge(money, on=LINE).groupby(GROUP):
        mean, factor = found["expected_admissions"].to_numpy(), found["factor"].to_numpy()
        budget = mean * found["per_admission"]
        for saving_pct in SAVINGS_PCT:
            alone = (found["true_fall_for_80_power_pct"] <= saving_pct).to_numpy()
            together = provable_together(DESIGNS[design].power, mean, factor, saving_pct / 100, alone)
            saved = saving_pct / 100 * mean * found["saved_per_admission"]
            rows.append(
                {
                    "list_size": list_size,
                    "design": design,
                    "saving_pct": saving_pct,
                    "lines_tested": len(found),
                    "lines_by_chance": found["false_alarm_probability"].sum(),
                    "lines": alone.sum(),
                    "lines_fdr": together.sum(),
                    "budget_share": budget[alone].sum() / budget.sum(),
                    "budget_share_fdr": budget[together].sum() / budget.sum(),
                    "saving_gbp": saved[alone].sum(),
                    "saving_fdr_gbp": saved[together].sum(),
                }
            )
    return pd.DataFrame(rows)


def savings_claim(lines: pd.DataFrame, detectable: pd.DataFrame) -> pd.DataFrame:
    """Table ``savings_claim``: can the 47 or 48 largest lines show a real reduction against chance?

    The claim is Jones's (2008): 47 lines and 30 % of the budget in his key points, 48 and 29 % in his
    discussion.

    Args:
        lines: table ``cost_lines``.
        detectable: table ``detectability`` of it.

    Returns:
        A row for each list size, number of lines and design: the lines' share of admissions and budget,
        what shows on the one with fewest admissions, on how many a true fall of 10 % shows with 80 %
        power, alone at 5 %, and the true fall that shows on their total, as if they were one line with
        the total's mean and variance.
    """
    rows = []
    priced = detectable.merge(lines[[*LINE, "price_gbp", "variance_factor"]], on=LINE)
    for (list_size, design), found in priced.groupby(GROUP):
        largest_first = found.sort_values("expected_admissions", ascending=False, kind="stable")
        admissions = largest_first["expected_admissions"]
        budget = admissions * largest_first["price_gbp"]
        for number in sorted({min(claimed, len(found)) for claimed in CLAIMED_LINES}):
            claimed = largest_first.head(number)
            fewest = claimed.iloc[-1]
            mean = claimed["expected_admissions"].to_numpy()
            factor = np.average(claimed["variance_factor"], weights=mean)
            together = DESIGNS[design].detectable(np.array([mean.sum()]), np.array([factor]))
            rows.append(
                {
                    "list_size": list_size,
                    "lines": number,
                    "design": design,
                    "admissions_share": admissions.head(number).sum() / admissions.sum(),
                    "budget_share": budget.head(number).sum() / budget.sum(),
                    "fewest_expected_admissions": fewest["expected_admissions"],
                    "observed_fall_significant_pct": fewest["observed_fall_significant_pct"],
                    "true_fall_for_80_power_pct": fewest["true_fall_for_80_power_pct"],
                    "provable_10_pct": (claimed["true_fall_for_80_power_pct"] <= CLAIMED_SAVING_PCT).sum(),
                    "total_true_fall_for_80_power_pct": 100 * together.true_fall[0],
                }
            )
    return pd.DataFrame(rows).sort_values(["list_size", "lines", "design"], ignore_index=True)
