"""What one admission of each line is paid under each way of payment: its mean and how much it varies."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.tariff.prices import FLAT
from casemix_risk.tariff.read import TERMS

LINE = ["hrg", "admission_type"]
SHORT_STAY_BELOW_DAYS = 2
PROVIDER_CODE_LENGTH = 3  # of a trust; longer codes are its sites


def market_factors(
    providers: pd.DataFrame, factors: pd.Series, default_factor: float | None = None
) -> pd.DataFrame:
    """Mean and variance of the market forces factor over the admissions of each line.

    Args:
        providers: table ``providers``.
        factors: `casemix_risk.payment.read.read_market_forces`. A site without one has its trust's, whose
            code is its first three characters.
        default_factor: of providers without one.

    Returns:
        `hrg, admission_type, factor, factor_variance`.

    Raises:
        InputError: providers have no factor and there is no default.
    """
    code = providers["provider"]
    factor = code.map(factors).fillna(code.str[:PROVIDER_CODE_LENGTH].map(factors))
    if default_factor is not None:
        factor = factor.fillna(default_factor)
    lacking = providers[factor.isna()].groupby("provider")["admissions"].sum().sort_values(ascending=False)
    if len(lacking):
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        raise InputError(
            f"payment.market_forces has no factor for {', '.join(lacking.index[:5])}{more}, which had "
            f"{lacking.sum():,} admissions: add them, or a default_factor."
        )
    return _moments(providers.assign(factor=factor), "factor")


def fixed_shares(lines: pd.DataFrame, of_types: Mapping[str, float], own: pd.Series | None) -> np.ndarray:
    """The share of each line's expected payment that is fixed.

    Args:
        lines: `hrg` and `admission_type`.
        of_types: share of each admission type.
        own: `casemix_risk.payment.read.read_fixed_shares`, which come before those of types; or None.
    """
    shares = lines["admission_type"].map(of_types).to_numpy(dtype=float)
    if own is None:
        return shares
    of_lines = own.reindex(pd.MultiIndex.from_frame(lines[LINE])).to_numpy()
    return np.where(np.isnan(of_lines), shares, of_lines)


def payment_table(
    prices: pd.DataFrame,
    edition: pd.DataFrame,
    stays: pd.DataFrame,
    factors: pd.DataFrame | None,
    shares: np.ndarray,
    options: Sequence[str],
) -> pd.DataFrame:
    """Table ``payments``: what one admission is paid flat, with each option alone, and with all of them.

    With B what an admission is paid at a factor of 1, over the stays of its line, and F the factor of its
    provider, taken to be independent of each other, the payment BF has mean E(B) E(F) and variance
    var(B) (var(F) + E(F)^2) + E(B)^2 var(F).

    Args:
        prices: table ``prices``, every line paid flat.
        edition: `casemix_risk.tariff.editions.edition_prices`.
        stays: table ``stays``.
        factors: `market_factors`; None where they are not paid.
        shares: `fixed_shares` of the lines of `prices`.
        options: `casemix_risk.payment.options.options_on`.

    Returns:
        A row for each way of payment and line: mean in GBP to the penny, coefficient of variation, fixed
        share. A line without stays, or whose price is estimated, has no terms and is paid its price.
    """
    flat = prices[[*LINE, "price_gbp"]].merge(
        edition.loc[:, [*LINE, *TERMS]], on=LINE, how="left", validate="one_to_one"
    )
    flat.loc[(prices["source"] == "estimated").to_numpy(), TERMS] = np.nan
    if factors is None:
        factors = pd.DataFrame(columns=[*LINE, "factor", "factor_variance"])
    by_line = flat.merge(factors, on=LINE, how="left")
    ways = {"flat": (), **{option: (option,) for option in options}, "all": tuple(options)}
    tables = [
        _paid(by_line, stays, on).assign(option=way, fixed_share=shares if "fixed_share" in on else 0.0)
        for way, on in ways.items()
    ]
    columns = ["option", *LINE, "price_gbp", "payment_cv", "fixed_share"]
    return pd.concat(tables).sort_values(columns[:3], ignore_index=True)[columns]


def _paid(lines: pd.DataFrame, stays: pd.DataFrame, on: Collection[str]) -> pd.DataFrame:
    """Mean payment and its coefficient of variation of each line."""
    each = lines.merge(stays, on=LINE)
    each["extra"] = _stay_payment(each, on) - each["price_gbp"]
    found = lines.merge(_moments(each, "extra"), on=LINE, how="left").fillna(
        {"extra": 0.0, "extra_variance": 0.0}
    )
    base, base_variance = found["price_gbp"] + found["extra"], found["extra_variance"]
    factor, variance = 1.0, 0.0
    if "market_forces" in on:
        factor, variance = found["factor"].fillna(1.0), found["factor_variance"].fillna(0.0)
    price = (base * factor).round(2)
    deviation = np.sqrt(base_variance * (variance + factor**2) + base**2 * variance)
    return found[LINE].assign(price_gbp=price, payment_cv=deviation / price)


def _stay_payment(each: pd.DataFrame, on: Collection[str]) -> pd.Series:
    """What a stay is paid at a factor of 1, in GBP."""
    paid = each["price_gbp"]
    if "short_stay" in on:
        reduced = each["short_stay_gbp"].fillna((paid * each["short_stay_share"]).round(2))
        paid = reduced.where(each["days"] < SHORT_STAY_BELOW_DAYS, paid).fillna(paid)
    if "excess_bed_days" in on:
        beyond = (each["days"] - each["trim_point_days"]).clip(lower=0.0)
        counted = each["excess_bed_days"] / each["admissions"]  # a schedule's own, a mean over its stays
        days = counted.fillna(beyond).where(~each["day_case"] & each["trim_point_days"].notna(), 0.0)
        paid = paid + (days * each["per_day_gbp"]).fillna(0.0)
    return paid


def _moments(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean and variance of a column over the admissions of each line."""
    lines, weight = [rows[name] for name in LINE], rows["admissions"]
    share = weight / weight.groupby(lines).transform("sum")
    mean = (weight * rows[column]).groupby(lines).transform("sum") / weight.groupby(lines).transform("sum")
    squares = {f"{column}_variance": share * (rows[column] - mean) ** 2}
    table = rows[LINE].assign(**{column: mean}, **squares).groupby(LINE, as_index=False)
    return table.agg({column: "first", f"{column}_variance": "sum"})


def with_payments(
    prices: pd.DataFrame, coverage: pd.DataFrame, payments: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables ``prices`` and ``tariff_coverage`` with every option paid.

    Args:
        prices: table ``prices``, every line paid flat.
        coverage: table ``tariff_coverage`` of the same.
        payments: table ``payments``.
    """
    paid = payments[payments["option"] == "all"].drop(columns="option")
    at_paid_prices = prices.drop(columns=["price_gbp", *FLAT]).merge(paid, on=LINE)[prices.columns]
    price = coverage[LINE].merge(paid, on=LINE, how="left")["price_gbp"].fillna(0.0)
    return at_paid_prices, coverage.assign(budget_gbp=coverage["admissions"] * price.to_numpy())
