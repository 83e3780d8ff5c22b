"""The decisions of the small demonstration tie to each other, to its risk tables and to its cost lines."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from small_run import YEARS, small_configuration, table

from casemix_risk.risk.moments import list_size_for

EDITIONS = ("2006-07", "2007-08")
LINE = ["hrg", "admission_type"]

pytestmark = pytest.mark.xdist_group("workflow")


@pytest.fixture(params=EDITIONS)
def edition(request):
    return request.param


@pytest.fixture
def decided(two_cores, edition):
    """Reads the decision tables of an edition."""
    return lambda name: table(two_cores, f"decisions/{edition}/{name}")


@pytest.fixture
def risk(two_cores, edition):
    """Reads the risk tables of an edition."""
    return lambda name: table(two_cores, f"risk/{edition}/{name}")


@pytest.fixture
def exact(risk):
    """The exact rows of ``risk_summary`` with nothing pooled, by list size."""
    return risk("risk_summary").query("pool == 'none' and method == 'exact'").set_index("list_size")


def by_hand(lines):
    """Budget and variance of each line per head; the demonstration pays nothing whatever the admissions."""
    assert not lines["fixed_share"].any()
    budget = lines["admissions_per_head"] * lines["price_gbp"]
    return budget, budget * lines["price_gbp"] * lines["variance_factor"]


def test_reserves_stand_on_the_budgets_and_quantiles_of_the_risk_tables(decided, risk):
    reserves = decided("reserves").query("shock == 'none'")
    summary = risk("risk_summary").query("method == 'exact'")[["list_size", "pool", "budget_gbp"]]
    both = reserves.merge(summary, on=["list_size", "pool"], suffixes=("", "_risk"))
    assert set(both["pool"]) == {"none", "table1"}
    assert both["budget_gbp"].to_numpy() == pytest.approx(both["years"] * both["budget_gbp_risk"])
    quantiles = risk("risk_quantiles").query("method == 'exact'")
    year = both.query("years == 1").merge(
        quantiles, on=["list_size", "pool", "probability"], suffixes=("", "_risk")
    )
    assert len(year) == 2 * 2 * 4  # sizes, pools, and the probabilities that both tables have
    assert (year["budget_gbp"] + year["reserve_gbp"]).to_numpy() == pytest.approx(year["cost_gbp"], abs=0.01)
    assert (year["budget_gbp"] + year["tail_mean_gbp"]).to_numpy() == pytest.approx(
        year["tail_mean_gbp_risk"], rel=1e-9
    )


def test_one_year_knows_no_difference_between_shocks_that_last_and_that_do_not(decided):
    for name in ("reserves", "overspend"):
        year = decided(name).query("years == 1").drop(columns="years")
        anew, lasting = (
            year[year["shock"] == shock].drop(columns="shock").reset_index(drop=True)
            for shock in ("independent", "persistent")
        )
        pd.testing.assert_frame_equal(anew, lasting)
    reserves = decided("reserves")
    assert (reserves.loc[reserves["shock"] == "none", "floor_pct"] == 0).all()
    assert (reserves.loc[reserves["shock"] != "none", "floor_pct"] > 0).all()


def test_a_reserve_and_the_chance_of_an_overspend_say_the_same(decided):
    key = ["list_size", "pool", "years", "shock"]
    both = decided("reserves").merge(decided("overspend"), on=key)
    enough = both["reserve_pct"] >= both["over_pct"]
    tail = 1 - both["probability"]
    # The reserve is the smallest cost that suffices: above an amount below it more than the tail is left.
    assert (both.loc[enough, "over_probability"] >= tail[enough] - 1e-9).all()
    assert (both.loc[~enough, "over_probability"] <= tail[~enough] + 1e-9).all()
    assert enough.any() and not enough.all()


def test_fees_times_heads_are_the_budget_pooled(decided, exact):
    fees = decided("pool_fees")
    assert (fees["fee_gbp"] * fees["heads"]).to_numpy() == pytest.approx(fees["pooled_budget_gbp"])
    assert (fees["heads"] == fees["list_size"] * fees["groups"]).all()
    assert (fees["fee_995_gbp"] > fees["fee_95_gbp"]).all()
    kept = decided("reserves").query("years == 1 and shock == 'none' and probability == 0.95")
    kept = kept.set_index(["list_size", "pool"])["budget_gbp"]
    one = fees.query("groups == 1 and list_size < 1_000_000").set_index(["list_size", "pool"])
    for (size, pool), row in one.iterrows():
        pooled = exact.loc[size, "budget_gbp"] - kept[size, pool]
        assert row["pooled_budget_gbp"] == pytest.approx(pooled)


def test_the_frontier_runs_from_nothing_pooled_to_the_best_pool(decided, risk, exact):
    frontier, best = decided("frontier"), risk("pool_optimum").set_index("list_size")
    for size, rows in frontier.groupby("list_size"):
        at_none = rows.query("share_limit == 0")
        assert at_none["tolerance_pct"].to_numpy() == pytest.approx(exact.loc[size, "tolerance_pct"])
        lowest = rows.groupby("rule")["tolerance_pct"].min()
        assert lowest["best_set"] == pytest.approx(best.loc[size, "tolerance_pct"], rel=1e-12)
        assert lowest["best_cut"] == pytest.approx(best.loc[size, "tolerance_pct"], rel=1e-12)
        curves = rows.pivot(index="share_limit", columns="rule", values="tolerance_pct")
        assert (curves.diff().iloc[1:] <= 1e-9).all(axis=None)
        assert (curves.sub(curves["best_set"], axis=0) >= -1e-9).all(axis=None)


def test_the_best_pool_follows_from_the_shares_of_its_lines(decided, risk, exact):
    best, lines = risk("pool_optimum").set_index("list_size"), risk("pool_lines")
    pooled = lines.loc[lines["pooled"], ["budget_share", "variance_share", "admissions_share"]].sum()
    assert (best["pooled_lines"] == lines["pooled"].sum()).all()
    assert best["pooled_budget_share"].to_numpy() == pytest.approx(pooled["budget_share"])
    assert best["pooled_admissions_share"].to_numpy() == pytest.approx(pooled["admissions_share"])
    ratio = (1 - pooled["variance_share"]) ** 0.5 / (1 - pooled["budget_share"])
    assert best["tolerance_pct"].to_numpy() == pytest.approx(exact["tolerance_pct"] * ratio)


def test_the_best_cut_under_the_scenario_by_hand(decided, risk):
    lines, kept = risk("cost_lines"), ~risk("pool_lines")["pooled"].to_numpy()
    shocks = small_configuration()["shocks"]
    (winter,) = shocks["groups"]
    budget, variance = by_hand(lines)
    whole = budget[kept].sum()
    in_winter = budget[kept & lines["hrg"].str.startswith(tuple(winter["lines"]))].sum()
    shared = (shocks["common_pct"] / 100 * whole) ** 2 + (winter["pct"] / 100 * in_winter) ** 2
    shocked = decided("shocked_pool").set_index(["pool", "list_size"])
    for size, row in shocked.loc["best_cut"].iterrows():
        tolerance = 300 * (variance[kept].sum() / size + shared) ** 0.5 / whole
        assert row["tolerance_pct"] == pytest.approx(tolerance)
        best = shocked.loc[("best_set", size)]
        assert row["bound_pct"] - 1e-9 <= best["tolerance_pct"] <= row["tolerance_pct"] + 1e-9


def test_the_smallest_group_at_three_cv_is_the_square_of_the_tolerance(decided, exact):
    groups = decided("smallest_group").query("pool == 'none' and shock == 'none'")
    at = exact.loc[10_000, "tolerance_pct"]
    for row in groups.query("criterion == 'three_cv'").itertuples():
        people = 10_000 * (at / row.tolerance_pct) ** 2
        step = 10 ** (np.floor(np.log10(people)) - 2)
        assert 0 <= row.people - people <= step * (1 + 1e-9)
        assert abs(list_size_for(at, 10_000, row.tolerance_pct) - people) <= 1_000


def test_a_group_is_large_enough_where_its_overspends_are_rare_enough(decided):
    over = decided("overspend").query("years == 1").replace({"shock": {"persistent": "with"}})
    groups = decided("smallest_group").query("criterion != 'three_cv'")
    both = groups.merge(
        over[over["shock"] != "independent"],
        left_on=["pool", "shock", "tolerance_pct"],
        right_on=["pool", "shock", "over_pct"],
    )
    clear = ~both["people"].between(0.99 * both["list_size"], 1.01 * both["list_size"])
    rare = both["over_probability"] <= 1 - both["confidence"]
    large = both["list_size"] >= both["people"]  # not where no size will do
    assert (rare == large)[clear].all()
    assert rare.any() and not rare.all()


def test_external_checks_are_made_of_the_same_risk(decided, exact):
    checks = decided("external_checks")
    cv = exact.loc[100_000, "cv_pct"] * (100_000 / checks["list_size"]) ** 0.5
    assert checks["here_cv_pct"].to_numpy() == pytest.approx(cv)
    at = checks.query("list_size == 100_000 and limit_pct == 1")["here_within_pct"].item()
    over = decided("overspend").query(
        "list_size == 100_000 and pool == 'none' and years == 1 and shock == 'none' and over_pct == 1"
    )
    assert at == pytest.approx(100 * (1 - over["over_probability"].item()))


def test_covers_compare_on_the_whole_budget(decided, exact):
    covers = decided("stop_loss").query("shock == 'none'").set_index(["cover", "list_size"])
    fees = decided("pool_fees").query("shock == 'none' and groups == 10").set_index(["pool", "list_size"])
    reserves = decided("reserves").query("years == 1 and shock == 'none' and probability == 0.95")
    reserves = reserves.set_index(["pool", "list_size"])["reserve_gbp"]
    for size in exact.index:
        budget = exact.loc[size, "budget_gbp"]
        assert covers.loc[(slice(None), size), "budget_gbp"].to_numpy() == pytest.approx(budget)
        alone = covers.loc[("none", size)]
        assert alone["kept_cv_pct"] == pytest.approx(exact.loc[size, "cv_pct"], rel=1e-4)  # from 1,024 cells
        assert alone["kept_95_pct"] == pytest.approx(100 * reserves["none", size] / budget)
        for pool in ("table1", "best"):
            cover, fee = covers.loc[(f"pool_{pool}", size)], fees.loc[(pool, size)]
            assert cover["premium_gbp"] == pytest.approx(size * fee["fee_gbp"])
            assert cover["premium_95_gbp"] == pytest.approx(size * fee["fee_95_gbp"])
            assert cover["kept_95_pct"] == pytest.approx(100 * reserves[pool, size] / budget)


def test_what_can_be_proved_is_about_the_admissions_of_the_lists(two_cores, decided, risk):
    found, lists = decided("detectability"), table(two_cores, "volumes/by_list_size")
    lines = risk("cost_lines")
    due = found.merge(lists, on=["list_size", *LINE], suffixes=("", "_list"))
    assert len(due) == len(found) == 2 * 2 * (lines["admissions_per_head"] > 0).sum()  # sizes, designs
    assert due["expected_admissions"].to_numpy() == pytest.approx(due["expected_admissions_list"])
    priced = found.merge(lines[[*LINE, "price_gbp"]], on=LINE).eval(
        "budget = expected_admissions * price_gbp"
    )
    for row in decided("provable").itertuples():
        rows = priced[(priced["list_size"] == row.list_size) & (priced["design"] == row.design)]
        shows = rows["true_fall_for_80_power_pct"] <= row.saving_pct
        assert row.lines == shows.sum()
        assert row.lines_by_chance == pytest.approx(rows["false_alarm_probability"].sum())
        assert row.budget_share == pytest.approx(rows.loc[shows, "budget"].sum() / rows["budget"].sum())
        assert row.saving_gbp == pytest.approx(row.saving_pct / 100 * rows.loc[shows, "budget"].sum())
        assert row.lines_fdr <= row.lines
    for row in decided("savings_claim").itertuples():
        rows = priced[(priced["list_size"] == row.list_size) & (priced["design"] == row.design)]
        largest = rows.nlargest(row.lines, "expected_admissions")
        total = rows["expected_admissions"].sum()
        assert row.admissions_share == pytest.approx(largest["expected_admissions"].sum() / total)
        assert row.fewest_expected_admissions == pytest.approx(largest["expected_admissions"].min())


def test_the_budget_of_the_year_in_progress_is_that_of_the_cost_lines(two_cores, edition, risk):
    budget, _ = by_hand(risk("cost_lines"))
    people = small_configuration()["year_in_progress"]["list_size"]
    months = table(two_cores, f"progress/{edition}/year_end_by_month")
    assert months["budget_gbp"].to_numpy() == pytest.approx(people * budget.sum())


def test_what_is_not_modelled_by_hand(two_cores):
    found = table(two_cores, "decisions/not_modelled")
    summary = table(two_cores, "risk/2006-07/risk_summary").query("pool == 'none' and method == 'exact'")
    chance = found.drop_duplicates("list_size").set_index("list_size")["chance_pct"]
    assert chance.to_dict() == pytest.approx(summary.set_index("list_size")["cv_pct"].to_dict())
    sizes = found[found["list_size"] == 10_000].set_index("source")["size_pct"]
    # Editions are the first times 1.025, and that times 1.023; prices are rounded to the penny.
    assert sizes["uplift"] == pytest.approx(2.5, abs=0.001)
    assert sizes["price"] < 0.001
    activity = table(two_cores, "volumes/activity")
    years = {year: rows.set_index(LINE)["admissions"] for year, rows in activity.groupby("year")}
    whole = [years[year].sum() for year in YEARS]
    ended = [
        years[before][years[before].index.difference(years[after].index)].sum() / years[before].sum()
        for before, after in pairwise(YEARS)
    ]
    assert sizes["redesign"] == pytest.approx(100 * max(ended))
    change = [after / before - 1 for before, after in pairwise(whole)]
    factor = activity.set_index(["year", *LINE]).eval("variance_factor * admissions")
    by_chance = [
        (factor[before].sum() + factor[after].sum()) ** 0.5 / years[before].sum()
        for before, after in pairwise(YEARS)
    ]
    beyond = np.mean(np.square(change) - np.square(by_chance))
    assert sizes["trend"] == pytest.approx(100 * max(beyond, 0) ** 0.5)
    assert found.loc[found["source"].isin(["need", "supply"]), "size_pct"].isna().all()
