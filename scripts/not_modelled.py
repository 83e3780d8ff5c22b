"""From years, prices and projections to what the risk figures leave out, beside chance."""

from pathlib import Path

from casemix_risk.audit.tables import read_table
from casemix_risk.decisions.not_modelled import not_modelled
from casemix_risk.decisions.not_modelled_figure import not_modelled_figure
from casemix_risk.figure_style import save_figure
from job import run, write


def main(snakemake) -> None:
    files = snakemake.input
    years = {Path(path).stem: read_table(path) for path in files.years}
    table = not_modelled(
        read_table(files.activity),
        read_table(files.prices),
        years.get("year_on_year"),
        years.get("back_test"),
        {Path(path).parent.name: read_table(path) for path in files.accounts},
        read_table(files.summary),
        snakemake.params.settings["projection"],
    )
    write(snakemake, "not_modelled", table)
    save_figure(not_modelled_figure(table), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
