"""Measures the savings figures, and ways turned down, against true ones; writes practice_savings.md."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from casemix_risk.practices.matched import saving_if_matched
from casemix_risk.practices.savings import TAILS
from casemix_risk.practices.savings_simulation import District, Truth, errors_of_savings, simulated_district
from casemix_risk.statistics.shrinkage import gamma_poisson
from casemix_risk.streams import stream

SEED = 10
RUNS = 1_000
DRAWS = 1_000
SPREADS = (0.0, 0.05, 0.1, 0.15)
BEST = 8
OTHER_BEST = (3, 19)
NO_DIFFERENCE = ((0.07, 1_500), (0.09, 1_800), (0.12, 2_400))  # admissions a head, GBP
PAGE = Path(__file__).with_name("practice_savings.md")
INTRODUCTION = f"""# Savings if all practices matched the best: the figures against the truth

Written by `python benchmarks/practice_savings.py`, which takes about a quarter of an hour on one core.
Each row: {RUNS:,} simulated districts (`casemix_risk.practices.savings_simulation`, seed {SEED}) of 57
practices and 350,000 people with 0.09 emergency admissions a head at GBP 1,800. Spread is the standard
deviation of practices' true ratios, factor the variance over mean of counts by chance, tails the degrees of
freedom of the Student law of true ratios (30: nearly Normal). GBP are millions a year, means over districts.
True, best: if all matched the n that are truly best; true, named: if all matched the n lowest observed
ratios (`next_year`: of the year before). Covers: share of districts whose 95 % interval holds that truth."""
HEAD = [
    "",
    "| spread | factor | tails | n | estimator | saving | interval | true, best | true, named "
    "| covers best | covers named | covers 0 |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
]
WHOLE = ["", "## Not truncated", *HEAD]
TRUNCATED = ["", "## Truncated at zero", *HEAD]
TURNED_DOWN = [
    "",
    "## Ways turned down, n = 8, not truncated",
    "",
    "Resampled: counts Poisson about the observed ones, the best selected anew. Spread as if known: each",
    "ratio from its Gamma law given the most likely mean and variance, the best selected anew. Bias taken",
    "off: the naive figure less what it exceeds the truth by in districts drawn from that law.",
    "",
    "| spread | way | saving | interval | true, best | covers best |",
    "|---|---|---|---|---|---|",
]
NAIVE = [
    "",
    "## The naive figure where no practice differs, n = 8",
    "",
    "| admissions a head | GBP an admission | naive saving | 2.5 to 97.5 % of districts |",
    "|---|---|---|---|",
]


def truths() -> Iterator[tuple[Truth, tuple[int, ...]]]:
    """Truths, and numbers of best practices to show."""
    yield from ((Truth(spread), (OTHER_BEST[0], BEST, OTHER_BEST[1])) for spread in SPREADS)
    yield from ((Truth(spread, factor=1.5), (BEST,)) for spread in SPREADS)
    yield Truth(0.1, freedom=4), (BEST,)


def measured() -> tuple[list[str], list[str]]:
    """Rows of the four estimators, not truncated and truncated."""
    lines: tuple[list[str], list[str]] = [], []
    for truth, numbers in truths():
        rows = errors_of_savings(truth, SEED, RUNS)
        shown = rows["best"].isin(numbers) & (~rows["truncated"] | (rows["best"] == BEST))
        for row in rows[shown].sort_values(["best", "estimator"]).itertuples():
            cells = [
                f"{truth.spread:g}",
                f"{truth.factor:g}",
                f"{truth.freedom}",
                f"{row.best}",
                row.estimator,
            ]
            cells += [f"{row.saving_gbp / 1e6:.2f}", interval(row.lower_gbp, row.upper_gbp)]
            cells += [f"{row.true_best / 1e6:.2f}", f"{row.true_named / 1e6:.2f}"]
            cells += [f"{row.covers_best:.1%}", f"{row.covers_named:.1%}", f"{row.covers_zero:.1%}"]
            lines[row.truncated].append(f"| {' | '.join(cells)} |")
            print(lines[row.truncated][-1], flush=True)
    return lines


def interval(lower: float, upper: float) -> str:
    """Ends in millions."""
    return f"{lower / 1e6:.2f} to {upper / 1e6:.2f}"


def turned_down() -> Iterator[str]:
    """Rows of the ways turned down."""
    for truth in map(Truth, SPREADS):
        found = np.array(
            [
                other_ways(simulated_district(truth, SEED, run), stream(SEED, "turned down", run))
                for run in range(RUNS)
            ]
        )
        for place, way in enumerate(("resampled", "spread as if known", "bias taken off")):
            saving, lower, upper, true = found[:, place].T
            covers = ((lower <= true + 0.01) & (upper >= true - 0.01)).mean()
            cells = [f"{truth.spread:g}", way, f"{saving.mean() / 1e6:.2f}"]
            cells += [interval(lower.mean(), upper.mean()), f"{true.mean() / 1e6:.2f}", f"{covers:.1%}"]
            yield f"| {' | '.join(cells)} |"


def other_ways(district: District, generator: np.random.Generator) -> list[tuple[float, ...]]:
    """Saving, ends of its interval, and the true saving, of each way turned down."""
    year = district.year
    alpha, beta = gamma_poisson(year.observed, year.expected)
    shape = (DRAWS, len(year.observed))

    def anew(ratio: np.ndarray) -> np.ndarray:
        return saving_if_matched(ratio, np.argsort(ratio, axis=1), np.array([BEST]), year)[0, :, 0]

    resampled = anew(generator.poisson(year.observed, shape) / year.expected)
    known = anew(generator.gamma(year.observed + alpha, size=shape) / (year.expected + beta))
    ratio = generator.gamma(alpha, 1 / beta, shape)
    error = anew(generator.poisson(ratio * year.expected) / year.expected) - anew(ratio)
    naive, true = anew(np.stack([year.observed / year.expected, district.ratio]))
    return [
        (values.mean(), *np.quantile(values, TAILS), true) for values in (resampled, known, naive - error)
    ]


def naive_without_differences() -> Iterator[str]:
    """Rows of the naive figure by admissions a head and their cost."""
    for admissions, gbp in NO_DIFFERENCE:
        truth = Truth(0.0, admissions_per_head=admissions, gbp=gbp)
        found = []
        for run in range(RUNS):
            year = simulated_district(truth, SEED, run).year
            ratio = (year.observed / year.expected)[None]
            found.append(saving_if_matched(ratio, np.argsort(ratio), np.array([BEST]), year)[0, 0, 0])
        ends = interval(*np.quantile(found, TAILS))
        yield f"| {admissions:g} | {gbp:,} | {np.mean(found) / 1e6:.2f} | {ends} |"


def main() -> None:
    """Run everything and write the page."""
    others, naive = list(turned_down()), list(naive_without_differences())
    print(*others, *naive, sep="\n", flush=True)
    whole, truncated = measured()
    lines = [INTRODUCTION, *WHOLE, *whole, *TRUNCATED, *truncated, *TURNED_DOWN, *others, *NAIVE, *naive]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
