"""The report: one self-contained HTML page made from a run's tables and figures."""

import json
from collections.abc import Callable, Mapping

import pandas as pd
from markupsafe import Markup

from casemix_risk.audit.lineage import ancestors, lineage_html
from casemix_risk.figure_style import svg_address
from casemix_risk.formats import about_count, about_pounds, decimals, integer, percent, pounds
from casemix_risk.practices.association import NOT_PROVEN
from casemix_risk.report.findings import YearsSaid
from casemix_risk.report.html_table import html_table, traced
from casemix_risk.report.table import ReportTable
from casemix_risk.templates import template_environment
from casemix_risk.volumes.figures import METHOD_NAMES


def render_report(
    *,
    run: str,
    config: Mapping,
    edition: str,
    shared_pool: str,
    figures: Mapping[str, str],
    changes: Mapping[str, str],
    shown: Mapping[str, ReportTable],
    back_test: YearsSaid | None,
    grouped_by: str | None,
    checks: pd.DataFrame | None,
    numbers: pd.DataFrame,
    jobs: Mapping[str, Mapping],
    templates: Mapping[str, str],
) -> str:
    """The whole page.

    Args:
        run: name of the run.
        config: the complete configuration.
        edition: name of the leading tariff edition.
        shared_pool: name of its shared pool.
        figures: name (the file's, such as ``figure_1``) -> SVG text.
        changes: change (``2006-07_to_2007-08``) -> SVG text of its waterfall.
        shown: `casemix_risk.report.tables.report_tables`.
        back_test: `casemix_risk.report.findings.years_said`; None where the run has too few years.
        grouped_by: what the definition set is called; None where nothing was grouped.
        checks: table ``checks``; None in a run for publication.
        numbers: table ``numbers``.
        jobs: receipts of the jobs that the report's tables come from, by name; none in a run for publication,
            whose page tells no lineage.
        templates: name of each of the page's Jinja templates -> its text; ``page.html`` includes the others.

    Returns:
        HTML that needs no other file and no network.
    """
    values = numbers.set_index("number")["value"]

    def number(name: str, form: Callable[[float], str]) -> Markup:
        return Markup(traced(form(values[f"text/{name}"]), f"text/{name}"))

    environment = template_environment(templates)
    environment.filters |= {
        "pounds": pounds,
        "about": about_pounds,
        "about_count": about_count,
        "integer": integer,
        "share": percent,
        "places": lambda value, places: decimals(places)(value),
    }
    environment.globals |= environment.filters | {"number": number, "decimals": decimals}
    return environment.get_template("page.html").render(
        run=run,
        config=config,
        edition=edition,
        value={
            name.removeprefix("text/"): value for name, value in values.items() if name.startswith("text/")
        },
        shared_pool=shared_pool,
        images={name: svg_address(svg) for name, svg in figures.items()},
        changes={change: svg_address(svg) for change, svg in changes.items()},
        table={name: html_table(table) for name, table in shown.items()},
        method=METHOD_NAMES[config["projection"]],
        tested=back_test,
        grouped_by=grouped_by,
        not_proven=NOT_PROVEN,
        years_compared=shown["year_on_year"].frame.set_index("level").loc["all"]
        if "year_on_year" in shown
        else None,
        warnings=[] if checks is None else checks[checks["outcome"] == "warning"].to_dict("records"),
        numbers=numbers_json(numbers),
        lineages={
            table: lineage_html(ancestors(jobs, f"{table}.parquet"))
            for table in sorted(numbers["table"].unique())
            if jobs
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
