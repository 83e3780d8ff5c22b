"""From one year's extract to cleaned episodes, excluded rows and the waterfall."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.clean import clean_year
from casemix_risk.ingest.figures import waterfall_figure
from job import progress, run, write


@contextmanager
def _workdir(folder: Path) -> Iterator[Path]:
    """A folder of a fixed name, so that what a killed job left there of patients goes with the next one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(snakemake) -> None:
    settings = snakemake.params.settings
    year = settings["year"]
    with _workdir(Path(snakemake.output.episodes).with_name(f".{year}.working")) as workdir:
        extract = Path(snakemake.input.extract)
        cleaned = clean_year(
            extract,
            workdir,
            to_be_grouped=settings["grouper"] != "given",
            progress=progress(snakemake, "rows read"),
        )
        write(snakemake, "episodes", cleaned.episodes())
        write(snakemake, "excluded", cleaned.excluded())
        write(snakemake, "waterfall", cleaned.waterfall)
    figure = waterfall_figure(cleaned.waterfall, year)
    save_figure(figure, snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
