"""A Parquet file of episodes grouped by the demonstration definitions into another, batch by batch."""

import sys
import time

import polars as pl
import pyarrow.parquet as pq
from claims import say

from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.engine import COLUMNS, group_records

BATCH_ROWS = 2**17

source, target = sys.argv[1:]
compiled = compile_definitions(read_definitions(demonstration()))
with pq.ParquetFile(source) as file:
    columns = ["episode_days" if name == "days" else name for name in COLUMNS]

    def batches():
        """The columns of table `episodes` under the engine's names."""
        for group in range(file.num_row_groups):  # all of them at once would keep each in memory to the end
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns):
                yield pl.from_arrow(batch).rename({"episode_days": "days"})

    group_records(next(batches())[:1], compiled)  # loads the compiled code, as the others load their tables
    begun, writer = time.perf_counter(), None
    for records in batches():
        grouped = group_records(records, compiled).to_arrow()
        writer = writer or pq.ParquetWriter(target, grouped.schema, compression="zstd")
        writer.write_table(grouped)
    writer.close()
    say(file.metadata.num_rows, time.perf_counter() - begun)
