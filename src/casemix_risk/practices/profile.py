"""What is published of each practice beside its list: deprivation, survey score, recorded prevalences."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from casemix_risk.errors import InputError

CONDITIONS = (
    *("asthma", "atrial_fibrillation", "cancer", "chd", "ckd", "copd"),
    *("dementia", "diabetes", "epilepsy", "heart_failure", "hypertension", "stroke"),
)
PREVALENCES = tuple(f"prevalence_{condition}_pct" for condition in CONDITIONS)
_COLUMNS = ["practice", "deprivation", "survey_score", *PREVALENCES]
_MOST = {"survey_score": 100.0} | dict.fromkeys(PREVALENCES, 100.0)


def read_profile(path: Path | str, practices: Collection[str]) -> pl.DataFrame:
    """The profiles of some practices.

    Args:
        path: CSV with a row a practice: its code, ``deprivation`` (a score, higher is poorer),
            ``survey_score`` (GP Patient Survey, 0 to 100) and ``prevalence_<condition>_pct`` (Quality and
            Outcomes Framework, % of the list) for each of `CONDITIONS`. Other columns are not read.
        practices: codes of the register; other practices of the file are left out.

    Returns:
        Table ``practice_profile``.

    Raises:
        InputError: the file or a column is missing, a practice is missing or comes twice, or a value is not a
            number within its limits.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no practice profile {path}: check practices.profile.")
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        # Without its own text, which shows rows.
        raise InputError(f"{path} is not a CSV table: give the practices' profile as one.") from None
    missing = [name for name in _COLUMNS if name not in rows.columns]
    if missing:
        raise InputError(f"{path} has no column {', '.join(missing)}: add what is published of practices.")
    rows = rows.select(pl.col(_COLUMNS).str.strip_chars()).filter(pl.col("practice").is_in(list(practices)))
    lacking = sorted(set(practices) - set(rows["practice"]))
    if lacking:
        raise InputError(f"{path} has no row for {lacking[0]}, which the register has: add it.")
    repeated = rows.filter(pl.col("practice").is_duplicated())["practice"]
    if len(repeated):
        raise InputError(f"{path} has {repeated[0]} more than once: keep one row a practice.")
    numbers = rows.with_columns(pl.col(_COLUMNS[1:]).cast(pl.Float64, strict=False)).sort("practice")
    for name in _COLUMNS[1:]:
        most = _MOST.get(name, float("inf"))
        fits = pl.col(name).is_finite() & pl.col(name).is_between(0, most)
        wrong = numbers.filter(~fits.fill_null(False))["practice"]
        if len(wrong):
            limits = f"from 0 to {most:.0f}" if name in _MOST else "of 0 or more"
            raise InputError(f"{path}: {name} of {wrong[0]} is not a number {limits}: mend the row.")
    return numbers
