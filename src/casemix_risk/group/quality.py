"""What was wrong with the records that were grouped: the quality table, and the codes nobody knows."""

import polars as pl

from casemix_risk.group.codes import normalise_diagnosis, normalise_procedure
from casemix_risk.group.national_files import Batch

CARE = ("critical_care", "rehabilitation", "palliative")
RAGGED, UNKNOWN_CODE = "ragged_row", "unknown_code"
_RAGGED_MESSAGE = "The row has not as many fields as the first row; nothing of it was read"
_UNKNOWN_MESSAGE = "Not in the definitions; left out"
# Error -> what kind of value it is about; all others are about the record.
_CODE_TYPES = {
    **dict.fromkeys(("no_primary", "invalid_primary", "not_primary"), "diagnosis"),
    "invalid_dominant_procedure": "procedure",
    "bad_age": "age",
    "bad_sex": "sex",
    "bad_days": "days",
    "care_days": "care days",
    "inconsistent_spell": "spell",
    "duplicate_order": "spell",
}
_UNKNOWN = (UNKNOWN_CODE, "invalid_primary", "invalid_dominant_procedure")
# What a code of either classification looks like, whatever its edition.
_WELL_FORMED = r"^[A-Z][0-9]{2}[0-9A-Z]{0,3}$"


def episode_quality(batch: Batch, grouped: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    """One row for each error and warning of an episode.

    Args:
        batch: rows of the file.
        grouped: what `casemix_risk.group.engine.group_records` gives of them.
        errors: table ``errors`` of the definitions, for the messages.

    Returns:
        ``RowNo``, ``Code Type`` (what kind of value), ``Code`` (the value), ``Error Message`` and ``Error``
        (its id).
    """
    given = batch.given.select(age_given="STARTAGE", sex_given="SEX", days_given="EPIDUR")
    rows = pl.concat([batch.records, given, grouped.select("error", "warnings")], how="horizontal")
    codes = {
        "diagnosis": pl.col("diagnoses").str.split(" ").list.first().replace("-", ""),
        "procedure": pl.col("procedures").str.split(" ").list.first(),
        "age": pl.col("age_given"),
        "sex": pl.col("sex_given"),
        "days": pl.col("days_given"),
        "care days": pl.concat_str(
            "critical_care_days", "rehabilitation_days", "palliative_days", separator="+"
        ),
    }
    failed = rows.filter(pl.col("error").is_not_null()).with_columns(kind=_code_type())
    code = pl.coalesce(pl.when(pl.col("kind") == kind).then(code) for kind, code in codes.items())
    warned = (
        rows.select("row", word=pl.col("warnings").str.split(" "))
        .explode("word")
        .filter(pl.col("word") != "")
        .select("row", pl.col("word").str.split_exact(":", 1).struct.rename_fields(["kind", "code"]))
        .unnest("word")
        .with_columns(error=pl.lit(UNKNOWN_CODE), message=pl.lit(_UNKNOWN_MESSAGE))
    )
    ragged = rows.filter("ragged").with_columns(
        kind=pl.lit("row"), code=pl.lit(""), error=pl.lit(RAGGED), message=pl.lit(_RAGGED_MESSAGE)
    )
    told = (ragged, _with_message(failed.with_columns(code=code), errors), warned)
    return pl.concat([_quality_rows(rows) for rows in told])


def spell_quality(spells: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    """One row for each spell that could not be grouped as a spell, at its first row; as `episode_quality`.

    A spell whose error is its dominant episode's own is not told twice.
    """
    failed = spells.filter(pl.col("error").is_not_null()).with_columns(kind=_code_type(), code="spell")
    return _quality_rows(_with_message(failed.filter(pl.col("kind") == "spell"), errors))


def quality_table(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows of `episode_quality` and `spell_quality` by RowNo, those of a row numbered (``Iteration``)."""
    return (
        pl.concat(parts)
        .sort("RowNo", maintain_order=True)
        .select(
            "RowNo",
            pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("RowNo").alias("Iteration"),
            pl.exclude("RowNo"),
        )
    )


def unknown_codes_table(quality: pl.DataFrame) -> pl.DataFrame:
    """How often each code occurs that the definitions do not know, the most frequent first.

    Codes of a newer edition of the classification are among them. ``WellFormed`` is false for what is no code
    of any edition.
    """
    unknown = quality.filter(pl.col("Error").is_in(_UNKNOWN)).select(
        pl.col("Code Type").cast(pl.String), "Code"
    )
    normalise = {"diagnosis": normalise_diagnosis, "procedure": normalise_procedure}
    counted = unknown.group_by("Code Type", "Code").agg(Count=pl.len().cast(pl.Int64))
    codes = [normalise[kind](code).code for kind, code, _ in counted.iter_rows()]
    return (
        counted.with_columns(Code=pl.Series(codes, dtype=pl.String))
        .group_by("Code Type", "Code")
        .agg(pl.col("Count").sum())
        .sort("Count", "Code Type", "Code", descending=[True, False, False])
        .with_columns(WellFormed=pl.col("Code").str.contains(_WELL_FORMED))
    )


def _code_type() -> pl.Expr:
    return pl.col("error").replace_strict(_CODE_TYPES, default="record", return_dtype=pl.String)


def _with_message(rows: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    return rows.join(errors.select("error", "message"), on="error", how="left", maintain_order="left")


def _quality_rows(rows: pl.DataFrame) -> pl.DataFrame:
    # A file's quality table is held in memory, so the texts that recur are kept once.
    return rows.select(
        pl.col("row").alias("RowNo"),
        pl.col("kind").cast(pl.Categorical).alias("Code Type"),
        pl.col("code").cast(pl.String).fill_null("").alias("Code"),
        pl.col("message").cast(pl.Categorical).alias("Error Message"),
        pl.col("error").cast(pl.Categorical).alias("Error"),
    )
