"""The tables that users of the national grouper know, from what the engine gives.

Names and meanings: the user manual of the national grouper's local payment edition, files ``_FCE``,
``_spell``, ``_quality_rel`` and ``_ub_rel``. Left out is what these definitions do not have: programme
budgeting categories (FCE_PBC, SpellPBC), trim points and excess bed days, specialised service codes, best
practice flags, and the reporting lengths of stay that the grouper itself no longer fills. ``RowNo`` is the
row of the input file, where the national grouper numbers the rows after sorting them.
"""

import polars as pl

from casemix_risk.group.codes import normalise_diagnosis, normalise_procedure
from casemix_risk.group.national_files import Batch

UNBUNDLED_SCHEMA = {"RowNo": pl.Int64, "Iteration": pl.Int64, "UnbundledHRGs": pl.String, "Count": pl.Int64}
QUALITY_SCHEMA = {
    "RowNo": pl.Int64,
    "Iteration": pl.Int64,
    "Code Type": pl.String,
    "Code": pl.String,
    "Error Message": pl.String,
}
RAGGED = "The row has not as many fields as the first row; nothing of it was read"
UNKNOWN = "Not in the definitions; left out"
_NORMALISE = {"diagnosis": normalise_diagnosis, "procedure": normalise_procedure}
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
_UNKNOWN_CODES = ("invalid_primary", "invalid_dominant_procedure")
# What a code of either classification looks like, whatever its edition.
_WELL_FORMED = r"^[A-Z][0-9]{2}[0-9A-Z]{0,3}$"


def fce_table(batch: Batch, grouped: pl.DataFrame) -> pl.DataFrame:
    """One row an episode: the input's columns as given, then how it was grouped.

    Args:
        batch: rows of the file.
        grouped: what `casemix_risk.group.engine.group_records` gives of them.
    """
    results = grouped.select(
        batch.records["row"].alias("RowNo"),
        FCE_HRG="hrg",
        GroupingMethodFlag="method",
        DominantProcedure="dominant_procedure",
        CalcEpidur="adjusted_days",
        UnbundledHRGs="unbundled",
        Rule="rule",
        CCScore="cc_score",
        Error="error",
    )
    taken = set(results.columns)
    given = batch.given.rename({name: f"{name}_given" for name in batch.given.columns if name in taken})
    return pl.concat([given, results], how="horizontal")


def unbundled_table(records: pl.DataFrame, grouped: pl.DataFrame) -> pl.DataFrame:
    """One row for each unbundled HRG of an episode, with how often it counts (``Count``)."""
    words = grouped.select(row=records["row"], word=pl.col("unbundled").str.split(" ")).explode("word")
    parts = pl.col("word").str.split("*")
    return words.filter(pl.col("word") != "").select(
        RowNo="row",
        Iteration=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("row"),
        UnbundledHRGs=parts.list.get(0),
        Count=parts.list.get(1, null_on_oob=True).cast(pl.Int64).fill_null(1),
    )


def quality_table(batch: Batch, grouped: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    """One row for each error and warning of an episode, without ``Iteration``.

    Args:
        batch: rows of the file.
        grouped: what the engine gives of them.
        errors: table ``errors`` of the definitions, for the messages.
    """
    rows = pl.concat(
        [
            batch.records,
            grouped.select("error", "warnings"),
            batch.given.select(_age="STARTAGE", _sex="SEX", _days="EPIDUR"),
        ],
        how="horizontal",
    )
    codes = {
        "diagnosis": pl.col("diagnoses").str.split(" ").list.first().replace("-", ""),
        "procedure": pl.col("procedures").str.split(" ").list.first(),
        "age": pl.col("_age"),
        "sex": pl.col("_sex"),
        "days": pl.col("_days"),
        "care days": pl.concat_str("critical_care_days", "rehabilitation_days", "palliative_days", separator="+"),
    }
    failed = (
        rows.filter(pl.col("error").is_not_null())
        .with_columns(kind=_code_type())
        .with_columns(
            code=pl.coalesce(pl.when(pl.col("kind") == kind).then(code) for kind, code in codes.items())
        )
        .join(errors.select("error", "message"), on="error", how="left", maintain_order="left")
    )
    warned = (
        rows.select("row", word=pl.col("warnings").str.split(" "))
        .explode("word")
        .filter(pl.col("word") != "")
        .with_columns(pl.col("word").str.split_exact(":", 1).struct.rename_fields(["kind", "code"]))
        .unnest("word")
    )
    ragged = rows.filter("ragged")
    return pl.concat(
        [
            _quality_rows(ragged, pl.lit("row"), pl.lit(""), pl.lit(RAGGED)),
            _quality_rows(failed, pl.col("kind"), pl.col("code"), pl.col("message")),
            _quality_rows(warned, pl.col("kind"), pl.col("code"), pl.lit(UNKNOWN)),
        ]
    )


def spell_quality(spells: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    """One row for each spell that could not be grouped, at its first row, without ``Iteration``.

    A spell whose error is its dominant episode's own is not told twice.
    """
    failed = spells.filter(pl.col("error").replace_strict(_CODE_TYPES, default=None) == "spell").join(
        errors.select("error", "message"), on="error", how="left"
    )
    return _quality_rows(failed, pl.lit("spell"), pl.col("spell"), pl.col("message"))


def numbered_quality(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows of `quality_table` and `spell_quality` by RowNo, those of a row numbered from 1."""
    return (
        pl.concat(parts)
        .sort("RowNo", maintain_order=True)
        .with_columns(Iteration=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("RowNo"))
        .select(*QUALITY_SCHEMA)
    )


def unknown_codes(records: pl.DataFrame, grouped: pl.DataFrame) -> pl.DataFrame:
    """How often each code occurs that no row of the definitions matches: ``kind, code, times``.

    Codes are normalised; those of a newer edition of the classification are among them.
    """
    pairs = [
        grouped.select(word=pl.col("warnings").str.split(" "))
        .explode("word")
        .filter(pl.col("word") != "")
        .select(pl.col("word").str.split_exact(":", 1).struct.rename_fields(["kind", "code"]))
        .unnest("kind")
    ]
    for error, (kind, normalise) in zip(_UNKNOWN_CODES, _NORMALISE.items(), strict=True):
        first = records.filter(grouped["error"] == error)[
            {"diagnosis": "diagnoses", "procedure": "procedures"}[kind]
        ]
        codes = [normalise(text.split(" ")[0]).code for text in first]
        pairs.append(pl.DataFrame({"kind": [kind] * len(codes), "code": codes}, pairs[0].schema))
    return pl.concat(pairs).group_by("kind", "code").agg(times=pl.len().cast(pl.Int64)).sort("kind", "code")


def unknown_codes_table(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The counts of several `unknown_codes` together, the most frequent first.

    ``WellFormed`` is false for what is no code of any edition.
    """
    return (
        pl.concat(parts)
        .group_by("kind", "code")
        .agg(pl.col("times").sum())
        .sort("times", "kind", "code", descending=[True, False, False])
        .select(
            pl.col("kind").alias("Code Type"),
            pl.col("code").alias("Code"),
            pl.col("times").alias("Count"),
            WellFormed=pl.col("code").str.contains(_WELL_FORMED),
        )
    )


def spell_table(spells: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """One row a spell, in the order of their first rows.

    Args:
        spells: what `casemix_risk.group.spells.group_spells` gives.
        records: the records of all these spells.
    """
    codes = pl.col("diagnoses").str.split(" ").list
    dominant = records.select(
        dominant_row="row",
        SpellPDiag=_normalised(codes.get(0, null_on_oob=True)),
        SpellSDiag=_normalised(codes.get(1, null_on_oob=True)),
    )
    return (
        spells.join(dominant, on="dominant_row", how="left")
        .sort("row")
        .select(
            RowNo="row",
            PROCODET="provider",
            PROVSPNO="spell",
            SpellHRG="hrg",
            SpellGroupingMethodFlag="method",
            SpellDominantProcedure="dominant_procedure",
            SpellPDiag="SpellPDiag",
            SpellSDiag="SpellSDiag",
            SpellEpisodeCount="episodes",
            SpellLOS="adjusted_days",
            UnbundledHRGs="unbundled",
            SpellRule="rule",
            SpellCCScore="cc_score",
            SpellError="error",
        )
    )


def _code_type() -> pl.Expr:
    return pl.col("error").replace_strict(_CODE_TYPES, default="record", return_dtype=pl.String)


def _quality_rows(rows: pl.DataFrame, kind: pl.Expr, code: pl.Expr, message: pl.Expr) -> pl.DataFrame:
    return rows.select(
        RowNo=pl.col("row"),
        **{"Code Type": kind, "Code": code.fill_null("").cast(pl.String), "Error Message": message},
    )


def _normalised(code: pl.Expr) -> pl.Expr:
    return code.map_elements(lambda text: normalise_diagnosis(text).code, return_dtype=pl.String)
