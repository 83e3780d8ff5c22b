"""A price for every line with admissions: the edition's, or an estimate from length of stay."""

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from casemix_risk.errors import InputError

LINE = ["hrg", "admission_type"]
PARTS = ("day_case_gbp", "ordinary_gbp")
FEWEST_PRICED_LINES = 10
LOW_SIDE_QUANTILE = 0.25
SMALLEST_PRICED_SHARE = 0.1
FLAT = {"payment_cv": 0.0, "fixed_share": 0.0}  # every admission is paid its line's price


def price_lines(
    edition: pd.DataFrame, national: pd.DataFrame, maximum_estimated_share: float, unpriced: str = "estimate"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables ``prices`` and ``tariff_coverage`` of one edition.

    A line without a price gets the one that its mean length of stay suggests: over the priced lines of its
    admission type, price is regressed on stay (a fixed cost and a cost per day, neither negative: Lawson and
    Hanson 1974, *Solving Least Squares Problems*, ch. 23), weighted by admissions, and the fitted price is
    multiplied by the weighted lower quartile of price / fitted price, because the paper kept such prices
    deliberately on the low side. No stay counts for more than the longest of a priced line,
    so that nothing is extrapolated, and no estimate is below the cheapest price. Estimates are whole pounds.

    Args:
        edition: `casemix_risk.tariff.editions.edition_prices`.
        national: table ``national``.
        maximum_estimated_share: largest share of the budget that estimates may carry.
        unpriced: ``estimate`` them, or ``leave_out`` lines without a price; either way they are counted.

    Returns:
        Prices of all lines with a price in the edition or admissions, each paid flat; and the status of
        every line of the edition or the activity, with its admissions and budget.

    Raises:
        InputError: the edition prices less than a tenth of the admissions; or estimates carry more than
            allowed, or cannot be made: fewer than 10 priced lines of that type, or no length of stay.
    """
    lines = edition.merge(national, on=LINE, how="outer", indicator="where").sort_values(
        LINE, ignore_index=True
    )
    lines["admissions"] = lines["admissions"].fillna(0.0)
    lines["price_gbp"] = lines["price_gbp"].fillna(_mixed_price(lines))
    seen, priced = lines["admissions"] > 0, lines["price_gbp"].notna()
    _check_codes_meet(lines[seen & priced], lines)
    to_estimate = seen & ~priced if unpriced == "estimate" else pd.Series(False, lines.index)
    for admission_type in sorted(lines.loc[to_estimate, "admission_type"].unique()):
        same_type = seen & (lines["admission_type"] == admission_type)
        known, unknown = lines[same_type & priced], lines[same_type & ~priced]
        lines.loc[unknown.index, "price_gbp"] = _estimates(known, unknown, admission_type)
        lines.loc[unknown.index, "source"] = "estimated"
    lines["budget_gbp"] = lines["admissions"] * lines["price_gbp"].fillna(0.0)
    lines["status"] = np.select(
        [~seen, priced, ~to_estimate, lines["where"] == "right_only"],
        ["no_activity", "priced", "left_out", "estimated_missing"],
        "estimated_blank",
    )
    _check_share(lines[to_estimate], lines["budget_gbp"].sum(), maximum_estimated_share)
    prices = lines.loc[lines["price_gbp"].notna(), [*LINE, "description", "price_gbp", "source"]].assign(
        **FLAT
    )
    coverage = lines[["status", *LINE, "admissions", "budget_gbp"]]
    return (
        prices.reset_index(drop=True),
        coverage.sort_values(["status", *LINE], ignore_index=True),
    )


def _check_codes_meet(priced: pd.DataFrame, lines: pd.DataFrame) -> None:
    share = priced["admissions"].sum() / lines["admissions"].sum()
    if share < SMALLEST_PRICED_SHARE:
        raise InputError(
            f"The tariff prices {share:.1%} of the admissions: give one in the same version of the HRGs (a "
            "tariff by HRG does not price 4-character roots)."
        )


def _mixed_price(lines: pd.DataFrame) -> pd.Series:
    """Day case and ordinary prices of an elective line by its share of day cases; one alone serves both."""
    day_case, ordinary = (lines[column].fillna(lines[other]) for column, other in (PARTS, PARTS[::-1]))
    share = lines["day_case_share"].fillna(0.0)
    return (share * day_case + (1 - share) * ordinary).round(2)


def _estimates(known: pd.DataFrame, unknown: pd.DataFrame, admission_type: str) -> np.ndarray:
    known = known[known["mean_los"].notna()]
    if len(known) < FEWEST_PRICED_LINES:
        raise InputError(
            f"The tariff has no {admission_type} price for {_names(unknown)}, and only {len(known)} "
            f"{admission_type} lines with a price and a length of stay to estimate from; add prices."
        )
    without_stay = unknown[unknown["mean_los"].isna()]
    if len(without_stay):
        raise InputError(
            f"The tariff has no {admission_type} price for {_names(without_stay)}, and the extract no length "
            "of stay to estimate one from; add prices."
        )
    stay, price, weights = known[["mean_los", "price_gbp", "admissions"]].to_numpy().T
    root = np.sqrt(weights)
    fixed, per_day = nnls(np.column_stack([root, root * stay]), root * price)[0]

    def fitted(days: np.ndarray) -> np.ndarray:
        return (fixed + per_day * days.clip(max=stay.max())).clip(min=price.min())

    low_side = _weighted_quantile(price / fitted(stay), weights, LOW_SIDE_QUANTILE)
    return (low_side * fitted(unknown["mean_los"].to_numpy())).round().clip(min=np.ceil(price.min()))


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, probability: float) -> float:
    """The smallest value at which the weights of the values up to it reach the probability."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= probability * weights.sum()
    return values[order][np.argmax(reached)]


def _check_share(estimated: pd.DataFrame, budget: float, maximum: float) -> None:
    share = estimated["budget_gbp"].sum() / budget if budget else 0.0
    if share > maximum:
        largest = estimated.sort_values("budget_gbp", ascending=False, kind="stable")
        raise InputError(
            f"Estimated prices carry {share:.1%} of the budget and tariff.maximum_estimated_share allows "
            f"{maximum:.1%}; add prices, the largest being {_names(largest)}."
        )


def _names(lines: pd.DataFrame, shown: int = 10) -> str:
    names = [f"{hrg} {kind}" for hrg, kind in zip(lines["hrg"], lines["admission_type"], strict=True)]
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest
