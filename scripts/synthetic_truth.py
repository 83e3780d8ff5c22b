"""From a seed to the demonstration's truth: the national line table."""

from casemix_risk.figure_style import save_figure
from casemix_risk.synthetic.figures import truth_figure
from casemix_risk.synthetic.truth import national_truth
from job import run, write


def main(snakemake) -> None:
    lines = national_truth(snakemake.params.settings["seed"])
    write(snakemake, "truth_lines", lines)
    save_figure(truth_figure(lines), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
