"""From what admissions are paid to what each way of payment does to budget and risk."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.payment.effects import payment_effects
from casemix_risk.payment.figures import payment_figure
from job import run, write


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    effects = payment_effects(
        read_table(files.national),
        read_table(files.prices),
        read_table(files.payments),
        settings["population"],
        settings["list_sizes"],
        settings["cost_lines"],
        settings["risk"]["always_pooled"],
        settings["risk"]["never_pooled"],
    )
    write(snakemake, "payment_effects", effects)
    figure = payment_figure(effects, settings["edition"], settings["list_size"])
    save_figure(figure, snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
