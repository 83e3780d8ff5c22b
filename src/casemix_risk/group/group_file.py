"""A file in the national grouper's layout, grouped: its tables as CSV and Parquet, all of them or none."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow.parquet as pq

from casemix_risk.group.compiled import Compiled, compile_definitions
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
_PART_BYTES = 2**26
_UNPACKED = 8  # bytes of text to a byte of a compressed file, about
_ROWS_AT_A_TIME = 2**17

Write = Callable[[pl.DataFrame], None]
_TABLES = ("FCE", "spell", "quality_rel", "ub_rel", "unknown_codes", "summary")


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
    name, label = path.name.split(".")[0], definitions.manifest["label"]
    packed = path.suffix.lower() not in (".csv", ".txt")
    counts: Counts = Counter()
    quality: list[pl.DataFrame] = []
    with whole_folder(output) as folder, TemporaryDirectory(dir=folder) as workdir, ExitStack() as files:
        write = {
            table: files.enter_context(_table_writer(folder / f"{name}_{table}", label)) for table in _TABLES
        }
        parts = [
            Path(workdir) / f"{part}"
            for part in range(1 + path.stat().st_size * (_UNPACKED if packed else 1) // _PART_BYTES)
        ]
        rows = 0
        with ExitStack() as part_files:
            write_parts = [part_files.enter_context(_parquet_writer(part)) for part in parts]
            for batch in rdf_batches(path, rdf):
                grouped = group_records(batch.records, compiled)
                write["FCE"](fce_table(batch, grouped))
                write["ub_rel"](unbundled_table(batch.records, grouped))
                quality.append(episode_quality(batch, grouped, definitions.errors))
                counts.update(episode_counts(batch.records, grouped))
                _share_out(pl.concat([batch.records, grouped], how="horizontal"), write_parts)
                rows = batch.records["row"][-1]
                progress(rows)
        parts = [part for part in parts if pq.read_metadata(part).num_rows]
        for part in parts:
            spells = _group_part(part, compiled)
            quality.append(spell_quality(spells, definitions.errors))
            counts.update(spell_counts(spells))
        for spells in _in_order([_spells_of(part) for part in parts], rows):
            write["spell"](spells)
        told = quality_table(quality)
        counts.update(quality_counts(told))
        write["quality_rel"](told)
        write["unknown_codes"](unknown_codes_table(told))
        summary = summary_table(definitions, counts)
        write["summary"](summary)
    return summary


def _share_out(both: pl.DataFrame, write_parts: list[Write]) -> None:
    """Write records to parts, those of a spell to the same."""
    place = pl.struct("provider", "spell").hash() % len(write_parts)
    for part, write in enumerate(write_parts):
        write(both.filter(place == part))


def _group_part(part: Path, compiled: Compiled) -> pl.DataFrame:
    """Group the spells of a part, and keep their table beside it."""
    both = pl.read_parquet(part)
    spells = group_spells(both.select(*RESULT), both, compiled)
    spell_table(spells, both).write_parquet(_spells_of(part), row_group_size=_ROWS_AT_A_TIME)
    return spells


def _spells_of(part: Path) -> Path:
    return part.with_suffix(".spells")


def _in_order(spell_files: list[Path], rows: int) -> Iterator[pl.DataFrame]:
    """The spells of all parts by the row that they begin in, some at a time."""
    spells = pl.scan_parquet(spell_files)
    for first in range(1, rows + 1, _ROWS_AT_A_TIME):
        here = pl.col("RowNo").is_between(first, first + _ROWS_AT_A_TIME - 1)
        yield spells.filter(here).sort("RowNo").collect()


@contextmanager
def _table_writer(path: Path, label: str) -> Iterator[Write]:
    """Give a function that adds rows to the CSV and the Parquet file of a table, the label beside each."""
    with (
        path.with_suffix(".csv").open("wb") as csv_file,
        _parquet_writer(path.with_suffix(".parquet")) as write_parquet,
    ):

        def write(rows: pl.DataFrame) -> None:
            # A table without rows is written too, for its header.
            for first in range(0, max(rows.height, 1), _ROWS_AT_A_TIME):
                labelled = rows.slice(first, _ROWS_AT_A_TIME).with_columns(
                    pl.col(pl.Categorical).cast(pl.String), DefinitionSet=pl.lit(label)
                )
                # Nothing between two commas, where an empty text would be a pair of quotes.
                cells = labelled.with_columns(pl.col(pl.String).replace("", None))
                cells.write_csv(csv_file, include_header=csv_file.tell() == 0)
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
                file = pq.ParquetWriter(path, table.schema, compression="zstd")
                writer.append(open_file.enter_context(file))
            writer[0].write_table(table)

        yield write
