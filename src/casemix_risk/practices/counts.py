"""People and their emergency admissions by practice, sex, age and what earlier years knew of them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from casemix_risk.practices.earlier import (
    Earlier,
    bands_of,
    known_bands,
    nobody,
    seen,
    where_now,
    with_year,
)
from casemix_risk.practices.register import AGE_BANDS, OLDEST_BAND

# Emergency admission by HES ADMIMETH. The tariff's emergency price also pays for births, maternity and
# transfers, which follow from other things than a practice's need.
EMERGENCY_METHODS = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D")
COMORBIDITIES = 5
_CELL = ["practice", "sex", "age_from", "comorbidity"]
_RULES = (
    ("no_price", "The HRG has no price, or the record no HRG."),
    ("no_practice", "The practice is unknown."),
    ("not_in_register", "The practice is not in the register."),
    ("no_age", "The age is unknown."),
    ("no_sex", "The sex is unknown, or neither male nor female."),
    ("counted", "Emergency admissions placed in a practice, a sex and an age."),
)
_COUNTED = len(_RULES) - 1
_ROWS_TO_ADD = 1_000_000


class PracticeCounts(NamedTuple):
    """Tables ``practice_counts`` and ``practice_waterfall``."""

    practice_counts: pl.DataFrame
    practice_waterfall: pl.DataFrame


def emergency_admission() -> pl.Expr:
    """Whether a row of table ``episodes`` is an emergency admission: the first episode of its spell."""
    return (pl.col("episode_order") == 1) & pl.col("admission_method").is_in(EMERGENCY_METHODS)


def practice_counts(
    years: Mapping[str, Iterable[pl.DataFrame]], people: pl.DataFrame, prices: pl.DataFrame
) -> PracticeCounts:
    """Count a register's people and the extract's emergency admissions.

    Comorbidity is what the extract itself knew before the year: whether the person was in hospital, for
    anything, in an earlier year, and the Charlson points of all diagnoses seen there. Whoever did not die
    there is taken to be on the list where last seen, grown older by the years between. Comorbidity 0 has the
    rest of the list, at least nobody: deaths and moves outside hospital are not known. The first year has no
    earlier one and comorbidity 0 alone.

    Memory is a batch, 16 bytes for each person seen so far and as much again for those of the year.

    Args:
        years: financial year (``2002-03``) -> batches of its table ``episodes``, in the table's order.
        people: table ``practice_people``; the same list is taken for every year.
        prices: table ``prices`` of one edition, the same for all years.

    Returns:
        Counts of every cell of every practice and year, and what became of every emergency admission.
    """
    practices = people["practice"].unique().sort()
    pence = prices.filter(pl.col("admission_type") == "emergency").select(
        "hrg", pence=(100 * pl.col("price_gbp")).round().cast(pl.Int64)
    )
    earlier, counts, waterfall = nobody(), [], []
    first, last = min(years), max(years)
    for year in sorted(years):
        starts, bands = int(year[:4]), known_bands(earlier)
        placed: list[pl.DataFrame] = []
        people_seen, codes = [], earlier.codes
        for batch in years[year]:
            rows = _rows(batch, pence, practices)
            placed.append(_placed(rows, earlier, bands))
            if sum(part.height for part in placed[1:]) > _ROWS_TO_ADD:
                placed = [_added(placed)]
            if year != last:
                of_batch, codes = seen(rows, starts, codes)
                people_seen.append(of_batch)
        year_placed = _added(placed)
        known = _known(earlier, bands, starts, len(practices))
        groups = 1 if year == first else COMORBIDITIES
        counts.append(_counted(year, groups, people, practices, known, year_placed))
        waterfall.append(_waterfall(year, year_placed))
        earlier = with_year(earlier, people_seen, codes) if year != last else earlier
    return PracticeCounts(pl.concat(counts), pl.concat(waterfall))


def _rows(batch: pl.DataFrame, pence: pl.DataFrame, practices: pl.Series) -> pl.DataFrame:
    """What is needed of episodes: the practice by its number (null: not in the register), the sex."""
    numbers = {code: place for place, code in enumerate(practices)}
    return batch.join(pence, on="hrg", how="left", maintain_order="left").select(
        emergency=emergency_admission(),
        person=pl.when(pl.col("patient").is_not_null()).then(pl.col("patient").hash()),
        unknown_practice=pl.col("practice").is_null(),
        practice=pl.col("practice").replace_strict(numbers, default=None, return_dtype=pl.Int64),
        sex=pl.col("sex").replace_strict({"1": 1, "2": 2}, default=None, return_dtype=pl.Int64),
        age="age",
        discharge_method="discharge_method",
        diagnoses="diagnoses",
        pence="pence",
    )


def _placed(rows: pl.DataFrame, earlier: Earlier, bands: np.ndarray) -> pl.DataFrame:
    """Emergency admissions by rule of the waterfall and cell, of those not counted without a cell."""
    rows = rows.filter("emergency")
    known = bands_of(rows["person"].fill_null(0).to_numpy(), earlier, bands)
    broken = (
        pl.col("pence").is_null(),
        pl.col("unknown_practice"),
        pl.col("practice").is_null(),
        pl.col("age").is_null(),
        pl.col("sex").is_null(),
    )
    step = pl.coalesce(*(pl.when(rule).then(place) for place, rule in enumerate(broken)), pl.lit(_COUNTED))
    rows = rows.with_columns(
        step=step.cast(pl.Int64),
        age_from=pl.min_horizontal(pl.col("age") // 5 * 5, OLDEST_BAND),
        comorbidity=pl.Series(known).cast(pl.Int64),
    )
    counted = pl.col("step") == _COUNTED
    return (
        rows.with_columns(pl.when(counted).then(pl.col(name)).alias(name) for name in _CELL)
        .group_by("step", *_CELL)
        .agg(
            admissions=pl.len().cast(pl.Int64),
            pence=pl.col("pence").sum(),
            pence_squared=(pl.col("pence") ** 2).sum(),
        )
    )


def _added(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).group_by("step", *_CELL).agg(pl.all().sum())


def _known(earlier: Earlier, bands: np.ndarray, year: int, practices: int) -> np.ndarray:
    """People known from earlier years, practices x sexes x ages x comorbidities."""
    there, practice, sex, age = where_now(earlier, year)
    shape = (practices, 2, len(AGE_BANDS), COMORBIDITIES)
    cell = np.ravel_multi_index((practice, sex, age.clip(0, OLDEST_BAND) // 5, bands[there]), shape)
    return np.bincount(cell, minlength=np.prod(shape)).reshape(shape)


def _counted(
    year: str,
    groups: int,
    people: pl.DataFrame,
    practices: pl.Series,
    known: np.ndarray,
    placed: pl.DataFrame,
) -> pl.DataFrame:
    """Table ``practice_counts`` of one year."""
    registered = people.sort("practice", "sex", "age_from")["patients"].to_numpy().reshape(known.shape[:-1])
    by_group = known[..., :groups].copy()
    by_group[..., 0] = np.maximum(registered - known.sum(axis=-1), 0)
    practice, sex, band, group = np.indices(by_group.shape).reshape(4, -1)
    cells = pl.DataFrame({"practice": practice, "sex": sex + 1, "age_from": band * 5, "comorbidity": group})
    sums = placed.filter(pl.col("step") == _COUNTED).drop("step")
    return (
        cells.with_columns(people=pl.Series(by_group.ravel()))
        .join(sums, on=_CELL, how="left", maintain_order="left")
        .select(
            year=pl.lit(year),
            practice=practices.gather(practice),
            sex="sex",
            age_from="age_from",
            comorbidity="comorbidity",
            people="people",
            admissions=pl.col("admissions").fill_null(0),
            cost_gbp=pl.col("pence").fill_null(0) / 100,
            cost_squared=pl.col("pence_squared").fill_null(0) / 10_000,
        )
    )


def _waterfall(year: str, placed: pl.DataFrame) -> pl.DataFrame:
    """Table ``practice_waterfall`` of one year."""
    steps = pl.DataFrame(_RULES, schema=["rule", "description"], orient="row").with_row_index("step")
    sums = placed.group_by("step").agg(pl.sum("admissions", "pence"))
    return (
        steps.with_columns(pl.col("step").cast(pl.Int64))
        .join(sums, on="step", how="left", maintain_order="left")
        .select(
            year=pl.lit(year),
            step="step",
            rule="rule",
            description="description",
            admissions=pl.col("admissions").fill_null(0),
            cost_gbp=pl.col("pence").fill_null(0) / 100,
        )
    )
