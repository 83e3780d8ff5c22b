"""From one year's extract to cleaned episodes, excluded rows and the waterfall."""

from pathlib import Path
from tempfile import TemporaryDirectory

from casemix_risk.ingest.clean import clean_year
from job import run, write


def main(snakemake) -> None:
    with TemporaryDirectory() as workdir:
        cleaned = clean_year(Path(snakemake.input.extract), Path(workdir))
        write(snakemake, "episodes", cleaned.episodes())
        write(snakemake, "excluded", cleaned.excluded())
        write(snakemake, "waterfall", cleaned.waterfall)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
