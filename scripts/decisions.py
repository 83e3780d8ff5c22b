"""From the cost lines of one tariff edition to what a commissioner decides: tables and figures."""

from casemix_risk.audit.tables import read_table
from casemix_risk.decisions.cover_figures import cover_figure, pool_fee_figure
from casemix_risk.decisions.detectability_figures import falls_that_show, provable_lines
from casemix_risk.decisions.frontier_figure import frontier_figure
from casemix_risk.decisions.group_figure import smallest_group_figure
from casemix_risk.decisions.reserve_figures import reserve_by_size_figure, reserve_by_years_figure
from casemix_risk.decisions.tables import decision_tables
from casemix_risk.figure_style import save_figure
from job import run, write


def main(snakemake) -> None:
    settings, files, figures = snakemake.params.settings, snakemake.input, snakemake.output
    tables = decision_tables(
        read_table(files.cost_lines),
        read_table(files.pool_rules),
        read_table(files.pool_lines),
        list_sizes=settings["list_sizes"],
        risk=settings["risk"],
        shocks=settings["shocks"],
    )
    for name, table in tables.items():
        write(snakemake, name, table)
    size = settings["risk"]["list_size"]
    save_figure(frontier_figure(tables["frontier"], size), figures.frontier_figure)
    save_figure(pool_fee_figure(tables["pool_fees"], size), figures.pool_fees_figure)
    save_figure(cover_figure(tables["stop_loss"], size), figures.covers_figure)
    save_figure(reserve_by_size_figure(tables["reserves"]), figures.reserve_by_size_figure)
    save_figure(reserve_by_years_figure(tables["reserves"], size), figures.reserve_by_years_figure)
    groups = smallest_group_figure(tables["smallest_group"], tables["external_checks"])
    save_figure(groups, figures.smallest_group_figure)
    save_figure(falls_that_show(tables["detectability"], size), figures.falls_figure)
    save_figure(provable_lines(tables["provable"]), figures.provable_figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
