"""From the practice register to the lists, budgets and tolerances of real practices and groups."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.practices.figures import practice_figure
from casemix_risk.practices.lists import practice_lists
from casemix_risk.practices.register import read_register
from casemix_risk.practices.risk import practice_risk
from job import run, write


def main(snakemake) -> None:
    files = snakemake.input
    lists = practice_lists(read_register(files.register), snakemake.params.settings["groups"])
    write(snakemake, "practice_lists", lists)
    risk = practice_risk(lists, read_table(files.summary), read_table(files.optimum))
    write(snakemake, "practice_risk", risk)
    save_figure(practice_figure(risk), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
