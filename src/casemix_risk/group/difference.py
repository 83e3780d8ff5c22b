"""Which episodes two definition sets group differently, and what that does to the price of admissions."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from casemix_risk.audit.lineage import SHORT
from casemix_risk.errors import InputError
from casemix_risk.group.compiled import Compiled, compile_definitions
from casemix_risk.group.definitions import Definitions, hash_definitions, set_label
from casemix_risk.group.engine import group_records

_PAIR = ["hrg", "hrg_other", "admission_type"]
_PRICE = {"hrg": pl.String, "admission_type": pl.String, "price_gbp": pl.Float64}
NO_PRICES = pl.DataFrame(schema=_PRICE)


def definitions_diff(
    definitions: Definitions,
    other: Definitions,
    records: Iterable[pl.DataFrame],
    prices: pl.DataFrame = NO_PRICES,
) -> pl.DataFrame:
    """Count episodes by the HRGs that two definition sets give them.

    An admission is a finished episode that begins its spell, and is priced by that episode's HRG.

    Args:
        definitions: the one set.
        other: the set compared with it.
        records: batches of `casemix_risk.group.extract.extract_records`.
        prices: ``hrg, admission_type, price_gbp``, one row for each line, in pounds.

    Returns:
        A row for each pair of HRGs and admission type (empty where unknown) that occurs, equal HRGs included,
        sorted: ``hrg, hrg_other, admission_type, episodes, admissions, gbp``. ``gbp`` is what the admissions
        cost more under the other set; 0 where the HRG is the same, null where one of two prices is missing.
    """
    both = compile_definitions(definitions), compile_definitions(other)
    counted = pl.concat(
        [
            pl.DataFrame(
                schema=dict.fromkeys(_PAIR, pl.String) | {"episodes": pl.Int64, "admissions": pl.Int64}
            ),
            *(_count(batch, *both) for batch in records),
        ]
    )
    pairs = counted.group_by(_PAIR).agg(pl.sum("episodes", "admissions")).sort(_PAIR)
    return priced_difference(pairs, prices).select(*_PAIR, "episodes", "admissions", "gbp").sort(_PAIR)


def priced_difference(pairs: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """Pairs of HRGs with what their admissions cost more under the other one.

    Args:
        pairs: with ``hrg``, ``hrg_other``, ``admission_type`` and ``admissions``.
        prices: ``hrg, admission_type, price_gbp``, one row for each line, in pounds.

    Returns:
        `pairs` with ``gbp``: 0 where the HRG is the same, null where one of two prices is missing.
    """
    price = prices.select(*_PRICE)
    priced = pairs.join(price, on=["hrg", "admission_type"], how="left", maintain_order="left").join(
        price.rename({"hrg": "hrg_other", "price_gbp": "price_gbp_other"}),
        on=["hrg_other", "admission_type"],
        how="left",
        maintain_order="left",
    )
    more = pl.col("admissions") * (pl.col("price_gbp_other") - pl.col("price_gbp"))
    same = pl.col("hrg") == pl.col("hrg_other")
    gbp = pl.when(same).then(0.0).otherwise(more)
    return priced.with_columns(gbp=gbp).drop("price_gbp", "price_gbp_other")


def _count(batch: pl.DataFrame, compiled: Compiled, other: Compiled) -> pl.DataFrame:
    return (
        pl.DataFrame(
            {
                "hrg": group_records(batch, compiled)["hrg"],
                "hrg_other": group_records(batch, other)["hrg"],
                "admission_type": batch["admission_type"].fill_null(""),
                "begins_spell": batch["begins_spell"],
            }
        )
        .group_by(_PAIR)
        .agg(episodes=pl.len().cast(pl.Int64), admissions=pl.col("begins_spell").sum().cast(pl.Int64))
    )


def read_prices(path: Path) -> pl.DataFrame:
    """The price of each line, from the table ``prices`` of a run.

    Raises:
        InputError: the file is missing, is not Parquet, lacks a column, has a price that is no number, or
            prices a line twice.
    """
    try:
        prices = pl.read_parquet(path, columns=[*_PRICE]).cast(_PRICE)
    except FileNotFoundError:
        raise InputError(f"There is no price table {path}: give a run's prices.parquet.") from None
    except pl.exceptions.PolarsError:
        raise InputError(
            f"{path} is no price table: give Parquet with the columns {', '.join(_PRICE)}, prices as numbers."
        ) from None
    if prices.select("hrg", "admission_type").is_duplicated().any():
        raise InputError(f"{path} prices a line twice: give one tariff edition's prices.")
    return prices


def describe_difference(
    definitions: Definitions, other: Definitions, pairs: pl.DataFrame, priced: bool
) -> Iterator[str]:
    """What `definitions_diff` found, in lines for people: totals, then every pair, most episodes first."""
    for name, each in (("A", definitions), ("B", other)):
        yield f"{name}: {set_label(each)} Hash of its tables: {hash_definitions(each)[:SHORT]}."
    changed = pairs.filter(pl.col("hrg") != pl.col("hrg_other"))
    episodes, moved = pairs["episodes"].sum(), changed["episodes"].sum()
    yield f"Episodes: {episodes:,}, of which {moved:,} ({moved / max(episodes, 1):.2%}) change HRG under B."
    if priced:
        unpriced = changed.filter(pl.col("gbp").is_null())["admissions"].sum()
        yield (
            f"Admissions that change HRG: {changed['admissions'].sum():,}; they cost GBP "
            f"{changed['gbp'].sum():+,.0f} under B; {unpriced:,} of them lack a price under A or B."
        )
    for hrg, hrg_other, admission_type, episodes, admissions, gbp in changed.sort(
        "episodes", *_PAIR, descending=[True, False, False, False]
    ).iter_rows():
        cost = f", GBP {gbp:+,.0f}" if gbp is not None else ", no price"
        yield (
            f"  {hrg} -> {hrg_other} {admission_type or 'unknown admission'}: episodes {episodes:,}, "
            f"admissions {admissions:,}{cost if priced else ''}"
        )
