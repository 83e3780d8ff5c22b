"""From cleaned episodes, or a national schedule's lines, to activity by year, stay, provider and month."""

import pandas as pd
import polars as pl

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.grouped import check_grouped
from casemix_risk.ingest.schedule import schedule_activity, schedule_stays
from casemix_risk.volumes.activity import activity_tables
from casemix_risk.volumes.activity_figure import activity_figure
from casemix_risk.volumes.seasons import COLUMNS
from casemix_risk.volumes.small_numbers import suppressed
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    paths = dict(zip(settings["years"], snakemake.input.lines, strict=True))
    if settings["source"] == "schedule":
        schedules = {year: read_table(path) for year, path in paths.items()}
        tables = {
            "activity": schedule_activity(schedules),
            "stays": schedule_stays(schedules),
            "providers": pd.DataFrame(columns=["hrg", "admission_type", "provider", "admissions"]),
            "seasons": pd.DataFrame(columns=COLUMNS),
        }
    else:
        for year, path in zip(settings["years"], snakemake.input.waterfalls, strict=True):
            check_grouped(read_table(path), f"The extract of {year}")
        episodes = {year: pl.scan_parquet(path) for year, path in paths.items()}
        tables = activity_tables(episodes, settings["unit"], settings["regular_attenders"])
    if settings["small_numbers"] == "suppress":
        tables["activity"] = suppressed(tables["activity"])
    for name, table in tables.items():
        write(snakemake, name, table)
    save_figure(activity_figure(tables["activity"]), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
