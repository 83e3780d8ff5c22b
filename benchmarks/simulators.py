"""Simulated years a second, ours and numpy's in turn: `python simulators.py HEADS`."""

import json
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from problems import PROBLEMS
from with_casemix_risk import lines_of

from casemix_risk.risk.simulator import simulate

REPEATS = 5
YEARS, NUMPY_YEARS = 400_000, 2_000


def main(heads: int) -> None:
    """Print the medians."""
    lines = lines_of(PROBLEMS[1_200])
    names, everything = [str(number) for number in range(1_200)], np.ones((1, 1_200), dtype=bool)
    expected, generator = lines.volume * heads, np.random.default_rng(1)
    ours, peer = [], []
    for _ in range(REPEATS + 1):
        ours.append(_seconds(lambda: simulate(lines, names, everything, heads, YEARS, 1)))
        peer.append(_seconds(lambda: generator.poisson(expected, (NUMPY_YEARS, 1_200)) @ lines.price))
    print(json.dumps([YEARS / median(ours[1:]), NUMPY_YEARS / median(peer[1:])]))


def _seconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]))
