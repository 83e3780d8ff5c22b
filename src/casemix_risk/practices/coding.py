"""How completely the emergency admissions and the conditions of each practice's patients are coded."""

from collections.abc import Mapping

import polars as pl

from casemix_risk.practices.counts import emergency_admission

UNSPECIFIED = r"^(?:-|R|\w\d\w9)"
_SUMS = ["admissions", "secondary_codes", "unspecified"]


def practice_coding(episodes: Mapping[str, pl.LazyFrame], recorded: pl.DataFrame) -> pl.DataFrame:
    """Depth and precision of the diagnoses of each practice's emergency admissions, and its completeness.

    Depth and precision are the work of the hospitals that coders of the practice's patients sit in;
    completeness is the practice's own. Neither is adjusted for case mix: older patients have more secondary
    diagnoses.

    Args:
        episodes: year -> table ``episodes``, as a lazy frame.
        recorded: `casemix_risk.practices.prevalence.completeness`; its practices are counted.

    Returns:
        Table ``practice_coding``, with the year ``all`` for all years together. A primary diagnosis is
        unspecified if it is a symptom (ICD-10 chapter XVIII, codes R), has the fourth character 9, which
        ICD-10 gives to what is not further specified, or is missing. A practice without an admission in a
        year has no row of it.
    """
    counted = [
        _counted(frame, recorded).with_columns(year=pl.lit(year)) for year, frame in episodes.items()
    ]
    together = pl.concat(counted)
    of_all = together.group_by("practice").agg(pl.col(_SUMS).sum()).with_columns(year=pl.lit("all"))
    return (
        pl.concat([together, of_all], how="diagonal")
        .join(recorded, on="practice")
        .select(
            "practice",
            "year",
            *_SUMS,
            depth=pl.col("secondary_codes") / pl.col("admissions"),
            unspecified_share=pl.col("unspecified") / pl.col("admissions"),
            completeness="completeness",
        )
        .sort("practice", "year")
    )


def _counted(episodes: pl.LazyFrame, recorded: pl.DataFrame) -> pl.DataFrame:
    return (
        episodes.filter(emergency_admission())
        .join(recorded.lazy(), on="practice", how="semi")
        .group_by("practice")
        .agg(
            admissions=pl.len().cast(pl.Int64),
            secondary_codes=pl.col("diagnoses").str.count_matches(" ", literal=True).cast(pl.Int64).sum(),
            unspecified=pl.col("diagnoses").str.contains(UNSPECIFIED).cast(pl.Int64).sum(),
        )
        .collect(engine="streaming")
    )
