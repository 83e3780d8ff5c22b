"""Measures how often the coding drift monitor errs and what it finds, and writes coding_drift.md."""

from collections.abc import Iterator
from pathlib import Path

from casemix_risk.coding.simulation import Truth, alarm_rates

SEED = 9
RUNS = 100
SAMPLE, TRUST = 700, 50_000  # episodes of a provider and year: the demonstration's, and a real trust's
SHARES = (0.1, 0.2, 0.3)
PAGE = Path(__file__).with_name("coding_drift.md")
INTRODUCTION = [
    "# The coding drift monitor: false alarms and what it finds",
    "",
    "Written by `python benchmarks/coding_drift.py`, which takes about twenty minutes on one core. Each row:",
    f"{RUNS} simulated runs of three years with 150 providers, {RUNS // 2} where there is up-coding",
    f"(`casemix_risk.coding.simulation`, seed {SEED}). Spread is the standard deviation of log depth between",
    "providers, lasting; wander that of what a year departs from it. Up-coding: at two providers, in the",
    "last year, this share of the episodes without a complication whose HRG one can move gets one. A year",
    "has a false alarm where any other provider is marked, high or low, on any measure or kind (with its",
    "standard error over runs). Found: share of the two that are marked high.",
    "",
]
HEAD = [
    "| episodes a provider and year | spread | wander | up-coded | years | years with a false alarm | "
    "providers wrongly marked a year | found | by q up to 5 % instead: false alarms | found |",
    "|---|---|---|---|---|---|---|---|---|---|",
]


def truths() -> Iterator[Truth]:
    """Providers ever more different without up-coding, then up-coding; last at the demonstration's spread."""
    for episodes, spreads in ((SAMPLE, (0.0, 0.05, 0.1)), (TRUST, (0.0, 0.1))):
        yield from (Truth(episodes=episodes, spread=spread) for spread in spreads)
        yield Truth(episodes=episodes, spread=0.1, wander=0.03)
        yield from (Truth(episodes=episodes, spread=0.1, wander=0.03, share=share) for share in SHARES)
    yield from (Truth(episodes=SAMPLE, spread=0.05, share=share) for share in SHARES)


def results() -> Iterator[str]:
    """The rows of the page's table, as they come."""
    for truth in truths():
        runs = RUNS // 2 if truth.share else RUNS
        limits, false_discovery = alarm_rates(truth, SEED, runs).itertuples(index=False)
        cells = [f"{truth.episodes:,}", f"{truth.spread:g}", f"{truth.wander:g}", f"{truth.share:.0%}"]
        cells += [f"{limits.years:,}", f"{limits.false_alarm:.1%} ± {limits.false_alarm_error:.1%}"]
        cells += [f"{limits.false_providers:.3f}", f"{limits.found:.0%}" if truth.share else ""]
        cells += [f"{false_discovery.false_alarm:.1%}", f"{false_discovery.found:.0%}" if truth.share else ""]
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Run everything and write the page."""
    lines = [*INTRODUCTION, *HEAD]
    for line in results():
        print(line, flush=True)
        lines.append(line)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
