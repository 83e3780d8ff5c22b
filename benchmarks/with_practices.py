"""The comparison of a nation's practices from tables in memory; what each step took, in one line of JSON."""

import json
import re
import time
from pathlib import Path

import polars as pl
from nation import SEED, nation_tables

from casemix_risk.practices.association import practice_association
from casemix_risk.practices.change import practice_change
from casemix_risk.practices.expected import practice_expected
from casemix_risk.practices.ladder import practice_ladder
from casemix_risk.practices.prevalence import completeness, practice_prevalence
from casemix_risk.practices.ratios import practice_ratios
from casemix_risk.practices.savings import practice_savings

counts, profile = map(pl.from_pandas, nation_tables())
seconds = {}


def timed(name, step, *arguments):
    """What a step returns; its time is kept."""
    begun = time.perf_counter()
    table = step(*arguments)
    seconds[name] = time.perf_counter() - begun
    return table


expected = timed("expected", practice_expected, counts, profile)
timed("ratios", practice_ratios, expected, counts)
timed("change", practice_change, expected, counts)
timed("ladder", practice_ladder, counts, profile, None, SEED)
timed("savings", practice_savings, expected, SEED)
prevalence = timed("prevalence", practice_prevalence, counts, profile)
recorded = completeness(prevalence)
timed("association", practice_association, expected, profile, recorded)
# Not getrusage: on Linux a program begins with the peak of the one that started it.
[peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
print(json.dumps({"rows": len(counts), "seconds": seconds, "peak_mb": int(peak_kb) / 1024}))
