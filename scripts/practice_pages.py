"""From the comparison of a district to a page on each of its practices."""

from pathlib import Path

from casemix_risk.audit.tables import read_table
from casemix_risk.practices.pages import practice_pages
from job import run


def main(snakemake) -> None:
    files = snakemake.input
    page = practice_pages(
        run=snakemake.params.settings["run"],
        **{name: read_table(files[name]) for name in ("ratios", "coding", "prevalence", "drivers", "risk")},
        templates={Path(path).name: Path(path).read_text(encoding="utf-8") for path in files.templates},
    )
    Path(snakemake.output.pages).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
