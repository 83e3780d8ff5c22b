"""A year's cleaned episodes grouped: which HRG each one has, who stays, and how well it went."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

from casemix_risk.group.arrays import Compiled
from casemix_risk.group.engine import group_records
from casemix_risk.ingest.rules import UNGROUPABLE

NOT_GROUPED = "U"
EXCLUDED_BY = "ungroupable_hrg"
_LINE = ["hrg", "admission_type"]


class Quality(NamedTuple):
    """How a year grouped.

    Attributes:
        quality: table ``grouping_quality`` without its label.
        given_and_derived: table ``given_and_derived``.
    """

    quality: pl.DataFrame
    given_and_derived: pl.DataFrame


def grouping(
    batches: Iterable[pl.DataFrame], compiled: Compiled, grouper: str, counts: list[Quality]
) -> Iterator[pl.DataFrame]:
    """Table ``grouping`` of a year, batch by batch.

    Args:
        batches: of table ``episodes``, cleaned with what a grouper can mend.
        compiled: `casemix_risk.group.compiled.compile_definitions`.
        grouper: ``missing``: the given HRG is used where there is one; ``always``: the derived one.
        counts: gets the `Quality` of each batch.

    Returns:
        Batches with the rows of theirs. A row without an HRG of use has none.
    """
    for batch in batches:
        found = group_whatever_the_sex(grouper_records(batch), compiled)
        given = batch["hrg"]
        derived = pl.when(found["method"] != NOT_GROUPED).then(found["hrg"])
        if grouper == "missing":
            usable = given.is_not_null() & ~given.str.contains(UNGROUPABLE).fill_null(False)
            derived = pl.when(usable).then(given).otherwise(derived)
        table = found.select(
            batch["source_row"],
            given.alias("given_hrg"),
            pl.col("hrg").alias("derived_hrg"),
            derived.alias("hrg"),
            *("method", "rule", "error", "dominant_procedure"),
            pl.col("cc_score").cast(pl.Int64),
            pl.col("adjusted_days").cast(pl.Int64),
            _text_or_none("unbundled"),
        )
        counts.append(Quality(_quality(found), _given_and_derived(batch, table)))
        yield table


def added(counts: Iterable[Quality]) -> Quality:
    """The counts of all batches together."""
    quality, pairs = (pl.concat(tables) for tables in zip(*counts, strict=True))
    pair = ["given_hrg", "derived_hrg", "admission_type"]
    return Quality(
        quality.group_by("kind", "value").agg(pl.sum("rows")).sort("kind", "value"),
        pairs.group_by(pair).agg(pl.sum("rows", "admissions")).sort(pair),
    )


def with_hrgs(episodes: pl.DataFrame, grouped: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Episodes with the HRG that is used, and those that have none, with the rule that excludes them.

    Args:
        episodes: rows of table ``episodes``.
        grouped: their rows of table ``grouping``.

    Returns:
        Rows of the tables ``episodes`` and ``excluded``.
    """
    hrg = grouped["hrg"]
    kept = episodes.with_columns(hrg=hrg).filter(hrg.is_not_null())
    excluded = episodes.filter(hrg.is_null())
    return kept, excluded.insert_column(1, pl.lit(EXCLUDED_BY).alias("rule"))


def line_counts(pairs: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """Rows and admissions by line of what `with_hrgs` keeps and leaves out, batch by batch."""
    parts = [
        rows.group_by(pl.col(_LINE).fill_null(""))
        .agg(
            rows=pl.len().cast(pl.Int64),
            admissions=(pl.col("episode_order") == 1).fill_null(False).sum().cast(pl.Int64),
        )
        .with_columns(kept=pl.lit(kept))
        for pair in pairs
        for kept, rows in zip((True, False), pair, strict=True)
    ]
    return pl.concat(parts).group_by("kept", *_LINE).agg(pl.sum("rows", "admissions"))


def regrouped_waterfall(waterfall: pl.DataFrame, grouped: pl.DataFrame) -> pl.DataFrame:
    """The waterfall of cleaning, with the rows kept on their new lines and those left out for want of an HRG.

    Args:
        waterfall: table ``waterfall`` of a year that was cleaned with what a grouper can mend.
        grouped: `line_counts` of the rows that cleaning kept.
    """
    steps = waterfall.select("step", "rule", "description", "action").unique()
    judged = grouped.with_columns(
        rule=pl.when("kept").then(pl.lit("kept")).otherwise(pl.lit(EXCLUDED_BY))
    ).join(steps, on="rule")
    untouched = waterfall.filter(pl.col("rule") != "kept")
    acted = judged.filter(pl.col("rule") == EXCLUDED_BY).height > 0
    if acted:  # the row that only showed that the rule is there
        untouched = untouched.filter((pl.col("rule") != EXCLUDED_BY) | (pl.col("rows") > 0))
    columns = waterfall.columns
    return pl.concat([untouched, judged.select(columns).cast(waterfall.schema)]).sort("step", *_LINE)


def group_whatever_the_sex(records: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """`group_records`; where only the sex is unknown, what either sex would get, if that is the same."""
    found = group_records(records, compiled)
    unknown = (found["error"] == "bad_sex").fill_null(False)
    if not unknown.any():
        return found
    man, woman = (
        group_records(records.filter(unknown).with_columns(sex=pl.lit(sex)), compiled) for sex in ("1", "2")
    )
    alike = (man["hrg"] == woman["hrg"]) & (man["method"] != NOT_GROUPED)
    rows = unknown.arg_true().filter(alike)
    return found.with_columns(found[name].scatter(rows, man[name].filter(alike)) for name in found.columns)


def grouper_records(batch: pl.DataFrame) -> pl.DataFrame:
    """What the engine reads of table ``episodes``; the dates give a duration that the record lacks."""
    by_dates = (pl.col("episode_end") - pl.col("episode_start")).dt.total_days()
    return batch.select(
        *("diagnoses", "procedures", "age", "sex"),
        pl.coalesce("episode_days", by_dates).alias("days"),
        *("admission_type", "patient_class"),
    )


def _text_or_none(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column))


def _quality(found: pl.DataFrame) -> pl.DataFrame:
    """Rows by method and error; warnings by kind, and the codes they name; changes of codes."""
    words = {
        name: found[name].str.split(" ").explode().drop_nulls() for name in ("warnings", "changed_codes")
    }
    unknown = _pairs(words["warnings"])
    changed = _pairs(words["changed_codes"])
    parts = [
        _counted(found["method"], "method"),
        _counted(found["error"].drop_nulls(), "error"),
        _counted(unknown["key"], "warning"),
        _counted((unknown["key"] + " " + unknown["value"]).rename("value"), "unknown"),
        changed.group_by(value="key")
        .agg(rows=pl.col("value").cast(pl.Int64).sum())
        .with_columns(kind=pl.lit("changed")),
    ]
    return pl.concat([part.select("kind", "value", pl.col("rows").cast(pl.Int64)) for part in parts])


def _pairs(words: pl.Series) -> pl.DataFrame:
    split = words.filter(words != "").str.splitn(":", 2).struct.rename_fields(["key", "value"])
    return split.struct.unnest()


def _counted(values: pl.Series, kind: str) -> pl.DataFrame:
    return (
        values.rename("value").to_frame().group_by("value").agg(rows=pl.len()).with_columns(kind=pl.lit(kind))
    )


def _given_and_derived(batch: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    rows = table.select(
        pl.col("given_hrg").fill_null(""),
        "derived_hrg",
        batch["admission_type"],
        admissions=(batch["episode_order"] == 1).fill_null(False),
    )
    return rows.group_by("given_hrg", "derived_hrg", "admission_type").agg(
        rows=pl.len().cast(pl.Int64), admissions=pl.sum("admissions").cast(pl.Int64)
    )
