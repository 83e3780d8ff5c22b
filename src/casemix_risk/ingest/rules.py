"""The cleaning rules, in the order in which they are judged."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl
from polars import col


class Rule(NamedTuple):
    """A cleaning rule.

    Attributes:
        id: its name in every table.
        description: the rule in words.
        condition: what a row must meet, on the columns of `casemix_risk.ingest.episodes.typed_episodes`.
        action: ``exclude``: a row is left out by the first such rule it meets; ``recode`` and ``flag``: what
            is done to, or said of, the rows that are kept.
        recodes: column -> the value it is given.
        among: the rule compares rows that agree in these columns and passed the rules before it; a row
            without the first of them is compared with none, a missing value of the others is like another.
    """

    id: str
    description: str
    condition: pl.Expr
    action: str
    recodes: Mapping[str, object] = {}
    among: tuple[str, ...] = ()


UNGROUPABLE = "^(?:U0[1-9]|UZ01Z)$"
_MOST_COMPLETE_FIRST = col("source_row").sort_by("codes", "source_row", descending=[True, False])
_BABY = col("age").is_between(7001, 7007)
_BEGINS_SPELL = (col("episode_status") == "3") & (col("episode_order") == 1)

RULES = (
    Rule(
        "ragged_row",
        "The number of fields differs from the header's.",
        col("ragged"),
        "exclude",
    ),
    Rule(
        "superseded",
        "The same EPIKEY stands in a later PARTYEAR.",
        col("party_year") < col("party_year").max(),
        "exclude",
        among=("epikey",),
    ),
    Rule(
        "unfinished_episode",
        "EPISTAT is not 3, finished.",
        col("episode_status").ne_missing("3"),
        "exclude",
    ),
    Rule(
        "invalid_dates",
        "EPISTART, EPIEND or ADMIDATE is missing or invalid, or the episode ends before it starts.",
        pl.any_horizontal(col("episode_start", "episode_end", "admission_date").is_null())
        | (col("episode_end") < col("episode_start")),
        "exclude",
    ),
    Rule(
        "unknown_admission_method",
        "ADMIMETH is unknown, so the price to pay is.",
        col("admission_type").is_null(),
        "exclude",
    ),
    Rule(
        "unknown_episode_order",
        "EPIORDER is 98, 99 or not a number, so whether the spell begins here is unknown.",
        ~col("episode_order").is_between(1, 97).fill_null(False),
        "exclude",
    ),
    Rule(
        "private_patient",
        "ADMINCAT is 02 private or 04 category II, which the NHS does not pay for.",
        col("admission_category").is_in(("02", "04")),
        "exclude",
    ),
    Rule(
        "non_english_practice",
        "GPPRAC begins with W, S or Z: a practice outside England.",
        col("practice").str.slice(0, 1).is_in(("W", "S", "Z")),
        "exclude",
    ),
    Rule(
        "missing_hrg",
        "The record has no HRG.",
        col("hrg").is_null(),
        "exclude",
    ),
    Rule(
        "ungroupable_hrg",
        "The HRG is U01 to U09 or UZ01Z: the record could not be grouped.",
        col("hrg").str.contains(UNGROUPABLE),
        "exclude",
    ),
    Rule(
        "duplicate",
        "A more complete, or else an earlier, row has the same patient, EPISTART, EPIORDER, EPIEND and "
        "provider.",
        col("source_row") != _MOST_COMPLETE_FIRST.first(),
        "exclude",
        among=("patient", "episode_start", "episode_order", "episode_end", "provider"),
    ),
    Rule(
        "baby_age",
        "STARTAGE is 7001 to 7007, a baby under one year: age 0.",
        _BABY,
        "recode",
        {"age": 0},
    ),
    Rule(
        "unknown_age",
        "STARTAGE is 999, missing or above 130: age left empty.",
        ~(_BABY | col("age").is_between(0, 130)).fill_null(False),
        "recode",
        {"age": None},
    ),
    Rule(
        "unknown_sex",
        "SEX is not 1, 2 or X: sex left empty.",
        ~col("sex").is_in(("1", "2", "X")).fill_null(False),
        "recode",
        {"sex": None},
    ),
    Rule(
        "unknown_practice",
        "GPPRAC is V81997, V81998, V81999, & or missing: practice left empty.",
        col("practice").is_in(("V81997", "V81998", "V81999", "&", "-")).fill_null(True),
        "recode",
        {"practice": None},
    ),
    Rule(
        "admission_flag_differs",
        "FAE is given and is not what EPISTAT and EPIORDER say.",
        (col("admission_flag") != _BEGINS_SPELL.cast(pl.Int8).cast(pl.String)).fill_null(False),
        "flag",
    ),
)
# What a grouper can mend: where episodes are grouped after cleaning, these are judged then.
OF_THE_HRG = ("missing_hrg", "ungroupable_hrg")
KEPT = len(RULES)
KEPT_DESCRIPTION = "Rows kept."
