"""Price lists as they come: CSV or workbook, with thousands commas, dashes and blanks."""

import csv
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from io import StringIO
from pathlib import Path

import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.workbook import WORKBOOKS, open_workbook

ADMISSION_TYPES = ("elective", "emergency")
ELECTIVE_PARTS = {"day_case": "day_case_gbp", "ordinary_elective": "ordinary_gbp"}
PRICES = ["price_gbp", *ELECTIVE_PARTS.values()]
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
        columns: our names (`hrg`, `elective`, `emergency`, and optionally `description`, `day_case` and
            `ordinary_elective`) -> the headers.
        sheet: sheet of a workbook; the first when None.
        where: header -> text; only rows with that text count, for files that hold several editions.

    Returns:
        `hrg, description, admission_type, price_gbp, day_case_gbp, ordinary_gbp`: two rows an HRG, sorted.
        A price is missing where the cell holds a dash, a blank or 0; the last two, and `description`, also
        where no column is named. An elective line whose combined price is missing is priced from them.

    Raises:
        InputError: the file, the sheet or a column is not there, no row has a code, an HRG comes twice, or a
            price is text, negative or beyond GBP 1,000,000.
    """
    conditions = {f"where {header}": header for header in where or {}}
    rows = _rows_below_header(Path(path), dict(columns) | conditions, sheet)
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
    for name in ELECTIVE_PARTS:
        rows = rows if name in rows else rows.assign(**{name: ""})
    long = rows.melt(["hrg", "description", *ELECTIVE_PARTS], ADMISSION_TYPES, "admission_type", "cell")
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
    return (
        long[columns]
        .astype(dict.fromkeys(PRICES, float))
        .sort_values(["hrg", "admission_type"], ignore_index=True)
    )


def read_factors(path: Path | str) -> pd.Series:
    """Uplift factors by HRG from a CSV or workbook with columns ``hrg`` and ``factor``.

    Raises:
        InputError: as `read_edition`; a factor is not a number above 0 and below 2.
    """
    rows = _rows_below_header(Path(path), {"hrg": "hrg", "factor": "factor"}, None)
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


def to_pence(amount: Decimal) -> Decimal:
    """An amount in GBP rounded half up to the penny."""
    return amount.quantize(PENNY, ROUND_HALF_UP)


def _price(cell: str, what: str) -> float | None:
    text = cell.replace("£", "").replace(",", "").strip()
    if text.lower() in NO_PRICE:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise InputError(f"{what} is not a number; write a price, 0 or - for none.") from None
    if not price.is_finite() or not 0 <= price <= HIGHEST_PRICE_GBP:
        raise InputError(f"{what} is outside GBP 0 to {HIGHEST_PRICE_GBP:,}; mend it.")
    return float(to_pence(price)) or None


def _rows_below_header(path: Path, columns: Mapping[str, str], sheet: str | None) -> pd.DataFrame:
    """The rows below the first row that has every header wanted, as stripped text under our names."""
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
