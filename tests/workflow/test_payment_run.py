"""A whole run with every option of payment on."""

import pandas as pd
import pytest
from small_run import small_configuration, snakemake

from casemix_risk.audit.trace import numbers_that_do_not_agree

pytestmark = [pytest.mark.xdist_group("workflow"), pytest.mark.slow]

PAYMENT = {
    "short_stay": True,
    "excess_bed_days": True,
    "market_forces": "market_forces.csv",
    "default_factor": 1.25,
    "fixed_share": {"emergency": 0.8},
}


@pytest.fixture(scope="module")
def paid(two_cores, project, tmp_path_factory):
    """The results of the small demonstration with every option, from the same extracts."""
    folder = tmp_path_factory.mktemp("paid")
    (folder / "market_forces.csv").write_text("provider,factor\nRFA,1.0\n")
    tariff = {"maximum_estimated_share": 1, "editions": ["2006-07"]}
    done = snakemake(folder, small_configuration(payment=PAYMENT, tariff=tariff), project=project)
    assert done.returncode == 0, done.stderr
    return folder / "results/demo"


def test_each_way_alone_and_together_is_shown_and_its_numbers_come_again(paid, two_cores):
    effects = pd.read_parquet(paid / "risk/2006-07/payment_effects.parquet").query("list_size == 10_000")
    ways = effects.set_index("option")
    assert ways.index.tolist() == [
        *("flat", "short_stay", "excess_bed_days", "market_forces", "fixed_share", "all")
    ]
    assert ways.loc["short_stay", "budget_change_gbp"] < 0 < ways.loc["excess_bed_days", "budget_change_gbp"]
    assert ways.loc["fixed_share", "budget_change_gbp"] == 0
    assert ways.loc["fixed_share", "tolerance_change_points"] < 0
    flat_run, paid_run = (
        pd.read_parquet(run / "risk/2006-07/risk_summary.parquet")
        .query("list_size == 10_000 and pool == 'none' and method == 'exact'")
        .squeeze()
        for run in (two_cores, paid)
    )
    measures = ["budget_gbp", "tolerance_pct"]
    assert ways.loc["flat", measures].tolist() == pytest.approx(flat_run[measures].tolist())
    assert ways.loc["all", measures].tolist() == pytest.approx(paid_run[measures].tolist())
    assert list(numbers_that_do_not_agree(paid)) == []
    page = (paid / "report/index.html").read_text()
    assert "each admission has one price" not in page
    assert 'id="payment"' in page


def test_volumes_and_simulated_counts_are_those_of_the_flat_run(paid, two_cores):
    for table in ("volumes/activity", "volumes/national", "volumes/stays", "volumes/providers"):
        assert pd.read_parquet(paid / f"{table}.parquet").equals(
            pd.read_parquet(two_cores / f"{table}.parquet")
        )


def test_a_provider_without_a_factor_ends_in_one_sentence(project, tmp_path):
    (tmp_path / "market_forces.csv").write_text("provider,factor\nRFA,1.0\n")
    payment = {key: value for key, value in PAYMENT.items() if key != "default_factor"}
    price = "results/demo/tariff/2006-07/prices.parquet"
    done = snakemake(tmp_path, small_configuration(payment=payment), price, project=project)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("casemix-risk, price: payment.market_forces has no factor for ")
    assert last.endswith("admissions: add them, or a default_factor.")
