"""The calibration of the demonstration's national lines to every published figure of the paper.

The paper prints totals and a few lines, not its 1,200 lines. This module finds lines that have those totals,
in four steps. What it found is kept in ``national_lines.csv`` and read from there: an integer programme that
stops near its optimum, and last digits of a logarithm, differ from one processor to the next, and a
demonstration must not.

1. **Fixed lines.** The HRGs whose figures the paper gives are taken as printed: its Table 1 (``_TABLE1``) and
   D33, H04, H70, H81, L01, N12, S16, S22 (``_NAMED``). What the paper leaves open about them, such as the
   split between elective and emergency, is a choice.
2. **How many lines of each kind.** The other lines are counted in cells, a volume class by a price class,
   whose edges respect the paper's thresholds: one expected admission at 10,000 heads, the 48 largest lines,
   100,000 admissions, GBP 1,000, 3,000 and 4,000. Each published figure is a sum over cells (``_FACTS``). An
   integer programme chooses the number of lines, the admissions and the cost of every cell: all the figures
   together, and as near as possible to the prior guesses of the catalogue.
3. **Lines within a cell.** Volumes, then prices, lie evenly on a log scale across the cell, tilted just
   enough (exponentially, the least-information way) to give the cell's totals.
4. **Names.** The lines so made are dealt to the catalogue's codes so that the total distance, on a log scale,
   from the codes' prior prices and volumes is least.

No random number is drawn, and no figure that the paper gives as a result (`out`) is used anywhere here.

    python -m casemix_risk.synthetic.calibration    # writes national_lines.csv anew
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, brentq, linear_sum_assignment, milp

from casemix_risk.synthetic.catalogue import ADMISSION_TYPES, catalogue_lines

CALIBRATED = Path(__file__).with_name("national_lines.csv")
POPULATION = 51_000_000
ADMISSIONS = 13_000_000
BUDGET_GBP = 300 * POPULATION

# Table 1 of the paper: expected admissions per million heads, both types together. The emergency shares are
# choices, and so are the prices, which make the lines 2.3 % of the budget.
_TABLE1 = pd.DataFrame(
    [
        ("E01", 0.3, 0.6, 32_000),
        ("J17", 0.3, 0.9, 28_000),
        ("R07", 0.3, 0.6, 14_000),
        ("J23", 0.8, 0.8, 11_000),
        ("J24", 1, 0.8, 10_500),
        ("J20", 2, 0.8, 4_300),
        ("D01", 3, 0.6, 25_000),
        ("E02", 3, 0.6, 24_000),
        ("T15", 6, 0.4, 8_500),
        ("E03", 8, 0.2, 8_900),
        ("C60", 10, 0.0, 14_500),
        ("G01", 10, 0.6, 22_000),
        ("T17", 11, 0.3, 7_200),
        ("T13", 35, 0.4, 7_800),
        ("T06", 37, 0.9, 4_700),
        ("T08", 38, 0.6, 4_600),
        ("T04", 40, 0.9, 4_700),
        ("Q15", 110, 0.6, 5_700),
        ("T05", 123, 0.8, 4_250),
        ("T02", 141, 0.9, 4_850),
        ("T01", 329, 0.6, 4_250),
        ("T03", 503, 0.8, 4_200),
    ],
    columns=["hrg", "per_million", "emergency_share", "price_gbp"],
)

# The other HRGs the paper gives figures of: national admissions and price of each line. The volumes of D33
# (6 at 10,000 heads), H04 (12) and L01 (1,115) are the paper's, both types together; the other volumes and
# the splits are choices. Both lines carry the published price; of S16 and H81 the paper prices only one.
_NAMED = pd.DataFrame(
    [
        ("D33", 6_600, 1_600, 24_000, 1_600),
        ("H04", 60_200, 5_400, 1_000, 5_400),
        ("H70", 4_700, 4_700, 120, 4_700),
        ("H81", 14_000, 5_600, 1_100, 8_200),
        ("L01", 615, 4_400, 500, 4_400),
        ("N12", 16_000, 460, 420_000, 460),
        ("S16", 62_000, 275, 93_000, 420),
        ("S22", 148_000, 420, 6_500, 420),
    ],
    columns=["hrg", "elective", "elective_gbp", "emergency", "emergency_gbp"],
)

# No class touches a threshold of the paper, so no rounding can put a line on the wrong side of one. Prices
# from 276 to 281 are the planted cheapest band, from 2,010 to 2,990 the dearest.
_VOLUME_CLASSES = [
    (12, 150),
    (150, 700),
    (700, 2_000),
    (2_000, 4_900),
    (5_300, 12_000),
    (12_000, 20_000),
    (20_000, 35_000),
    (35_800, 43_500),
    (45_000, 62_000),
    (62_000, 95_000),
    (105_000, 150_000),
    (150_000, 380_000),
]
_PRICE_CLASSES = [
    (276, 281),
    (290, 400),
    (400, 550),
    (550, 750),
    (750, 990),
    (1_010, 1_350),
    (1_350, 1_990),
    (2_010, 2_990),
    (3_020, 3_980),
    (4_030, 6_000),
    (6_000, 9_000),
    (9_000, 26_000),
]
_BAND_ADMISSIONS = 500_000
_MEASURES = ["lines", "admissions", "cost_gbp"]

# The published figures, each a sum of a measure over the lines for which a condition holds. Under 5,100
# admissions is under one at 10,000 heads; 44,000 parts the classes of the 48 largest lines from the others.
_SHARES = [  # where, share of admissions, share of the budget, tolerance of both
    ("admissions > 0", 1.00, 1.00, 0.001),
    ("price_gbp > 3000", 0.09, 0.35, 0.003),
    ("price_gbp > 4000", 0.06, 0.27, 0.003),
    ("admissions < 5100", 0.13, 0.23, 0.003),
    ("admissions > 44000", 0.42, 0.29, 0.003),
]
_BANDED = "price_gbp <= 3000 and admissions <= 100000"
_FACTS = [  # where, measure, target, tolerance
    ("admissions > 0", "lines", 1_200, 0),
    ("admissions < 5100", "lines", 920, 0),
    ("admissions > 44000", "lines", 48, 0),
    ("price_gbp < 1000", "admissions", 0.55 * ADMISSIONS, 0.003 * ADMISSIONS),
    (_BANDED, "admissions", 14 * _BAND_ADMISSIONS, 20_000),
    (f"{_BANDED} and price_gbp < 285", "admissions", _BAND_ADMISSIONS, 1_000),
    ("price_gbp < 285 and admissions > 100000", "lines", 0, 0),
    (f"{_BANDED} and price_gbp > 2000", "admissions", _BAND_ADMISSIONS, 1_000),
    (f"{_BANDED} and price_gbp > 2000", "cost_gbp", 2_511 * _BAND_ADMISSIONS, 10 * _BAND_ADMISSIONS),
    *((where, "admissions", of * ADMISSIONS, points * ADMISSIONS) for where, of, _, points in _SHARES),
    *((where, "cost_gbp", of * BUDGET_GBP, points * BUDGET_GBP) for where, _, of, points in _SHARES),
]


def calibrated_lines() -> pd.DataFrame:
    """Admissions and price of every line, found anew.

    Returns:
        1,200 rows sorted by ``hrg, admission_type``: both, ``admissions`` (expected in 2007/08, 51 million
        heads), ``price_gbp`` (2006/07), whole, and ``in_table1``.

    Raises:
        RuntimeError: no table meets the published figures together; only an edit here can cause it.
    """
    lines = _with_fixed_figures(catalogue_lines())
    free = lines["admissions"].isna()
    cells = _calibrated_cells(lines[free], lines[~free])
    figures = pd.concat([_spread(cell) for cell in cells.itertuples()], ignore_index=True)
    lines.loc[free, ["admissions", "price_gbp"]] = _dealt(figures, lines[free])
    columns = ["hrg", "admission_type", "admissions", "price_gbp", "in_table1"]
    return lines[columns].astype({"admissions": "int64", "price_gbp": "int64"})


def _with_fixed_figures(lines: pd.DataFrame) -> pd.DataFrame:
    """The catalogue's lines, with ``admissions`` and ``price_gbp`` where fixed and gaps elsewhere."""
    total = (_TABLE1["per_million"] * POPULATION / 1e6).round()
    emergency = (total * _TABLE1["emergency_share"]).round().clip(lower=1)  # every line admits somebody
    table1 = _TABLE1[["hrg"]].assign(
        elective=total - emergency,
        elective_gbp=_TABLE1["price_gbp"],
        emergency=emergency,
        emergency_gbp=_TABLE1["price_gbp"],
    )
    fixed = pd.concat([table1, _NAMED]).astype({"elective_gbp": float, "emergency_gbp": float})
    by_type = [
        fixed[["hrg"]].assign(admission_type=kind, admissions=fixed[kind], price_gbp=fixed[f"{kind}_gbp"])
        for kind in ADMISSION_TYPES
    ]
    lines = lines.merge(pd.concat(by_type), on=["hrg", "admission_type"], how="left", validate="one_to_one")
    return lines.assign(in_table1=lines["hrg"].isin(_TABLE1["hrg"]))


def _measured(lines: pd.DataFrame) -> pd.DataFrame:
    """A table of ``admissions`` and ``price_gbp`` with the measures a published figure may sum."""
    return lines.assign(lines=1, cost_gbp=lines["admissions"] * lines["price_gbp"])


def _middle(low: pd.Series, high: pd.Series) -> pd.Series:
    """The mean of a value spread evenly on a log scale between two edges."""
    return (high - low) / np.log(high / low)


def _cells(free: pd.DataFrame) -> pd.DataFrame:
    """Every volume class by every price class: edges, middles, measures and how many prior lines it holds."""
    volumes = pd.DataFrame(_VOLUME_CLASSES, columns=["low_volume", "high_volume"])
    prices = pd.DataFrame(_PRICE_CLASSES, columns=["low_price", "high_price"])
    cells = volumes.merge(prices, how="cross")
    cells["admissions"] = _middle(cells["low_volume"], cells["high_volume"])
    cells["price_gbp"] = _middle(cells["low_price"], cells["high_price"])
    volume = volumes["low_volume"].searchsorted(free["prior_admissions"], side="right").clip(min=1) - 1
    price = prices["low_price"].searchsorted(free["prior_price_gbp"], side="right").clip(min=1) - 1
    cells["prior_lines"] = np.bincount(volume * len(prices) + price, minlength=len(cells))
    return _measured(cells)


def _calibrated_cells(free: pd.DataFrame, fixed: pd.DataFrame) -> pd.DataFrame:
    """The cells that meet every published figure together with the fixed lines, nearest to the prior guesses.

    The programme's unknowns are, for each cell, the number of lines (whole), their admissions in middle
    volumes and their cost in middle costs: a cell of n middling lines is (n, n, n). It minimises the
    distances of the first from the prior count, of the second from the first and of the third from the
    second. Beyond half the prior count they weigh five times as much, lest a few cells take all the change.

    Args:
        free: lines to calibrate, with ``prior_admissions`` and ``prior_price_gbp``.
        fixed: lines taken as they are, with ``admissions`` and ``price_gbp``.

    Returns:
        One row a cell in use: ``low_volume, high_volume, low_price, high_price``, and in total ``lines``,
        ``admissions``, ``cost_gbp``.

    Raises:
        RuntimeError: the figures cannot be met together.
    """
    cells = _cells(free)
    units = cells[_MEASURES].to_numpy().T
    unknowns = units.size
    chain = sparse.kron([[1, 0, 0], [-1, 1, 0], [0, -1, 1]], sparse.eye(len(cells)))
    near_and_far = sparse.kron([[-1, 1, -1, 1]], sparse.eye(unknowns))
    prior = np.concatenate([cells["prior_lines"], np.zeros(2 * len(cells))])
    half, unlimited = np.tile(cells["prior_lines"] / 2, 3), np.full(unknowns, np.inf)

    solution = milp(
        np.repeat([0, 1, 1, 5, 5], unknowns),
        integrality=np.repeat([1, 0], [len(cells), 5 * unknowns - len(cells)]),
        bounds=Bounds(0, np.concatenate([unlimited, half, half, unlimited, unlimited])),
        constraints=[
            LinearConstraint(sparse.hstack([chain, near_and_far]), prior, prior),
            _padded(_spans(cells), 0, np.inf),
            _padded(*_fact_rows(cells, _measured(fixed))),
        ],
        options={"mip_rel_gap": 0.03},  # met in two seconds; half a per cent takes twenty
    )
    if solution.x is None:
        raise RuntimeError(f"no national line table meets the published figures together: {solution.message}")
    totals = solution.x[:unknowns].reshape(units.shape) * units
    calibrated = cells.assign(**dict(zip(_MEASURES, totals, strict=True)))
    calibrated["lines"] = calibrated["lines"].round().astype(int)
    return calibrated[calibrated["lines"] > 0]


def _padded(rows, low, high) -> LinearConstraint:
    """A constraint on the unknowns alone: the distances that follow, four for each, count for nothing."""
    distances = sparse.csr_array((rows.shape[0], 4 * rows.shape[1]))
    return LinearConstraint(sparse.hstack([rows, distances]), low, high)


def _spans(cells: pd.DataFrame) -> sparse.sparray:
    """Rows, none negative, that keep a cell's mean volume and price well inside it, so it can be spread."""
    blocks = []
    for place, (edges, unit) in enumerate([("volume", "admissions"), ("price", "price_gbp")]):
        low, high = cells[f"low_{edges}"], cells[f"high_{edges}"]
        for share, sign in ((0.3, 1), (0.7, -1)):
            bound = low * (high / low) ** share / cells[unit]
            row = [sparse.csr_array((len(cells), len(cells)))] * 3
            row[place : place + 2] = [sparse.diags_array(-sign * bound), sign * sparse.eye_array(len(cells))]
            blocks.append(row)
    return sparse.block_array(blocks)


def _fact_rows(cells: pd.DataFrame, fixed: pd.DataFrame) -> tuple[sparse.sparray, np.ndarray, np.ndarray]:
    """Each published figure as a row over the unknowns and its limits, less what the fixed lines add."""
    rows, low, high = [], [], []
    for where, measure, target, tolerance in _FACTS:
        row = [cells.eval(where) * cells[column] * (column == measure) for column in _MEASURES]
        remaining = target - fixed.loc[fixed.eval(where), measure].sum()
        scale = np.max(row)
        rows.append(np.concatenate(row) / scale)
        low.append((remaining - tolerance) / scale)
        high.append((remaining + tolerance) / scale)
    return sparse.csr_array(np.array(rows)), np.array(low), np.array(high)


def _spread(cell) -> pd.DataFrame:
    """The lines of a cell: ``admissions`` and ``price_gbp``, whole, that add up to the cell's totals."""
    even = (np.arange(cell.lines) + 0.5) / cell.lines
    volume = _tilted(even, cell.low_volume, cell.high_volume, np.ones(cell.lines), cell.admissions)
    # Golden-ratio steps pair small and large volumes with cheap and dear prices without a pattern.
    scattered = np.argsort(np.arange(1, cell.lines + 1) * 0.6180339887498949 % 1)
    price = _tilted(even[scattered], cell.low_price, cell.high_price, volume, cell.cost_gbp)
    return pd.DataFrame({"admissions": volume.round(), "price_gbp": price.round()})


def _tilted(quantile: np.ndarray, low: float, high: float, weight: np.ndarray, total: float) -> np.ndarray:
    """Quantiles of the exponentially tilted even spread on a log scale whose weighted sum is the total."""

    def values(tilt):
        place = np.log1p(quantile * np.expm1(tilt)) / tilt if abs(tilt) > 1e-9 else quantile
        return low * (high / low) ** place

    return values(brentq(lambda tilt: weight @ values(tilt) - total, -80, 80, xtol=1e-12))


def _dealt(figures: pd.DataFrame, free: pd.DataFrame) -> np.ndarray:
    """The figures in the order of the free lines, dealt so that the distance from their priors is least.

    The distance is the sum of squared log ratios of admissions and, at four times the weight, of price. It
    is in whole thousandths, so that no last digit of a logarithm decides who gets what.
    """

    def log_ratio(column):
        return np.log(free[f"prior_{column}"].to_numpy()[:, None] / figures[column].to_numpy())

    distance = log_ratio("admissions") ** 2 + 4 * log_ratio("price_gbp") ** 2
    _, dealt = linear_sum_assignment((1_000 * distance).round())
    return figures[["admissions", "price_gbp"]].to_numpy()[dealt]


if __name__ == "__main__":
    calibrated_lines().to_csv(CALIBRATED, index=False)
