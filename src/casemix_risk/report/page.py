"""The report: one self-contained HTML page made from a run's tables and figures."""

import base64
from collections.abc import Mapping

import jinja2
import pandas as pd

from casemix_risk.report.findings import PracticesSaid, findings, years_said
from casemix_risk.report.formats import about_pounds, decimals, integer, percent, pounds
from casemix_risk.report.html_table import html_table
from casemix_risk.report.tables import ReportTable
from casemix_risk.risk.pools import shared_pool_of
from casemix_risk.volumes.figures import METHOD_NAMES


def render_report(
    *,
    run: str,
    config: Mapping,
    editions: Mapping[str, Mapping[str, pd.DataFrame]],
    figures: Mapping[str, str],
    shown: Mapping[str, ReportTable],
    practices: PracticesSaid | None,
    back_test: pd.DataFrame | None,
    template: str,
) -> str:
    """The whole page.

    Args:
        run: name of the run.
        config: the complete configuration.
        editions: edition -> its tables by name (the tariff and risk tables), the leading edition first.
        figures: name (the file's, such as ``figure_1``) -> SVG text.
        shown: `casemix_risk.report.tables.report_tables`.
        practices: `casemix_risk.report.findings.practices_said`; None where the run has no register.
        back_test: table ``back_test``; None where the run has too few years.
        template: the page's Jinja template.

    Returns:
        HTML that needs no other file and no network.
    """
    leading, tables = next(iter(editions.items()))
    size = config["risk"]["list_size"]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "pounds": pounds,
        "about": about_pounds,
        "integer": integer,
        "share": percent,
        "places": _places,
    }
    return environment.from_string(template).render(
        run=run,
        config=config,
        edition=leading,
        found=findings(tables, size),
        shared_pool=shared_pool_of(tables["pool_rules"]),
        images={name: _data_uri(svg) for name, svg in figures.items()},
        table={name: html_table(table) for name, table in shown.items()},
        coverage=shown["coverage"].frame,
        practices=practices,
        searches=tables["monte_carlo"].set_index("years_shared"),
        method=METHOD_NAMES[config["projection"]],
        tested=None if back_test is None else years_said(back_test, config["projection"]),
        changes=shown["year_on_year"].frame.set_index("level").loc["all"]
        if "year_on_year" in shown
        else None,
        lines=len(tables["cost_lines"]),
        clustered_lines=int((tables["cost_lines"]["variance_factor"] > 1.5).sum()),
        banding=_banding_sums(tables["banding"], size),
        demonstration="synthetic" in config,
        unit=f"{config['unit']}s" if "extract" in config else "finished consultant episodes",
    )


def _banding_sums(banding: pd.DataFrame, size: int) -> dict[str, float]:
    rows = banding.query("list_size == @size and pool == 'none'")
    return dict(zip(rows["model"], rows["tolerance_pct"], strict=True))


def _places(value: float, places: int) -> str:
    return decimals(places)(value)


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
