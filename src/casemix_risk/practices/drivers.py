"""Which conditions a practice's patients are admitted with more often than their age and sex explain."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.practices.counts import emergency_admission
from casemix_risk.statistics.intervals import poisson_limits

# First category of each chapter of ICD-10 (WHO), in the order of the codes, and the chapter in a few words.
CHAPTERS = {
    "A00": "Infections",
    "C00": "Cancer and other neoplasms",
    "D50": "Blood and immune system",
    "E00": "Diabetes, hormones and nutrition",
    "F00": "Mental health",
    "G00": "Nervous system",
    "H00": "Eye",
    "H60": "Ear",
    "I00": "Heart and circulation",
    "J00": "Breathing",
    "K00": "Digestion",
    "L00": "Skin",
    "M00": "Muscles, bones and joints",
    "N00": "Kidneys, bladder and genitals",
    "O00": "Pregnancy and childbirth",
    "P00": "Newborn babies",
    "Q00": "Conditions from birth",
    "R00": "Symptoms without a diagnosis",
    "S00": "Injury and poisoning",
    "U00": "Special codes",
    "V00": "External causes",
    "Z00": "Other contact with health services",
}
NO_DIAGNOSIS = "Diagnosis missing"
_CELL = ["sex", "age_from"]


def practice_drivers(
    episodes: Mapping[str, pl.LazyFrame], people: pl.DataFrame, district: Collection[str]
) -> pd.DataFrame:
    """Emergency admissions of each practice by condition, beside what its ages and sexes lead to expect.

    A condition is the ICD-10 chapter of the primary diagnosis. With people n of practice p in a cell g of sex
    and age and all practices' admissions O_gc for condition c, expected is E_pc = sum over g of
    n_pg O_gc / n_g: indirect standardisation by all practices of the register, all years together. So a
    practice's excesses add up to what it is above or below in all, but for admissions without a price, which
    are counted here.

    Args:
        episodes: year -> table ``episodes``, as a lazy frame.
        people: table ``practice_people``: all practices of the register.
        district: codes of the practices that get rows.

    Returns:
        Table ``practice_drivers``; limits are those of the excess by chance in the observed count alone.
    """
    counted = _counted(pl.concat(episodes.values()), people)
    conditions = counted.select(pl.col("condition").unique().sort())
    # Every practice has every cell, in the order of the key.
    cells = people.select(_CELL).unique().sort(_CELL)
    lists = people["patients"].to_numpy().reshape(-1, len(cells))
    practices = people.select(pl.col("practice").unique(maintain_order=True))
    by_cell = _over(cells.join(conditions, how="cross"), counted).reshape(len(cells), len(conditions))
    everyone = lists.sum(axis=0)[:, None]
    rates = np.divide(by_cell, everyone, out=np.zeros(by_cell.shape), where=everyone > 0)
    # Not a matrix product, whose last digit may depend on the number of cores.
    expected = np.stack([(lists * rate).sum(axis=1) for rate in rates.T], axis=1)
    rows = practices.join(conditions, how="cross")
    observed = _over(rows, counted)
    lower, upper = poisson_limits(observed)
    table = rows.to_pandas().assign(observed=observed, expected=expected.ravel())
    table["excess"] = table["observed"] - table["expected"]
    table = table.assign(lower=lower - table["expected"], upper=upper - table["expected"])
    return table[table["practice"].isin(district)].reset_index(drop=True)


def _counted(episodes: pl.LazyFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Emergency admissions whose practice, sex and age are known, by these and condition."""
    counts = (
        episodes.filter(emergency_admission(), pl.col("age").is_not_null())
        .join(people.lazy().select("practice").unique(), on="practice", how="semi")
        .select(
            "practice",
            sex=pl.col("sex").cast(pl.Int64, strict=False),
            age_from=(pl.col("age") // 5 * 5).clip(upper_bound=people["age_from"].max()),
            chapter=chapter_number(pl.col("diagnoses").str.slice(0, 3)),
        )
        .filter(pl.col("sex").is_in(people["sex"].unique().to_list()))
        .group_by("practice", *_CELL, "chapter")
        .agg(admissions=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
    )
    names = dict(enumerate((NO_DIAGNOSIS, *CHAPTERS.values())))
    return counts.with_columns(condition=pl.col("chapter").replace_strict(names)).drop("chapter")


def chapter_number(category: pl.Expr) -> pl.Expr:
    """The number of the ICD-10 chapter, from 1, that the three characters belong to; 0: no diagnosis."""
    return pl.sum_horizontal((category >= first).cast(pl.Int8) for first in CHAPTERS)


def _over(rows: pl.DataFrame, counted: pl.DataFrame) -> np.ndarray:
    """Admissions of each row's key."""
    sums = counted.group_by(rows.columns).agg(pl.col("admissions").sum())
    found = rows.join(sums, on=rows.columns, how="left", maintain_order="left")
    return found["admissions"].fill_null(0).to_numpy()
