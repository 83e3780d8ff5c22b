"""A year's extract through the cleaning rules: what is kept, what is left out and why, and the waterfall."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from casemix_risk.errors import InputError
from casemix_risk.ingest.episodes import EPISODE, typed_episodes
from casemix_risk.ingest.layout import Layout, find_layout
from casemix_risk.ingest.read import BLOCK_BYTES, read_rows
from casemix_risk.ingest.rules import KEPT, KEPT_DESCRIPTION, OF_THE_HRG, RULES, Rule

_LINE = ["hrg", "admission_type"]
_STEPS = pl.DataFrame(
    [(step, rule.id, rule.description, rule.action) for step, rule in enumerate(RULES)]
    + [(KEPT, "kept", KEPT_DESCRIPTION, "keep")],
    schema={"step": pl.Int64, "rule": pl.String, "description": pl.String, "action": pl.String},
    orient="row",
)
_EXCLUDING = {step: rule for step, rule in enumerate(RULES) if rule.action == "exclude"}
_MARKING = {step: rule for step, rule in enumerate(RULES) if rule.action != "exclude"}
_AMONG = {step: rule for step, rule in enumerate(RULES) if rule.among}
_TYPED = pa.schema(
    [
        *EPISODE,
        ("party_year", pa.int64()),
        ("codes", pa.int64()),
        *((rule.id, pa.bool_()) for rule in _MARKING.values()),
        *((rule.id, pa.uint64()) for rule in _AMONG.values()),
    ]
)


@dataclass(frozen=True)
class CleanedYear:
    """A year after cleaning.

    Attributes:
        typed: temporary Arrow file with every row of the extract, in its order.
        steps: for each row, the place in RULES of the rule that excludes it, or KEPT.
        waterfall: table ``waterfall``.
    """

    typed: Path
    steps: np.ndarray
    waterfall: pd.DataFrame

    def episodes(self) -> Iterator[pa.Table]:
        """Table ``episodes``, batch by batch."""
        for batch, steps in _batches(self.typed, self.steps, EPISODE.names):
            kept = batch.filter(pa.array(steps == KEPT))
            epikey = kept.column("epikey").fill_null("")
            yield kept.set_column(EPISODE.names.index("epikey"), "epikey", epikey)

    def excluded(self) -> Iterator[pa.Table]:
        """Table ``excluded``, batch by batch."""
        ids = np.array([rule.id for rule in RULES], dtype=object)
        for batch, steps in _batches(self.typed, self.steps, EPISODE.names):
            excluded = steps != KEPT
            rule = pa.array(ids[steps[excluded]], pa.string())
            yield batch.filter(pa.array(excluded)).add_column(1, "rule", rule)


def clean_year(
    path: Path,
    workdir: Path,
    *,
    to_be_grouped: bool = False,
    block_bytes: int = BLOCK_BYTES,
    progress: Callable[[int], None] = lambda rows: None,
) -> CleanedYear:
    """Read a year's extract and judge every row by the cleaning rules.

    Memory does not grow with the file but for about 30 bytes a row. Rows are compared with each other through
    64-bit hashes of their keys; only those whose hashes agree are looked at again, by their real values.

    Args:
        path: the extract, see `casemix_risk.ingest.layout.find_layout`.
        workdir: an existing folder for a temporary file of the extract's size; it must stay while the result
            is read.
        to_be_grouped: whether a grouper follows, so that rows without an HRG, or with one that says they
            could not be grouped, stay.
        block_bytes: how much text is parsed at a time; the result does not depend on it.
        progress: told now and then how many rows are read.

    Returns:
        The year's episodes, excluded rows and waterfall; rows read = rows excluded + rows kept.

    Raises:
        InputError: the file is missing, damaged, lacks a column, or has no rows.
    """
    path = Path(path)
    layout = find_layout(path)
    typed = Path(workdir) / f"{path.name}.typed.arrow"
    rows = _counted(read_rows(path, layout, block_bytes), progress)
    steps = _judge_rows(rows, layout, typed, OF_THE_HRG if to_be_grouped else ())
    if not len(steps):
        raise InputError(f"{path} has a header but no rows: give the whole extract.")
    for step, rule in _AMONG.items():
        _judge_among(typed, step, rule, steps)
    return CleanedYear(typed, steps, _waterfall(typed, steps))


def _counted(batches: Iterable[pl.DataFrame], progress: Callable[[int], None]) -> Iterator[pl.DataFrame]:
    rows = 0
    for batch in batches:
        yield batch
        rows += len(batch)
        progress(rows)


def _judge_rows(
    batches: Iterable[pl.DataFrame], layout: Layout, typed: Path, judged_later: Collection[str]
) -> np.ndarray:
    """Write the typed, recoded rows; return the place of the first rule that excludes each by itself."""
    steps = [np.empty(0, dtype=np.int8)]
    with pa.ipc.new_file(str(typed), _TYPED, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for batch in batches:
            episodes = typed_episodes(batch, layout)
            steps.append(episodes.select(_first_excluding(judged_later)).to_series().to_numpy())
            recoded = episodes.with_columns(
                *(rule.condition.alias(rule.id) for rule in _MARKING.values()),
                *(_key_hash(rule).alias(rule.id) for rule in _AMONG.values()),
            ).with_columns(**_recodes())
            writer.write_table(recoded.select(_TYPED.names).to_arrow().cast(_TYPED))
    return np.concatenate(steps)


def _first_excluding(judged_later: Collection[str]) -> pl.Expr:
    by_itself = [
        pl.when(rule.condition).then(pl.lit(step, pl.Int8))
        for step, rule in _EXCLUDING.items()
        if not rule.among and rule.id not in judged_later
    ]
    return pl.coalesce(*by_itself, pl.lit(KEPT, pl.Int8))


def _recodes() -> dict[str, pl.Expr]:
    recoded = {}
    for rule in _MARKING.values():
        for name, value in rule.recodes.items():
            recoded[name] = pl.when(rule.id).then(pl.lit(value)).otherwise(recoded.get(name, pl.col(name)))
    return recoded


def _key_hash(rule: Rule) -> pl.Expr:
    """Null for rows that the rule compares with no other."""
    return pl.when(pl.col(rule.among[0]).is_not_null()).then(pl.struct(rule.among).hash())


def _judge_among(typed: Path, step: int, rule: Rule, steps: np.ndarray) -> None:
    """Set the step of the rows that a rule comparing rows excludes."""
    candidate = _agreeing(typed, rule.id, steps > step)
    columns = list({*rule.among, *rule.condition.meta.root_names(), "source_row"})
    found = [
        pl.from_arrow(batch).filter(pl.Series(chosen))
        for batch, chosen in _batches(typed, candidate, columns)
        if chosen.any()
    ]
    if found:
        excluded = pl.concat(found).filter(rule.condition.over(rule.among))
        steps[excluded["source_row"].to_numpy() - 1] = step


def _agreeing(typed: Path, column: str, eligible: np.ndarray) -> np.ndarray:
    """Which eligible rows have a hash that another eligible row has."""
    hashes = pl.concat(pl.from_arrow(batch.column(0)) for batch, _ in _batches(typed, eligible, [column]))
    eligible = eligible & hashes.is_not_null().to_numpy()
    ordered = np.sort(hashes.filter(pl.Series(eligible)).to_numpy())
    repeated = pl.Series(ordered[1:][ordered[1:] == ordered[:-1]], dtype=pl.UInt64).unique()
    return eligible & hashes.is_in(repeated.implode()).fill_null(False).to_numpy()


def _batches(typed: Path, of_row: np.ndarray, columns: list[str]) -> Iterator[tuple[pa.Table, np.ndarray]]:
    """Columns of the typed rows, batch by batch, each with its part of an array that has a value a row."""
    options = pa.ipc.IpcReadOptions(included_fields=[_TYPED.get_field_index(name) for name in columns])
    start = 0
    with pa.OSFile(str(typed)) as file, pa.ipc.open_file(file, options=options) as batches:
        for number in range(batches.num_record_batches):
            batch = batches.get_batch(number)
            yield pa.table(batch).select(columns), of_row[start : start + batch.num_rows]
            start += batch.num_rows


def _waterfall(typed: Path, steps: np.ndarray) -> pd.DataFrame:
    marks = [rule.id for rule in _MARKING.values()]
    counts = [_STEPS.select("step", hrg=pl.lit(""), admission_type=pl.lit(""), rows=0, admissions=0)]
    for batch, batch_steps in _batches(typed, steps, [*_LINE, "episode_order", *marks]):
        rows = pl.from_arrow(batch).with_columns(
            pl.col(_LINE).fill_null(""),
            step=pl.Series(batch_steps).cast(pl.Int64),
            admissions=(pl.col("episode_order") == 1).fill_null(False).cast(pl.Int64),
        )
        kept = rows.filter(pl.col("step") == KEPT)
        marked = [
            kept.filter(rule.id).with_columns(step=pl.lit(step, pl.Int64)) for step, rule in _MARKING.items()
        ]
        counts += [
            part.group_by("step", *_LINE).agg(rows=pl.len().cast(pl.Int64), admissions=pl.sum("admissions"))
            for part in (rows, *marked)
        ]
    lines = (
        pl.concat(counts, how="vertical_relaxed").group_by("step", *_LINE).agg(pl.sum("rows", "admissions"))
    )
    # A rule that acted on rows needs no row of its own to show that it is there.
    acted = pl.col("rows").sum().over("step") > 0
    lines = lines.filter(~acted | (pl.col("rows") > 0)).join(_STEPS, on="step")
    columns = [*_STEPS.columns, *_LINE, "rows", "admissions"]
    return lines.select(columns).sort("step", *_LINE).to_pandas()
