"""From one year's extract to cleaned episodes, excluded rows and the waterfall."""

from pathlib import Path
from tempfile import TemporaryDirectory

from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.clean import clean_year
from casemix_risk.ingest.figures import waterfall_figure
from job import progress, run, write


def main(snakemake) -> None:
    with TemporaryDirectory() as workdir:
        cleaned = clean_year(
            Path(snakemake.input.extract), Path(workdir), progress=progress(snakemake, "rows read")
        )
        write(snakemake, "episodes", cleaned.episodes())
        write(snakemake, "excluded", cleaned.excluded())
        write(snakemake, "waterfall", cleaned.waterfall)
    figure = waterfall_figure(cleaned.waterfall, snakemake.params.settings["year"])
    save_figure(figure, snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
