"""From the configuration's tariff editions to the table of what is in force."""

from casemix_risk.tariff.registry import editions_table
from job import run, write


def main(snakemake) -> None:
    write(snakemake, "editions", editions_table(snakemake.params.settings))


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
