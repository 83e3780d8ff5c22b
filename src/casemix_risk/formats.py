"""How a number is shown: as text on the page, and as a workbook's cell, whose heading has the unit."""

from collections.abc import Callable
from typing import NamedTuple


class Format(NamedTuple):
    """A number's looks; calling it gives the text."""

    text: Callable[[float], str]
    cell: str  # the workbook's number format
    unit: str = ""  # what the text shows as a sign and the workbook says in the heading
    factor: float = 1  # from the value to that unit

    def __call__(self, value: float) -> str:
        return self.text(value)


def decimals(places: int) -> Format:
    """A format with thousands commas and a fixed number of decimals."""
    return Format(lambda value: f"{value:,.{places}f}", f"#,##0.{'0' * places}")


def _pounds(value: float) -> str:
    """To the nearest pound; amounts below 10 keep their pence."""
    size = abs(value)
    return _signed(value, f"£{size:,.2f}" if 0 < size < 10 else f"£{size:,.0f}")


def _signed(value: float, text: str) -> str:
    return f"−{text}" if value < 0 else text


def _significant(value: float) -> str:
    """At most four significant digits, with thousands commas and no exponent."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{float(f'{value:.3g}'):,.10g}"


integer = Format(lambda value: f"{value:,.0f}", "#,##0")
percent = Format(lambda value: f"{100 * value:.1f} %", "0.0", "%", 100)
pounds = Format(_pounds, "[<10]#,##0.00;#,##0", "£")
significant = Format(_significant, "[>=1000]#,##0;General")


def about_count(value: float) -> str:
    """A count to two significant figures, for running text."""
    return f"{float(f'{value:.2g}'):,.0f}"


def about_pounds(value: float) -> str:
    """GBP to three significant figures, as £2.97 million or £270,000, for running text."""
    rounded = abs(float(f"{value:.3g}"))
    return _signed(value, f"£{rounded / 1e6:,.4g} million" if rounded >= 1e6 else f"£{rounded:,.0f}")
