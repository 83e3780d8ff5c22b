"""The texts of a chunk's codes as whole numbers: each code that differs is looked up once."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from casemix_risk.group.codes import KINDS_OF_CHANGE, Code

_BITS_A_KIND = 16  # of a record's count of changes of a kind


class Encoded(NamedTuple):
    """The codes of a chunk's records in one column.

    Attributes:
        ids: each code's place in `codes`, record after record.
        offsets: where each record's begin; one more than records.
        codes: the chunk's different codes, normalised; "" where a code is missing.
        changes: for each record, its changed codes of each kind in 16 bits, see `changes_text`.
    """

    ids: np.ndarray
    offsets: np.ndarray
    codes: list[str]
    changes: np.ndarray


def encode(texts: pl.Series, normalise: Callable[[str], Code]) -> Encoded:
    """Split texts at spaces and number their codes.

    Args:
        texts: codes with a space between; null is none.
        normalise: of a code's text.
    """
    lists = pc.split_pattern(pc.fill_null(texts.cast(pl.String).to_arrow(), ""), " ")
    encoded = lists.values.dictionary_encode()
    written = encoded.dictionary.to_pylist()
    ids, offsets = encoded.indices.to_numpy(), lists.offsets.to_numpy()
    if "" in written:  # two spaces, or an empty text
        kept = ids != written.index("")
        ids, offsets = ids[kept], np.append(0, np.cumsum(kept))[offsets]
    read = [normalise(text) for text in written]
    places: dict[str, int] = {}
    place_of = np.array([places.setdefault(each.code, len(places)) for each in read], dtype=np.int32)
    return Encoded(place_of[ids], offsets.astype(np.int64), list(places), _changes(read, ids, offsets))


def places_of(codes: Iterable[str], rows: Mapping[str, int], otherwise: int) -> np.ndarray:
    """For each code the place of its longest beginning among a table's codes."""
    longest = max(map(len, rows), default=0)
    return np.array([_place(code, rows, longest, otherwise) for code in codes], dtype=np.int64)


def _place(code: str, rows: Mapping[str, int], longest: int, otherwise: int) -> int:
    for length in range(min(len(code), longest), 0, -1):
        place = rows.get(code[:length])
        if place is not None:
            return place
    return otherwise


def _changes(read: list[Code], ids: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    of_code = np.array(
        [sum(1 << (_BITS_A_KIND * KINDS_OF_CHANGE.index(kind)) for kind in each.changes) for each in read],
        dtype=np.uint64,
    )
    sums = np.zeros(len(ids) + 1, dtype=np.uint64)
    np.cumsum(of_code[ids], out=sums[1:])  # wraps round, which the difference undoes
    return sums[offsets[1:]] - sums[offsets[:-1]]


def changes_text(changes: np.ndarray) -> pl.Series:
    """Counts of changed codes as `case:1 dot:2`."""
    encoded = pa.array(changes).dictionary_encode()
    texts = [_counts(value) for value in encoded.dictionary.to_pylist()]
    return pl.Series(texts, dtype=pl.String).gather(encoded.indices.to_numpy())


def _counts(value: int) -> str:
    counts = {
        kind: value >> (_BITS_A_KIND * place) & (2**_BITS_A_KIND - 1)
        for place, kind in enumerate(KINDS_OF_CHANGE)
    }
    return " ".join(f"{kind}:{count}" for kind, count in counts.items() if count)
