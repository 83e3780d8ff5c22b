"""The comparison of a nation's practices, step by step, from tables in memory."""

import json
import re
import time
from pathlib import Path

import polars as pl
from nation import practice_tables

from casemix_risk.practices.change import practice_change
from casemix_risk.practices.expected import practice_expected
from casemix_risk.practices.ladder import practice_ladder
from casemix_risk.practices.ratios import practice_ratios

counts, profile = (pl.from_pandas(table) for table in practice_tables().values())
took, started = {}, time.perf_counter()


def timed(name, table):
    global started
    took[name] = time.perf_counter() - started
    [peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(name, took[name], int(peak_kb)/1024, flush=True)
    started = time.perf_counter()
    return table


expected = timed("expected", practice_expected(counts, profile))
timed("ratios", practice_ratios(expected, counts))
timed("change", practice_change(expected, counts))
timed("ladder", practice_ladder(counts, profile, None, 1))
