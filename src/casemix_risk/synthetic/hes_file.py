"""The text file of a Hospital Episode Statistics extract: pipe-delimited, gzipped, one line an episode."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl

DIAGNOSES = [f"DIAG_{number:02}" for number in range(1, 15)]
OPERATIONS = [f"OPERTN_{number:02}" for number in range(1, 13)]
JOINED_CODES = {  # as the grouper reads them
    "diagnoses": pl.concat_str(DIAGNOSES, separator=" "),
    "procedures": pl.concat_str(OPERATIONS, separator=" "),
}
COLUMNS = [
    "EPIKEY",
    "ENCRYPTED_HESID",
    "FYEAR",
    "PARTYEAR",
    "EPISTAT",
    "EPITYPE",
    "EPIORDER",
    "EPISTART",
    "EPIEND",
    "ADMIDATE",
    "DISDATE",
    "ADMIMETH",
    "CLASSPAT",
    "ADMINCAT",
    "DISMETH",
    "SPELBGIN",
    "SPELEND",
    "SPELDUR",
    "EPIDUR",
    "STARTAGE",
    "SEX",
    "GPPRAC",
    "PROCODE3",
    "HRGLATE35",
    "FAE",
    "FCE",
    *DIAGNOSES,
    *OPERATIONS,
]


def episode_keys(year: str, numbers: np.ndarray) -> pl.Series:
    """EPIKEYs of 12 digits: no two alike for different years or numbers, and in no visible order.

    Args:
        year: financial year, ``2002-03``.
        numbers: whole numbers below a thousand million.
    """
    # 3 ** 19 shares no factor with a power of ten, so multiplying by it only shuffles the nine digits.
    shuffled = np.asarray(numbers, dtype=np.uint64) * np.uint64(3**19) % np.uint64(10**9)
    return pl.Series(shuffled + np.uint64(int(f"5{year[2:4]}") * 10**9)).cast(pl.String)


def text_lines(records: pl.DataFrame) -> list[bytes]:
    """The file's lines, header first, without line ends."""
    text = records.write_csv(separator="|", quote_style="never").encode()
    return text.removesuffix(b"\n").split(b"\n")


def write_lines(lines: list[bytes], path: Path) -> None:
    """Gzip the lines, with LF, a fixed compression level and no time stamp: same lines, same bytes."""
    with (
        Path(path).open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
    ):
        packed.write(b"\n".join(lines) + b"\n")
