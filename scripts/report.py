"""From every table of a run to its report."""

from pathlib import Path

import pandas as pd

from casemix_risk.audit.tables import read_table
from casemix_risk.report.facts import Scene, published_facts, truth_cost_lines
from casemix_risk.report.findings import practices_said
from casemix_risk.report.page import render_report
from casemix_risk.report.quality import planted_check
from casemix_risk.report.tables import report_tables
from casemix_risk.report.workbook import report_workbook
from casemix_risk.volumes.figures import chapter_projections
from casemix_risk.volumes.redraw import redrawn_projections
from job import by_edition, run, write

REDRAWN_PROJECTIONS = 100


def main(snakemake) -> None:
    config, files = snakemake.params.settings, snakemake.input
    editions = by_edition(files.tables, config["tariff"]["editions"])
    leading = next(iter(editions.values()))
    leading["priced_waterfall"] = read_table(files.waterfall)
    leading["monte_carlo"] = read_table(files.monte_carlo)
    facts = planted = None
    if "synthetic" in config:
        facts = _published_facts(config, files, leading)
        write(snakemake, "published_facts", facts)
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
    shown = report_tables(editions, config["risk"]["list_size"], volumes, practices, facts, planted)
    workbook = report_workbook(config["run"], next(iter(editions)), shown.values(), "synthetic" in config)
    Path(snakemake.output.workbook).write_bytes(workbook)
    page = render_report(
        run=config["run"],
        config=config,
        editions=editions,
        figures={Path(path).stem: Path(path).read_text(encoding="utf-8") for path in files.figures},
        shown=shown,
        practices=None if practices is None else practices_said(practices),
        back_test=years.get("back_test"),
        template=Path(files.template).read_text(encoding="utf-8"),
    )
    Path(snakemake.output.page).write_text(page, encoding="utf-8")


def _published_facts(config, files, leading) -> pd.DataFrame:
    shared_pool, population = config["risk"]["shared_pool"], config["population"]
    lines, rules = leading["cost_lines"], leading["pool_rules"]
    truth = truth_cost_lines(read_table(files.truth_lines), population, config["cost_lines"])
    unseen = int((leading["tariff_coverage"]["status"] == "no_activity").sum())
    projection = {
        "base_years": list(config["extract"]["files"]),
        "target_year": config["target_year"],
        "method": config["projection"],
        "population": population,
        "population_covered": config["extract"]["population_covered"],
    }
    return published_facts(
        pd.read_csv(files.published),
        Scene(truth, 0, population, rules, shared_pool),
        Scene(lines, unseen, population, rules, shared_pool),
        redrawn_projections(read_table(files.activity), projection, REDRAWN_PROJECTIONS, config["seed"]),
    )


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
