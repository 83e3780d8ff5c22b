"""From volumes and a price list to the price of every line of one tariff edition."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.schedule import unit_costs
from casemix_risk.tariff.editions import edition_prices
from casemix_risk.tariff.figures import price_figure
from casemix_risk.tariff.prices import price_lines
from casemix_risk.tariff.waterfall import price_waterfall
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    national = read_table(snakemake.input.national)
    schedule = snakemake.input.schedule_lines
    costs = unit_costs(read_table(schedule[0])) if schedule else None
    prices, coverage = price_lines(
        edition_prices(settings["chain"], costs),
        national,
        settings["maximum_estimated_share"],
        settings["unpriced"],
    )
    write(snakemake, "prices", prices)
    write(snakemake, "tariff_coverage", coverage)
    waterfalls = [read_table(path) for path in snakemake.input.waterfalls]
    write(snakemake, "priced_waterfall", price_waterfall(waterfalls, prices))
    save_figure(price_figure(prices, national, settings["edition"]), snakemake.output.figure)


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
