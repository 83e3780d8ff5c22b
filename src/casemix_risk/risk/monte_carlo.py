"""What a number of simulated years can tell about Table 2, measured by simulating them again and again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.risk.lines import Lines, any_pools
from casemix_risk.risk.moments import TOLERANCE_CVS, coefficient_of_variation
from casemix_risk.risk.simulator import simulate

WITHIN_POINTS = 0.1


def search_by_simulation(
    lines: Lines,
    names: Sequence[str],
    kept: np.ndarray,
    list_size: int,
    years: int,
    repeats: int,
    seed: int,
    fixed: np.ndarray | None = None,
) -> pd.DataFrame:
    """How often the pool rule with the smallest simulated coefficient of variation is the best one.

    Args:
        lines: the lines.
        names: of the lines.
        kept: booleans, pools x lines: the cells that are searched.
        list_size: heads.
        years: simulated years that a search may use.
        repeats: how many searches are measured.
        seed: the run's seed.
        fixed: GBP per head that each line is paid whatever its admissions; None for nothing.

    Returns:
        Table ``monte_carlo``: a row for searches in which all cells see the same years (``common``) and one
        for searches in which every cell has years of its own (``separate``). Rules that keep the same lines
        count as one.
    """
    kept = np.unique(kept, axis=0)
    variation = coefficient_of_variation(lines, any_pools(kept), [list_size], fixed=fixed)[0]
    exact = 100 * TOLERANCE_CVS * variation
    drawn = {
        "common": simulate(lines, names, kept, list_size, repeats * years, seed),
        "separate": np.hstack(
            [
                simulate(lines, names, row[None], list_size, repeats * years, seed + cell + 1)
                for cell, row in enumerate(kept)
            ]
        ),
    }
    certain = 0.0 if fixed is None else fixed
    budget = list_size * (kept @ (lines.volume * lines.price + certain))
    rows = []
    for way, costs in drawn.items():
        deviation = costs.reshape(repeats, years, len(kept)).std(axis=1, ddof=1)
        tolerance = 100 * TOLERANCE_CVS * deviation / budget
        chosen = exact[tolerance.argmin(axis=1)]
        rows.append(
            {
                "years_shared": way,
                "simulated_years": years,
                "repeats": repeats,
                "cells": len(kept),
                "found_best": (chosen == exact.min()).mean(),
                "within_tenth": (chosen < exact.min() + WITHIN_POINTS).mean(),
                "worse_by_pct": (chosen - exact.min()).mean(),
                "worst_pct": (chosen - exact.min()).max(),
                "tolerance_se_pct": tolerance.std(axis=0, ddof=1).mean(),
            }
        )
    return pd.DataFrame(rows).sort_values("years_shared", ignore_index=True)
