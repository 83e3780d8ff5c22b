"""One page for a finance director: what changed, why, and what it does to the risk."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from casemix_risk.changes.account import TERMS
from casemix_risk.changes.risk import MEASURES, why_the_cut_moved
from casemix_risk.figure_style import svg_address
from casemix_risk.formats import integer, percent, pounds
from casemix_risk.templates import template_environment

LINES_SHOWN = 5
SMALLEST_SHOWN_GBP = 1
SMALLEST_SHOWN_POINTS = 1e-4
NAME_WIDTH = 44
NOTHING = "–"
_FORMATS = {"gbp": pounds, "pct": lambda value: f"{value:.2f} %", "share": percent}


def render_brief(
    *,
    before: str,
    after: str,
    account: pd.DataFrame,
    risk: pd.DataFrame,
    risk_lines: pd.DataFrame,
    list_size: int,
    uplift: float,
    figure: str,
    notes: Sequence[str],
    template: str,
) -> str:
    """The page.

    Args:
        before: name of the edition or run before.
        after: likewise.
        account: table ``change_account``.
        risk: table ``change_risk``.
        risk_lines: table ``change_risk_lines``.
        list_size: heads; one that both tables have.
        uplift: the general change of prices, a factor.
        figure: `casemix_risk.changes.figures.change_figure` as SVG.
        notes: sentences on where the two come from and what cannot be told apart.
        template: the page's Jinja template.

    Returns:
        HTML that needs no other file and no network, and prints on one sheet.
    """
    lines = account[account["list_size"] == list_size]
    sums = lines[["before_gbp", *TERMS, "after_gbp"]].sum()
    measures = risk[risk["list_size"] == list_size].set_index("measure")[["before", "after"]]
    change = sums["after_gbp"] - sums["before_gbp"]
    cuts = measures.loc["best_cut_gbp"]
    environment = template_environment({"brief.html": template})
    environment.filters |= {
        "pounds": pounds,
        "signed": signed_pounds,
        "integer": integer,
        "short": _short,
    }
    return environment.get_template("brief.html").render(
        before=before,
        after=after,
        list_size=list_size,
        sums=sums,
        change=change,
        change_words=change_in_words(change, sums["before_gbp"]),
        terms=[
            (words, sums[term], sums[term] / sums["before_gbp"])
            for term, words in TERMS.items()
            if sums[term]
        ],
        reason=main_reason(sums, uplift),
        figure=svg_address(figure),
        risk=[(words, *map(shown(name), measures.loc[name])) for name, words in MEASURES.items()],
        cut=why_the_cut_moved(risk_lines, cuts["before"], cuts["after"]),
        drivers=risk_drivers(risk_lines),
        lines=largest_lines(lines),
        points=lambda points: f"{points:+.3f}".replace("-", "−"),
        percent=lambda share: f"{100 * share:+.2f} %".replace("-", "−"),
        notes=notes,
    )


def _short(name: str | None) -> str:
    return NOTHING if pd.isna(name) else textwrap.shorten(name, NAME_WIDTH, placeholder=" …")


def signed_pounds(amount: float) -> str:
    """GBP with a sign, to the penny."""
    return f"{'−' if amount < 0 else '+'}£{abs(amount):,.2f}"


def shown(measure: str):
    """The format of a measure by its unit, which its name ends in."""
    form = _FORMATS.get(measure.rpartition("_")[2], integer)
    return lambda value: NOTHING if pd.isna(value) else form(value)


def change_in_words(change: float, before: float) -> str:
    """The headline of a change."""
    if change == 0:
        return "does not change"
    return f"{'rises' if change > 0 else 'falls'} by £{abs(change):,.0f} ({100 * change / before:+.2f} %)"


def main_reason(sums: Mapping[str, float], uplift: float) -> str:
    """The term that moved the budget most, in a sentence.

    Args:
        sums: the sum of each of `TERMS`, GBP.
        uplift: the general change of prices, a factor.
    """
    terms = pd.Series({term: sums[term] for term in TERMS})
    moved = terms.abs().sum()
    if moved == 0:
        return "Nothing that makes up the budget changed."
    name = terms.abs().idxmax()
    words = f"{TERMS[name][0].lower()}{TERMS[name][1:]}"
    general = f" ({100 * (uplift - 1):+.2f} % in the middle of all lines)" if name == "uplift" else ""
    share = terms.abs()[name] / moved
    return (
        f"The main reason, {percent(share)} of all movement: {words}{general}, {signed_pounds(terms[name])}."
    )


def largest_lines(lines: pd.DataFrame) -> list[dict]:
    """The lines whose budget changed most, by a pound or more, but for the general change of prices."""
    own = lines[[term for term in TERMS if term != "uplift"]].sum(axis=1).round(2)
    order = own.abs().sort_values(ascending=False, kind="stable").index[:LINES_SHOWN]
    largest = lines.loc[order].assign(own=own[order])
    return largest[largest["own"].abs() >= SMALLEST_SHOWN_GBP].to_dict("records")


def risk_drivers(lines: pd.DataFrame) -> list[dict]:
    """The lines that moved the tolerance most; none where all moved it by next to nothing."""
    size = lines["tolerance_points"].abs()
    largest = lines.loc[size.sort_values(ascending=False, kind="stable").index[:LINES_SHOWN]]
    return largest[np.abs(largest["tolerance_points"]) >= SMALLEST_SHOWN_POINTS].to_dict("records")
