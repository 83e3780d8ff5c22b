"""What every program is timed on, and how it says what it took; any environment with numpy runs it."""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PROBABILITIES = np.array([0.005, 0.01, 0.025, 0.05, 0.5, 0.95, 0.975, 0.99, 0.995])
LIST_SIZES = np.linspace(5_000, 100_000, 20)


class Problem(NamedTuple):
    """A table of cost lines, and the pool rules 'above a price cut, under a volume ceiling' tried on it.

    Attributes:
        volume: admissions per head.
        price: whole GBP.
        cuts: GBP.
        ceilings: admissions per head.
    """

    volume: np.ndarray
    price: np.ndarray
    cuts: np.ndarray
    ceilings: np.ndarray

    @property
    def rules(self) -> int:
        return len(self.cuts) * len(self.ceilings)


def _problem(lines: int, cuts: np.ndarray, ceilings: np.ndarray) -> Problem:
    """Lines as hospital activity has them: mostly rare, prices over two decades."""
    generator = np.random.default_rng(lines)
    volume = generator.lognormal(0, 2.2, lines)
    price = np.rint(generator.lognormal(7.2, 0.8, lines))
    return Problem(0.24 * volume / volume.sum(), price, cuts, ceilings)


PROBLEMS = {
    1_200: _problem(1_200, np.linspace(3_000, 9_000, 7), np.linspace(1, 20, 20) / 10_000),
    2_860: _problem(2_860, np.linspace(2_000, 12_000, 50), np.linspace(0.5, 20, 40) / 10_000),
}


def cells(lines: int, count: int, list_sizes: int) -> np.ndarray:
    """Cells picked at random among the smallest list sizes: their numbers, list size by list size."""
    return np.random.default_rng(lines).choice(list_sizes * PROBLEMS[lines].rules, count, replace=False)


def cell_lines(lines: int, cell: int) -> tuple[np.ndarray, np.ndarray]:
    """Expected admissions and price of each line that the group of a cell keeps."""
    problem = PROBLEMS[lines]
    size, cut, ceiling = np.unravel_index(cell, (len(LIST_SIZES), len(problem.cuts), len(problem.ceilings)))
    kept = ~((problem.price > problem.cuts[cut]) & (problem.volume < problem.ceilings[ceiling]))
    return problem.volume[kept] * LIST_SIZES[size], problem.price[kept]


def merged_prices(mean: np.ndarray, price: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Expected admissions of a cell, its different prices, and the probability of each."""
    prices, place = np.unique(price, return_inverse=True)
    share = np.bincount(place, weights=mean)
    return float(mean.sum()), prices, share / share.sum()


def pounds_needed(mean: np.ndarray, price: np.ndarray) -> int:
    """A power of two above the cost of a cell's worst year."""
    return 2 ** int(np.ceil(np.log2(1.3 * (mean * price).sum())))


def say(seconds: list[float], quantiles: np.ndarray) -> None:
    """Print what a program took, in one line that `run.py` reads."""
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "quantiles": np.asarray(quantiles).tolist()}))


def time_cells(cell_quantiles: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Time a peer on the cells that the command line names: the lines' number, then the cells'."""
    lines, *numbers = map(int, sys.argv[1:])
    seconds, quantiles = [], []
    for number in numbers:
        mean, price = cell_lines(lines, number)
        begun = time.perf_counter()
        quantiles.append(cell_quantiles(mean, price))
        seconds.append(time.perf_counter() - begun)
    say(seconds, np.array(quantiles))
