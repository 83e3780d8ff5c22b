"""The episodes, spells and unbundled HRGs as the tables that users of the national grouper know.

Names and meanings: the user manual of the national grouper's local payment edition, its files ``_FCE``,
``_spell`` and ``_ub_rel``. Left out is what these definitions do not have: programme budgeting categories
(FCE_PBC, SpellPBC), trim points and excess bed days, specialised service codes, best practice flags, and the
reporting lengths of stay, which the grouper itself no longer fills. ``RowNo`` is the row of the input file;
the national grouper numbers the rows after sorting. Spell columns stand in the spell table alone.
"""

import polars as pl

from casemix_risk.group.codes import normalise_diagnosis
from casemix_risk.group.national_files import Batch


def fce_table(batch: Batch, grouped: pl.DataFrame) -> pl.DataFrame:
    """One row an episode: the input's columns as given, then how it was grouped.

    Args:
        batch: rows of the file.
        grouped: what `casemix_risk.group.engine.group_records` gives of them.
    """
    results = grouped.select(
        RowNo=batch.records["row"],
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
    """One row for each unbundled HRG of an episode: ``RowNo, Iteration, UnbundledHRGs, Count``."""
    return (
        grouped.select(RowNo=records["row"], UnbundledHRGs=pl.col("unbundled").str.split(" "))
        .explode("UnbundledHRGs")
        .filter(pl.col("UnbundledHRGs") != "")
        .group_by("RowNo", "UnbundledHRGs", maintain_order=True)
        .agg(Count=pl.len().cast(pl.Int64))
        .select(
            "RowNo",
            pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("RowNo").alias("Iteration"),
            "UnbundledHRGs",
            "Count",
        )
    )


def spell_table(spells: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """One row a spell, in the order of their first rows.

    Args:
        spells: what `casemix_risk.group.spells.group_spells` gives.
        records: the records of all these spells.
    """
    codes = pl.col("diagnoses").str.split(" ").list
    dominant = spells.join(
        records.select(
            "diagnoses", dominant_row="row", first=codes.get(0), second=codes.get(1, null_on_oob=True)
        ),
        on="dominant_row",
        how="left",
        maintain_order="left",
    )
    return dominant.select(
        RowNo="row",
        PROCODET="provider",
        PROVSPNO="spell",
        SpellHRG="hrg",
        SpellGroupingMethodFlag="method",
        SpellDominantProcedure="dominant_procedure",
        SpellPDiag=_normalised(dominant["first"]),
        SpellSDiag=_normalised(dominant["second"]),
        SpellEpisodeCount="episodes",
        SpellLOS="adjusted_days",
        UnbundledHRGs="unbundled",
        SpellRule="rule",
        SpellCCScore="cc_score",
        SpellError="error",
    )


def _normalised(codes: pl.Series) -> pl.Series:
    """Each distinct code is normalised once."""
    distinct = codes.drop_nulls().unique()
    plain = [normalise_diagnosis(code).code or None for code in distinct]
    return codes.replace_strict(distinct, pl.Series(plain, dtype=pl.String), default=None)
