"""A report table as accessible HTML: caption, header cells with scope, numbers aligned."""

from collections.abc import Iterator, Mapping
from html import escape

import pandas as pd

from casemix_risk.report.table import ReportTable, is_number, number_id


def html_table(table: ReportTable) -> str:
    """HTML of a table whose first column names the row; missing values are shown as an en dash."""
    frame = table.frame[list(table.columns)]
    dashes = f"; – means: {table.missing}" if frame.isna().any(axis=None) else ""
    caption = escape(table.title + dashes)
    head = "".join(
        f'<th scope="col"{"" if form is None else " class=number"}>{escape(heading)}</th>'
        for heading, form in table.columns.values()
    )
    body = "".join(f"<tr>{''.join(_cells(table, row))}</tr>" for row in table.frame.to_dict("records"))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.name)}"><table>'
        f"<caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def traced(text: str, number: str) -> str:
    """A number that says where it comes from when it is clicked."""
    return f'<a class="traced" href="#trace" data-number="{escape(number)}">{escape(text)}</a>'


def _cells(table: ReportTable, row: Mapping) -> Iterator[str]:
    for position, (name, (_, form)) in enumerate(table.columns.items()):
        value = row[name]
        text = "–" if pd.isna(value) else escape(str(value) if form is None else form(value))
        if is_number(table, row, name):
            text = traced(form(value), number_id(table, row, name))
        kind = "" if form is None else " class=number"
        yield f'<th scope="row"{kind}>{text}</th>' if position == 0 else f"<td{kind}>{text}</td>"
