"""The report: one self-contained HTML page made from a run's tables and figures."""

import base64
import json
from collections.abc import Callable, Mapping

import jinja2
import pandas as pd
from markupsafe import Markup

from casemix_risk.audit.lineage import ancestors, lineage_html
from casemix_risk.report.findings import YearsSaid
from casemix_risk.report.formats import about_pounds, decimals, integer, percent, pounds
from casemix_risk.report.html_table import html_table, traced
from casemix_risk.report.tables import ReportTable
from casemix_risk.volumes.figures import METHOD_NAMES


def render_report(
    *,
    run: str,
    config: Mapping,
    edition: str,
    shared_pool: str,
    figures: Mapping[str, str],
    shown: Mapping[str, ReportTable],
    back_test: YearsSaid | None,
    checks: pd.DataFrame,
    numbers: pd.DataFrame,
    jobs: Mapping[str, Mapping],
    template: str,
) -> str:
    """The whole page.

    Args:
        run: name of the run.
        config: the complete configuration.
        edition: name of the leading tariff edition.
        shared_pool: name of its shared pool.
        figures: name (the file's, such as ``figure_1``) -> SVG text.
        shown: `casemix_risk.report.tables.report_tables`.
        back_test: `casemix_risk.report.findings.years_said`; None where the run has too few years.
        checks: table ``checks``.
        numbers: table ``numbers``.
        jobs: receipts of the jobs that the report's tables come from, by name.
        template: the page's Jinja template.

    Returns:
        HTML that needs no other file and no network.
    """
    values = numbers.set_index("number")["value"]

    def number(name: str, form: Callable[[float], str]) -> Markup:
        return Markup(traced(form(values[f"text/{name}"]), f"text/{name}"))

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "pounds": pounds,
        "about": about_pounds,
        "integer": integer,
        "share": percent,
        "places": lambda value, places: decimals(places)(value),
    }
    environment.globals |= environment.filters | {"number": number, "decimals": decimals}
    return environment.from_string(template).render(
        run=run,
        config=config,
        edition=edition,
        value={
            name.removeprefix("text/"): value for name, value in values.items() if name.startswith("text/")
        },
        shared_pool=shared_pool,
        images={name: _data_uri(svg) for name, svg in figures.items()},
        table={name: html_table(table) for name, table in shown.items()},
        method=METHOD_NAMES[config["projection"]],
        tested=back_test,
        changes=shown["year_on_year"].frame.set_index("level").loc["all"]
        if "year_on_year" in shown
        else None,
        warnings=checks[checks["outcome"] == "warning"].to_dict("records"),
        numbers=numbers_json(numbers),
        lineages={
            table: lineage_html(ancestors(jobs, f"{table}.parquet"))
            for table in sorted(numbers["table"].unique())
        },
        demonstration="synthetic" in config,
        unit=f"{config['unit']}s" if "extract" in config else "finished consultant episodes",
    )


def numbers_json(numbers: pd.DataFrame) -> str:
    """The table as JSON that can stand in a script element."""
    said = {
        row["number"]: [
            None if pd.isna(row["value"]) else row["value"],
            row["table"],
            row["column"],
            json.loads(row["where"]),
            row["how"],
        ]
        for row in numbers.to_dict("records")
    }
    return json.dumps(said, separators=(",", ":")).replace("<", "\\u003c")


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
