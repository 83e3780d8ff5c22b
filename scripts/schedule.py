"""From one year's national schedule to its lines and the waterfall."""

from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.figures import waterfall_figure
from casemix_risk.ingest.schedule import read_schedule
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    schedule = read_schedule(snakemake.input.workbook, settings["codes"])
    write(snakemake, "schedule_lines", schedule.lines)
    write(snakemake, "waterfall", schedule.waterfall)
    save_figure(waterfall_figure(schedule.waterfall, settings["year"]), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
