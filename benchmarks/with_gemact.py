"""A cell's quantiles by `gemact` (Pittarello, Luini and Marchione), with steps of GBP 1."""

import numpy as np
from gemact import Frequency, Severity
from gemact.calculators import LossModelCalculator
from problems import PROBABILITIES, merged_prices, pounds_needed, time_cells


def cell_quantiles(mean: np.ndarray, price: np.ndarray) -> np.ndarray:
    # gemact.LossModel refuses the result of its own FFT where rounding puts a probability below 0, so its
    # calculator is called and the refusing step, which is the slower one, is left out.
    claims, prices, share = merged_prices(mean, price)
    up_to = np.minimum(np.cumsum(share), 1.0)
    up_to[-1] = 1.0
    severity = Severity("pwc", {"nodes": np.append(0, prices), "cumprobs": np.append(0, up_to)})
    law = LossModelCalculator.fast_fourier_transform(
        severity.discretize("lowerdiscretization", int(prices[-1]) + 1, 1.0),
        Frequency("poisson", {"mu": claims}),
        n_aggr_dist_nodes=pounds_needed(mean, price),
        discr_step=1.0,
        tilt=False,
        tilt_value=0,
    )
    return law["nodes"][np.searchsorted(law["cdf"], PROBABILITIES)]


time_cells(cell_quantiles)
