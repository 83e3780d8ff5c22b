"""From the register, the profile and the episodes of all years to what the comparison of practices counts."""

import polars as pl

from casemix_risk.practices.counts import practice_counts
from casemix_risk.practices.profile import read_profile
from casemix_risk.practices.register import read_people
from job import row_groups, run, write


def main(snakemake) -> None:
    files = snakemake.input
    people = read_people(files.register)
    write(snakemake, "practice_people", people.to_arrow())
    profile = read_profile(files.profile, people["practice"].unique())
    write(snakemake, "practice_profile", profile.to_arrow())
    years = snakemake.params.settings["years"]
    episodes = {
        year: map(pl.from_arrow, row_groups(path)) for year, path in zip(years, files.episodes, strict=True)
    }
    counted = practice_counts(episodes, people, pl.read_parquet(files.prices))
    write(snakemake, "practice_counts", counted.practice_counts.to_arrow())
    write(snakemake, "practice_waterfall", counted.practice_waterfall.to_arrow())


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
