"""Hospital provider spells: which episodes belong to one stay."""

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_SPELL_GOES_ON = ("8", "9")  # DISMETH: spell unfinished, unknown


def with_spells(episodes: pl.DataFrame) -> pl.DataFrame:
    """Number the spell of each episode.

    Two episodes of a patient with a provider are of one spell when they have the same admission date, or the
    same start, or one with discharge method 8 or 9 ends on the day the other starts; and so is whatever
    hangs together through such pairs. Missing dates never match, and an episode without a patient or a
    provider is a spell of its own.

    Args:
        episodes: at least ``patient, provider, admission_date, episode_start, episode_end,
            discharge_method`` of table ``episodes``, in any order; patients may be text or numbers.

    Returns:
        The episodes with ``spell``: equal in the rows of one spell, otherwise without meaning.
    """
    known = pl.col("patient").is_not_null() & pl.col("provider").is_not_null()
    keys = episodes.select(
        "admission_date",
        "episode_start",
        "episode_end",
        row=pl.int_range(pl.len()),
        # A 64-bit hash stands for patient and provider. Among 20 million of them one wrong match is to be
        # expected in 90,000 years of data, and it would also need the same day.
        place=pl.when(known).then(pl.struct("patient", "provider").hash()),
        goes_on=pl.col("discharge_method").is_in(_SPELL_GOES_ON),
    )
    pairs = pl.concat([_same(keys, "admission_date"), _same(keys, "episode_start"), _continued(keys)])
    linked = np.ones(pairs.height, dtype=bool)
    links = coo_array((linked, (pairs["row"], pairs["other"])), shape=(keys.height, keys.height))
    _, spell = connected_components(links, directed=False)
    return episodes.with_columns(pl.Series("spell", spell))


def _same(keys: pl.DataFrame, date: str) -> pl.DataFrame:
    """Pairs of rows with the same place and date, each row with the next."""
    ordered = keys.select("row", "place", date).sort("place", date)
    as_before = pl.all_horizontal(pl.col(key) == pl.col(key).shift() for key in ("place", date))
    return ordered.select("row", other=pl.when(as_before).then(pl.col("row").shift())).drop_nulls()


def _continued(keys: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a row whose spell goes on and a row that starts on the day it ends."""
    unfinished = keys.filter("goes_on").select("row", "place", date="episode_end")
    starts = keys.select("place", date="episode_start", other="row")
    return unfinished.join(starts, on=["place", "date"]).select("row", "other")
