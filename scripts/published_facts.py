"""From the demonstration's truth and the leading edition's lines to the paper's facts beside both."""

import pandas as pd

from casemix_risk.audit.tables import read_table
from casemix_risk.report.facts import Scene, published_facts, truth_cost_lines
from casemix_risk.volumes.redraw import redrawn_projections
from job import run, write

REDRAWN_PROJECTIONS = 100


def main(snakemake) -> None:
    config, files = snakemake.params.settings, snakemake.input
    shared_pool, population = config["risk"]["shared_pool"], config["population"]
    lines, rules = read_table(files.lines), read_table(files.rules)
    truth = truth_cost_lines(read_table(files.truth_lines), population, config["cost_lines"])
    unseen = int((read_table(files.coverage)["status"] == "no_activity").sum())
    projection = {
        "base_years": list(config["extract"]["files"]),
        "target_year": config["target_year"],
        "method": config["projection"],
        "population": population,
        "population_covered": config["extract"]["population_covered"],
    }
    facts = published_facts(
        pd.read_csv(files.published),
        Scene(truth, 0, population, rules, shared_pool),
        Scene(lines, unseen, population, rules, shared_pool),
        redrawn_projections(read_table(files.activity), projection, REDRAWN_PROJECTIONS, config["seed"]),
    )
    write(snakemake, "published_facts", facts)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
