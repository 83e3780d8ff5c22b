"""The paper's own simulation, and the errors of any."""

import numpy as np
import pandas as pd

from casemix_risk.risk.lines import fixed_costs, lines_from
from casemix_risk.streams import stream

NORMAL_ABOVE = 1_000.0


def paper_costs(lines: pd.DataFrame, list_size: int, kept: np.ndarray, years: int, seed: int) -> np.ndarray:
    """Yearly costs of a list under each pool rule by the paper's law.

    A line's count is Poisson below 1,000 expected admissions and Normal above, without clustering (Jones
    2008, method). Each line draws from a stream of its own, so every pool rule sees the same years, and so
    does every tariff edition.

    Args:
        lines: `casemix_risk.risk.cost_lines.banded`.
        list_size: heads.
        kept: booleans, pools x lines.
        years: number of simulated years.
        seed: the run's seed.

    Returns:
        GBP, years x pools.
    """
    expected = lines["admissions_per_head"].to_numpy() * list_size
    counts = np.empty((years, len(lines)))
    for column, (hrg, admission_type) in enumerate(zip(lines["hrg"], lines["admission_type"], strict=True)):
        generator = stream(seed, "simulate", "paper", list_size, hrg, admission_type)
        mean = expected[column]
        if mean < NORMAL_ABOVE:
            counts[:, column] = generator.poisson(mean, years)
        else:
            counts[:, column] = generator.normal(mean, np.sqrt(mean), years)
    prices = np.where(kept, lines_from(lines).price, 0.0)
    return counts @ prices.T + list_size * (kept @ fixed_costs(lines))


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
