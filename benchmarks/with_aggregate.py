"""A cell's quantiles by `aggregate` (Mildenhall), with buckets of GBP 1."""

import numpy as np
from aggregate import build
from problems import PROBABILITIES, merged_prices, pounds_needed, time_cells


def cell_quantiles(mean: np.ndarray, price: np.ndarray) -> np.ndarray:
    claims, prices, share = merged_prices(mean, price)
    outcomes = " ".join(str(int(value)) for value in prices)
    chances = " ".join(repr(float(value)) for value in share)
    law = build(
        f"agg Cell {claims!r} claims dsev [{outcomes}] [{chances}] poisson",
        log2=int(np.log2(pounds_needed(mean, price))),
        bs=1,
        padding=0,
    )
    return np.array([law.q(probability) for probability in PROBABILITIES])


time_cells(cell_quantiles)
