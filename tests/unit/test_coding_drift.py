"""The coding drift monitor: standardisation by hand, limits that hold, and what is planted found."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import t

from casemix_risk.audit.contract import check_domain, check_key, read_contract
from casemix_risk.coding.drift import coding_drift
from casemix_risk.coding.drift_figure import draw_drift
from casemix_risk.coding.simulation import UPCODERS, YEARS, Truth, alarm_rates, simulated_cells
from casemix_risk.coding.standardised import standardised

CONTRACT = Path(__file__).parents[2] / "workflow/schemas/coding_drift.yaml"
SEED = 90
CELL = {"hrg_with": "B", "age_band": "70+", "admission_type": "elective"}


def cell_row(provider, rule, codes, prices, *, splits=True):
    """A provider's episodes of a kind of case, by secondary codes; those with any are complicated."""
    codes, prices = np.array(codes), np.array(prices)
    return {
        "provider": provider,
        "rule": rule,
        "hrg_without": "A" if splits else "B",
        **CELL,
        "episodes": len(codes),
        "secondary_codes": int(codes.sum()),
        "secondary_codes_squared": int((codes**2).sum()),
        "with_complications": int((codes > 0).sum()),
        "admissions": len(prices),
        "price_gbp": float(prices.sum()),
        "price_gbp_squared": float((prices**2).sum()),
    }


@pytest.fixture(scope="module")
def simulated():
    return simulated_cells(Truth(spread=0.05, share=0.3), SEED, 0)


@pytest.fixture(scope="module")
def drift(simulated):
    return coding_drift(simulated)


def test_standardisation_by_hand():
    cells = {
        "2003-04": pl.DataFrame(
            [
                cell_row("RA1", "one", [0, 2, 4], [10, 30, 30]),
                cell_row("RA1", "two", [1], [50], splits=False),
                cell_row("RA2", "one", [2], [30]),
            ]
        ),
        "2004-05": pl.DataFrame([cell_row("RA2", "two", [3, 5], [50], splits=False)]),
    }
    found = standardised(cells).set_index(["measure", "provider", "year"])
    # Rule one has 4 episodes with 0, 2, 4, 2 codes: mean 2, variance 8 / 3. Rule two 1, 3, 5: mean 3, 4.
    depth = found.loc["depth"]
    assert depth.loc[("RA1", "2003-04")].tolist() == pytest.approx(
        [7, 3 * 2 + 3, 3 * 8 / 3 * (1 / 4) + 4 * (2 / 3), 3 * 8 / 3 + 4]
    )
    assert depth.loc[("RA2", "2003-04")].tolist() == pytest.approx([2, 2, 8 / 3 * 3 / 4, 8 / 3])
    assert depth.loc[("RA2", "2004-05")].tolist() == pytest.approx([8, 6, 8 / 3, 8])
    # Only rule one can be moved: 3 of 4 with complications, variance 3 / 4 x 1 / 4 x 4 / 3.
    share = found.loc["complication_share"]
    assert share.loc[("RA1", "2003-04")].tolist() == pytest.approx([2, 9 / 4, 3 / 4 * 1 / 4, 3 / 4])
    assert ("RA2", "2004-05") not in share.index
    # Prices of rule one: 10, 30, 30, 30, mean 25, variance 300 / 3; rule two is always 50.
    price = found.loc["price_index"]
    assert price.loc[("RA1", "2003-04")].tolist() == pytest.approx([120, 3 * 25 + 50, 300 / 4, 300])
    assert price.loc[("RA2", "2004-05")].tolist() == pytest.approx([50, 50, 0, 0])


def test_the_variances_are_those_of_observed_less_expected():
    """By brute force: a year's codes drawn again and again, and the mean of the cell made of all of them."""
    generator = np.random.default_rng(SEED)
    codes = generator.poisson(1.5, (20_000, 12))  # of a cell: provider one 3 + 3 in two years, two 6
    residual = codes[:, :3].sum(axis=1) - 3 * codes.mean(axis=1)
    change = codes[:, :3].mean(axis=1) - codes[:, 3:6].mean(axis=1)
    cells = {
        year: pl.DataFrame(
            [cell_row("RA1", "one", [0, 1, 2], [1] * 3), cell_row("RA2", "one", [0, 1, 2], [1] * 3)]
        )
        for year in YEARS[:2]
    }
    found = standardised(cells).set_index(["measure", "provider", "year"]).loc[("depth", "RA1", YEARS[0])]
    variance = 8 / 11  # of 0, 1, 2 four times each
    assert found["level_variance"] / variance == pytest.approx(np.var(residual) / 1.5, rel=0.05)
    assert 2 * found["change_variance"] / variance / 3**2 == pytest.approx(np.var(change) / 1.5, rel=0.05)


def test_the_columns_say_what_they_are(drift, simulated):
    judged = drift[drift["signal"] != "too_few"]
    assert judged["ratio"].to_numpy() == pytest.approx(judged["observed"] / judged["expected"])
    for year, rows in judged.groupby("year"):
        levels = rows[rows["kind"] == "level"]
        limit = t.isf(0.025 / len(rows), 0.71 * (levels["provider"].nunique() - 1))
        # Where the ratio is at its limit, 2 (sqrt(ratio) - 1) over z's divisor is t.
        divisor = 2 * (np.sqrt(levels["ratio"]) - 1) / levels["z"]
        for column, sign in (("upper", 1), ("lower", -1)):
            at_limit = 2 * (np.sqrt(levels[column]) - 1) / divisor
            assert at_limit.to_numpy() == pytest.approx(sign * limit)
        level = drift[(drift["year"] == year) & (drift["kind"] == "level")]
        totals = level.groupby("measure")[["observed", "expected"]].sum()
        assert totals["observed"].to_numpy() == pytest.approx(totals["expected"].to_numpy())
    beyond = np.select(
        [judged["ratio"] > judged["upper"], judged["ratio"] < judged["lower"]], ["above", "below"], "none"
    )
    assert (judged["signal"] == beyond).all()
    level, change = (drift[drift["kind"] == kind] for kind in ("level", "change"))
    ratio = level.set_index(["provider", "measure", "year"])["ratio"].unstack()
    changes = change.set_index(["provider", "measure", "year"])["ratio"].unstack()
    for before, year in pairwise(YEARS):
        quotient = (ratio[year] / ratio[before]).reindex(changes.index)
        assert changes[year].to_numpy() == pytest.approx(quotient.to_numpy(), nan_ok=True)


def test_the_order_of_rows_and_of_years_does_not_matter(simulated, drift):
    shuffled = {
        year: table.sample(fraction=1, shuffle=True, seed=1) for year, table in reversed(simulated.items())
    }
    pd.testing.assert_frame_equal(coding_drift(shuffled), drift, rtol=1e-9)


def test_a_trend_of_all_is_no_ones_signal():
    cells = simulated_cells(Truth(providers=60, spread=0.05), SEED, 0)
    cells[YEARS[1]] = cells[YEARS[1]].with_columns(
        secondary_codes=2 * pl.col("secondary_codes"),
        secondary_codes_squared=4 * pl.col("secondary_codes_squared"),
    )
    drift = coding_drift(cells)
    depth = drift[(drift["measure"] == "depth") & (drift["signal"] != "too_few")]
    assert (depth["signal"] == "none").all()


def test_the_contract_holds(drift):
    contract = read_contract(CONTRACT)
    rows = pa.Table.from_pandas(drift, schema=contract.schema, preserve_index=False)
    check_domain(rows, contract)
    check_key(rows.select(contract.key), contract)


def test_small_providers_are_not_judged_and_count_for_nothing(simulated, drift):
    small = drift[drift["signal"] == "too_few"]
    of_share = drift[(drift["measure"] == "complication_share") & (drift["kind"] == "level")]
    expected = of_share.set_index(["provider", "year"])["expected"]
    assert 0 < small["provider"].nunique() < 20
    levels = small[small["kind"] == "level"].set_index(["provider", "year"]).index
    assert set(levels) == set(expected.index[expected < 30])
    assert small[["lower", "upper", "tau", "z", "q"]].isna().all(axis=None)
    few = {year: table.filter(pl.col("provider") < "P009") for year, table in simulated.items()}
    assert (coding_drift(few)["signal"] == "too_few").all()


def test_a_provider_that_codes_nothing_any_more_is_below(simulated):
    names = ["secondary_codes", "secondary_codes_squared", "with_complications"]
    cells = dict(simulated)
    cells[YEARS[-1]] = simulated[YEARS[-1]].with_columns(
        pl.when(pl.col("provider") != "P005").then(pl.col(name)).otherwise(0).alias(name) for name in names
    )
    drift = coding_drift(cells)
    rows = drift[(drift["provider"] == "P005") & (drift["year"] == YEARS[-1])]
    counts = rows[rows["measure"] != "price_index"]
    assert (counts["signal"] == "below").all()
    assert (counts["ratio"] == 0).all()


def test_who_cannot_be_compared_does_not_spoil_the_others(simulated):
    """One provider's cases nobody else has; another's admissions have no price."""
    last = simulated[YEARS[-1]]
    alone = pl.when(pl.col("provider") == "P007").then(pl.lit("R-own")).otherwise(pl.col("rule"))
    unpriced = pl.col("provider") == "P008"
    changed = last.with_columns(
        alone.alias("rule"),
        *(
            pl.when(unpriced).then(0).otherwise(pl.col(name)).alias(name)
            for name in ("admissions", "price_gbp", "price_gbp_squared")
        ),
    )
    drift = coding_drift({YEARS[-1]: changed}).set_index(["provider", "measure"])
    assert (drift.loc["P007", "signal"] == "too_few").all()
    assert list(drift.loc["P008"].index) == ["complication_share", "depth"]
    judged = drift[drift["signal"] != "too_few"]
    assert np.isfinite(judged[["lower", "upper", "z", "q"]]).all(axis=None)
    assert set(judged.loc[judged["signal"] != "none"].index.get_level_values("provider")) == set(UPCODERS)


def test_up_coding_is_found_and_nobody_else(drift):
    last = drift[drift["year"] == YEARS[-1]]
    assert set(last.loc[last["signal"] == "above", "provider"]) == set(UPCODERS)
    assert (drift["signal"] != "below").all()
    earlier = drift[drift["year"] < YEARS[-1]]
    assert earlier["signal"].isin(["none", "too_few"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("truth", [Truth(), Truth(spread=0.1), Truth(spread=0.1, wander=0.03)])
def test_false_alarms_by_simulation(truth):
    """At most 5 % of years, and three standard errors (longer runs: benchmarks)."""
    limits = alarm_rates(truth, SEED, 30).iloc[0]
    assert limits["years"] == 90
    assert limits["false_alarm"] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 90)
    assert limits["false_providers"] <= 0.15


@pytest.mark.slow
def test_power_by_simulation():
    limits, false_discovery = alarm_rates(Truth(spread=0.05, share=0.3), SEED, 30).itertuples(index=False)
    assert limits.years == 30
    assert limits.found >= 0.9
    assert limits.false_alarm <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 30)
    assert false_discovery.found >= limits.found


def test_tau_is_the_spread_that_was_drawn():
    drift = coding_drift(simulated_cells(Truth(providers=400, episodes=20_000, spread=0.1), SEED, 1))
    tau = drift[drift["measure"] == "depth"].groupby("kind")["tau"].first()
    # An estimate from 400 errs by 1 / sqrt(2 x 0.71 x 400), 4 %.
    assert tau["level"] == pytest.approx(0.1, rel=0.13)
    assert tau["change"] < 0.01


def test_the_figure_names_who_is_beyond_a_limit(drift):
    figure = draw_drift(drift, YEARS[-1])
    named = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert named == set(UPCODERS)
    assert "2 of" in figure.get_suptitle()
    nobody = draw_drift(drift.assign(signal="too_few"), YEARS[-1])
    assert "0 of 0" in nobody.get_suptitle()


def test_an_extract_that_names_no_provider_has_nobody_to_compare(simulated, drift):
    empty = coding_drift({year: cells.clear() for year, cells in simulated.items()})
    assert empty.empty
    assert list(empty) == list(drift)
    assert "0 of 0" in draw_drift(empty, YEARS[-1]).get_suptitle()
