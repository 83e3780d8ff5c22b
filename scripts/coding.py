"""From one year's episodes and their grouping to what coding is worth, and to how each provider codes."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from casemix_risk.coding.cells import coding_cells
from casemix_risk.coding.effects import coding_effects, middle_sized
from casemix_risk.coding.recoding import complication_of
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import read_definitions
from job import progress, row_groups, run, write


def main(snakemake) -> None:
    files = snakemake.input
    definitions = read_definitions(Path(files.definitions[0]).parent)
    compiled, prices = compile_definitions(definitions), pl.read_parquet(files.prices)
    sizes = pl.scan_parquet(files.episodes)
    middle = {column: middle_sized(sizes, column) for column in ("provider", "practice")}
    effects = coding_effects(
        _batches(files, progress(snakemake, "episodes recoded")),
        compiled,
        complication_of(definitions),
        prices,
        {column: code for column, code in middle.items() if code},
        snakemake.params.settings["seed"],
        snakemake.wildcards.year,
    )
    write(snakemake, "coding_effects", effects.coding_effects.to_arrow())
    write(snakemake, "coding_moves", effects.coding_moves.to_arrow())
    cells = coding_cells(_batches(files, progress(snakemake, "episodes counted")), prices, compiled)
    write(snakemake, "coding_cells", cells.to_arrow())


def _batches(files, tell) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    rows = 0
    for batches in zip(row_groups(files.episodes), row_groups(files.grouping), strict=True):
        yield tuple(map(pl.from_arrow, batches))
        rows += batches[0].num_rows
        tell(rows)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
