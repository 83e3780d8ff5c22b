"""Times the risk engine beside numpy in one sitting: `python benchmarks/engine.py` writes results.md."""

import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from casemix_risk.risk.lines import Lines, Shocks, any_pools, pool_grid
from casemix_risk.risk.moments import coefficient_of_variation
from casemix_risk.risk.simulator import simulate
from casemix_risk.risk.spectrum import quantiles, spectra

PROBABILITIES = np.array([0.005, 0.01, 0.025, 0.05, 0.5, 0.95, 0.975, 0.99, 0.995])
LIST_SIZES = np.linspace(5_000, 100_000, 20)
CUTS, CEILINGS = np.linspace(3_000, 9_000, 7), np.linspace(1, 20, 20) / 10_000
MANY_CUTS, MANY_CEILINGS = np.linspace(2_000, 12_000, 50), np.linspace(0.5, 20, 40) / 10_000
REPEATS = 9
FFT_CELLS, FFT_LIST_SIZES = 20, 4  # of the smallest: the others' would take minutes
YEARS, NUMPY_YEARS = 400_000, 2_000
RESULTS = Path(__file__).with_name("results.md")


def line_table(lines: int, clustered: bool = False) -> Lines:
    """Lines as hospital activity has them: mostly rare, prices over two decades."""
    generator = np.random.default_rng(lines)
    volume = generator.lognormal(0, 2.2, lines)
    price = np.rint(generator.lognormal(7.2, 0.8, lines))
    return Lines(0.24 * volume / volume.sum(), price, 1 + generator.gamma(0.5, 1.0, lines) * clustered)


def seconds(job: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """The first call, and the median of the others."""
    taken = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        job()
        taken.append(time.perf_counter() - begun)
    return taken[0], median(taken[1:])


def grid_quantiles(lines: Lines, cuts: np.ndarray, ceilings: np.ndarray) -> np.ndarray:
    """Nine quantiles of every cell of a grid of pool rules at every list size."""
    return quantiles(spectra(lines, pool_grid(lines, cuts, ceilings), LIST_SIZES), PROBABILITIES)


def fft_quantiles(lines: Lines, kept: np.ndarray, list_size: float) -> np.ndarray:
    """The same for one cell, from the whole distribution in steps of GBP 1, in numpy."""
    mean = lines.volume * list_size * kept
    points = 2 ** int(np.ceil(np.log2(1.6 * (mean * lines.price).sum())))
    jumps = np.bincount(lines.price.astype(int), weights=mean, minlength=points)
    distribution = np.cumsum(np.fft.irfft(np.exp(np.fft.rfft(jumps) - jumps.sum()), points))
    return np.searchsorted(distribution, PROBABILITIES)


def exact_jobs() -> list[str]:
    """A row of the results for each exact job, with its bound."""
    lines, wide, clustered = line_table(1_200), line_table(2_860), line_table(60, clustered=True)
    alone = any_pools(np.ones((1, 60), dtype=bool))
    jobs = {
        ("CV of 2,800 cells, 1,200 lines", 1): lambda: coefficient_of_variation(
            lines, pool_grid(lines, CUTS, CEILINGS), LIST_SIZES
        ),
        ("the same with 9 quantiles each", 20): lambda: grid_quantiles(lines, CUTS, CEILINGS),
        ("40,000 cells x 9 quantiles, 2,860 lines", 250): lambda: grid_quantiles(
            wide, MANY_CUTS, MANY_CEILINGS
        ),
        ("60 Negative Binomial lines, a 5 % shock, one cell x 9", 20): lambda: quantiles(
            spectra(clustered, alone, [10_000], Shocks(0.05**2)), PROBABILITIES
        ),
    }
    rows = ["| job | first call | median | wanted |", "|---|---|---|---|"]
    for (name, bound), job in jobs.items():
        first, usual = seconds(job)
        rows.append(f"| {name} | {1e3 * first:,.1f} ms | {1e3 * usual:,.2f} ms | under {bound} ms |")
    return rows


def fft_comparison() -> str:
    """A cell's time beside a plain FFT's, and the largest difference of a quantile."""
    lines = line_table(1_200)
    picked = np.random.default_rng(1).choice(FFT_LIST_SIZES * 140, FFT_CELLS, replace=False)
    cells = [(cell, *np.unravel_index(cell, (len(LIST_SIZES), len(CUTS), len(CEILINGS)))) for cell in picked]

    def peer() -> list[np.ndarray]:
        return [
            fft_quantiles(
                lines, ~((lines.price > CUTS[cut]) & (lines.volume < CEILINGS[ceiling])), LIST_SIZES[size]
            )
            for _, size, cut, ceiling in cells
        ]

    ours = grid_quantiles(lines, CUTS, CEILINGS).reshape(-1, len(PROBABILITIES))[picked]
    difference = np.abs(np.ceil(np.round(ours - 0.5, 6)) - peer()).max()
    per_cell = seconds(lambda: grid_quantiles(lines, CUTS, CEILINGS))[1] / len(LIST_SIZES) / 140
    per_peer_cell = seconds(peer, 1)[1] / FFT_CELLS
    return (
        f"A cell with 9 quantiles takes {1e6 * per_cell:,.1f} microseconds, a numpy FFT in steps of GBP 1 "
        f"{1e3 * per_peer_cell:,.0f} ms: {per_peer_cell / per_cell:,.0f} times as long ({FFT_CELLS} cells "
        f"measured). The largest difference over their quantiles is GBP {difference:g}."
    )


def simulator_rate(list_size: int) -> str:
    """Simulated years a second beside numpy's Poisson draws."""
    lines, names = line_table(1_200), [str(number) for number in range(1_200)]
    everything, generator = np.ones((1, 1_200), dtype=bool), np.random.default_rng(1)
    expected = lines.volume * list_size
    ours = YEARS / seconds(lambda: simulate(lines, names, everything, list_size, YEARS, 1), 3)[1]
    peer = seconds(lambda: generator.poisson(expected, (NUMPY_YEARS, len(expected))) @ lines.price, 3)[1]
    theirs = NUMPY_YEARS / peer
    return f"| {list_size:,} heads | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:,.0f} |"


def main() -> None:
    """Run everything and write the page."""
    sections = [
        "# Benchmarks of the risk engine",
        f"Written by `python benchmarks/engine.py` on {platform.machine()}, Python "
        f"{platform.python_version()}. Medians of {REPEATS} after the first call, which loads or compiles "
        "the code.",
        "\n".join(exact_jobs()),
        fft_comparison(),
        "\n".join(
            [
                f"| simulator, 1,200 lines, {YEARS:,} years | ours, years a second | numpy | ratio |",
                "|---|---|---|---|",
                *(simulator_rate(list_size) for list_size in (10_000, 100_000)),
            ]
        ),
    ]
    RESULTS.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
