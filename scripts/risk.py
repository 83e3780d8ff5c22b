"""From volumes and prices to the risk tables and figures of one tariff edition."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.risk.figures import figure_1, figure_2, price_and_volume_cells, table_2
from casemix_risk.risk.tables import risk_tables
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    tables = risk_tables(
        read_table(snakemake.input.national),
        read_table(snakemake.input.prices),
        population=settings["population"],
        list_sizes=settings["list_sizes"],
        seed=settings["seed"],
        cost_line_settings=settings["cost_lines"],
        risk=settings["risk"],
    )
    for name, table in tables.items():
        write(snakemake, name, table)
    summary, rules, size = tables["risk_summary"], tables["pool_rules"], settings["risk"]["list_size"]
    save_figure(figure_1(summary, rules, size), snakemake.output.figure_1)
    save_figure(figure_2(summary, tables["pool_optimum"], rules), snakemake.output.figure_2)
    save_figure(table_2(price_and_volume_cells(summary, rules, size), size), snakemake.output.table_2)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
