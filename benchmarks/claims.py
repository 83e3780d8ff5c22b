"""Records of one shape for every grouper, and how a program says what it took; any Python runs it.

drgpy and msdrg group claims of the United States, in ICD-10-CM and ICD-10-PCS: they get codes of their own,
as many a record as the episodes have.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ICD_10_CM = (
    "I214 I5020 I4891 I10 E1165 E119 J189 J180 J441 N390 N179 R0789 M1611 M1711 S72001A S065X0A K8020 K5730 "
    "C3490 Z5111 F0390 I639 A419 L03115 D649 E785 N186 Z992"
)
ICD_10_PCS = "0SR9019 0SRC0J9 02703DZ 021009W 02RF08Z 0FT44ZZ 5A1D70Z 3E03305 0DTJ4ZZ 0W9G3ZZ B2111ZZ 0QS606Z"
DIAGNOSES, PROCEDURES = ICD_10_CM.split(), ICD_10_PCS.split()
DIAGNOSIS_COUNTS, PROCEDURE_COUNTS = (1, 2, 3, 4, 5, 6, 8), (0, 0, 0, 1, 1, 2, 3)
SEED = 8


class Claim(NamedTuple):
    """A record; age in years, sex 1 or 2, days in hospital, the primary diagnosis first."""

    age: int
    sex: int
    days: int
    diagnoses: list[str]
    procedures: list[str]


def random_claims(
    count: int, diagnoses: Sequence[str] = DIAGNOSES, procedures: Sequence[str] = PROCEDURES
) -> Iterator[Claim]:
    """So many records, always the same ones."""
    rng = random.Random(SEED)
    for _ in range(count):
        yield Claim(
            rng.randrange(100),
            rng.choice((1, 2)),
            rng.randrange(30),
            rng.choices(diagnoses, k=rng.choice(DIAGNOSIS_COUNTS)),
            rng.choices(procedures, k=rng.choice(PROCEDURE_COUNTS)),
        )


def say(records: int, seconds: float) -> None:
    """Print what a program took, in one line that `grouper.py` reads."""
    # Not getrusage: on Linux a program begins with the peak of the one that started it.
    [peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(json.dumps({"records": records, "seconds": seconds, "peak_mb": int(peak_kb) / 1024}))
