"""The file of a group's admissions by month and line, read and checked."""

import difflib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from casemix_risk.errors import InputError

COLUMNS = ["month", "hrg", "admission_type", "admissions"]
TYPES = ("elective", "emergency")
FEWEST_MONTHS = 2  # of a control chart
MOST = 10**9  # more is no count


def months_of(year: str) -> list[str]:
    """The twelve months of a financial year, 2007-04 to 2008-03 for 2007-08."""
    return pd.period_range(f"{year[:4]}-04", periods=12, freq="M").astype(str).tolist()


def read_months(path: Path | str, year: str) -> pd.DataFrame:
    """A group's admissions by month and line.

    Args:
        path: CSV with the columns `COLUMNS`; a line without a row in a month had no admission in it.
        year: the financial year in progress. Earlier months may be in the file too.

    Returns:
        `COLUMNS`, sorted by month, HRG and admission type; every month from the first to the last is there.

    Raises:
        InputError: the file or a column is missing, a value is not what its column holds, a line has two rows
            in a month, or the months do not follow each other from April of the year, or earlier, to at most
            its March.
    """
    table = _read(Path(path))
    _check_values(table, path)
    table["admissions"] = pd.to_numeric(table["admissions"]).astype("int64")
    repeated = table.duplicated(COLUMNS[:3])
    if repeated.any():
        first = table[repeated].iloc[0]
        raise InputError(
            f"{path} has {first['hrg']} {first['admission_type']} more than once in {first['month']}: keep "
            "one row for a line in a month."
        )
    _check_months(sorted(table["month"].unique()), months_of(year), path, year)
    return table.sort_values(COLUMNS[:3], ignore_index=True)


def known_months(months: pd.DataFrame, year: str) -> list[str]:
    """The months of the year in progress that are known, from April on."""
    found = set(months["month"])
    return [month for month in months_of(year) if month in found]


def check_chart_names(names: Sequence[str], months: pd.DataFrame) -> None:
    """Check that lines to chart are in the file, and that it has months enough.

    Args:
        names: HRG and admission type, such as ``D33 emergency``.
        months: `read_months`.

    Raises:
        InputError: a line has no row in the file, or there is only one month.
    """
    known = sorted(set(months["hrg"] + " " + months["admission_type"]))
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise InputError(
                f"year_in_progress.control_charts names {name}, which the file of monthly admissions lacks; "
                f"did you mean {nearest}?"
            )
    if names and months["month"].nunique() < FEWEST_MONTHS:
        raise InputError(
            "year_in_progress.control_charts needs two months or more: leave it out, or add earlier months "
            "to the file."
        )


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"There is no file of monthly admissions {path}: check year_in_progress.file.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        raise InputError(f"{path} is empty: give a file with a header and rows.") from None
    except (pd.errors.ParserError, UnicodeDecodeError):
        raise InputError(f"{path} is not a CSV table: save it as comma-separated UTF-8 text.") from None
    table.columns = table.columns.str.strip().str.lower()
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise InputError(f"{path} has no column {', '.join(missing)}: name the columns {', '.join(COLUMNS)}.")
    if table.empty:
        raise InputError(f"{path} has a header but no rows: give the months known so far.")
    return table[COLUMNS].apply(lambda column: column.str.strip())


def _check_values(table: pd.DataFrame, path: Path | str) -> None:
    counts = pd.to_numeric(table["admissions"], errors="coerce")
    wanted = {
        "month": (table["month"].str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])"), "a month such as 2007-04"),
        "hrg": (table["hrg"] != "", "an HRG code"),
        "admission_type": (table["admission_type"].isin(TYPES), "elective or emergency"),
        "admissions": (counts.between(0, MOST) & (counts % 1 == 0), "a whole number of at least 0"),
    }
    for column, (good, words) in wanted.items():
        if not good.all():
            line = int((~good).to_numpy().argmax()) + 2  # the header is the first
            raise InputError(f"{path}, line {line}: {column} is not {words}; mend the row.")


def _check_months(found: list[str], of_year: list[str], path: Path | str, year: str) -> None:
    if found[-1] > of_year[-1]:
        raise InputError(
            f"{path} has {found[-1]}, which is after {of_year[-1]}, the end of {year}: check target_year, or "
            "leave later months out."
        )
    if found[-1] < of_year[0]:
        raise InputError(
            f"{path} ends with {found[-1]} and has no month of {year}: check target_year, or add its months."
        )
    if found[0] > of_year[0]:
        raise InputError(
            f"{path} begins with {found[0]}: give every month of {year} from {of_year[0]} on, one without "
            "any admission with a row of 0."
        )
    due = pd.period_range(found[0], found[-1], freq="M").astype(str)
    gaps = [month for month in due if month not in found]
    if gaps:
        raise InputError(
            f"{path} has no rows for {gaps[0]}, but for later months: give every month, one without any "
            "admission with a row of 0."
        )
