"""The rows of a file of hospital episodes as text, batch by batch, with their row numbers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BufferedReader
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from casemix_risk.errors import InputError
from casemix_risk.ingest.layout import Layout, damaged, read_header

BLOCK_BYTES = 2**22
_PARQUET_ROWS = 2**15


def read_rows(path: Path, layout: Layout, block_bytes: int = BLOCK_BYTES) -> Iterator[pl.DataFrame]:
    """Every row of a file, in its order.

    Args:
        path: the file.
        layout: its `casemix_risk.ingest.layout.find_layout`.
        block_bytes: how much text is parsed at a time; more than the longest row.

    Yields:
        ``source_row`` (the first data row is 1; blank lines are no rows), ``ragged`` (the number of fields
        is not the header's; nothing else is known of the row) and a text column for each used position of the
        file, named after it (``"0"``, ``"1"``...).

    Raises:
        InputError: the file is damaged, is not UTF-8, has an unclosed quote, or keeps EPIKEY as a decimal
            number.
    """
    read = _parquet_rows if layout.delimiter is None else _text_rows
    try:
        yield from _one_ahead(read(path, layout, block_bytes))
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        # The parser's own text can hold a row's value; only its kind is told.
        mixed = "invalid UTF8" in str(error)
        raise InputError(
            f"{path} mixes text encodings, some rows are not UTF-8: save all of it as UTF-8 or as Parquet."
            if mixed
            else f"{path} cannot be read as a table (an open quote or a row too long): "
            "save it again as text with its quotes closed, or as Parquet."
        ) from None
    except OSError:
        raise damaged(path) from None


def data_lines(path: Path | str) -> int:
    """Rows of a file counted without parsing it: lines that are not blank, but for the header."""
    layout = read_header(Path(path))
    if layout.delimiter is None:
        return pq.read_metadata(path).num_rows
    with pa.input_stream(path, compression=layout.compression) as stream:
        return sum(1 for line in BufferedReader(stream, BLOCK_BYTES) if line.strip()) - 1


def _one_ahead(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same batches, the next one being read on another thread while its predecessor is worked on."""
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(next, batches, None)
        while (batch := reading.result()) is not None:
            reading = reader.submit(next, batches, None)
            yield batch


def used_positions(layout: Layout) -> list[int]:
    """Positions in the file of the columns that are read."""
    return sorted({position for positions in layout.columns.values() for position in positions})


def _text_rows(path: Path, layout: Layout, block_bytes: int) -> Iterator[pl.DataFrame]:
    ragged: list[int] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        if "\n" in row.text.rstrip("\r\n"):
            return "error"  # an open quote has swallowed the rows that follow
        ragged.append(row.number - layout.header_rows)
        return "skip"

    names = [str(position) for position in range(len(layout.headings))]
    used = [str(position) for position in used_positions(layout)]
    next_row = 1
    with pa.input_stream(path, compression=layout.compression) as stream:
        batches = pyarrow.csv.open_csv(
            stream,
            # Without threads the parser knows a ragged row's number, and calls `skip` before its batch comes.
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=block_bytes,
                skip_rows=layout.header_rows,
                column_names=names,
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=skip),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=used, column_types=dict.fromkeys(names, pa.string())
            ),
        )
        for batch in batches:
            if batch.num_rows:
                rows = _with_ragged(pl.from_arrow(batch), next_row, ragged)
                next_row += rows.height
                del ragged[: rows.height - batch.num_rows]
                yield rows
    if ragged:
        yield _ragged_rows(ragged, used)


def _with_ragged(rows: pl.DataFrame, next_row: int, ragged: list[int]) -> pl.DataFrame:
    """The rows numbered from `next_row` on, with the ragged ones that stand before the last of them."""
    numbers = np.arange(next_row, next_row + rows.height + len(ragged))
    numbers = numbers[np.isin(numbers, ragged, invert=True)][: rows.height]
    numbered = rows.select(pl.Series("source_row", numbers), pl.lit(False).alias("ragged"), pl.all())
    between = [row for row in ragged if row < numbers[-1]]
    if not between:
        return numbered
    return pl.concat([numbered, _ragged_rows(between, rows.columns)]).sort("source_row")


def _ragged_rows(numbers: list[int], names: list[str]) -> pl.DataFrame:
    unknown = {name: pl.lit(None, pl.String) for name in names}
    return pl.DataFrame({"source_row": numbers}).with_columns(ragged=True, **unknown)


def _parquet_rows(path: Path, layout: Layout, _block_bytes: int) -> Iterator[pl.DataFrame]:
    positions = used_positions(layout)
    headings = [layout.headings[position] for position in positions]
    next_row = 1
    with pq.ParquetFile(path) as file:
        epikey = layout.headings[layout.columns["epikey"][0]]
        if pa.types.is_floating(file.schema_arrow.field(epikey).type):
            raise InputError(f"{path} keeps {epikey} as a decimal number, which rounds it: write it as text.")
        for batch in file.iter_batches(_PARQUET_ROWS, columns=headings):
            frame = pl.from_arrow(batch)
            rows = frame.select(
                pl.int_range(next_row, next_row + pl.len(), dtype=pl.Int64).alias("source_row"),
                pl.lit(False).alias("ragged"),
                *(
                    _as_text(frame[heading]).alias(str(position))
                    for position, heading in zip(positions, headings, strict=True)
                ),
            )
            next_row += rows.height
            yield rows


def _as_text(values: pl.Series) -> pl.Series:
    """A typed column as a text file would write it; pandas keeps whole numbers with gaps as floats."""
    if values.dtype.is_float():
        values = values.cast(pl.Int64, strict=False)
    if values.dtype == pl.Datetime:
        values = values.dt.date()
    return values.cast(pl.String)
