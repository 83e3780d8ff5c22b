"""From volumes and a price list to the price of every line of one tariff edition."""

import pandas as pd

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.ingest.schedule import unit_costs
from casemix_risk.payment.options import options_on
from casemix_risk.payment.payments import fixed_shares, market_factors, payment_table, with_payments
from casemix_risk.payment.read import read_fixed_shares, read_market_forces
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
    edition = edition_prices(settings["chain"], costs)
    prices, coverage = price_lines(
        edition, national, settings["maximum_estimated_share"], settings["unpriced"]
    )
    if options_on(settings["payment"]):
        payments = _payments(snakemake, prices, edition)
        write(snakemake, "payments", payments)
        prices, coverage = with_payments(prices, coverage, payments)
    write(snakemake, "prices", prices)
    write(snakemake, "tariff_coverage", coverage)
    if snakemake.input.waterfalls:
        waterfalls = [read_table(path) for path in snakemake.input.waterfalls]
        write(snakemake, "priced_waterfall", price_waterfall(waterfalls, prices))
    save_figure(price_figure(prices, national, settings["edition"]), snakemake.output.figure)


def _payments(snakemake, prices: pd.DataFrame, edition: pd.DataFrame) -> pd.DataFrame:
    payment = snakemake.params.settings["payment"]
    fixed, factors, own = payment["fixed_share"], None, None
    if "market_forces" in payment:
        factors = market_factors(
            read_table(snakemake.input.providers),
            read_market_forces(payment["market_forces"]),
            payment.get("default_factor"),
        )
    if "file" in fixed:
        own = read_fixed_shares(fixed["file"])
    shares = fixed_shares(prices, fixed, own)
    stays = read_table(snakemake.input.stays)
    return payment_table(prices, edition, stays, factors, shares, options_on(payment))


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
