"""What deeper or shallower coding moves: episodes that get another HRG, and what their admissions cost."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import polars as pl

from casemix_risk.coding.recoding import MORE_CODED, SCENARIOS, recodings
from casemix_risk.group.arrays import Compiled
from casemix_risk.group.difference import priced_difference
from casemix_risk.group.year import group_whatever_the_sex, grouper_records

_LINE = ["hrg", "admission_type"]
_PAIR = ["hrg", "hrg_other", "admission_type"]
_SCENARIO = ["scenario", "percent"]
_COUNTS = {"episodes": pl.len().cast(pl.Int64), "admissions": pl.sum("admissions").cast(pl.Int64)}
EVERYBODY = "everybody"
PENCE = 100


class Effects(NamedTuple):
    """What a year's scenarios did.

    Attributes:
        coding_effects: table of that name.
        coding_moves: table of that name.
    """

    coding_effects: pl.DataFrame
    coding_moves: pl.DataFrame


def middle_sized(episodes: pl.LazyFrame, column: str) -> str | None:
    """The provider or practice of median size, the lower of two; None where none is known.

    Args:
        episodes: table ``episodes``.
        column: ``provider`` or ``practice``.
    """
    sizes = episodes.drop_nulls(column).group_by(column).agg(pl.len()).sort("len", column).collect()
    return sizes[column][(sizes.height - 1) // 2] if sizes.height else None


def coding_effects(
    batches: Iterable[tuple[pl.DataFrame, pl.DataFrame]],
    compiled: Compiled,
    complication: Callable[[str, str], str],
    prices: pl.DataFrame,
    alone: Mapping[str, str],
    seed: int,
    year: str,
) -> Effects:
    """Group a year again under each scenario of `casemix_risk.coding.recoding.recodings`.

    An admission is a finished episode that begins its spell, and is priced by that episode's HRG, as in
    `casemix_risk.group.difference`. Before is the HRG derived from the codes as they are.

    Args:
        batches: rows of table ``episodes`` and their rows of table ``grouping``.
        compiled: the definition set that grouped them.
        complication: `casemix_risk.coding.recoding.complication_of` it.
        prices: table ``prices``, in pounds.
        alone: who codes more deeply alone: column of the episodes -> its value, such as provider -> RXX.
        seed: the run's.
        year: financial year.
    """
    before: list[pl.DataFrame] = []
    after: list[pl.DataFrame] = []
    for episodes, grouped in batches:
        cases = episodes.select(
            "admission_type",
            *(pl.col(column).eq_missing(value).alias(column) for column, value in alone.items()),
            admissions=(pl.col("episode_order") == 1).fill_null(False),
            hrg=grouped["derived_hrg"],
        )
        before.append(_counted(cases, _LINE, alone))
        written = episodes["diagnoses"].fill_null("")
        for recoding in recodings(episodes, grouped, complication, seed, year):
            changed = recoding.diagnoses != written
            records = grouper_records(episodes.with_columns(recoding.diagnoses.alias("diagnoses")))
            found = group_whatever_the_sex(records.filter(changed), compiled)["hrg"]
            who = alone if recoding.scenario == MORE_CODED else {}
            scenario = {
                "scenario": pl.lit(recoding.scenario),
                "percent": pl.lit(recoding.percent, pl.Int64),
            }
            moved = cases.filter(changed).with_columns(hrg_other=found, **scenario)
            after.append(_counted(moved, [*_SCENARIO, *_PAIR], who))
        before, after = [_added(before, _LINE)], [_added(after, [*_SCENARIO, *_PAIR])]
    return _tables(before[0], after[0], prices, year)


def _counted(cases: pl.DataFrame, by: list[str], alone: Iterable[str]) -> pl.DataFrame:
    """Episodes and admissions of everybody, and of each who is alone."""
    every = [cases.with_columns(who=pl.lit(EVERYBODY))]
    every += [cases.filter(pl.col(column)).with_columns(who=pl.lit(column)) for column in alone]
    return pl.concat([each.group_by("who", *by).agg(**_COUNTS) for each in every])


def _added(counts: list[pl.DataFrame], by: list[str]) -> pl.DataFrame:
    return pl.concat(counts).group_by("who", *by).agg(pl.sum("episodes", "admissions"))


def _tables(lines: pl.DataFrame, pairs: pl.DataFrame, prices: pl.DataFrame, year: str) -> Effects:
    price = prices.select(*_LINE, pence=_pence(pl.col("price_gbp")))
    whole = (
        lines.join(price, on=_LINE, how="left")
        .group_by("who")
        .agg(pl.sum("episodes"), cost=(pl.col("admissions") * pl.col("pence")).sum())
    )
    pairs = priced_difference(pairs, prices).with_columns(pence=_pence(pl.col("gbp")))
    moved = pl.col("hrg") != pl.col("hrg_other")
    effects = pairs.group_by("who", *_SCENARIO).agg(
        episodes_changed=pl.sum("episodes"),
        episodes_moved=pl.col("episodes").filter(moved).sum(),
        admissions_moved=pl.col("admissions").filter(moved).sum(),
        admissions_unpriced=pl.col("admissions").filter(pl.col("gbp").is_null()).sum(),
        change=pl.sum("pence"),
    )
    every = _scenarios(whole["who"]).join(whole, on="who").join(effects, on=["who", *_SCENARIO], how="left")
    return Effects(
        every.fill_null(0)
        .select(
            year=pl.lit(year),
            scenario=pl.concat_str("scenario", _suffix()),
            percent="percent",
            episodes="episodes",
            episodes_changed="episodes_changed",
            episodes_moved="episodes_moved",
            admissions_moved="admissions_moved",
            admissions_unpriced="admissions_unpriced",
            cost_before_gbp=pl.col("cost") / PENCE,
            cost_change_gbp=pl.col("change") / PENCE,
            cost_change_pct=pl.when(pl.col("cost") > 0).then(100 * pl.col("change") / pl.col("cost")),
        )
        .sort(*_SCENARIO),
        pairs.filter(moved & (pl.col("who") == EVERYBODY))
        .select(
            *_SCENARIO,
            pl.col("hrg").alias("hrg_before"),
            pl.col("hrg_other").alias("hrg_after"),
            *("admission_type", "episodes", "admissions"),
            cost_change_gbp=pl.col("pence") / PENCE,
        )
        .sort(*_SCENARIO, "hrg_before", "hrg_after", "admission_type"),
    )


def _scenarios(who: Iterable[str]) -> pl.DataFrame:
    """Every scenario of everybody, and those of coding more deeply of who is alone."""
    rows = [
        (each, scenario, percent)
        for each in who
        for scenario, percent in SCENARIOS
        if each == EVERYBODY or scenario == MORE_CODED
    ]
    return pl.DataFrame(rows, {"who": pl.String, "scenario": pl.String, "percent": pl.Int64}, orient="row")


def _suffix() -> pl.Expr:
    """What a scenario is called where one alone follows it."""
    return pl.when(pl.col("who") == EVERYBODY).then(pl.lit("")).otherwise(pl.concat_str(pl.lit("_"), "who"))


def _pence(gbp: pl.Expr) -> pl.Expr:
    """Whole pence, whose sums are the same on any number of cores."""
    return (gbp * PENCE).round().cast(pl.Int64)
