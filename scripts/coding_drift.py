"""From how each provider codes each kind of case to who stands out, and who begins to."""

import polars as pl

from casemix_risk.coding.drift import coding_drift
from casemix_risk.coding.drift_figure import draw_drift
from casemix_risk.figure_style import save_figure
from job import run, write


def main(snakemake) -> None:
    years = snakemake.params.settings["years"]
    cells = {year: pl.read_parquet(path) for year, path in zip(years, snakemake.input.cells, strict=True)}
    drift = coding_drift(cells)
    write(snakemake, "coding_drift", drift)
    save_figure(draw_drift(drift, years[-1]), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
