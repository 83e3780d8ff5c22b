"""Age, sex, days and administrative columns as the whole numbers that the kernel reads."""

import polars as pl

from casemix_risk.group.arrays import ADMISSIONS
from casemix_risk.group.kernel import BAD_DAYS, CARE_DAYS, FINE, Facts

CARE_COLUMNS = ("critical_care_days", "rehabilitation_days", "palliative_days")
GREATEST_AGE, GREATEST_DAYS, GREATEST_NUMBER = 130, 9999, 999_999_999
_BABIES = (7001, 7007)
_OTHER_CLASS = 1 << 10
_NOT_READ = -1


def care_days(records: pl.DataFrame) -> pl.DataFrame:
    """Critical care, rehabilitation and palliative days: blank is 0, what is no number is -1."""
    return records.select(
        pl.when(_text(name) == "")
        .then(0)
        .otherwise(whole_number(name, records.schema).fill_null(_NOT_READ))
        .alias(name)
        if name in records.columns
        else pl.repeat(0, pl.len(), dtype=pl.Int64).alias(name)
        for name in CARE_COLUMNS
    )


def read_facts(records: pl.DataFrame, care: pl.DataFrame) -> Facts:
    """The facts of a chunk.

    Args:
        records: see `casemix_risk.group.engine.group_records`.
        care: `care_days`.
    """
    digits = [str(digit) for digit in range(10)]
    taken = care.sum_horizontal()
    days = records.select(whole_number("days", records.schema)).to_series()
    good_days = days.is_between(0, GREATEST_DAYS).fill_null(False)
    good_care = (care.min_horizontal() >= 0) & (taken <= days.fill_null(0))
    read = records.select(
        age=_age(records),
        sex=_coded("sex", {"1": 1, "2": 2}, otherwise=_NOT_READ),
        admission=_coded("admission_type", {name: n for n, name in enumerate(ADMISSIONS, 1)}, otherwise=0),
        patient_class=_coded(
            "patient_class", {digit: 1 << int(digit) for digit in digits}, otherwise=_OTHER_CLASS
        ),
        days=days.fill_null(0) - taken,
        days_error=pl.when(~good_days).then(BAD_DAYS).when(~good_care).then(CARE_DAYS).otherwise(FINE),
    ).cast(pl.Int64)
    return Facts(**{name: read[name].to_numpy() for name in Facts._fields})


def whole_number(name: str, schema: pl.Schema) -> pl.Expr:
    """A column as whole numbers of at most nine digits, also from text; null for all else."""
    kind, value = schema[name], pl.col(name)
    if kind.is_float():
        value = pl.when(value == value.floor()).then(value)
    elif not kind.is_integer():
        value = value.cast(pl.String).str.extract("^[ \t]*(-?[0-9]{1,9})[ \t]*$")
    number = value.cast(pl.Int64, strict=False)
    return pl.when(number.is_between(-GREATEST_NUMBER, GREATEST_NUMBER)).then(number)


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("").str.strip_chars(" \t")


def _age(records: pl.DataFrame) -> pl.Expr:
    years = whole_number("age", records.schema)
    years = pl.when(years.is_between(*_BABIES)).then(0).otherwise(years)
    return pl.when(years.is_between(0, GREATEST_AGE)).then(years).otherwise(_NOT_READ)


def _coded(name: str, numbers: dict[str, int], otherwise: int) -> pl.Expr:
    return _text(name).replace_strict(numbers, default=otherwise, return_dtype=pl.Int64)
