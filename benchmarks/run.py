"""Times the risk engine beside numpy, aggregate and gemact in one sitting; `make benchmark` runs it."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from problems import LIST_SIZES, PROBLEMS, cells
from with_casemix_risk import HEADS, SHOCK, clustered_lines
from with_numpy import quantiles, window_points

from casemix_risk.figure_style import PALETTE, new_figure, save_figure

HERE = Path(__file__).parent
ROUNDS = 5
PEER_CELLS, PEER_LIST_SIZES = 20, 1  # of the smallest list size, which is what suits the peers best
CHECKED_CELLS = 50
BOUNDS = {  # milliseconds, and what the job is
    "variation 1200": (1, "CV of 2,800 cells, 1,200 lines"),
    "quantiles 1200": (20, "the same with 9 quantiles each"),
    "quantiles 2860": (250, "40,000 cells x 9 quantiles, 2,860 lines"),
    "shock": (20, "60 Negative Binomial lines, a 5 % shock, one cell x 9"),
}
OURS = "casemix-risk"


def peers() -> dict[str, str]:
    """The Python of each peer's environment."""
    apart = {name: HERE / "environments" / name / "bin" / "python" for name in ("aggregate", "gemact")}
    return {"numpy": sys.executable} | {name: str(path) for name, path in apart.items()}


def run(python: str, program: str, *arguments: object) -> dict:
    """What a program says of itself; its answer is the last line."""
    command = [python, str(HERE / program), *map(str, arguments)]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    finished = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(finished.stdout.splitlines()[-1])


def measure() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every program in turn, five times over.

    Returns:
        Our jobs (one row a round: job, first_ms, median_ms, peak_mb), and cells (program, lines,
        milliseconds, peak_mb, the largest difference from the numpy quantiles in GBP).
    """
    jobs, timed = [], []
    picked = {lines: cells(lines, PEER_CELLS, PEER_LIST_SIZES) for lines in PROBLEMS}
    for turn in range(ROUNDS):
        print(f"round {turn + 1} of {ROUNDS}", flush=True)
        for job in BOUNDS:
            said = run(sys.executable, "with_casemix_risk.py", job)
            first, *others = (1e3 * value for value in said["seconds"])
            jobs.append((job, first, median(others), said["peak_mb"]))
        for lines, numbers in picked.items():
            some = numbers[turn::ROUNDS]
            ours = run(sys.executable, "with_casemix_risk.py", f"quantiles {lines}", *some)
            each = 1e3 * median(ours["seconds"][1:]) / (PROBLEMS[lines].rules * len(LIST_SIZES))
            said = {name: run(python, f"with_{name}.py", lines, *some) for name, python in peers().items()}
            exact = np.array(said["numpy"]["quantiles"])
            timed.append((OURS, lines, each, ours["peak_mb"], np.abs(in_pounds(ours) - exact).max()))
            for name, answer in said.items():
                off = np.abs(np.array(answer["quantiles"]) - exact).max()
                peak_mb = answer["peak_mb"]
                timed += [(name, lines, 1e3 * value, peak_mb, off) for value in answer["seconds"]]
    return (
        pd.DataFrame(jobs, columns=["job", "first_ms", "median_ms", "peak_mb"]),
        pd.DataFrame(timed, columns=["program", "lines", "milliseconds", "peak_mb", "off_gbp"]),
    )


def in_pounds(said: dict) -> np.ndarray:
    """The pounds at which the stairs of the law reach a probability, from the curve through their middle."""
    return np.ceil(np.round(np.array(said["quantiles"]) - 0.5, 6))


def largest_differences() -> dict[str, float]:
    """GBP between our quantiles and an FFT's, on random cells of every list size and under the shock."""
    found = {}
    for lines, problem in PROBLEMS.items():
        some = cells(lines, CHECKED_CELLS, len(LIST_SIZES))
        exact = run(sys.executable, "with_numpy.py", lines, *some)["quantiles"]
        ours = run(sys.executable, "with_casemix_risk.py", f"quantiles {lines}", *some)
        size = f"{CHECKED_CELLS} random cells of {problem.rules * len(LIST_SIZES):,}, {lines:,} lines"
        found[size] = np.abs(in_pounds(ours) - exact).max()
    ours = run(sys.executable, "with_casemix_risk.py", "shock")
    found["the shocked Negative Binomial cell"] = np.abs(in_pounds(ours) - shocked_fft()).max()
    return found


def shocked_fft() -> np.ndarray:
    """The shocked cell's quantiles from one FFT."""
    volume, price, factor = clustered_lines()
    mean = HEADS * volume
    total = (mean * price).sum()
    points = window_points((mean * factor * price**2).sum() + SHOCK * total**2)
    turns = -2j * np.pi / points * np.arange(points // 2 + 1)
    exponent = sum(
        -expected / (d - 1) * np.log1p(-(d - 1) * np.expm1(turns * amount))
        for expected, amount, d in zip(mean, price, factor, strict=True)
    )
    return quantiles(-np.log1p(-SHOCK * exponent) / SHOCK, total, points)


def jobs_table(jobs: pd.DataFrame) -> str:
    """Each job's medians over the rounds beside its bound."""
    rows = ["| job | first call | median | wanted | peak memory |", "|---|---|---|---|---|"]
    for job, (bound, name) in BOUNDS.items():
        first, usual, peak_mb = jobs.loc[jobs["job"] == job, ["first_ms", "median_ms", "peak_mb"]].median()
        rows.append(f"| {name} | {first:,.0f} ms | {usual:,.2f} ms | under {bound} ms | {peak_mb:,.0f} MB |")
    return "\n".join(rows)


def peers_table(timed: pd.DataFrame) -> str:
    """Each program's median a cell, beside ours."""
    rows = [
        "| lines | program | a cell x 9 quantiles | times ours | all cells | peak memory | off by at most |",
        "|---|---|---|---|---|---|---|",
    ]
    for lines, problem in PROBLEMS.items():
        of_lines = timed[timed["lines"] == lines].groupby("program", sort=False)
        usual, most = of_lines[["milliseconds", "peak_mb"]].median(), of_lines["off_gbp"].max()
        for name, (milliseconds, peak_mb) in usual.iterrows():
            whole = duration(milliseconds / 1e3 * problem.rules * len(LIST_SIZES))
            rows.append(
                f"| {lines:,} | {name} | {milliseconds:,.{0 if milliseconds > 100 else 4}f} ms "
                f"| {milliseconds / usual.loc[OURS, 'milliseconds']:,.0f} "
                f"| {whole if name == OURS else f'at least {whole} (extrapolated)'} | {peak_mb:,.0f} MB "
                f"| {'the measure' if name == 'numpy' else f'GBP {most[name]:g}'} |"
            )
    return "\n".join(rows)


def duration(seconds: float) -> str:
    """In the unit that suits it."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{1e3 * seconds:,.0f} ms"


def simulators_table() -> str:
    """Simulated years a second beside numpy's Poisson draws."""
    rows = ["| 1,200 lines | ours, years a second | numpy | ratio |", "|---|---|---|---|"]
    for heads in (10_000, 100_000):
        ours, peer = run(sys.executable, "simulators.py", heads)
        rows.append(f"| {heads:,} heads | {ours:,.0f} | {peer:,.0f} | {ours / peer:,.0f} |")
    return "\n".join(rows)


def draw(timed: pd.DataFrame) -> None:
    """Time and memory of each program, as bars."""
    figure, (times, memory) = new_figure(9.0, 3.6, ncols=2, sharey=True)
    names = list(dict.fromkeys(timed["program"]))
    for number, (lines, rows) in enumerate(timed.groupby("lines")):
        usual = rows.groupby("program")[["milliseconds", "peak_mb"]].median().loc[names]
        places = np.arange(len(names)) + 0.38 * (number - 0.5)
        for axes, column in ((times, "milliseconds"), (memory, "peak_mb")):
            axes.barh(places, usual[column], 0.36, color=PALETTE[number], label=f"{lines:,} lines")
    times.set(xscale="log", title="Nine exact quantiles of a budget", xlabel="milliseconds a cell, log scale")
    memory.set(title="Peak memory", xlabel="MB of the whole program")
    times.set_yticks(range(len(names)), names)
    times.invert_yaxis()
    memory.legend(loc="lower right")
    save_figure(figure, [HERE / "results.svg"])


def main() -> None:
    """Run everything and write the page and its figure."""
    jobs, timed = measure()
    found = ", ".join(f"GBP {off:g} on {name}" for name, off in largest_differences().items())
    others = ", ".join(
        f"{name} {run_version(python, name)}" for name, python in peers().items() if python != sys.executable
    )
    sections = [
        "# Benchmarks of the risk engine",
        f"Written by `make benchmark` on {os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}, numpy {version('numpy')}, {others}, each peer in its own "
        f"environment. Every program ran in turn, {ROUNDS} times over; figures are medians. A first call "
        "loads or compiles code and is in no median. Memory is the whole process's, libraries included.",
        jobs_table(jobs),
        f"Largest difference of a quantile from an FFT in steps of GBP 1: {found}.",
        "## Beside other programs",
        "![Time a cell and peak memory of each program, by number of lines](results.svg)",
        peers_table(timed),
        "Ours is the time of the whole grid, which is computed in one pass, over its cells. "
        f"Peers were measured on {PEER_CELLS} random cells of {LIST_SIZES[0]:,.0f} heads each; larger lists "
        "cost them more, so the time of all cells is theirs at least. numpy is one FFT over a window of 25 "
        "standard deviations, written for this benchmark; its quantiles are the measure of the others'.",
        "## Simulator",
        simulators_table(),
    ]
    (HERE / "results.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    draw(timed)


def run_version(python: str, name: str) -> str:
    """The version of a peer in its environment."""
    command = [python, "-c", f"from importlib.metadata import version; print(version({name!r}))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
