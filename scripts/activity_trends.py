"""From given and derived HRGs of every year to growth on one version of the definitions."""

from pathlib import Path

from casemix_risk.audit.tables import read_table
from casemix_risk.coding.trend_figures import chapter_growth_figure, hrg_growth_figure
from casemix_risk.coding.trends import activity_trends, rebasing
from casemix_risk.figure_style import save_figure
from casemix_risk.group.definitions import read_definitions
from job import run, write


def main(snakemake) -> None:
    years, files = snakemake.params.settings["years"], snakemake.input
    pairs = dict(zip(years, map(read_table, files.pairs), strict=True))
    definitions = read_definitions(Path(files.definitions[0]).parent)
    trends = activity_trends(pairs, set(definitions.errors["hrg"]))
    write(snakemake, "activity_trends", trends)
    growth = rebasing(trends, read_table(files.prices))
    write(snakemake, "rebasing", growth)
    save_figure(chapter_growth_figure(growth), snakemake.output.chapters_figure)
    save_figure(hrg_growth_figure(growth), snakemake.output.hrgs_figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
