"""What some providers, and an earlier version of the definitions, do to the HRGs that records are given.

The patients are those of the truth: only codes and given HRGs move.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.group.arrays import Compiled
from casemix_risk.group.compiled import compile_definitions
from casemix_risk.group.definitions import Definitions
from casemix_risk.group.engine import group_records
from casemix_risk.synthetic.code_frequencies import SORTS, code_frequencies
from casemix_risk.synthetic.hes_file import DIAGNOSES, JOINED_CODES
from casemix_risk.synthetic.secondary import Offer, offers_of

UPCODING = ["year", "source_row", "provider", "true_hrg", "hrg"]
_ELECTIVE = ("11", "12", "13")


def grouper_input(records: pl.DataFrame) -> pl.DataFrame:
    """The extract's records as `casemix_risk.group.engine.group_records` reads them."""
    elective = pl.col("ADMIMETH").is_in(_ELECTIVE)
    return records.select(
        **JOINED_CODES,
        age="STARTAGE",
        sex="SEX",
        days="EPIDUR",
        admission_type=pl.when(elective).then(pl.lit("elective")).otherwise(pl.lit("emergency")),
        patient_class="CLASSPAT",
    )


def no_upcoding() -> pd.DataFrame:
    """What `upcode` says of an extract where nobody does it."""
    texts = dict.fromkeys(["provider", "true_hrg", "hrg"], "str")
    return pd.DataFrame(columns=["record", *texts]).astype({"record": "int64"} | texts)


def upcode(
    records: pl.DataFrame,
    providers: Sequence[str],
    share: float,
    definitions: Definitions,
    generator: np.random.Generator,
) -> tuple[pl.DataFrame, pd.DataFrame]:
    """Providers that code a complication more where it pays.

    Of their episodes without a complication, whose HRG one would change, this share has one more secondary
    diagnosis, and the HRG that the definitions then give.

    Args:
        records: the extract's, all text.
        providers: their codes.
        share: between 0 and 1.
        definitions: the grouping definitions.
        generator: draws which episodes, and the diagnoses.

    Returns:
        The records, and a row a changed one: ``record`` (its place), ``provider, true_hrg, hrg``.

    Raises:
        InputError: a provider has no episodes.
    """
    if absent := sorted(set(providers) - set(records["PROCODE3"])):
        raise InputError(f"No provider {absent[0]} has episodes that could be coded up: choose another.")
    compiled = compile_definitions(definitions)
    rows = np.flatnonzero(records["PROCODE3"].is_in(list(providers)).to_numpy())
    own = records[rows]
    true = group_records(grouper_input(own), compiled)
    mothers = (true["hrg"].str.starts_with("N") & (own["SEX"] == "2")).to_numpy()
    patients = pd.DataFrame(
        {
            "sort": np.where(mothers, SORTS.index("mothers"), SORTS.index("50_and_over")),
            "sex": own["SEX"].cast(pl.Int64).to_numpy(),
        }
    )
    offers = offers_of(patients, code_frequencies(), np.zeros(len(rows)), generator)
    waiting = (generator.random(len(rows)) < share) & (true["cc_score"] == 0).to_numpy()
    diagnoses, hrg = _coded_up(own, true, waiting, offers, compiled)
    moved = np.flatnonzero(hrg != true["hrg"].to_numpy())
    changed = dict(zip(DIAGNOSES, diagnoses[moved].T, strict=True)) | {"HRGLATE35": hrg[moved]}
    facts = {"record": rows, "provider": own["PROCODE3"], "true_hrg": true["hrg"], "hrg": hrg}
    return (
        records.with_columns(
            records[name].scatter(rows[moved], pl.Series(values.tolist(), dtype=pl.String))
            for name, values in changed.items()
        ),
        pd.DataFrame(facts).iloc[moved],
    )


def _coded_up(
    records: pl.DataFrame,
    true: pl.DataFrame,
    waiting: np.ndarray,
    offers: Sequence[Offer],
    compiled: Compiled,
) -> tuple[np.ndarray, np.ndarray]:
    """Diagnoses and HRGs of the records: those waiting take the first offer whose score changes the HRG."""
    diagnoses = records.select(DIAGNOSES).to_numpy()
    hrg = true["hrg"].to_numpy().copy()
    filled = (diagnoses != "").sum(axis=1)
    waiting = waiting & (filled < len(DIAGNOSES))
    texts = dict.fromkeys(DIAGNOSES, pl.String)
    for offer in offers:
        trying = np.flatnonzero(waiting & offer.wanted)
        tried = diagnoses[trying]
        tried[np.arange(len(trying)), filled[trying]] = offer.code[trying]
        coded = records[trying].with_columns(pl.DataFrame(tried.tolist(), schema=texts, orient="row"))
        found = group_records(grouper_input(coded), compiled)
        same_rule = (found["rule"] == true["rule"].gather(trying)).to_numpy()
        moves = same_rule & (found["hrg"].to_numpy() != hrg[trying])
        done = trying[moves]
        diagnoses[done], hrg[done], waiting[done] = tried[moves], found["hrg"].to_numpy()[moves], False
    return diagnoses, hrg


def with_earlier_hrgs(
    records: pl.DataFrame, without_complications: Sequence[str], definitions: Definitions
) -> pl.DataFrame:
    """The records with the HRGs that an earlier version of the definitions gives.

    Args:
        records: the extract's, all text.
        without_complications: beginnings of the codes that were no complications then.
        definitions: the grouping definitions.
    """
    listed = definitions.cc_list
    kept = ~pl.any_horizontal(pl.col("code").str.starts_with(code) for code in without_complications)
    earlier = compile_definitions(definitions._replace(cc_list=listed.filter(kept)))
    return records.with_columns(HRGLATE35=group_records(grouper_input(records), earlier)["hrg"])
