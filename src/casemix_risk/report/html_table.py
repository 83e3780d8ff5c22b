"""A data frame as an accessible HTML table: caption, header cells with scope, numbers aligned."""

from collections.abc import Callable, Mapping
from html import escape

import pandas as pd

Format = Callable[[object], str]


def integer(value) -> str:
    """1,234"""
    return f"{value:,.0f}"


def decimals(places: int) -> Format:
    """A format with thousands commas and a fixed number of decimals."""
    return lambda value: f"{value:,.{places}f}"


def percent(value) -> str:
    """A share such as 0.273 as 27.3 %."""
    return f"{100 * value:.1f} %"


def pounds(value) -> str:
    """GBP as £1,234, to the nearest pound; amounts below 10 keep their pence."""
    return f"£{value:,.2f}" if 0 < abs(value) < 10 else f"£{value:,.0f}"


def about_pounds(value) -> str:
    """GBP to three significant figures, as £2.97 million or £270,000, for running text."""
    rounded = float(f"{value:.3g}")
    return f"£{rounded / 1e6:,.4g} million" if rounded >= 1e6 else f"£{rounded:,.0f}"


def html_table(
    table: pd.DataFrame,
    caption: str,
    columns: Mapping[str, tuple[str, Format | None]],
    row_header: bool = True,
) -> str:
    """An HTML table.

    Args:
        table: the rows.
        caption: what the table shows, with units.
        columns: column of the table -> (heading, format); no format means text.
        row_header: whether the first column names the row.

    Returns:
        HTML; missing values are shown as an en dash.
    """
    head = "".join(
        f'<th scope="col"{"" if form is None else " class=number"}>{escape(heading)}</th>'
        for heading, form in columns.values()
    )
    body = "".join(
        f"<tr>{''.join(_cells(row, columns, row_header))}</tr>" for row in table.to_dict("records")
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Mapping, columns: Mapping[str, tuple[str, Format | None]], row_header: bool):
    for position, (name, (_, form)) in enumerate(columns.items()):
        value = row[name]
        text = "–" if pd.isna(value) else escape(str(value) if form is None else form(value))
        kind = "" if form is None else " class=number"
        yield (
            f'<th scope="row"{kind}>{text}</th>' if row_header and position == 0 else f"<td{kind}>{text}</td>"
        )
