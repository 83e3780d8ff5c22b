"""From the months of a group to control charts of chosen lines."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.progress.control import control_chart
from casemix_risk.progress.figures import control_figure
from casemix_risk.progress.months import read_months
from job import run, write


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    year, group = settings["target_year"], settings["year_in_progress"]
    charts = control_chart(
        read_table(files.cost_lines),
        read_table(files.seasons),
        read_months(files.months, year),
        year,
        group["list_size"],
        group.get("control_charts"),
    )
    write(snakemake, "control_chart", charts)
    save_figure(control_figure(charts, year), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
