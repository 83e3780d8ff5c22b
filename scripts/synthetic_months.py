"""From the truth to the months of a group whose year is in progress, and how it differs from the nation."""

from casemix_risk.audit.tables import read_table
from casemix_risk.synthetic.group import group_months, group_truth
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    lines, year, seed = read_table(snakemake.input.truth_lines), settings["target_year"], settings["seed"]
    truth = group_truth(lines, year, seed)
    write(snakemake, "group_truth", truth)
    share = settings["list_size"] / settings["population"]
    months = group_months(lines, truth, year, share, seed)
    months.to_csv(snakemake.output.months, index=False, lineterminator="\n")


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
