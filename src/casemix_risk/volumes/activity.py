"""Activity of each cost line: how much a year, of how many patients; how long it stays, where and when."""

from collections.abc import Mapping

import pandas as pd
import polars as pl

from casemix_risk.volumes.seasons import monthly_counts, seasons
from casemix_risk.volumes.spells import with_spells

LINE = ["hrg", "admission_type"]
NO_PROVIDER = "unknown"
_DAY_CASE = "2"  # CLASSPAT
_REGULAR_ATTENDERS = ("3", "4")  # CLASSPAT: regular day and night attenders


def activity_tables(
    episodes: Mapping[str, pl.LazyFrame], unit: str, regular_attenders: bool
) -> dict[str, pd.DataFrame]:
    """Count the activity of each line by year; over all years together by length of stay, provider, month.

    Args:
        episodes: year (``2002-03``) -> table ``episodes`` of the year.
        unit: what is counted. ``admission``: an episode that begins a spell (EPIORDER 1), on its own line;
            ``spell``: see `casemix_risk.volumes.spells.with_spells`, on the line of its first episode;
            ``episode``: every finished episode.
        regular_attenders: whether units of patient class 3 or 4 (in a spell, that of its first episode)
            count.

    Returns:
        Tables ``activity``, ``stays``, ``providers`` and ``seasons`` by name. Lengths of stay are in days:
        for an episode its duration, for an admission or spell the length of the spell, which is SPELDUR where
        one of its episodes gives it, else the days from its first admission date to its last episode's end. A
        row without a patient counts as a patient of its own. ``variance_factor`` is sum n^2 / sum n over the
        patients of the line, n their units in the year: variance / mean of the line's count when patients
        come independently of each other (compound Poisson). ``stays`` leaves out units of
        unknown length, ``seasons`` those whose start is unknown.
    """
    years, stays, providers, months = [], [], [], []
    for year, table in episodes.items():
        units = _units(_read(table), unit, regular_attenders)
        years.append(_lines(units).select(pl.lit(year).alias("year"), pl.all()))
        stays.append(_counts(units.drop_nulls("days"), "day_case", "days"))
        providers.append(_counts(units, "provider"))
        months.append(monthly_counts(units))
    no_excess = pl.lit(None, pl.Float64)  # an extract's follow from its days and the tariff's trim point
    return {
        "activity": pl.concat(years).sort("year", *LINE).to_pandas(),
        "stays": _summed(stays).with_columns(excess_bed_days=no_excess).to_pandas(),
        "providers": _summed(providers).to_pandas(),
        "seasons": seasons(pl.concat(months).to_pandas()),
    }


def count_units(episodes: pl.LazyFrame, unit: str, regular_attenders: bool) -> int:
    """The units of a year, counted among its episodes without lines or patients; see `activity`."""
    if unit == "spell":
        return _units(_read(episodes), unit, regular_attenders).height
    regular = pl.col("patient_class").is_in(_REGULAR_ATTENDERS).fill_null(False)
    counts = (pl.col("episode_order") == 1).fill_null(False) if unit == "admission" else pl.lit(True)
    counts &= pl.lit(regular_attenders) | ~regular
    return episodes.select(counts.sum()).collect(engine="streaming").item()


def _read(episodes: pl.LazyFrame) -> pl.DataFrame:
    needed = episodes.select(
        *("source_row", "provider", "admission_date", "episode_start", "episode_end", "episode_order"),
        *("patient_class", "discharge_method", "spell_days", "episode_days", *LINE),
        # As a 64-bit hash a patient takes a fifth of the memory; two in 20 million are alike once in
        # 90,000 years of data.
        patient=pl.when(pl.col("patient").is_not_null()).then(pl.col("patient").hash()),
    )
    return needed.collect(engine="streaming")


def _units(episodes: pl.DataFrame, unit: str, regular_attenders: bool) -> pl.DataFrame:
    """A row for each unit: its line, patient, provider, first day and length of stay in days."""
    units = _UNITS[unit](episodes)
    if not regular_attenders:
        units = units.filter(~pl.col("patient_class").is_in(_REGULAR_ATTENDERS).fill_null(False))
    day_case = (pl.col("patient_class") == _DAY_CASE).fill_null(False)
    provider = pl.col("provider").fill_null(NO_PROVIDER)
    return units.select(
        *LINE,
        *("patient", "source_row", "days"),
        start="episode_start",
        day_case=day_case,
        provider=provider,
    )


def _admissions(episodes: pl.DataFrame) -> pl.DataFrame:
    numbered = with_spells(episodes)
    return _with_spell_days(numbered.filter(pl.col("episode_order") == 1), numbered)


def _spells(episodes: pl.DataFrame) -> pl.DataFrame:
    numbered = with_spells(episodes)
    in_order = numbered.sort("spell", "episode_start", "episode_order", "source_row")
    return _with_spell_days(in_order.unique("spell", keep="first", maintain_order=True), numbered)


def _episodes(episodes: pl.DataFrame) -> pl.DataFrame:
    by_dates = _days_between(pl.col("episode_start"), pl.col("episode_end"))
    return episodes.with_columns(days=pl.coalesce("episode_days", by_dates))


_UNITS = {"admission": _admissions, "spell": _spells, "episode": _episodes}


def _with_spell_days(units: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    by_dates = _days_between(pl.col("admission_date").min(), pl.col("episode_end").max())
    days = pl.coalesce(pl.col("spell_days").max(), by_dates)
    return units.join(numbered.group_by("spell").agg(days=days), on="spell")


def _days_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Whole days; none where the dates are the wrong way round."""
    return (end - start).dt.total_days().clip(lower_bound=0)


def _lines(units: pl.DataFrame) -> pl.DataFrame:
    """Table ``activity`` of one year, without the year."""
    return (
        _patients(units)
        .group_by(LINE)
        .agg(
            admissions=pl.sum("count"),
            mean_los=pl.sum("days") / pl.sum("count"),
            day_case_share=pl.sum("day_cases") / pl.sum("count"),
            patients=pl.len().cast(pl.Int64),
            variance_factor=(pl.col("count") ** 2).sum() / pl.sum("count"),
        )
    )


def _counts(units: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Units of each line by something else."""
    return units.group_by(*LINE, *by).agg(admissions=pl.len().cast(pl.Int64))


def _summed(years: list[pl.DataFrame]) -> pl.DataFrame:
    """`_counts` of several years together."""
    counts = pl.concat(years)
    by = counts.columns[:-1]
    return counts.group_by(by).agg(pl.sum("admissions")).sort(by)


def _patients(units: pl.DataFrame) -> pl.DataFrame:
    """A row for each patient of a line: number and days of their units."""
    alone = pl.when(pl.col("patient").is_null()).then("source_row")
    return units.group_by(*LINE, "patient", alone.alias("alone")).agg(
        count=pl.len().cast(pl.Int64), days=pl.sum("days"), day_cases=pl.sum("day_case")
    )
