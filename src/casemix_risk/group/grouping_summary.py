"""What came of grouping a file, in counts, and by which definitions."""

from collections import Counter
from collections.abc import Mapping

import polars as pl

from casemix_risk.group.definitions import Definitions, hash_definitions

Counts = Counter[tuple[str, str]]
_METHODS = {
    "P": "procedure",
    "D": "diagnosis",
    "M": "multiple trauma",
    "G": "global exception",
    "U": "error",
}
_FACTS = ("name", "version", "label", "valid_from", "valid_to", "diagnosis_edition", "procedure_edition")


def episode_counts(records: pl.DataFrame, grouped: pl.DataFrame) -> Counts:
    """How many episodes by method and error, and how many codes were normalised by kind of change.

    Args:
        records: what `casemix_risk.group.national_files.read_rdf_records` gives.
        grouped: what the engine gives of them.
    """
    changed = (
        grouped.select(pl.col("changed_codes").str.split(" ").explode().drop_nulls().alias("word"))
        .filter(pl.col("word") != "")
        .select(pl.col("word").str.split_exact(":", 1).struct.rename_fields(["kind", "codes"]))
        .unnest("word")
        .group_by("kind")
        .agg(pl.col("codes").cast(pl.Int64).sum())
    )
    counts: Counts = Counter({("codes normalised", kind): codes for kind, codes in changed.iter_rows()})
    counts["codes normalised", "padding"] = records["padded_codes"].sum()
    counts.update(_by_outcome("episodes", grouped))  # adding Counters would drop what is 0
    return counts


def spell_counts(spells: pl.DataFrame) -> Counts:
    """How many spells by method and error."""
    return _by_outcome("spells", spells)


def quality_counts(quality: pl.DataFrame) -> Counts:
    """How many rows the quality table has of each error or warning."""
    return Counter(
        {("quality rows", error): rows for error, rows in quality["Error"].value_counts().iter_rows()}
    )


def summary_table(definitions: Definitions, counts: Mapping[tuple[str, str], int]) -> pl.DataFrame:
    """The counts below the facts of the definition set: text columns ``Section, Item, Value``."""
    facts = {fact.replace("_", " "): str(definitions.manifest[fact] or "") for fact in _FACTS}
    facts["sha256"] = hash_definitions(definitions)
    rows = [("definitions", item, value) for item, value in facts.items()]
    rows += [(section, item, str(count)) for (section, item), count in sorted(counts.items())]
    return pl.DataFrame(rows, schema=["Section", "Item", "Value"], orient="row")


def _by_outcome(what: str, grouped: pl.DataFrame) -> Counts:
    methods = dict(grouped["method"].value_counts().iter_rows())
    counts: Counts = Counter({(what, "all"): grouped.height})
    for method, words in _METHODS.items():
        counts[f"{what} by method", f"{method} {words}"] = methods.get(method, 0)
    for error, rows in grouped["error"].drop_nulls().value_counts().iter_rows():
        counts[f"{what} by error", error] = rows
    return counts
