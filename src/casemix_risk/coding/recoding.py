"""Episodes as they would be had they been coded otherwise: with fewer diagnoses, or with one more."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl

from casemix_risk.group.codes import normalise_diagnosis
from casemix_risk.group.definitions import Definitions
from casemix_risk.group.scalar import plain_tables
from casemix_risk.group.scalar_rules import Read, cc_list_of, complications, longest
from casemix_risk.group.year import NOT_GROUPED
from casemix_risk.streams import stream

PERCENTS = (10, 20, 30)
NO_SECONDARY, LESS_DEPTH, MORE_CODED = "no_secondary", "less_depth", "more_coded"
SCENARIOS = (
    (NO_SECONDARY, 100),
    *((scenario, percent) for scenario in (LESS_DEPTH, MORE_CODED) for percent in PERCENTS),
)
ADDED_SCORE = 1
ROWS_A_STREAM = 2**16


class Recoding(NamedTuple):
    """A scenario of coding.

    Attributes:
        scenario: NO_SECONDARY, LESS_DEPTH or MORE_CODED.
        percent: of secondary diagnoses left out, or of episodes without a complication that get one.
        diagnoses: the texts of a batch's episodes under it.
    """

    scenario: str
    percent: int
    diagnoses: pl.Series


def recodings(
    episodes: pl.DataFrame,
    grouped: pl.DataFrame,
    complication: Callable[[str, str], str],
    seed: int,
    year: str,
) -> Iterator[Recoding]:
    """Every scenario of a batch; what one percentage changes, a higher one changes too.

    Args:
        episodes: rows of table ``episodes``.
        grouped: their rows of table ``grouping``.
        complication: `complication_of` the definition set.
        seed: the run's.
        year: names the random streams, which depend on rows of the source and not on batches.
    """
    written, rows = episodes["diagnoses"].fill_null(""), episodes["source_row"]
    primary = written.str.split(" ").list.first()
    yield Recoding(NO_SECONDARY, 100, primary)
    codes = _codes(written, rows)
    chance = _chances(codes, seed, year)
    for percent in PERCENTS:
        yield Recoding(LESS_DEPTH, percent, _without(written, codes, chance < percent / 100))
    chance = uniforms(rows.to_numpy(), seed, year, MORE_CODED)
    added = _added(primary, grouped, complication)
    for percent in PERCENTS:
        more = pl.select(pl.when(pl.Series(chance < percent / 100)).then(added).otherwise(pl.lit("")))
        yield Recoding(MORE_CODED, percent, written + more.to_series())


def complication_of(definitions: Definitions) -> Callable[[str, str], str]:
    """A function that names a complication of score 1 which counts beside a primary diagnosis.

    Args:
        definitions: the set.

    Returns:
        A function of a rule's id and a primary diagnosis as written. It gives the set's first such code that
        no rule and no count of injured regions looks at, so that only the score changes; an empty text where
        there is none.
    """
    tables = plain_tables(definitions)
    lists = {rule["rule"]: cc_list_of(rule) for rules in tables.rules.values() for rule in rules}
    asked = set(" ".join(definitions.rules["any_diagnosis"]).replace("|", " ").split())
    candidates = {
        name: [
            Read(2, code, row)
            for code, scored in rows.items()
            if scored["score"] == ADDED_SCORE
            and (row := longest(code, tables.diagnosis))
            and not row["flags"].startswith("trauma")
            and not asked.intersection(row["features"].split())
        ]
        for name, rows in tables.cc_list.items()
    }

    @cache
    def chosen(cc_list: str, primary: str) -> str:
        counts = (
            each.code
            for each in candidates.get(cc_list, [])
            if not primary.startswith(each.code) and complications([each], primary, cc_list, tables)[0]
        )
        return next(counts, "")

    return lambda rule, written: chosen(lists[rule], normalise_diagnosis(written).code)


def uniforms(rows: np.ndarray, seed: int, *names: object) -> np.ndarray:
    """A uniform draw for each row of the source, whatever other rows are asked with it.

    Args:
        rows: numbers of source rows.
        seed: the run's.
        names: what the draws are for.

    Returns:
        Numbers from 0 to 1, one for each of `rows`.
    """
    drawn = np.empty(len(rows))
    block, place = np.divmod(rows, ROWS_A_STREAM)
    for each in np.unique(block):
        inside = block == each
        drawn[inside] = stream(seed, "coding", *names, int(each)).random(ROWS_A_STREAM)[place[inside]]
    return drawn


def _codes(written: pl.Series, rows: pl.Series) -> pl.DataFrame:
    """A row a code: the record in the batch, its source row, the place among its diagnoses, the code."""
    lists = pl.DataFrame({"source_row": rows, "code": written.str.split(" ")}).with_row_index("record")
    return lists.with_columns(place=pl.int_ranges(pl.col("code").list.len())).explode("code", "place")


def _chances(codes: pl.DataFrame, seed: int, year: str) -> np.ndarray:
    """A draw for each code; primary diagnoses need none."""
    rows, places = codes["source_row"].to_numpy(), codes["place"].to_numpy()
    drawn = np.ones(len(rows))
    for place in range(1, places.max(initial=0) + 1):
        inside = places == place
        drawn[inside] = uniforms(rows[inside], seed, year, LESS_DEPTH, place)
    return drawn


def _without(written: pl.Series, codes: pl.DataFrame, left_out: np.ndarray) -> pl.Series:
    """The texts without the codes that are left out; only those that lose one are put together again."""
    record = codes["record"].to_numpy()
    loses = np.zeros(len(written), dtype=bool)
    loses[record[left_out]] = True
    rest = codes.filter(loses[record] & ~left_out).group_by("record", maintain_order=True)
    texts = rest.agg(pl.col("code").str.join(" "))
    return written.clone().scatter(texts["record"], texts["code"])


def _added(primary: pl.Series, grouped: pl.DataFrame, complication: Callable[[str, str], str]) -> pl.Series:
    """A space and a code for each episode that has no complication; an empty text for the others."""
    cases = grouped.select("rule", primary=primary)
    without = (grouped["cc_score"] == 0) & (grouped["method"] != NOT_GROUPED)
    found = cases.filter(without).unique().sort("rule", "primary")
    codes = [complication(rule, primary) for rule, primary in found.iter_rows()]
    of_case = found.with_columns(added=pl.Series([code and f" {code}" for code in codes], dtype=pl.String))
    every = cases.join(of_case, on=["rule", "primary"], how="left", maintain_order="left")["added"]
    return pl.select(pl.when(without).then(every.fill_null("")).otherwise(pl.lit(""))).to_series()
