"""One row of an extract as an episode: typed columns from the text of Hospital Episode Statistics.

Meanings of the codes: HES data dictionary, admitted patient care.
"""

import polars as pl
import pyarrow as pa

from casemix_risk.ingest.layout import DIAGNOSES, PROCEDURES, Layout

ELECTIVE = ("11", "12", "13")
NON_ELECTIVE = (
    *("21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"),
    *("31", "32", "81", "82", "83", "84", "89"),
)
LONGEST_STAY_DAYS = 29_200

# The columns of an episode, in the order of the contracts.
EPISODE = pa.schema(
    {
        "source_row": pa.int64(),
        "epikey": pa.string(),
        "patient": pa.string(),
        "provider": pa.string(),
        "practice": pa.string(),
        "episode_start": pa.date32(),
        "episode_end": pa.date32(),
        "admission_date": pa.date32(),
        "discharge_date": pa.date32(),
        "episode_order": pa.int64(),
        "episode_type": pa.string(),
        "admission_method": pa.string(),
        "admission_type": pa.string(),
        "patient_class": pa.string(),
        "discharge_method": pa.string(),
        "age": pa.int64(),
        "sex": pa.string(),
        "spell_days": pa.int64(),
        "episode_days": pa.int64(),
        "hrg": pa.string(),
        "diagnoses": pa.string(),
        "procedures": pa.string(),
    }
)

_NO_CODE = ("", "&", "-")
_NO_CLINICAL_CODE = ("", "R69X", "R69.X")
_NO_PROVIDER = (*_NO_CODE, "89997", "89999")
# HES writes these days for a date that is missing (1800) or invalid.
_NO_DATE = ("1800-01-01", "1801-01-01", "1600-01-01", "1582-10-15")


def typed_episodes(rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Type the rows of `casemix_risk.ingest.read.read_rows`; nothing is left out or recoded here.

    Args:
        rows: ``source_row``, ``ragged`` and text columns named by their position in the file.
        layout: says which position holds which field.

    Returns:
        The columns of EPISODE (a value that is missing or cannot be read is null, ``age`` is STARTAGE as it
        stands) and what only the cleaning rules need: ``ragged``, ``party_year`` (0 where unknown),
        ``episode_status``, ``admission_category`` (two digits), ``admission_flag`` and ``codes`` (how many
        diagnoses and procedures are given).
    """

    def field(name: str) -> pl.Expr:
        columns = [_text(pl.col(str(position))) for position in layout.columns[name]]
        return pl.coalesce(columns) if columns else pl.lit(None, pl.String)

    def code(name: str, missing: tuple[str, ...] = ("",)) -> pl.Expr:
        return _known(field(name).str.to_uppercase(), missing)

    diagnoses = [name for name in DIAGNOSES if layout.columns[name]]
    procedures = [name for name in PROCEDURES if layout.columns[name]]
    method = code("admission_method")
    episodes = rows.select(
        "source_row",
        "ragged",
        epikey=field("epikey"),
        patient=_known(field("patient"), _NO_CODE),
        provider=code("provider", _NO_PROVIDER),
        practice=code("practice"),
        episode_start=_date(field("episode_start")),
        episode_end=_date(field("episode_end")),
        admission_date=_date(field("admission_date")),
        discharge_date=_date(field("discharge_date")),
        episode_order=_whole(field("episode_order")),
        episode_type=field("episode_type"),
        admission_method=method,
        admission_type=pl.when(method.is_in(ELECTIVE))
        .then(pl.lit("elective"))
        .when(method.is_in(NON_ELECTIVE))
        .then(pl.lit("emergency")),
        patient_class=field("patient_class"),
        discharge_method=field("discharge_method"),
        age=_whole(field("age")),
        sex=code("sex"),
        spell_days=_days(field("spell_days")),
        episode_days=_days(field("episode_days")),
        hrg=code("hrg", _NO_CODE),
        party_year=_whole(field("party_year")).fill_null(0),
        episode_status=field("episode_status"),
        admission_category=field("admission_category").str.zfill(2),
        admission_flag=field("admission_flag"),
        **{name: _clinical_code(layout.columns[name][0]) for name in (*diagnoses, *procedures)},
    )
    return episodes.with_columns(
        diagnoses=_joined([pl.col(diagnoses[0]).fill_null("-"), *diagnoses[1:]]),
        procedures=_joined(procedures),
        codes=pl.sum_horizontal(pl.col(*diagnoses, *procedures).is_not_null()).cast(pl.Int64),
    ).drop(*diagnoses, *procedures)


def _text(column: pl.Expr) -> pl.Expr:
    return _known(column.str.strip_chars(), ("",))


def _known(text: pl.Expr, missing: tuple[str, ...]) -> pl.Expr:
    return text.replace(missing, None)


def _whole(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Int64, strict=False)


def _days(text: pl.Expr) -> pl.Expr:
    days = _whole(text)
    return pl.when(days.is_between(0, LONGEST_STAY_DAYS)).then(days)


def _date(text: pl.Expr) -> pl.Expr:
    return _known(text, _NO_DATE).str.to_date("%Y-%m-%d", strict=False)


def _clinical_code(position: int) -> pl.Expr:
    """A diagnosis or procedure code without the blanks and dashes that pad it."""
    return _known(pl.col(str(position)).str.strip_chars(" -&").str.to_uppercase(), _NO_CLINICAL_CODE)


def _joined(codes: list) -> pl.Expr:
    joined = pl.concat_str(codes, separator=" ", ignore_nulls=True) if codes else pl.lit("")
    return _known(joined.str.replace_all(".", "", literal=True), ("", "-"))
