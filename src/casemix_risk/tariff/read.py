"""Price lists as they come: CSV or workbook, with thousands commas, dashes and blanks."""

import csv
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.workbook import WORKBOOKS, open_workbook

ADMISSION_TYPES = ("elective", "emergency")
ELECTIVE_PARTS = {"day_case": "day_case_gbp", "ordinary_elective": "ordinary_gbp"}
PRICES = ["price_gbp", *ELECTIVE_PARTS.values()]
# What a price list may say beyond prices, by our names of its columns; and what is made of it.
TERM_COLUMNS = (
    "short_stay_applicable",
    "short_stay_percentage",
    "short_stay_price",
    "elective_trim_point",
    "emergency_trim_point",
    "per_day",
)
TERMS = ["short_stay_share", "short_stay_gbp", "trim_point_days", "per_day_gbp"]
MONEY = [*PRICES, "short_stay_gbp", "per_day_gbp"]
YES, NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}
LONGEST_TRIM_POINT_DAYS = 1_000
NO_PRICE = {"", "-", "–", "n/a", "nan"}
PENNY = Decimal("0.01")
HIGHEST_PRICE_GBP = 1_000_000


def read_edition(
    path: Path | str,
    columns: Mapping[str, str],
    sheet: str | None = None,
    where: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The prices of a tariff file.

    Args:
        path: CSV (comma, semicolon, pipe or tab; UTF-8 or Windows-1252) or workbook. The header may stand
            below other rows.
        columns: our names (`hrg`, `elective`, `emergency`, and optionally `description`, `day_case`,
            `ordinary_elective` and `TERM_COLUMNS`) -> the headers.
        sheet: sheet of a workbook; the first when None.
        where: header -> text; only rows with that text count, for files that hold several editions.

    Returns:
        `hrg, description, admission_type, price_gbp, day_case_gbp, ordinary_gbp` and `TERMS`: two rows an
        HRG, sorted. A price is missing where the cell holds a dash, a blank or 0; all but the first, and
        `description`, also where no column is named. An elective line whose combined price is missing is
        priced from the two that follow it. `short_stay_share` (of the price) and `short_stay_gbp` are what a
        short emergency stay is paid, missing where the reduction does not apply; `trim_point_days` is a
        line's, `per_day_gbp` for each day beyond it.

    Raises:
        InputError: the file, the sheet or a column is not there, no row has a code, an HRG comes twice, or a
            price is text, negative or beyond GBP 1,000,000; or a term cannot be read, or a reduced
            short-stay tariff applies and has no amount.
    """
    conditions = {f"where {header}": header for header in where or {}}
    rows = rows_below_header(Path(path), dict(columns) | conditions, sheet)
    for header, text in (where or {}).items():
        rows = rows[rows[f"where {header}"] == str(text)]
    rows = rows[rows["hrg"].str.fullmatch(r"\S+")]  # a note below the table has words
    if rows.empty:
        raise InputError(f"{path} has no priced rows; check its columns, and where if it is given.")
    repeated = rows.loc[rows["hrg"].duplicated(), "hrg"].unique()
    if len(repeated):
        raise InputError(
            f"{path} prices {', '.join(repeated[:5])} more than once; keep one row for each HRG."
        )
    if "description" not in rows:
        rows = rows.assign(description=None)
    for name in (*ELECTIVE_PARTS, *TERM_COLUMNS):
        rows = rows if name in rows else rows.assign(**{name: ""})
    kept = ["hrg", "description", *ELECTIVE_PARTS]
    long = rows.melt(kept, ADMISSION_TYPES, "admission_type", "cell")
    emergency = long["admission_type"] == "emergency"
    cells = {"price_gbp": (long["cell"], long["admission_type"])} | {
        column: (long[name].mask(emergency, ""), pd.Series(name, long.index))
        for name, column in ELECTIVE_PARTS.items()
    }
    for column, (texts, kinds) in cells.items():
        long[column] = [
            _price(text, f"{path}: the {kind.replace('_', ' ')} price of {hrg}")
            for text, kind, hrg in zip(texts, kinds, long["hrg"], strict=True)
        ]
    columns = ["hrg", "description", "admission_type", *PRICES]
    prices = long[columns].astype(dict.fromkeys(PRICES, float))
    with_terms = prices.merge(_terms(rows, path), on=["hrg", "admission_type"])
    return with_terms.sort_values(["hrg", "admission_type"], ignore_index=True)


def _terms(rows: pd.DataFrame, path: Path | str) -> pd.DataFrame:
    """`TERMS` by HRG and admission type, from the rows of a file."""

    def numbers(column: str, read: Callable[[str, str], float | None]) -> pd.Series:
        what = [f"{path}: the {column.replace('_', ' ')} of {hrg}" for hrg in rows["hrg"]]
        return pd.Series(map(read, rows[column], what), rows.index, dtype=float)

    applies = numbers("short_stay_applicable", _yes) == 1
    share, price = numbers("short_stay_percentage", _share), numbers("short_stay_price", _price)
    lacking = rows.loc[applies & share.isna() & price.isna(), "hrg"]
    if len(lacking):
        raise InputError(
            f"{path}: the reduced short-stay tariff applies to {', '.join(lacking[:5])} and has neither a "
            "percentage nor a price; fill one in."
        )
    terms = {
        "short_stay_share": share.where(applies),
        "short_stay_gbp": price.where(applies),
        "per_day_gbp": numbers("per_day", _price),
    }
    of_type = [
        rows[["hrg"]].assign(
            admission_type=kind, trim_point_days=numbers(f"{kind}_trim_point", _days), **terms
        )
        for kind in ADMISSION_TYPES
    ]
    of_type[0][["short_stay_share", "short_stay_gbp"]] = np.nan  # elective stays have no such reduction
    return pd.concat(of_type)[["hrg", "admission_type", *TERMS]]


def read_factors(path: Path | str) -> pd.Series:
    """Uplift factors by HRG from a CSV or workbook with columns ``hrg`` and ``factor``.

    Raises:
        InputError: as `read_edition`; a factor is not a number above 0 and below 2.
    """
    rows = rows_below_header(Path(path), {"hrg": "hrg", "factor": "factor"})
    rows = rows[rows["hrg"] != ""]
    repeated = rows.loc[rows["hrg"].duplicated(), "hrg"].unique()
    if len(repeated):
        raise InputError(
            f"{path} has a factor for {', '.join(repeated[:5])} more than once; keep one row each."
        )
    factors = pd.to_numeric(rows["factor"], errors="coerce").to_numpy()
    wrong = rows.loc[~((factors > 0) & (factors < 2)), "hrg"]
    if len(wrong):
        raise InputError(
            f"{path}: the factor of {', '.join(wrong[:5])} is not a number above 0 and below 2 "
            "(1.025 is 2.5 % more); mend it."
        )
    return pd.Series(factors, index=rows["hrg"].to_numpy())


def read_codes(path: Path | str) -> pd.DataFrame:
    """Codes that are priced as others, from a CSV or workbook with columns ``hrg`` and ``priced_as``.

    Raises:
        InputError: as `read_edition`; a code comes twice, or is priced as nothing.
    """
    codes = rows_below_header(Path(path), {"hrg": "hrg", "priced_as": "priced_as"})
    codes = codes[codes["hrg"] != ""]
    repeated = codes.loc[codes["hrg"].duplicated(), "hrg"].unique()
    if len(repeated):
        raise InputError(f"{path} has {', '.join(repeated[:5])} more than once; keep one row each.")
    empty = codes.loc[codes["priced_as"] == "", "hrg"]
    if len(empty):
        raise InputError(f"{path} does not say what {', '.join(empty[:5])} is priced as; fill it in.")
    return codes


def to_pence(amount: Decimal) -> Decimal:
    """An amount in GBP rounded half up to the penny."""
    return amount.quantize(PENNY, ROUND_HALF_UP)


def _price(cell: str, what: str) -> float | None:
    price = _number(cell.replace("£", ""), what, "a price, 0 or - for none")
    if price is None:
        return None
    if not 0 <= price <= HIGHEST_PRICE_GBP:
        raise InputError(f"{what} is outside GBP 0 to {HIGHEST_PRICE_GBP:,}; mend it.")
    return float(to_pence(price)) or None


def _number(cell: str, what: str, wanted: str) -> Decimal | None:
    text = cell.replace(",", "").strip()
    if text.lower() in NO_PRICE:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise InputError(f"{what} is not a number; write {wanted}.") from None
    return number if number.is_finite() else Decimal(-1)  # which is outside every range


def _share(cell: str, what: str) -> float | None:
    """A percentage as a share of 1: 45 %, 45 and 0.45 are the same; 1 is the whole, as 100 is."""
    number = _number(cell.replace("%", ""), what, "a percentage such as 45%, or - for none")
    if number is None:
        return None
    share = number / 100 if "%" in cell or number > 1 else number
    if not 0 < share <= 1:
        raise InputError(f"{what} is outside 0 to 100 %; mend it.")
    return float(share)


def _days(cell: str, what: str) -> float | None:
    days = _number(cell, what, "a number of days, 0 or - for none")
    if days is None:
        return None
    if not 0 <= days <= LONGEST_TRIM_POINT_DAYS:
        raise InputError(f"{what} is outside 0 to {LONGEST_TRIM_POINT_DAYS:,} days; mend it.")
    return float(days) or None


def _yes(cell: str, what: str) -> float:
    text = cell.removesuffix(".0").lower()
    if text not in YES | NO | NO_PRICE:
        raise InputError(f"{what} is neither yes nor no; write Yes, No or -.")
    return float(text in YES)


def rows_below_header(path: Path, columns: Mapping[str, str], sheet: str | None = None) -> pd.DataFrame:
    """The rows below the first row that has every header wanted, as stripped text under our names.

    Args:
        path: CSV or workbook.
        columns: our names -> the headers.
        sheet: of a workbook; the first when None.

    Raises:
        InputError: the file, the sheet or a column is not there.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; check the path in the configuration.")
    if not path.stat().st_size:
        raise InputError(f"{path} is empty: fetch it again.")
    wanted = {name: _plain(header) for name, header in columns.items()}
    nearest: set[str] = set()
    for grid in _grids(path, sheet):
        for number, row in enumerate(grid):
            headers = [_plain(cell) for cell in row]
            found = set(wanted.values()) & set(headers)
            if found == set(wanted.values()):
                places = {name: headers.index(header) for name, header in wanted.items()}
                body = grid[number + 1 :]
                return pd.DataFrame(
                    {name: [_cell(row, place) for row in body] for name, place in places.items()}, dtype=str
                )
            nearest = max(nearest, found, key=len)
    missing = ", ".join(columns[name] for name, header in wanted.items() if header not in nearest)
    raise InputError(
        f"{path} has no column {missing}; check the headers against tariff columns in the configuration."
    )


def _cell(row: list[str], place: int) -> str:
    """The stripped text at a place; empty where the row ends before it."""
    return row[place].strip() if place < len(row) else ""


def _plain(header: str) -> str:
    return " ".join(header.split()).lower()


def _grids(path: Path, sheet: str | None) -> list[list[list[str]]]:
    """The file as rows of text cells: one reading of a workbook, one for each delimiter of a text."""
    if path.suffix.lower() in WORKBOOKS:
        with open_workbook(path) as book:
            if sheet is not None and sheet not in book.sheet_names:
                raise InputError(
                    f"{path} has no sheet {sheet}; it has {', '.join(book.sheet_names)}: name one."
                )
            rows = book.get_sheet_by_name(sheet or book.sheet_names[0]).to_python()
        return [[[str(cell) for cell in row] for row in rows]]
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return [list(csv.reader(StringIO(text, newline=None), delimiter=delimiter)) for delimiter in ",;|\t"]
