"""Times the comparison of a nation's practices, and writes its part of results.md."""

import os
import sys

from nation import PEOPLE, PRACTICES, YEARS
from run import HERE, run

HEADING = "## Practices compared"
MOST_SECONDS, MOST_MB = 60, 2_000
STEPS = {
    "expected": "expected, four steps, admissions and cost",
    "ratios": "ratios, funnel, shrinkage, false discovery",
    "change": "change from year to year",
    "ladder": "the ladder, two halves",
    "savings": "savings, 1,000 draws",
    "prevalence": "recorded and expected prevalence",
    "association": "association with coding and survey",
}


def results_section(said: dict) -> str:
    """The section of the page, from what the program said."""
    rows = ["| step | seconds |", "|---|---|"]
    rows += [f"| {words} | {said['seconds'][step]:.1f} |" for step, words in STEPS.items()]
    rows.append(f"| **all** | **{sum(said['seconds'].values()):.1f}** (wanted: under {MOST_SECONDS}) |")
    return "\n\n".join(
        [
            HEADING,
            f"Written by `python benchmarks/practices.py` on {os.cpu_count()} cores: {PRACTICES:,} "
            f"practices, {PEOPLE:,} people, {len(YEARS)} years, {said['rows']:,} cells of practice, year, "
            "sex, age and earlier diagnoses, drawn with true effects. Peak memory of the process, with the "
            f"tables that it starts from and the libraries: {said['peak_mb']:,.0f} MB (wanted: under "
            f"{MOST_MB:,}). Counting the cells from episodes is a job of its own, which streams.",
            "\n".join(rows),
        ]
    )


def main() -> None:
    """Run it and write the section, which ends the page."""
    page = HERE / "results.md"
    before = page.read_text(encoding="utf-8").split(HEADING)[0].rstrip()
    section = results_section(run(sys.executable, "with_practices.py"))
    page.write_text(f"{before}\n\n{section}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
