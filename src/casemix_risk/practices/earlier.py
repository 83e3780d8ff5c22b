"""People who were in hospital in an earlier year of the extract, and what was seen on them there.

A person takes 16 bytes whatever the number of episodes: people are told apart by a 64-bit hash (two of 25
million have the same one in 1 of 50,000 extracts).
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl

from casemix_risk.practices.charlson import charlson_bands, charlson_categories

NOWHERE = -1
_BIRTHS = 256  # places kept for years of birth, from 1850 on
_FIRST_BIRTH = 1850
_DIED = ("4", "5")


class Earlier(NamedTuple):
    """People by the hash of their pseudonym, ascending.

    Attributes:
        person: hashes.
        categories: Charlson categories of all diagnoses seen, bits.
        place: practice, sex and year of birth as they were last seen, packed; NOWHERE where one of them is
            unknown or the person died in hospital.
        codes: `charlson_categories` of the codes seen.
    """

    person: np.ndarray
    categories: np.ndarray
    place: np.ndarray
    codes: pl.DataFrame


def nobody() -> Earlier:
    """Who is known before the first year."""
    codes = pl.DataFrame(schema={"code": pl.String, "categories": pl.UInt32})
    return Earlier(np.empty(0, np.uint64), np.empty(0, np.uint32), np.empty(0, np.int32), codes)


def bands_of(person: np.ndarray, earlier: Earlier, bands: np.ndarray) -> np.ndarray:
    """The comorbidity of people by their hashes: that of `bands`, 0 of those not known."""
    if not len(earlier.person):
        return np.zeros(len(person), dtype=np.int8)
    place = np.searchsorted(earlier.person, person).clip(max=len(earlier.person) - 1)
    return np.where(earlier.person[place] == person, bands[place], 0).astype(np.int8)


def known_bands(earlier: Earlier) -> np.ndarray:
    """The comorbidity of each, 1 to 4."""
    return charlson_bands(earlier.categories, earlier.codes)


def where_now(earlier: Earlier, year: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Who is still somewhere (as a mask), and their practices, sexes (0 men, 1 women) and ages in a year."""
    there = earlier.place != NOWHERE
    rest, birth = np.divmod(earlier.place[there], _BIRTHS)
    practice, sex = np.divmod(rest, 2)
    return there, practice, sex, year - _FIRST_BIRTH - birth


def seen(episodes: pl.DataFrame, year: int, codes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The people of a batch of episodes.

    Args:
        episodes: ``person`` (hash, null unknown), ``practice`` (number, null unknown), ``sex`` (1, 2, null
            unknown), ``age, discharge_method, diagnoses``, in time's order.
        year: in which the financial year starts.
        codes: `charlson_categories` of codes met before.

    Returns:
        ``person, categories, place``, a row a person; and the codes with those that are new.
    """
    rows = episodes.filter(pl.col("person").is_not_null()).with_row_index("row")
    diagnoses = rows.select("person", code=pl.col("diagnoses").str.split(" ")).explode("code")
    fresh = diagnoses.select("code").unique().drop_nulls().join(codes, on="code", how="anti")
    if fresh.height:
        codes = pl.concat([codes, charlson_categories(fresh["code"])]).sort("code")
    ill = diagnoses.join(codes.filter(pl.col("categories") > 0), on="code")
    ill = ill.group_by("person").agg(pl.col("categories").bitwise_or())
    born = year - pl.col("age") - _FIRST_BIRTH
    place = ((pl.col("practice") * 2 + pl.col("sex") - 1) * _BIRTHS + born).fill_null(NOWHERE)
    died = pl.col("discharge_method").is_in(_DIED).fill_null(False)
    last = rows.select("person", place=pl.when(died).then(NOWHERE).otherwise(place).cast(pl.Int32))
    people = last.unique("person", keep="last", maintain_order=True).join(ill, on="person", how="left")
    return people.select("person", pl.col("categories").fill_null(0), "place"), codes


def with_year(earlier: Earlier, batches: Iterable[pl.DataFrame], codes: pl.DataFrame) -> Earlier:
    """Those known before and those of a year, from `seen`, in time's order."""
    parts = [
        (earlier.person, earlier.categories, earlier.place),
        *(tuple(batch[name].to_numpy() for name in ("person", "categories", "place")) for batch in batches),
    ]
    person, categories, place = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(person, kind="stable")
    person = person[order]
    new = np.append(True, person[1:] != person[:-1])[: len(person)]
    last = np.append(new[1:], True)[: len(person)]
    first = np.flatnonzero(new)
    everything = np.bitwise_or.reduceat(categories[order], first)
    return Earlier(person[first], everything, place[order][last], codes)
