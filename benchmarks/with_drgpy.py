"""Claims grouped by `drgpy` (Yubin Park): the MS-DRG tables in Python; it takes neither age nor days."""

import sys
import time

from claims import random_claims, say
from drgpy.msdrg import DRGEngine

engine = DRGEngine(version="v43.1")
claims = list(random_claims(int(sys.argv[1])))
begun = time.perf_counter()
for claim in claims:
    engine.get_drg(claim.diagnoses, claim.procedures, gender="M" if claim.sex == 1 else "F")
say(len(claims), time.perf_counter() - begun)
