"""From the months of a group so far to the cost of its whole year at one tariff edition."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.progress.figures import year_end_figure
from casemix_risk.progress.months import read_months
from casemix_risk.progress.year_end import year_end_tables
from job import log, run, write


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    year, group = settings["target_year"], settings["year_in_progress"]
    tables = year_end_tables(
        read_table(files.cost_lines),
        read_table(files.seasons),
        read_months(files.months, year),
        year,
        group["list_size"],
        group.get("group_variance"),
    )
    for name, table in tables.items():
        write(snakemake, name, table)
    latest = tables["year_end_by_month"].iloc[-1]
    unpriced = latest["admissions_unpriced"]
    share = unpriced / (latest["admissions"] + unpriced)
    log(snakemake, f"{unpriced:,} admissions ({share:.1%}) are on no cost line and in no budget")
    figure = year_end_figure(tables["year_end"], tables["year_end_by_month"], year)
    save_figure(figure, snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
