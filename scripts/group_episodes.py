"""From one year's cleaned episodes to the HRGs that are used, made from codes where that is asked for."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from casemix_risk.audit.tables import read_table
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions, set_label
from casemix_risk.group.year import Quality, added, grouping, line_counts, regrouped_waterfall, with_hrgs
from job import progress, run, write


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    definitions = read_definitions(Path(files.definitions[0]).parent)
    counts: list[Quality] = []
    tell = progress(snakemake, "episodes grouped")
    batches = grouping(
        _batches(files.episodes), compile_definitions(definitions), settings["grouper"], counts
    )
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


def _batches(path: str) -> Iterator[pl.DataFrame]:
    """Row groups of a table, one at a time."""
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        yield pl.from_arrow(file.read_row_group(number))


def _pairs(episodes: str, grouped: str) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for batch, of_batch in zip(_batches(episodes), _batches(grouped), strict=True):
        yield with_hrgs(batch, of_batch)


def _told(batches: Iterator[pl.DataFrame], tell) -> Iterator:
    rows = 0
    for batch in batches:
        yield batch.to_arrow()
        rows += batch.height
        tell(rows)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
