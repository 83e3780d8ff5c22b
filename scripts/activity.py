"""From cleaned episodes to admissions per line and year."""

import polars as pl

from casemix_risk.figure_style import save_figure
from casemix_risk.volumes.activity import activity
from casemix_risk.volumes.figures import activity_figure
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    episodes = {
        year: pl.scan_parquet(path)
        for year, path in zip(settings["years"], snakemake.input.episodes, strict=True)
    }
    lines = activity(episodes, settings["unit"], settings["regular_attenders"])
    write(snakemake, "activity", lines)
    save_figure(activity_figure(lines), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
