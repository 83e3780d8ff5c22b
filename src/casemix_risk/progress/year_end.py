"""Where the year will end: its cost as a whole distribution, after every month known so far."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from casemix_risk.decisions.false_discovery import significant_falls
from casemix_risk.progress.forecast import (
    Rates,
    group_variance,
    rate_quantiles,
    relative_rates,
    rest_of_year,
)
from casemix_risk.progress.months import known_months
from casemix_risk.progress.season import LINE, check_priced, counts_by_month, month_shares
from casemix_risk.risk.distribution import chances, tails
from casemix_risk.risk.lines import Lines, any_pools, fixed_costs, lines_from
from casemix_risk.risk.moments import cumulants

PROBABILITIES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
OVERSPENDS_PCT = (0, 1, 3, 5, 10)
INTERVAL = (0.05, 0.95)
ONE_LIST = np.ones(1)
HALF_A_PENNY = 0.005
DECIMALS = 9  # of a chance: what is beyond hangs on the processor


class Forecast(NamedTuple):
    """What the months up to one say.

    Attributes:
        variance: how much groups differ (v).
        rates: of each line relative to the nation's.
        rest: the rest of the year as lines.
        certain: cost of the admissions so far and of what is paid whatever they are, GBP.
        expected: admissions expected so far, by line.
    """

    variance: float
    rates: Rates
    rest: Lines
    certain: float
    expected: np.ndarray


def year_end_tables(
    cost_lines: pd.DataFrame,
    seasons: pd.DataFrame,
    admissions: pd.DataFrame,
    year: str,
    list_size: int,
    variance: float | None = None,
) -> dict[str, pd.DataFrame]:
    """The year's cost, given the months so far and, as it would have been, after each month before.

    Args:
        cost_lines: table ``cost_lines``.
        seasons: table ``seasons``.
        admissions: `casemix_risk.progress.months.read_months`. What is on no cost line has no price and is in
            no budget: it is counted apart.
        year: the financial year in progress.
        list_size: people of the group.
        variance: how much groups differ; estimated from the months so far where None.

    Returns:
        Tables ``year_end``, ``year_end_by_month`` and ``year_end_lines``.

    Raises:
        InputError: as `casemix_risk.progress.season.check_priced`.
    """
    check_priced(cost_lines, admissions)
    lines, known = lines_from(cost_lines), known_months(admissions, year)
    counts = counts_by_month(cost_lines, admissions, known)
    monthly = list_size * lines.volume[:, None] * month_shares(cost_lines, seasons, year)
    fixed = list_size * fixed_costs(cost_lines).sum()
    budget = monthly.sum(axis=1) @ lines.price + fixed
    in_file = admissions.groupby("month")["admissions"].sum()[known].to_numpy()
    quantiles, by_month = [], []
    for number, month in enumerate(known, start=1):
        so_far = counts[:, :number].sum(axis=1)
        forecast = _forecast(lines, so_far, monthly, number, fixed, variance)
        costs, overspends = _distribution(forecast, budget)
        mean, deviation = _moments(forecast)
        place = {"months_known": number, "month": month}
        quantiles += [
            place | {"probability": probability, "cost_gbp": cost, "overspend_share": cost / budget - 1}
            for probability, cost in zip(PROBABILITIES, costs, strict=True)
        ]
        paid_by_month = fixed * number / monthly.shape[1]
        by_month.append(
            place
            | {
                "admissions": so_far.sum(),
                "admissions_unpriced": in_file[:number].sum() - so_far.sum(),
                "expected_admissions": forecast.expected.sum(),
                "cost_so_far_gbp": so_far @ lines.price + paid_by_month,
                "expected_so_far_gbp": forecast.expected @ lines.price + paid_by_month,
                "budget_gbp": budget,
                "year_end_mean_gbp": mean,
                "year_end_sd_gbp": deviation,
                "group_variance": forecast.variance,
            }
            | {
                f"chance_over_{percent}": chance
                for percent, chance in zip(OVERSPENDS_PCT, overspends, strict=True)
            }
        )
    return {
        "year_end": pd.DataFrame(quantiles),
        "year_end_by_month": pd.DataFrame(by_month),
        "year_end_lines": _line_table(cost_lines, lines, so_far, monthly.sum(axis=1), forecast),
    }


def _forecast(
    lines: Lines,
    so_far: np.ndarray,
    monthly: np.ndarray,
    number: int,
    fixed: float,
    variance: float | None,
) -> Forecast:
    expected = monthly[:, :number].sum(axis=1)
    v = group_variance(so_far, expected, lines.factor) if variance is None else variance
    rates = relative_rates(so_far, expected, lines.factor, v)
    rest = rest_of_year(rates, monthly[:, number:].sum(axis=1), lines.price, lines.factor)
    return Forecast(v, rates, rest, so_far @ lines.price + fixed, expected)


def _is_certain(rest: Lines) -> bool:
    """Whether nothing is left that could vary: the year is over, or all is paid whatever the admissions."""
    return not (rest.volume * rest.price).any()


def _moments(forecast: Forecast) -> tuple[float, float]:
    """Mean and standard deviation of the year's cost, GBP."""
    if _is_certain(forecast.rest):
        return forecast.certain, 0.0
    everything = any_pools(np.ones((1, len(forecast.rest.price)), dtype=bool))
    mean, variance = cumulants(forecast.rest, everything, ONE_LIST, orders=2)[0, 0]
    return forecast.certain + mean, np.sqrt(variance)


def _distribution(forecast: Forecast, budget: float) -> tuple[np.ndarray, np.ndarray]:
    """The year's cost at `PROBABILITIES`, and the chances of an overspend above `OVERSPENDS_PCT`."""
    limits = budget * (1 + np.array(OVERSPENDS_PCT) / 100) - forecast.certain
    if _is_certain(forecast.rest):
        over = limits < -HALF_A_PENNY  # a year that meets its budget to the penny is not over it
        return np.full(len(PROBABILITIES), forecast.certain), over.astype(float)
    everything = np.ones((1, len(forecast.rest.price)), dtype=bool)
    quantiles = tails(forecast.rest, everything, ONE_LIST, np.array(PROBABILITIES)).quantile_gbp[0, 0]
    over = chances(forecast.rest, everything, ONE_LIST, limits[None, None])[1][0, 0]
    return quantiles + forecast.certain, over.round(DECIMALS)


def _line_table(
    cost_lines: pd.DataFrame, lines: Lines, so_far: np.ndarray, of_year: np.ndarray, forecast: Forecast
) -> pd.DataFrame:
    """Table ``year_end_lines``, of the last month known."""
    rates, rest = forecast.rates, forecast.rest
    low, high = (rate_quantiles(rates, probability) for probability in INTERVAL)
    year_end = so_far + rest.volume
    falls = significant_falls(so_far, forecast.expected, lines.factor)
    return cost_lines[LINE].assign(
        admissions=so_far,
        expected_admissions=forecast.expected,
        relative_rate=rates.mean,
        relative_rate_low=low,
        relative_rate_high=high,
        rest_admissions=rest.volume,
        year_end_admissions=year_end,
        year_end_admissions_sd=np.sqrt(rest.volume * rest.factor),
        expected_overspend_gbp=(year_end - of_year) * lines.price,
        fall_p_value=falls["p_value"].round(DECIMALS),
        fall_significant=falls["significant"],
    )
