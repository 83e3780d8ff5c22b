"""From cleaned episodes, or the lines of a national schedule, to activity per line and year."""

import polars as pl

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.grouped import check_grouped
from casemix_risk.ingest.schedule import schedule_activity
from casemix_risk.volumes.activity import activity
from casemix_risk.volumes.activity_figure import activity_figure
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    paths = dict(zip(settings["years"], snakemake.input.lines, strict=True))
    if settings["source"] == "schedule":
        lines = schedule_activity({year: read_table(path) for year, path in paths.items()})
    else:
        for year, path in zip(settings["years"], snakemake.input.waterfalls, strict=True):
            check_grouped(read_table(path), f"The extract of {year}")
        episodes = {year: pl.scan_parquet(path) for year, path in paths.items()}
        lines = activity(episodes, settings["unit"], settings["regular_attenders"])
    write(snakemake, "activity", lines)
    save_figure(activity_figure(lines), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
