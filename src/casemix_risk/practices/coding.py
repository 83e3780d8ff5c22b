"""How completely the emergency admissions and the conditions of each practice's patients are coded."""

from collections.abc import Mapping

import pandas as pd
import polars as pl

from casemix_risk.practices.counts import emergency_admission
from casemix_risk.practices.expected import ALL_YEARS

UNSPECIFIED = r"^(?:-|R|\w\d\w9)"
_SUMS = ["admissions", "secondary_codes", "unspecified"]


def practice_coding(episodes: Mapping[str, pl.LazyFrame], recorded: pd.Series) -> pd.DataFrame:
    """Depth and precision of the diagnoses of each practice's emergency admissions, and its completeness.

    Depth and precision are the work of the hospitals that its patients go to; completeness is the practice's
    own. None is adjusted for case mix: older patients have more secondary diagnoses.

    Args:
        episodes: year -> table ``episodes``, as a lazy frame.
        recorded: `casemix_risk.practices.prevalence.completeness`; its practices are counted.

    Returns:
        Table ``practice_coding``, with the year ``all`` for all years together. A primary diagnosis is
        unspecified if it is a symptom (ICD-10 chapter XVIII, codes R), has the fourth character 9, which
        ICD-10 gives to what is not further specified, or is missing. A practice without an admission in a
        year has no row of it.
    """
    practices = pl.LazyFrame({"practice": recorded.index.to_list()})
    by_year = pd.concat(
        [_counted(frame, practices).to_pandas().assign(year=year) for year, frame in episodes.items()]
    )
    together = by_year.groupby("practice", as_index=False)[_SUMS].sum().assign(year=ALL_YEARS)
    table = pd.concat([by_year, together]).sort_values(["practice", "year"], ignore_index=True)
    return table[["practice", "year", *_SUMS]].assign(
        depth=table["secondary_codes"] / table["admissions"],
        unspecified_share=table["unspecified"] / table["admissions"],
        completeness=table["practice"].map(recorded),
    )


def _counted(episodes: pl.LazyFrame, practices: pl.LazyFrame) -> pl.DataFrame:
    return (
        episodes.filter(emergency_admission())
        .join(practices, on="practice", how="semi")
        .group_by("practice")
        .agg(
            admissions=pl.len().cast(pl.Int64),
            secondary_codes=pl.col("diagnoses").str.count_matches(" ", literal=True).cast(pl.Int64).sum(),
            unspecified=pl.col("diagnoses").str.contains(UNSPECIFIED).cast(pl.Int64).sum(),
        )
        .collect(engine="streaming")
    )
