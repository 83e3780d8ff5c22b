"""From activity to national admissions in the target year and to list sizes."""

from casemix_risk.audit.tables import read_table
from casemix_risk.volumes.list_sizes import by_list_size
from casemix_risk.volumes.national import project
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    national = project(
        read_table(snakemake.input.activity),
        settings["years"],
        settings["target_year"],
        settings["projection"],
        settings["population"],
        settings["population_covered"],
    )
    write(snakemake, "national", national)
    write(snakemake, "by_list_size", by_list_size(national, settings["list_sizes"], settings["population"]))


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
