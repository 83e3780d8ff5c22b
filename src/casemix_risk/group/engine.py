"""Tables of episodes grouped by a compiled definition set, chunk by chunk."""

import polars as pl

from casemix_risk.errors import InputError
from casemix_risk.group.arrays import METHODS, Compiled
from casemix_risk.group.codes import normalise_diagnosis, normalise_procedure
from casemix_risk.group.columns import ERRORS
from casemix_risk.group.encode import changes_text, encode
from casemix_risk.group.facts import care_days, read_facts
from casemix_risk.group.kernel import FINE, NO_RULE, group
from casemix_risk.group.look_up import look_up, named, unbundled_text, warnings_text

COLUMNS = ("diagnoses", "procedures", "age", "sex", "days", "admission_type", "patient_class")
RESULT = {
    "hrg": pl.String,
    "method": pl.String,
    "rule": pl.String,
    "error": pl.String,
    "dominant_procedure": pl.String,
    "cc_score": pl.Int64,
    "adjusted_days": pl.Int64,
    "unbundled": pl.String,
    "warnings": pl.String,
    "changed_codes": pl.String,
}


def group_records(records: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """Group episodes.

    Args:
        records: a row an episode, with columns ``diagnoses`` and ``procedures`` (codes, a space between, the
            primary diagnosis first, ``-`` where it is missing), ``age`` (years, 7001 to 7007 are babies),
            ``sex`` (1, 2), ``days`` (EPIDUR), ``admission_type`` (elective, emergency), ``patient_class``
            (CLASSPAT), and if there are any ``critical_care_days``, ``rehabilitation_days`` and
            ``palliative_days``. No value stops the run: one that cannot be gives the record an error HRG.
        compiled: `casemix_risk.group.compiled.compile_definitions`.

    Returns:
        A row for each of `records`, in their order: ``hrg``; ``method`` (P, D, M, G; U for an error HRG);
        ``rule`` and ``error`` (null where none); ``dominant_procedure``; ``cc_score`` (0 where not counted);
        ``adjusted_days`` (null where days or care days are bad); ``unbundled`` (HRGs, one space between, a
        word for each time); ``warnings`` (``diagnosis:`` or ``procedure:`` and the code that is left out as
        invalid); ``changed_codes`` (``dot:2 case:1``: how many codes normalising changed, and how).

    Raises:
        InputError: a column is missing.
    """
    missing = [name for name in COLUMNS if name not in records.columns]
    if missing:
        raise InputError(f"The episodes to be grouped lack {', '.join(missing)}: add the columns.")
    diagnoses = encode(records["diagnoses"], normalise_diagnosis)
    procedures = encode(records["procedures"], normalise_procedure)
    looked_up = look_up(diagnoses, procedures, compiled)
    care = care_days(records)
    facts = read_facts(records, care)
    hrg, method, rule, error, dominant, score = group(
        looked_up.diagnoses,
        looked_up.procedures,
        facts,
        looked_up.scored,
        compiled.diagnosis,
        compiled.procedure,
        compiled.rules,
        compiled.offered,
        compiled.nodes,
        compiled.error_hrg,
    )
    valid = (error == FINE) | (error == NO_RULE)
    days_known = pl.Series(facts.days_error == FINE)
    return pl.DataFrame(
        {
            "hrg": named(compiled.hrgs, hrg),
            "method": named(METHODS, method),
            "rule": named(compiled.rule_names, rule),
            "error": named(ERRORS, error),
            "dominant_procedure": named(procedures.codes, dominant),
            "cc_score": score,
            "adjusted_days": pl.Series(facts.days).zip_with(days_known, pl.Series([None], dtype=pl.Int64)),
            "unbundled": unbundled_text(procedures, looked_up.procedures.row, care, valid, compiled),
            "warnings": warnings_text(diagnoses, procedures, looked_up, compiled),
            "changed_codes": changes_text(diagnoses.changes + procedures.changes),
        },
        schema_overrides=RESULT,
    )
