"""From the cost lines to what a simulated search of Table 2 can tell."""

from casemix_risk.audit.tables import read_table
from casemix_risk.risk.lines import fixed_costs, line_names, lines_from
from casemix_risk.risk.monte_carlo import search_by_simulation
from casemix_risk.risk.pools import kept_lines
from job import run, write

REPEATS = 40


def main(snakemake) -> None:
    risk = snakemake.params.settings["risk"]
    table, rules = read_table(snakemake.input.lines), read_table(snakemake.input.rules)
    kept = kept_lines(table, rules[rules["volume_ceiling"].notna()], risk["shared_pool"])
    found = search_by_simulation(
        lines_from(table),
        line_names(table),
        kept,
        risk["list_size"],
        risk["simulated_years"],
        REPEATS,
        snakemake.params.settings["seed"],
        fixed_costs(table),
    )
    write(snakemake, "monte_carlo", found)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
