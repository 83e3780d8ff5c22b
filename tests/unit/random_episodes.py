"""Random episodes for the tests of the grouper: codes of the tables, junk, blanks, values out of range."""

import random
from collections.abc import Sequence

import polars as pl

from casemix_risk.group.definitions import Definitions

JUNK = ("ZZZ", "-", "&", "R69X", "R69", ".", "X", "é", "I21.X", "12345678901", "\tI10", "", "D", "Q999")
SCHEMA = {
    "diagnoses": pl.String,
    "procedures": pl.String,
    "age": pl.String,
    "sex": pl.String,
    "days": pl.String,
    "critical_care_days": pl.String,
    "rehabilitation_days": pl.String,
    "palliative_days": pl.String,
    "admission_type": pl.String,
    "patient_class": pl.String,
}


def random_records(definitions: Definitions, count: int, seed: int) -> pl.DataFrame:
    """So many records; a fair part of them is groupable, and some values of each kind are bad."""
    rng = random.Random(seed)
    primary = definitions.diagnosis.filter(~pl.col("flags").str.contains("not_primary"))["code"].to_list()
    rows = [
        _record(
            rng, primary, definitions.diagnosis["code"].to_list(), definitions.procedure["code"].to_list()
        )
        for _ in range(count)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _record(
    rng: random.Random, primary: Sequence[str], diagnoses: Sequence[str], procedures: Sequence[str]
) -> tuple:
    coded = [_written(rng, rng.choice(primary), 0.03)]
    coded += [_written(rng, rng.choice(diagnoses), 0.1) for _ in range(rng.choice((0, 0, 1, 2, 3, 6, 19)))]
    done = [_written(rng, rng.choice(procedures), 0.05) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4, 24)))]
    days = rng.choice((0, 1, 2, 5, 29, 30, 31, rng.randrange(10_000)))
    care = [
        rng.choice((None, "0", "0", "0", "1", "3", "-1", "x", " 2 ")) if rng.random() < 0.3 else None
        for _ in "123"
    ]
    return (
        " ".join(coded) if rng.random() > 0.01 else None,
        " ".join(done) if done or rng.random() < 0.5 else None,
        _mostly(
            rng,
            str(rng.choice((0, 1, 17, 18, 59, 60, 69, 70, 130, rng.randrange(131)))),
            ("131", "-1", "7003", "7008", "x", None, "1.5", "999"),
        ),
        _mostly(rng, rng.choice("12"), ("0", "9", "X", None, " 1")),
        _mostly(rng, str(days), ("10000", "-1", None, "x", "")),
        *care,
        _mostly(rng, rng.choice(("elective", "emergency")), (None, "", "Elective")),
        _mostly(rng, rng.choice("1123458"), (None, "11", "X", "")),
    )


def _mostly(rng: random.Random, usual: str, unusual: Sequence[str | None]) -> str | None:
    return rng.choice(unusual) if rng.random() < 0.02 else usual


def _written(rng: random.Random, code: str, junk: float) -> str:
    """A code as a hospital might write it: longer than the table's, in small letters, with dot or mark."""
    if rng.random() < junk:
        return rng.choice(JUNK)
    if rng.random() < 0.5:
        code += rng.choice("0123456789")
    if rng.random() < 0.1:
        code = code[:3] + "." + code[3:]
    if rng.random() < 0.1:
        code = code.lower()
    if rng.random() < 0.1:
        code += rng.choice(("X", "A", "D", "-", "-D", "XA"))
    return code
