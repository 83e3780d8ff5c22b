"""Spells: the episodes of one stay with one provider, grouped by their dominant episode."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numba import njit

from casemix_risk.errors import InputError
from casemix_risk.group.arrays import Compiled
from casemix_risk.group.codes import normalise_diagnosis
from casemix_risk.group.columns import ERRORS
from casemix_risk.group.encode import encode, places_of
from casemix_risk.group.facts import care_days, read_facts, whole_number
from casemix_risk.group.kernel import FINE, NO_RULE, count_score, walk
from casemix_risk.group.look_up import named, score_codes

COLUMNS = ("provider", "spell", "episode_order", "admission_method")
_ORDER_UNKNOWN = (98, 99)
_AGE_UNKNOWN = -1000  # further from every age than a spell's ages may lie apart
_DAYS_SPAN = 10_001
DUPLICATE, INCONSISTENT = ERRORS.index("duplicate_order"), ERRORS.index("inconsistent_spell")


def group_spells(grouped: pl.DataFrame, records: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """Group spells.

    Args:
        grouped: `casemix_risk.group.engine.group_records` of `records`.
        records: its columns, and ``provider``, ``spell`` (PROVSPNO), ``episode_order`` (EPIORDER; 98, 99 and
            null are unknown) and ``admission_method`` (ADMIMETH). A row without provider or spell is a spell
            of its own.
        compiled: the definition set.

    Returns:
        A row a spell, sorted by ``row``, the smallest of its episodes' (column ``row`` of `records`, else
        counted from 1): ``row, provider, spell, episodes`` (how many), ``dominant_row``, ``hrg, method, rule,
        error, dominant_procedure, cc_score, adjusted_days`` (summed), ``unbundled`` (of all episodes).

    Raises:
        InputError: a column is missing.
    """
    missing = [name for name in COLUMNS if name not in records.columns]
    if missing:
        raise InputError(
            f"The episodes to be grouped into spells lack {', '.join(missing)}: add the columns."
        )
    episodes = _episodes(grouped, records, compiled)
    spells = _spells(episodes)
    dominant = episodes[spells["position"]]
    fault = spells["fault"].to_numpy()
    rule = np.where(fault == FINE, dominant["rule_place"].to_numpy(), -1)
    regrouped, score = _regroup_spells(rule, episodes, spells, compiled)
    own_error = np.where((rule >= 0) & (regrouped < 0), NO_RULE, dominant["error_place"].to_numpy())
    error = np.where(fault == FINE, own_error, fault)
    grouped_well = error == FINE
    # The error HRG of a dominant episode is its spell's, so it is found from the error alone.
    hrg = np.where(grouped_well, regrouped, compiled.error_hrg[error])
    return spells.select(
        "row",
        "provider",
        "spell",
        "episodes",
        dominant["row"].alias("dominant_row"),
        named(compiled.hrgs, hrg).alias("hrg"),
        pl.when(pl.Series(grouped_well)).then(dominant["method"]).otherwise(pl.lit("U")).alias("method"),
        named(compiled.rule_names, np.where(grouped_well, rule, -1)).alias("rule"),
        named(ERRORS, error).alias("error"),
        dominant["dominant_procedure"],
        pl.Series("cc_score", np.where(grouped_well, score, 0), dtype=pl.Int64),
        "adjusted_days",
        "unbundled",
    ).sort("row")


def _episodes(grouped: pl.DataFrame, records: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """The episodes by spell, and within it in their own order; `first` tells spells apart.

    `rank` is highest for a spell's dominant episode.
    """
    facts = read_facts(records, care_days(records))
    here = pl.col("place").cast(pl.Int64)
    keys = [pl.col(name).cast(pl.String).fill_null("").str.strip_chars() for name in ("provider", "spell")]
    order = whole_number("episode_order", records.schema)
    read = records.with_row_index("place").select(
        "provider",
        "spell",
        "admission_method",
        "diagnoses",
        row=pl.col("row") if "row" in records.columns else here + 1,
        order=pl.when(~order.is_in(_ORDER_UNKNOWN)).then(order),
        first=pl.when((keys[0] == "") | (keys[1] == "")).then(here).otherwise(here.min().over(keys)),
    )
    return (
        grouped.select("method", "dominant_procedure", "adjusted_days", "unbundled")
        .with_columns(
            *read,
            age=pl.Series(np.where(facts.age < 0, _AGE_UNKNOWN, facts.age)),
            sex=pl.Series(facts.sex),
            rule_place=_places(grouped["rule"], compiled.rule_names),
            error_place=_places(grouped["error"], ERRORS),
            rank=_hierarchy(grouped["dominant_procedure"], compiled) * _DAYS_SPAN
            + grouped["adjusted_days"].fill_null(-1),
        )
        .sort("first", "order", nulls_last=True, maintain_order=True)
        .with_row_index("position")
    )


def _places(names: pl.Series, among: Sequence[str]) -> pl.Series:
    return names.replace_strict(among, range(len(among)), default=-1, return_dtype=pl.Int64)


def _hierarchy(codes: pl.Series, compiled: Compiled) -> pl.Series:
    different = codes.drop_nulls().unique().to_list()
    rows = places_of(different, compiled.procedure_rows, len(compiled.procedure_rows))
    highest = compiled.procedure.hierarchy[rows]
    return codes.replace_strict(different, highest, default=0, return_dtype=pl.Int64)


def _spells(episodes: pl.DataFrame) -> pl.DataFrame:
    """A row a spell: what is summed or the first episode's, and the `position` of its dominant episode."""
    order = pl.col("order").drop_nulls()
    differ = (
        (pl.col("age").max() - pl.col("age").min() > 1)
        | (pl.col("sex").n_unique() > 1)
        | (pl.col("admission_method").n_unique() > 1)
    )
    return episodes.group_by("first", maintain_order=True).agg(
        pl.col("row").min(),
        pl.col("provider", "spell", "age", "sex").first(),
        pl.len().cast(pl.Int64).alias("episodes"),
        pl.col("position").filter(pl.col("rank") == pl.col("rank").max()).first(),
        pl.col("adjusted_days").sum(),
        pl.col("unbundled").filter(pl.col("unbundled") != "").str.join(" "),
        pl.when(order.n_unique() < order.len())
        .then(DUPLICATE)
        .when(differ)
        .then(INCONSISTENT)
        .otherwise(FINE)
        .alias("fault"),
    )


def _regroup_spells(
    rule: np.ndarray, episodes: pl.DataFrame, spells: pl.DataFrame, compiled: Compiled
) -> tuple[np.ndarray, np.ndarray]:
    """Each spell's HRG (its place) and cc score under a rule (its place; -1 is none)."""
    encoded = encode(episodes["diagnoses"], normalise_diagnosis)
    rows = places_of(encoded.codes, compiled.diagnosis_rows, len(compiled.diagnosis_rows))
    primary = encoded.offsets[:-1]
    secondary = np.ones(len(encoded.ids), dtype=np.bool_)
    secondary[primary[primary < encoded.offsets[1:]]] = False
    before = np.append(0, np.cumsum(secondary))[encoded.offsets]
    return _regroup(
        rule,
        primary[spells["position"].to_numpy()],
        encoded.ids,
        encoded.ids[secondary],
        before[np.append(0, np.cumsum(spells["episodes"].to_numpy()))],
        spells["age"].to_numpy(),
        spells["adjusted_days"].to_numpy(),
        spells["sex"].to_numpy(),
        score_codes(encoded.codes, rows, compiled),
        compiled.rules,
        compiled.nodes,
    )


@njit(cache=True)
def _regroup(rule, primary, ids, secondary, starts, age, days, sex, scored, rules, nodes):
    hrg, score = np.full(len(rule), -1), np.zeros(len(rule), np.int64)
    for spell in range(len(rule)):
        if rule[spell] >= 0:
            own = secondary[starts[spell] : starts[spell + 1]]
            cc_list, root = rules.cc_list[rule[spell]], rules.root[rule[spell]]
            score[spell] = count_score(own, ids[primary[spell]], cc_list, scored)
            hrg[spell] = walk(root, age[spell], score[spell], days[spell], sex[spell], nodes)
    return hrg, score
