import numpy as np
import pandas as pd


def lines_of(volumes, prices, factors=1.0, bands=0, hrgs=None, fixed_shares=0.0):
    """A cost_lines table from admissions per head, prices and variance factors."""
    count = len(volumes)
    return pd.DataFrame(
        {
            "hrg": hrgs or [f"A{number:02d}" for number in range(count)],
            "admission_type": "elective",
            "description": "a line",
            "admissions_per_head": np.asarray(volumes, dtype=float),
            "price_gbp": np.asarray(prices, dtype=float),
            "variance_factor": np.broadcast_to(np.asarray(factors, dtype=float), count),
            "band": np.broadcast_to(bands, count),
            "fixed_share": np.broadcast_to(np.asarray(fixed_shares, dtype=float), count),
        }
    )
