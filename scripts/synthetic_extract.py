"""From the truth to one year's extract, with what is planted in it on record."""

from pathlib import Path

from casemix_risk.audit.tables import read_table
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.synthetic.extract import write_extract
from job import run, write


def main(snakemake) -> None:
    fyear = snakemake.wildcards.fyear
    settings = snakemake.params.settings
    planted = write_extract(
        read_table(snakemake.input.truth_lines),
        f"20{fyear[:2]}-{fyear[2:]}",
        settings | settings["synthetic"],
        read_definitions(demonstration()),
        Path(snakemake.output.extract),
    )
    write(snakemake, "planted_defects", planted.defects)
    write(snakemake, "planted_upcoding", planted.upcoding)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
