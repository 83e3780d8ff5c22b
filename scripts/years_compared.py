"""From activity to how far years differ, and how well each projection would have foretold them."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.volumes.back_test import back_test
from casemix_risk.volumes.figures import back_test_figure, year_on_year_figure
from casemix_risk.volumes.year_on_year import year_on_year
from casemix_risk.volumes.years import FEWEST_YEARS
from job import run, write


def main(snakemake) -> None:
    activity = read_table(snakemake.input.activity)
    changes = year_on_year(activity)
    write(snakemake, "year_on_year", changes)
    save_figure(year_on_year_figure(changes), snakemake.output.changes_figure)
    if len(snakemake.params.settings["years"]) >= FEWEST_YEARS:
        tested = back_test(activity)
        write(snakemake, "back_test", tested)
        save_figure(
            back_test_figure(tested, snakemake.params.settings["projection"]),
            snakemake.output.back_test_figure,
        )


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
