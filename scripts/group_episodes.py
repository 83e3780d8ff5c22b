"""From one year's cleaned episodes to the HRGs that are used, made from codes where that is asked for."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from casemix_risk.audit.tables import read_table
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions, set_label
from casemix_risk.group.year import Quality, added, grouping, line_counts, regrouped_waterfall, with_hrgs
from job import progress, row_groups, run, write


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    definitions = read_definitions(Path(files.definitions[0]).parent)
    counts: list[Quality] = []
    tell = progress(snakemake, "episodes grouped")
    episodes = map(pl.from_arrow, row_groups(files.episodes))
    batches = grouping(episodes, compile_definitions(definitions), settings["grouper"], counts)
    write(snakemake, "grouping", _told(batches, tell))
    found = added(counts)
    words = set_label(definitions)
    write(snakemake, "grouping_quality", found.quality.with_columns(definitions=pl.lit(words)).to_pandas())
    write(snakemake, "given_and_derived", found.given_and_derived.to_pandas())
    grouped = snakemake.output.grouping
    write(snakemake, "episodes", (kept.to_arrow() for kept, _ in _pairs(files.episodes, grouped)))
    new = pl.concat(left_out for _, left_out in _pairs(files.episodes, grouped))
    excluded = pl.concat([pl.read_parquet(files.excluded), new]).sort("source_row")
    write(snakemake, "excluded", excluded.to_arrow())
    lines = line_counts(_pairs(files.episodes, grouped))
    waterfall = regrouped_waterfall(pl.from_pandas(read_table(files.waterfall)), lines)
    write(snakemake, "waterfall", waterfall.to_pandas())


def _pairs(episodes: str, grouped: str) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for batches in zip(row_groups(episodes), row_groups(grouped), strict=True):
        yield with_hrgs(*map(pl.from_arrow, batches))


def _told(batches: Iterator[pl.DataFrame], tell) -> Iterator:
    rows = 0
    for batch in batches:
        yield batch.to_arrow()
        rows += batch.height
        tell(rows)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
