"""From every table of a run to its report."""

import json
from pathlib import Path

import pandas as pd

from casemix_risk.audit.tables import read_table
from casemix_risk.report.decision_numbers import (
    decision_numbers,
    not_modelled_numbers,
    progress_numbers,
)
from casemix_risk.report.findings import findings, practices_said, years_said
from casemix_risk.report.numbers import (
    finding_numbers,
    lines_numbers,
    numbers_table,
    practices_numbers,
    table_numbers,
    years_numbers,
)
from casemix_risk.report.page import render_report
from casemix_risk.report.practice_numbers import comparison_numbers
from casemix_risk.report.quality import planted_check
from casemix_risk.report.tables import report_tables
from casemix_risk.report.tables_coding import coding_numbers, coding_tables
from casemix_risk.report.tables_group import grouping_numbers, grouping_tables
from casemix_risk.report.tables_practices import comparison_tables
from casemix_risk.report.workbook import report_workbook
from casemix_risk.volumes.figures import chapter_projections
from job import by_edition, run, write


def main(snakemake) -> None:
    config, files = snakemake.params.settings, snakemake.input
    edition = snakemake.params.leading
    tables = by_edition(files.tables, config["tariff"]["editions"])
    leading = tables[edition]
    editions = {edition: leading} | tables
    if files.waterfall:
        leading["priced_waterfall"] = read_table(files.waterfall[0])
    leading["monte_carlo"] = read_table(files.monte_carlo)
    leading |= {Path(path).stem: read_table(path) for path in files.payment}
    facts = planted = None
    if "synthetic" in config:
        facts = read_table(files.published_facts)
        planted = planted_check(
            [read_table(path) for path in files.planted],
            [pd.read_parquet(path, columns=["source_row", "rule"]) for path in files.excluded],
            [read_table(path) for path in files.waterfalls],
        )
    years = {Path(path).stem: read_table(path) for path in files.years}
    practices = next(map(read_table, files.practices), None)
    scale = config["population"] / snakemake.params.population_covered
    volumes = years | {
        "projection": chapter_projections(
            read_table(files.activity), read_table(files.national), config["target_year"], scale
        )
    }
    checks, size = next(map(read_table, files.checks), None), config["risk"]["list_size"]
    changes = {Path(path).parent.name: read_table(path) for path in files.changes}
    registry = read_table(files.editions)
    not_modelled = read_table(files.not_modelled)
    progress = {Path(path).stem: read_table(path) for path in files.progress}
    grouped = [read_table(path) for path in files.grouping]
    of_year = (*grouped, leading["prices"], snakemake.params.last_year, edition)
    last = f"_{snakemake.params.last_year}"
    coding = {Path(path).stem.removesuffix(last): read_table(path) for path in files.coding}
    compared = {Path(path).stem: read_table(path) for path in files.compared}
    coded = (coding, snakemake.params.last_year, snakemake.params.last_edition)
    shown = report_tables(
        editions,
        size,
        volumes,
        checks,
        registry,
        changes,
        practices,
        not_modelled,
        progress,
        comparison_tables(compared) if compared else [],
        [*(grouping_tables(*of_year) if grouped else []), *(coding_tables(*coded) if coding else [])],
        facts,
        planted,
    )
    found = findings(leading, size)
    tested = years_said(years["back_test"], config["projection"]) if "back_test" in years else None
    numbers = numbers_table(
        [
            *finding_numbers(edition, found),
            *lines_numbers(edition, leading, size),
            *decision_numbers(edition, leading, size),
            *not_modelled_numbers(not_modelled, size),
            *(progress_numbers(edition, progress) if progress else []),
            *(grouping_numbers(*of_year) if grouped else []),
            *(coding_numbers(*coded) if coding else []),
            *(comparison_numbers(compared) if compared else []),
            *years_numbers(tested, config["projection"], years.get("year_on_year")),
            *([] if practices is None else practices_numbers(practices_said(practices))),
            *(number for table in shown.values() for number in table_numbers(table)),
        ]
    )
    write(snakemake, "numbers", numbers)
    workbook = report_workbook(config["run"], edition, shown.values(), "synthetic" in config)
    Path(snakemake.output.workbook).write_bytes(workbook)
    page = render_report(
        run=config["run"],
        config=config,
        edition=edition,
        shared_pool=found.shared_pool,
        figures={Path(path).stem: Path(path).read_text(encoding="utf-8") for path in files.figures},
        changes={
            Path(path).parent.name: Path(path).read_text(encoding="utf-8") for path in files.change_figures
        },
        shown=shown,
        back_test=tested,
        grouped_by=grouped[0]["definitions"].iloc[0] if grouped else None,
        checks=checks,
        numbers=numbers,
        jobs={Path(path).stem: json.loads(Path(path).read_text(encoding="utf-8")) for path in files.receipts},
        templates={Path(path).name: Path(path).read_text(encoding="utf-8") for path in files.templates},
    )
    Path(snakemake.output.page).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
