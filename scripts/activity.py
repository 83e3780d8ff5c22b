"""From cleaned episodes to admissions per line and year."""

import polars as pl
from casemix_risk.volumes.activity import activity

from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    episodes = {
        year: pl.scan_parquet(path)
        for year, path in zip(settings["years"], snakemake.input.episodes, strict=True)
    }
    write(snakemake, "activity", activity(episodes, settings["unit"], settings["regular_attenders"]))


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
