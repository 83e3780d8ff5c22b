"""The engine's jobs, each whole: `python with_casemix_risk.py JOB CELL...` prints those cells' quantiles."""

import sys
import time
from collections.abc import Callable

import numpy as np
from problems import LIST_SIZES, PROBABILITIES, PROBLEMS, Problem, say

from casemix_risk.risk.lines import Lines, Pools, Shocks, any_pools, pool_grid
from casemix_risk.risk.moments import coefficient_of_variation
from casemix_risk.risk.spectrum import quantiles, spectra

REPEATS = 5
CELLS_AT_A_TIME = 8_000  # what a large grid takes in memory


def lines_of(problem: Problem) -> Lines:
    return Lines(problem.volume, problem.price, np.ones(len(problem.volume)))


def pools_of(problem: Problem) -> Pools:
    return pool_grid(lines_of(problem), problem.cuts, problem.ceilings)


def grid_variation(problem: Problem) -> np.ndarray:
    """The CV of every cell."""
    return coefficient_of_variation(lines_of(problem), pools_of(problem), LIST_SIZES)


def grid_quantiles(problem: Problem) -> np.ndarray:
    """Nine quantiles of every cell, cells x probabilities."""
    lines, pools = lines_of(problem), pools_of(problem)
    parts = np.array_split(LIST_SIZES, -(-problem.rules * len(LIST_SIZES) // CELLS_AT_A_TIME))
    found = [quantiles(spectra(lines, pools, sizes), PROBABILITIES) for sizes in parts]
    return np.concatenate(found).reshape(-1, len(PROBABILITIES))


def clustered_lines() -> Lines:
    """60 Negative Binomial lines."""
    generator = np.random.default_rng(60)
    volume = generator.lognormal(0, 2.2, 60)
    price = np.rint(generator.lognormal(7.2, 0.8, 60))
    return Lines(0.24 * volume / volume.sum(), price, 1 + generator.gamma(0.5, 1.0, 60))


SHOCK = 0.05**2
HEADS = 10_000


def shocked_quantiles() -> np.ndarray:
    """Nine quantiles of the lines together, in years that a 5 % shock makes heavy or light."""
    alone = any_pools(np.ones((1, 60), dtype=bool))
    return quantiles(spectra(clustered_lines(), alone, [HEADS], Shocks(SHOCK)), PROBABILITIES)[0]


JOBS: dict[str, Callable[[], np.ndarray]] = {
    "variation 1200": lambda: grid_variation(PROBLEMS[1_200]),
    "quantiles 1200": lambda: grid_quantiles(PROBLEMS[1_200]),
    "quantiles 2860": lambda: grid_quantiles(PROBLEMS[2_860]),
    "shock": shocked_quantiles,
}


def main(job: str, *cells: str) -> None:
    """Time a job; the first call, which loads or compiles code, comes first."""
    seconds = []
    for _ in range(REPEATS + 1):
        begun = time.perf_counter()
        found = JOBS[job]()
        seconds.append(time.perf_counter() - begun)
    say(seconds, found[[int(cell) for cell in cells]] if cells else found[:1])


if __name__ == "__main__":
    main(*sys.argv[1:])
