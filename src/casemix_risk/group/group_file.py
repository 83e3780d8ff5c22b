"""A file in the national grouper's layout, grouped: its tables as CSV and Parquet, all of them or none."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import Definitions
from casemix_risk.group.engine import RESULT, group_records
from casemix_risk.group.grouping_summary import (
    Counts,
    episode_counts,
    quality_counts,
    spell_counts,
    summary_table,
)
from casemix_risk.group.national_files import rdf_batches
from casemix_risk.group.national_tables import fce_table, spell_table, unbundled_table
from casemix_risk.group.quality import episode_quality, quality_table, spell_quality, unknown_codes_table
from casemix_risk.group.spells import group_spells
from casemix_risk.group.whole_folder import whole_folder

# A spell's episodes may stand anywhere in a file: they are sorted into parts, each of about this much of the
# text, and one part's spells are put together at a time.
_PART_BYTES = 2**27
_UNPACKED = 8  # bytes of text to a byte of a compressed file, about

Write = Callable[[pl.DataFrame], None]


def group_file(
    path: Path, rdf: Path, output: Path, definitions: Definitions, progress: Callable[[int], None]
) -> pl.DataFrame:
    """Group every row of a file, and write what came of it.

    Args:
        path: comma separated file with or without a header, plain or compressed (gzip, zstd).
        rdf: its record definition file.
        output: new or empty folder; gets ``NAME_FCE``, ``NAME_spell``, ``NAME_quality_rel``, ``NAME_ub_rel``,
            ``NAME_unknown_codes`` and ``NAME_summary``, each as .csv and .parquet; NAME is the file's.
        definitions: those to group by; their label stands in every row written.
        progress: told after every batch how many rows are done.

    Returns:
        Table ``summary``.

    Raises:
        InputError: the RDF or the file cannot be read, or the folder is not empty; nothing is left behind.
    """
    compiled = compile_definitions(definitions)
    label = definitions.manifest["label"]
    parts = 1 + path.stat().st_size * (1 if path.suffix in (".csv", ".txt") else _UNPACKED) // _PART_BYTES
    counts: Counts = Counter()
    quality: list[pl.DataFrame] = []
    with whole_folder(output) as folder, ExitStack() as temporary:
        beginning = folder / path.name.split(".")[0]
        part_files = [folder / f".part_{part}" for part in range(parts)]
        for file in part_files:
            temporary.callback(file.unlink, missing_ok=True)
        with ExitStack() as files:
            write_fce, write_unbundled = (
                files.enter_context(_table_writer(beginning, name, label)) for name in ("FCE", "ub_rel")
            )
            write_part = [files.enter_context(_parquet_writer(file)) for file in part_files]
            for batch in rdf_batches(path, rdf):
                grouped = group_records(batch.records, compiled)
                write_fce(fce_table(batch, grouped))
                write_unbundled(unbundled_table(batch.records, grouped))
                quality.append(episode_quality(batch, grouped, definitions.errors))
                counts.update(episode_counts(batch.records, grouped))
                both = pl.concat([batch.records, grouped], how="horizontal")
                place = pl.struct("provider", "spell").hash() % parts
                for part, write in enumerate(write_part):
                    write(both.filter(place == part))
                progress(batch.records["row"][-1])
        spells = []
        for file in part_files:
            both = pl.read_parquet(file)
            grouped_spells = group_spells(both.select(*RESULT), both, compiled)
            spells.append(spell_table(grouped_spells, both))
            quality.append(spell_quality(grouped_spells, definitions.errors))
            counts.update(spell_counts(grouped_spells))
        told = quality_table(quality)
        counts.update(quality_counts(told))
        summary = summary_table(definitions, counts)
        for name, table in (
            ("spell", pl.concat(spells).sort("RowNo")),
            ("quality_rel", told),
            ("unknown_codes", unknown_codes_table(told)),
            ("summary", summary),
        ):
            with _table_writer(beginning, name, label) as write:
                write(table)
    return summary


@contextmanager
def _table_writer(beginning: Path, name: str, label: str) -> Iterator[Write]:
    """Give a function that adds rows to the CSV and the Parquet file of a table, the label beside each."""
    path = beginning.with_name(f"{beginning.name}_{name}")
    with (
        path.with_suffix(".csv").open("wb") as csv_file,
        _parquet_writer(path.with_suffix(".parquet")) as write_parquet,
    ):

        def write(rows: pl.DataFrame) -> None:
            labelled = rows.with_columns(DefinitionSet=pl.lit(label))
            labelled.write_csv(csv_file, include_header=csv_file.tell() == 0)
            write_parquet(labelled)

        yield write


@contextmanager
def _parquet_writer(path: Path) -> Iterator[Write]:
    """Give a function that adds rows to a Parquet file; the first ones give it its columns."""
    with ExitStack() as open_file:
        writer: list[pq.ParquetWriter] = []

        def write(rows: pl.DataFrame) -> None:
            table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
            if not writer:
                writer.append(
                    open_file.enter_context(pq.ParquetWriter(path, table.schema, compression="zstd"))
                )
            writer[0].write_table(table)

        yield write
