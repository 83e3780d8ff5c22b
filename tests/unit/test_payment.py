from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_configuration import ROOT, SCHEMA, SMALLEST

from casemix_risk.configuration import complete_configuration
from casemix_risk.errors import InputError
from casemix_risk.payment.effects import payment_effects
from casemix_risk.payment.figures import payment_figure
from casemix_risk.payment.options import check_payment, options_on, payment_files
from casemix_risk.payment.payments import fixed_shares, market_factors, payment_table, with_payments
from casemix_risk.payment.read import read_fixed_shares, read_market_forces
from casemix_risk.tariff.editions import edition_chain, edition_prices
from casemix_risk.tariff.prices import FLAT
from casemix_risk.tariff.read import read_edition
from casemix_risk.tariff.registry import read_registry

REAL = Path(__file__).parents[3] / "shared/realdata/tariff/national_tariff_1718_1819_with_trimpoints.csv"
LINE = ["hrg", "admission_type"]
OPTIONS = ["short_stay", "excess_bed_days", "market_forces", "fixed_share"]
NO_SHARE = {"elective": 0.0, "emergency": 0.0}
OFF = {"short_stay": False, "excess_bed_days": False, "fixed_share": NO_SHARE}
COLUMNS = {
    "hrg": "HRG",
    "elective": "EL",
    "emergency": "NEL",
    "elective_trim_point": "Trim EL",
    "emergency_trim_point": "Trim NEL",
    "per_day": "Day",
    "short_stay_applicable": "Short",
    "short_stay_percentage": "Percentage",
    "short_stay_price": "Short price",
}
HEADER = "HRG,EL,NEL,Trim EL,Trim NEL,Day,Short,Percentage,Short price\n"


@pytest.fixture
def tariff(tmp_path):
    """Write a price file with terms of payment and give its prices."""

    def read(rows, columns=COLUMNS):
        path = tmp_path / "tariff.csv"
        path.write_text(HEADER + rows)
        return read_edition(path, columns).set_index(LINE)

    return read


def edition(price=1_000.0, share=np.nan, short_gbp=np.nan, trim=np.nan, per_day=np.nan, kind="emergency"):
    """An edition of one line, and its flat prices."""
    line = {"hrg": ["A01"], "admission_type": [kind]}
    terms = {
        "short_stay_share": [share],
        "short_stay_gbp": [short_gbp],
        "trim_point_days": [trim],
        "per_day_gbp": [per_day],
    }
    prices = pd.DataFrame(line).assign(description="a line", price_gbp=price, source="published", **FLAT)
    return pd.DataFrame(line | terms), prices


def stays_of(*rows, kind="emergency"):
    """Table stays of one line from (days, admissions, day case, excess bed days)."""
    full = [(*row, *(False, np.nan)[len(row) - 2 :]) for row in rows]
    table = pd.DataFrame(full, columns=["days", "admissions", "day_case", "excess_bed_days"])
    return table.assign(hrg="A01", admission_type=kind)


def paid(terms_and_prices, stays, options, factors=None, share=NO_SHARE):
    """Mean payment, coefficient of variation and fixed share of the only line with all options."""
    terms, prices = terms_and_prices
    table = payment_table(prices, terms, stays, factors, fixed_shares(prices, share, None), options)
    return tuple(table.loc[table["option"] == "all", ["price_gbp", "payment_cv", "fixed_share"]].iloc[0])


def test_a_price_list_has_its_terms_by_line(tariff):
    table = tariff('A01,"1,500",2000,15.0,40,"£1,180.50",Yes,45%,\nA02,10,20,-,0,-,No,70%,3\n')
    terms = ["short_stay_share", "short_stay_gbp", "trim_point_days", "per_day_gbp"]
    emergency = table.loc[("A01", "emergency"), terms].tolist()
    assert emergency[0] == 0.45 and np.isnan(emergency[1]) and emergency[2:] == [40, 1_180.5]
    elective = table.loc[("A01", "elective"), terms].tolist()
    assert np.isnan(elective[:2]).all() and elective[2:] == [15, 1_180.5]
    assert table.loc["A02", terms].isna().all(axis=None)


@pytest.mark.parametrize(
    ("cell", "share"), [("25%", 0.25), ("25", 0.25), ("0.25", 0.25), ("1", 1), ("100", 1)]
)
def test_a_percentage_may_be_written_in_three_ways(tariff, cell, share):
    assert tariff(f"A01,1,2,,,,y,{cell},\n").loc[("A01", "emergency"), "short_stay_share"] == share


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("A01,1,2,,,,perhaps,45%,\n", "short stay applicable of A01 is neither yes nor no"),
        ("A01,1,2,,,,Yes,145%,\n", "short stay percentage of A01 is outside 0 to 100 %"),
        ("A01,1,2,,,,Yes,half,\n", "short stay percentage of A01 is not a number"),
        ("A01,1,2,long,,,,,\n", "elective trim point of A01 is not a number"),
        ("A01,1,2,,-4,,,,\n", "emergency trim point of A01 is outside 0 to 1,000 days"),
        ("A01,1,2,,,-4,,,\n", "per day of A01 is outside GBP"),
        ("A01,1,2,,,,Yes,-,\n", "applies to A01 and has neither a percentage nor a price"),
    ],
)
def test_a_bad_term_is_named(tariff, rows, words):
    with pytest.raises(InputError, match=words):
        tariff(rows)


def test_an_uplift_moves_what_is_money_and_leaves_percentages_and_trim_points(tmp_path):
    path = tmp_path / "tariff.csv"
    path.write_text(HEADER + "A01,100,200,7,9,150.00,Yes,45%,90\n")
    editions = {"a": {"file": str(path), "columns": COLUMNS}, "b": {"from": "a", "factor": 1.1}}
    line = edition_prices(edition_chain(editions, "b")).set_index(LINE).loc[("A01", "emergency")]
    assert (line["price_gbp"], line["per_day_gbp"], line["short_stay_gbp"]) == (220, 165, 99)
    assert (line["short_stay_share"], line["trim_point_days"]) == (0.45, 9)


def test_an_edition_restated_within_its_year_is_paid_by_days(tmp_path):
    """From 2 July, after 92 of 365 days: money is averaged; a trim point is the later list's."""
    rows = {"old": "A01,100,200,7,9,100,Yes,45%,90\n", "new": "A01,100,200,8,12,200,No,-,-\n"}
    editions = {}
    for name, row in rows.items():
        (tmp_path / f"{name}.csv").write_text(HEADER + row)
        editions[name] = {"file": str(tmp_path / f"{name}.csv"), "columns": COLUMNS}
    editions["old"]["effective_from"] = "2006-04-01"
    editions["new"] |= {"effective_from": "2006-07-02", "restates": "old"}
    line = edition_prices(edition_chain(editions, "new")).set_index(LINE).loc[("A01", "emergency")]
    assert line["per_day_gbp"] == round((92 * 100 + 273 * 200) / 365, 2)
    assert line["trim_point_days"] == 12
    assert np.isnan(line["short_stay_gbp"]) and np.isnan(line["short_stay_share"])


def test_the_demonstration_s_terms_follow_from_its_prices():
    registry = read_registry(ROOT / "config/tariffs/registry.yaml")["2006-07"]
    table = read_edition(ROOT / "config/tariffs" / registry["file"], registry["columns"]).set_index(LINE)
    elective, emergency = table.loc[("A01", "elective")], table.loc[("A01", "emergency")]
    assert (elective["price_gbp"], elective["trim_point_days"]) == (1_842, 13)  # a day for each GBP 150
    assert (emergency["price_gbp"], emergency["trim_point_days"]) == (2_330, 30)  # for each GBP 80
    assert (emergency["short_stay_share"], emergency["per_day_gbp"]) == (0.45, 180)
    assert table["trim_point_days"].min() == 5
    unpriced = table["price_gbp"].isna()
    assert table.loc[unpriced, ["short_stay_share", "trim_point_days"]].isna().all(axis=None)


def test_short_stays_by_hand():
    """Of 10 admissions 2 stay 0 days, 3 stay 1 and 5 longer: half are paid 40 %."""
    stays = stays_of((0, 2), (1, 3), (2, 4), (30, 1))
    price, cv, _ = paid(edition(share=0.4), stays, ["short_stay"])
    assert price == 700
    assert cv == pytest.approx(300 / 700)  # 400 or 1,000, each half of the time
    assert paid(edition(share=0.4, short_gbp=250), stays, ["short_stay"])[0] == 625
    assert paid(edition(share=0.4), stays_of((2, 4)), ["short_stay"])[:2] == (1_000, 0)
    assert paid(edition(), stays, ["short_stay"])[:2] == (1_000, 0)  # not applicable


def test_excess_bed_days_by_hand():
    """Beyond a trim point of 10 days: 0, 0, 2 and 10 days at GBP 200; a day case of 99 days pays none."""
    stays = stays_of((3, 1), (10, 1), (12, 1), (20, 1))
    price, cv, _ = paid(edition(trim=10, per_day=200), stays, ["excess_bed_days"])
    assert price == 1_000 + 12 * 200 / 4
    payments = np.array([1_000, 1_000, 1_400, 3_000])
    assert cv == pytest.approx(payments.std() / payments.mean())
    assert paid(edition(trim=10, per_day=200), stays_of((99, 5, True)), ["excess_bed_days"])[:2] == (1_000, 0)
    assert paid(edition(trim=10), stays, ["excess_bed_days"])[:2] == (1_000, 0)
    assert paid(edition(per_day=200), stays, ["excess_bed_days"])[:2] == (1_000, 0)


def test_a_schedule_s_own_excess_bed_days_are_paid_as_their_mean():
    stays = stays_of((1, 30), (9, 10, False, 25.0))
    price, cv, _ = paid(edition(trim=10, per_day=200, share=0.5), stays, ["short_stay", "excess_bed_days"])
    assert price == (30 * 500 + 10 * 1_000 + 25 * 200) / 40
    payments = np.array([500] * 30 + [1_500] * 10)
    assert cv == pytest.approx(payments.std() / payments.mean())


def providers_of(*rows):
    return pd.DataFrame(rows, columns=["provider", "admissions"]).assign(
        hrg="A01", admission_type="emergency"
    )


def test_market_forces_by_hand():
    providers = providers_of(("RAA", 3), ("RBB01", 1))
    factors = market_factors(providers, pd.Series({"RAA": 1.0, "RBB": 1.2}))
    assert factors[["factor", "factor_variance"]].iloc[0].tolist() == pytest.approx([1.05, 0.0075])
    price, cv, _ = paid(edition(), stays_of((5, 4)), ["market_forces"], factors)
    assert (price, cv) == (1_050, pytest.approx(np.sqrt(0.0075) / 1.05))


def test_providers_without_a_factor_are_named_with_their_admissions():
    providers = providers_of(("RAA", 3), ("RBB", 1_000), ("unknown", 234))
    with pytest.raises(
        InputError, match=r"no factor for RBB, unknown, which had 1,234 admissions: .* default"
    ):
        market_factors(providers, pd.Series({"RAA": 1.0}))
    found = market_factors(providers, pd.Series({"RAA": 1.0}), 1.1)
    assert found["factor"].item() == pytest.approx((3 + 1_234 * 1.1) / 1_237)


ALL_TERMS = edition(share=0.3, trim=8, per_day=150)
MANY = stays_of((0, 4), (1, 6), (5, 7), (9, 2), (40, 1))
TWO_PROVIDERS = market_factors(providers_of(("RAA", 12), ("RBB", 8)), pd.Series({"RAA": 0.95, "RBB": 1.3}))


def test_a_mixture_over_stays_and_providers_by_enumeration():
    payments = {0: 300, 1: 300, 5: 1_000, 9: 1_150, 40: 1_000 + 32 * 150}
    weights = {0: 4, 1: 6, 5: 7, 9: 2, 40: 1}
    values = np.array([payments[days] * factor for days in payments for factor in (0.95, 1.3)])
    chance = np.array([weights[days] / 20 * share for days in payments for share in (0.6, 0.4)])
    mean = values @ chance
    price, cv, _ = paid(ALL_TERMS, MANY, OPTIONS[:3], TWO_PROVIDERS)
    assert price == pytest.approx(mean, abs=0.005)
    assert cv * price == pytest.approx(np.sqrt(chance @ (values - mean) ** 2))


@pytest.mark.parametrize("d", [1.0, 3.0])
def test_the_variance_of_a_year_s_payments_by_simulation(d):
    """Years of a Poisson or Negative Binomial number of stays, each drawn by itself."""
    generator, mean, years = np.random.default_rng(4), 6.0, 200_000
    counts = (
        generator.poisson(mean, years)
        if d == 1
        else generator.negative_binomial(mean / (d - 1), 1 / d, years)
    )
    stay_payments = generator.choice([300, 1_000, 1_150, 5_800], counts.sum(), p=[0.5, 0.35, 0.1, 0.05])
    factors = generator.choice([0.95, 1.3], counts.sum(), p=[0.6, 0.4])
    costs = np.bincount(np.repeat(np.arange(years), counts), stay_payments * factors, years)
    price, cv, _ = paid(ALL_TERMS, MANY, OPTIONS[:3], TWO_PROVIDERS)
    variance = mean * price**2 * (d + cv**2)
    error = np.sqrt(((costs - costs.mean()) ** 4).mean() / years)  # of the sample variance, at most
    assert abs(costs.var() - variance) < 4 * error
    assert abs(costs.mean() - mean * price) < 4 * np.sqrt(variance / years)


def test_options_that_change_nothing_change_nothing():
    factors = market_factors(providers_of(("RAA", 12), ("RBB", 8)), pd.Series({"RAA": 1.0, "RBB": 1.0}))
    nothing = edition(price=1_234.56, share=1.0, trim=40, per_day=150)
    assert paid(nothing, MANY, OPTIONS, factors) == (1_234.56, 0, 0)


@settings(max_examples=20, deadline=None)
@given(
    st.floats(0.5, 1.9), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 99)), min_size=1, max_size=9)
)
def test_payments_grow_with_an_even_factor_and_vary_as_they_did(factor, days):
    stays = stays_of(*dict(days).items())
    even = pd.DataFrame(
        {"hrg": ["A01"], "admission_type": "emergency", "factor": factor, "factor_variance": 0}
    )
    price, cv, _ = paid(ALL_TERMS, stays, ["short_stay", "excess_bed_days"])
    more, same_cv, _ = paid(ALL_TERMS, stays, OPTIONS[:3], even)
    assert more == pytest.approx(price * factor, abs=0.02)
    assert same_cv == pytest.approx(cv, rel=1e-3, abs=1e-9)


def test_an_estimated_price_and_a_line_without_stays_are_paid_flat():
    terms, prices = ALL_TERMS
    assert paid((terms, prices.assign(source="estimated")), MANY, OPTIONS[:2])[:2] == (1_000, 0)
    assert paid((terms, prices), MANY.assign(hrg="B02"), OPTIONS[:2])[:2] == (1_000, 0)


def test_fixed_shares_by_type_and_by_line():
    terms, prices = ALL_TERMS
    lines = pd.DataFrame(
        {"hrg": ["A01", "A02", "A02"], "admission_type": ["emergency", "elective", "emergency"]}
    )
    of_types = {"elective": 0.1, "emergency": 0.8}
    own = pd.Series([0.25], pd.MultiIndex.from_tuples([("A01", "emergency")]))
    assert fixed_shares(lines, of_types, None).tolist() == [0.8, 0.1, 0.8]
    assert fixed_shares(lines, of_types, own).tolist() == [0.25, 0.1, 0.8]
    table = payment_table(prices, terms, MANY, None, np.array([0.25]), ["fixed_share"])
    assert table.set_index("option")["fixed_share"].to_dict() == {"all": 0.25, "fixed_share": 0.25, "flat": 0}


def test_each_way_alone_and_together_and_what_the_run_is_paid():
    terms, prices = ALL_TERMS
    table = payment_table(prices, terms, MANY, TWO_PROVIDERS, np.array([0.5]), OPTIONS)
    means = table.set_index("option")["price_gbp"]
    assert means["flat"] == means["fixed_share"] == 1_000
    assert means["short_stay"] == 650
    assert means["excess_bed_days"] == 1_000 + (2 * 1 + 32) * 150 / 20
    assert means["market_forces"] == 1_090
    assert means["all"] == pytest.approx((650 + 255) * 1.09)
    coverage = prices[LINE].assign(status="priced", admissions=20.0, budget_gbp=20_000.0)
    paid_prices, paid_coverage = with_payments(prices, coverage, table)
    assert paid_prices.columns.tolist() == prices.columns.tolist()
    assert paid_prices["price_gbp"].item() == means["all"]
    assert paid_coverage["budget_gbp"].item() == pytest.approx(20 * means["all"])


NATIONAL = pd.DataFrame(
    {
        "hrg": ["A01", "A02"],
        "admission_type": "emergency",
        "admissions": [500.0, 20.0],
        "variance_factor": [2.0, 1],
    }
)
SETTINGS = {"individual_price_gbp": 3_000, "individual_admissions": 1e5, "bands": 2}


def effects_of(*ways, **lists):
    """Effects on two lines from (option, price, cv, fixed share) of the first; the second is always flat."""
    rows = [
        row
        for way, price, cv, share in ways
        for row in ((way, "A01", "emergency", price, cv, share), (way, "A02", "emergency", 9_000.0, 0.0, 0.0))
    ]
    payments = pd.DataFrame(rows, columns=["option", *LINE, "price_gbp", "payment_cv", "fixed_share"])
    names = NATIONAL[LINE].assign(description="a line")
    return payment_effects(NATIONAL, names, payments, 10_000, [10_000, 1_000], SETTINGS, **lists)


def test_effects_by_hand():
    table = effects_of(
        ("flat", 1_000.0, 0.0, 0.0),
        ("short_stay", 900.0, 0.5, 0.0),
        ("fixed_share", 1_000.0, 0.0, 0.8),
        ("all", 900.0, 0.5, 0.8),
    )
    assert table["list_size"].tolist() == [1_000] * 4 + [10_000] * 4
    rows = table[table["list_size"] == 10_000].set_index("option")
    budget, rare = {"flat": 680e3, "short_stay": 630e3, "fixed_share": 680e3, "all": 630e3}, 20 * 9_000**2
    variance = {
        "flat": 500 * 1_000**2 * 2,
        "short_stay": 500 * 900**2 * 2.25,
        "fixed_share": 500 * 1_000**2 * 2 * 0.04,
        "all": 500 * 900**2 * 2.25 * 0.04,
    }
    for way in budget:
        tolerance = 300 * np.sqrt(variance[way] + rare) / budget[way]
        flat = 300 * np.sqrt(variance["flat"] + rare) / budget["flat"]
        assert rows.loc[way, "budget_gbp"] == pytest.approx(budget[way])
        assert rows.loc[way, "tolerance_pct"] == pytest.approx(tolerance)
        assert rows.loc[way, "budget_change_gbp"] == pytest.approx(budget[way] - 680e3)
        assert rows.loc[way, "tolerance_change_points"] == pytest.approx(tolerance - flat, abs=1e-9)
        pooled = 300 * np.sqrt(variance[way]) / (budget[way] - 180e3)  # the dear line is pooled
        assert rows.loc[way, "best_tolerance_pct"] == pytest.approx(pooled)
    assert (
        payment_figure(table, "2006-07", 10_000).axes[0].get_xlabel()
        == "change of the budget, % of the flat one"
    )


def test_the_lists_bind_the_best_pool_of_every_way():
    """The dear line is kept and the other pooled: what is left is 20 admissions of £9,000."""
    table = effects_of(
        ("flat", 1_000.0, 0.0, 0.0),
        ("short_stay", 900.0, 0.5, 0.0),
        always_pooled=["A01"],
        never_pooled=["A02 emergency"],
    )
    rows = table[table["list_size"] == 10_000]
    assert rows["best_tolerance_pct"].tolist() == pytest.approx([300 / np.sqrt(20)] * 2)
    assert rows["best_pooled_budget_share"].tolist() == pytest.approx([500 / 680, 450 / 630])


def test_options_that_are_on_and_the_files_they_name():
    assert options_on(OFF) == []
    payment = OFF | {
        "excess_bed_days": True,
        "market_forces": "m.csv",
        "fixed_share": NO_SHARE | {"file": "f.csv"},
    }
    assert options_on(payment) == ["excess_bed_days", "market_forces", "fixed_share"]
    assert payment_files(payment) == ["m.csv", "f.csv"]


def test_files_of_payment_lie_where_price_lists_do_and_a_schedule_has_no_providers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    payment = {"market_forces": "m.csv", "fixed_share": {"emergency": 0.5, "file": "f.csv"}}
    config = SMALLEST | {"data_dir": "data", "payment": payment}
    complete = complete_configuration(config, SCHEMA)["payment"]
    assert payment_files(complete) == ["data/m.csv", "data/f.csv"]
    assert complete["fixed_share"]["elective"] == 0
    source = {"schedule": {"files": {"2004-05": "s.xlsx"}}}
    config = {key: value for key, value in config.items() if key != "extract"} | source
    with pytest.raises(InputError, match="needs the providers of an extract, and a schedule names none"):
        complete_configuration(config, SCHEMA)


def test_prices_made_of_exact_counts_are_refused_where_small_numbers_are_suppressed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = SMALLEST | {"small_numbers": "suppress"}
    for option in ({"short_stay": True}, {"excess_bed_days": True}, {"market_forces": "m.csv"}):
        with pytest.raises(InputError, match="payment needs the exact counts that small_numbers suppresses"):
            complete_configuration(config | {"payment": option}, SCHEMA)


def test_a_price_list_without_the_columns_of_an_option_is_named():
    columns = dict.fromkeys(("hrg", "elective", "emergency", "elective_trim_point"), "x")
    editions = {"now": {"file": "p.csv", "columns": columns}, "next": {"from": "now", "factor": 1.02}}
    with pytest.raises(InputError, match=r"payment\.excess_bed_days needs emergency_trim_point, per_day"):
        check_payment(OFF | {"excess_bed_days": True}, editions)
    with pytest.raises(
        InputError, match="short_stay_applicable, short_stay_percentage or short_stay_price under"
    ):
        check_payment(OFF | {"short_stay": True}, editions)
    with pytest.raises(InputError, match="now has the unit costs of a schedule"):
        check_payment(OFF | {"short_stay": True}, {"now": {"schedule_year": "2014-15"}})
    check_payment(OFF, editions)


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (read_market_forces, "provider,factor\nRAA,1.1\nRAA,1.1\n", "has RAA more than once"),
        (
            read_market_forces,
            "provider,factor\nRAA,110\n",
            "factor of RAA is not a number above 0 and below 2",
        ),
        (read_market_forces, "code,factor\nRAA,1\n", "no column provider"),
        (
            read_fixed_shares,
            "hrg,admission_type,fixed_share\nA01,elective,1.5\n",
            "of A01 elective is not a number",
        ),
        (
            read_fixed_shares,
            "hrg,admission_type,fixed_share\nA01,daycase,1\n",
            "is neither elective nor emergency",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path, read, text, words):
    path = tmp_path / "file.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read(path)


def test_good_files_read(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("Provider,Factor\nRAA,1.0834\n,\n")
    assert read_market_forces(path).to_dict() == {"RAA": 1.0834}
    path.write_text("hrg,admission_type,fixed_share\nA01,emergency,0.8\n")
    assert read_fixed_shares(path).to_dict() == {("A01", "emergency"): 0.8}


@pytest.mark.skipif(not REAL.is_file(), reason="the published data is not here")
def test_the_published_trim_points():
    columns = {
        "hrg": "HRG code",
        "elective": "Combined_2018",
        "emergency": "non_2018",
        "elective_trim_point": "Ordinary elective long stay trim point (days)",
        "emergency_trim_point": "Non-elective long stay trim point (days)",
        "per_day": "Per day long stay payment (for days exceeding trim point) (£)",
    }
    table = read_edition(REAL, columns).set_index(LINE)
    assert len(table) == 2 * 2_303
    terms = ["price_gbp", "trim_point_days", "per_day_gbp"]
    assert table.loc[("AA22C", "elective"), terms].tolist() == [8_285, 117, 240]
    assert table.loc[("AA22C", "emergency"), terms].tolist() == [9_859, 98, 240]
