"""A hash of what a table says, whatever file, row groups or column order it is stored in."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class ContentHash:
    """SHA-256 over a table's canonical values, fed batch by batch.

    Each column has three digests: which values are missing, the bytes of the values, and the lengths of
    texts. The hash of the table is taken over (name, type, digests) of the columns sorted by name, so that
    neither row groups nor column order matter, while every value, its row and its type do.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._digests = {
            field.name: (str(field.type), hashlib.sha256(), hashlib.sha256(), hashlib.sha256())
            for field in schema
        }

    def update(self, batch: pa.Table | pa.RecordBatch) -> None:
        """Add rows; only their order counts, not how they are split into batches."""
        for name, (_, missing, values, lengths) in self._digests.items():
            column = batch.column(name)
            missing.update(_to_numpy(pc.is_null(column), np.uint8))
            if pa.types.is_string(column.type):
                text = pc.fill_null(column, "")
                lengths.update(_to_numpy(pc.binary_length(text), np.dtype("<i4")))
                values.update(_concatenated_text(text))
            else:
                values.update(_canonical_numbers(column))

    def hexdigest(self) -> str:
        """The hash as 64 hexadecimal digits."""
        whole = hashlib.sha256()
        for name, (kind, *digests) in sorted(self._digests.items()):
            whole.update(f"{name}\x1f{kind}\x1f".encode())
            for digest in digests:
                whole.update(digest.digest())
        return whole.hexdigest()


def table_hash(table: pa.Table) -> str:
    """The content hash of a whole table."""
    content = ContentHash(table.schema)
    content.update(table)
    return content.hexdigest()


def file_hash(path: Path | str) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_numpy(column: pa.ChunkedArray | pa.Array, kind: np.dtype | type) -> np.ndarray:
    return np.ascontiguousarray(column.to_numpy(zero_copy_only=False), dtype=kind)


def _canonical_numbers(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    if pa.types.is_floating(column.type):
        filled = _to_numpy(pc.fill_null(column, 0.0), np.dtype("<f8"))
        return np.where(np.isnan(filled), np.nan, filled + 0.0)  # one NaN, and no negative zero
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    return _to_numpy(pc.fill_null(column.cast(pa.int64()), 0), np.dtype("<i8"))


def _concatenated_text(column: pa.ChunkedArray | pa.Array) -> bytes:
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = []
    for chunk in chunks:
        if len(chunk):
            _, offsets, data = chunk.buffers()
            bounds = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
            parts.append(data[int(bounds[0]) : int(bounds[-1])].to_pybytes() if data else b"")
    return b"".join(parts)
