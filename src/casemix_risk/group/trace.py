"""What became of a record, and each reason for it."""

from typing import NamedTuple


class Check(NamedTuple):
    """A step of the validation and whether the record passed it; the message of the errors table if not."""

    check: str
    passed: bool
    message: str


class Candidate(NamedTuple):
    """A procedure that could have dominated; `row` is the code of the table that it fell under."""

    position: int
    code: str
    row: str
    hierarchy: int
    why: str


class Tried(NamedTuple):
    """A rule that did not fit, and the first of its conditions that failed."""

    rule: str
    stage: str
    failed: str


class Counted(NamedTuple):
    """A complication that counts; `row` is the code of the cc list that it fell under."""

    code: str
    row: str
    score: int


class Excluded(NamedTuple):
    """A code of the cc list that does not count."""

    code: str
    why: str


class Threshold(NamedTuple):
    """A split on the way from the root to the HRG: the value lies from `low` to `high`."""

    node: str
    dimension: str
    value: int
    low: int
    high: int
    goes_to: str


class Trace(NamedTuple):
    """Why a record got its HRG."""

    validation: tuple[Check, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    dominant: Candidate | None = None
    rule: dict | None = None
    tried: tuple[Tried, ...] = ()
    counted: tuple[Counted, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    thresholds: tuple[Threshold, ...] = ()


class Grouped(NamedTuple):
    """What `casemix_risk.group.engine.group_records` says of a record, column by column, and why."""

    hrg: str
    method: str
    rule: str | None
    error: str | None
    dominant_procedure: str | None
    cc_score: int
    adjusted_days: int | None
    unbundled: str
    warnings: str
    changed_codes: str
    trace: Trace
