"""Simulated years, in plain numpy: the paper's law of admissions and the true one."""

import numpy as np
import pandas as pd

from casemix_risk.streams import stream

NORMAL_ABOVE = 1_000.0
POISSON_BELOW_FACTOR = 1 + 1e-9


def simulated_costs(
    lines: pd.DataFrame, list_size: int, kept: np.ndarray, years: int, seed: int, method: str
) -> np.ndarray:
    """Yearly costs of a list under each pool rule.

    Each line draws from a stream of its own, named by method, list size, HRG and admission type. So a figure
    depends on no other line and on no order of work, every pool rule sees the same years, and so does every
    tariff edition.

    Args:
        lines: table ``cost_lines`` (method ``simulated``) or `banded` of it (method ``paper``).
        list_size: heads.
        kept: booleans, pools x lines.
        years: number of simulated years.
        seed: the run's seed.
        method: ``simulated``: Poisson at any size, Negative Binomial of size L / (d - 1) where the variance
            factor d exceeds 1; ``paper``: Poisson below 1,000 expected admissions, Normal above.

    Returns:
        GBP, years x pools.
    """
    law = {"simulated": _clustered_counts, "paper": _paper_counts}[method]
    expected = lines["admissions_per_head"].to_numpy() * list_size
    counts = np.empty((years, len(lines)))
    for column, (hrg, admission_type, factor) in enumerate(
        zip(lines["hrg"], lines["admission_type"], lines["variance_factor"], strict=True)
    ):
        generator = stream(seed, "simulate", method, list_size, hrg, admission_type)
        counts[:, column] = law(generator, expected[column], factor, years)
    prices = np.where(kept, lines["price_gbp"].to_numpy(), 0.0)
    return counts @ prices.T


def _clustered_counts(generator: np.random.Generator, expected: float, factor: float, years: int):
    if factor < POISSON_BELOW_FACTOR:
        return generator.poisson(expected, years)
    return generator.negative_binomial(expected / (factor - 1), 1 / factor, years)


def _paper_counts(generator: np.random.Generator, expected: float, _factor: float, years: int):
    if expected < NORMAL_ABOVE:
        return generator.poisson(expected, years)
    return generator.normal(expected, np.sqrt(expected), years)


def standard_deviation(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation of simulated costs and its standard error.

    The error is the delta method on the sample variance, whose variance is (m4 - s^4 (n - 3) / (n - 1)) / n
    (Kendall and Stuart, *The Advanced Theory of Statistics*, vol. 1, 10.15).

    Args:
        costs: years x pools.

    Returns:
        Two arrays, one value a pool, in the unit of the costs.
    """
    years = len(costs)
    deviation = costs.std(axis=0, ddof=1)
    fourth = ((costs - costs.mean(axis=0)) ** 4).mean(axis=0)
    variance_error = np.sqrt((fourth - deviation**4 * (years - 3) / (years - 1)) / years)
    return deviation, variance_error / (2 * deviation)
