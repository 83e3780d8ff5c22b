from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.errors import InputError
from casemix_risk.tariff.editions import edition_chain, edition_files, edition_prices
from casemix_risk.tariff.prices import price_lines
from casemix_risk.tariff.read import read_edition
from casemix_risk.tariff.waterfall import price_waterfall

COLUMNS = {"hrg": "HRG code", "elective": "Elective", "emergency": "Non-elective", "description": "Name"}
HEADER = "HRG code,Name,Elective,Non-elective\n"


@pytest.fixture
def tariff(tmp_path):
    """Write a price file and give its path."""

    def write(text, name="tariff.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


def prices_of(table):
    return {
        f"{row.hrg} {row.admission_type}": row.price_gbp
        for row in table.itertuples()
        if row.price_gbp == row.price_gbp
    }


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (HEADER + 'A01,Brain,"1,234.50",£900\nA02,Nerve,-,0\n', "utf-8"),
        (HEADER + 'A01,Brain,"1,234.50",£900\nA02,Nerve,-,0\n', "cp1252"),
        ("Annex A\n\n" + HEADER + 'A01,Brain," 1,234.5 ",900.00\nA02,Nerve,,–\n,,,\n', "utf-8-sig"),
        (
            '"HRG\ncode",Name,Elective,Non-elective\nA01,Brain,"1,234.50",900\nA02,Nerve\n',
            "utf-8",
        ),
        (HEADER + 'A01,Brain,"1,234.50",900\nA02,Nerve,,\nSource: the price list\nNote: none,,,\n', "utf-8"),
        ("hrg  CODE|name|ELECTIVE|Non-Elective|more\nA01|Brain|1,234.50|900|x\nA02|Nerve||-|x\n", "utf-8"),
    ],
)
def test_a_price_file_reads_the_same_however_it_is_written(tariff, text, encoding):
    table = read_edition(tariff(text, encoding=encoding), COLUMNS)
    assert prices_of(table) == {"A01 elective": 1_234.5, "A01 emergency": 900.0}
    assert table["description"].tolist() == ["Brain", "Brain", "Nerve", "Nerve"]


def test_one_column_can_price_both_admission_types(tariff):
    columns = {"hrg": "HRG", "elective": "Price", "emergency": "Price"}
    table = read_edition(tariff("HRG,Price\nA01,70\n"), columns)
    assert prices_of(table) == {"A01 elective": 70.0, "A01 emergency": 70.0}


def test_a_workbook_reads_as_a_file_does(tmp_path):
    path = tmp_path / "tariff.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Contents": ["see next"]}).to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame(
            {
                "HRG code": ["A01", "A02"],
                "Name": ["Brain", None],
                "Elective": [1234.5, "-"],
                "Non-elective": ["2,000", 0],
            }
        ).to_excel(book, sheet_name="Prices", index=False, startrow=3)
    assert prices_of(read_edition(path, COLUMNS, "Prices")) == {
        "A01 elective": 1_234.5,
        "A01 emergency": 2_000.0,
    }
    with pytest.raises(InputError, match="has no sheet Tariff; it has Cover, Prices"):
        read_edition(path, COLUMNS, "Tariff")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("A01,x,12,13\nA01,x,12,13\n", "prices A01 more than once"),
        ("A01,x,twelve,13\n", "the elective price of A01 is not a number"),
        ("A01,x,12,-13\n", "the emergency price of A01 is outside GBP 0 to 1,000,000"),
        ("A01,x,12,99999999\n", "the emergency price of A01 is outside"),
    ],
)
def test_a_bad_price_is_named(tariff, rows, words):
    with pytest.raises(InputError, match=words):
        read_edition(tariff(HEADER + rows), COLUMNS)


def test_a_missing_column_or_file_is_named(tariff, tmp_path):
    with pytest.raises(InputError, match="has no column Non-elective;"):
        read_edition(tariff("HRG code,Name,Elective\nA01,x,1\n"), COLUMNS)
    with pytest.raises(InputError, match="does not exist"):
        read_edition(tmp_path / "nowhere.csv", COLUMNS)


def editions_of(path, **more):
    return {
        "a": {"file": str(path), "columns": COLUMNS},
        "b": {"from": "a", "factor": 1.025},
        "c": {"from": "b", "factor": 1.023},
    } | more


def test_uplifts_chain_and_round_half_up_to_the_penny(tariff):
    editions = editions_of(tariff(HEADER + "A01,x,1000,0.20\nA02,x,-,4.60\n"))
    assert prices_of(edition_prices(edition_chain(editions, "b"))) == {
        "A01 elective": 1_025.0,
        "A01 emergency": 0.21,  # 0.205 exactly: half up, where binary floating point would round down
        "A02 emergency": 4.72,  # 4.715
    }
    chained = edition_prices(edition_chain(editions, "c"))
    assert prices_of(chained)["A01 elective"] == 1_048.58  # 1,048.575
    assert prices_of(chained)["A02 emergency"] == 4.83  # 4.72 x 1.023 = 4.82856
    assert set(chained["source"]) == {"uplifted"}
    assert edition_files(editions, "c") == [editions["a"]["file"]]


def test_factors_by_hrg_with_and_without_a_rest(tariff):
    path = tariff(HEADER + "A01,x,100,200\nA02,x,100,-\nA03,x,-,-\n")
    factors = tariff("hrg,factor\nA01,1.1\n", "factors.csv")
    editions = editions_of(path, d={"from": "a", "factors_file": str(factors), "factor": 1.5})
    assert prices_of(edition_prices(edition_chain(editions, "d"))) == {
        "A01 elective": 110.0,
        "A01 emergency": 220.0,
        "A02 elective": 150.0,
    }
    del editions["d"]["factor"]
    with pytest.raises(InputError, match="has no factor for A02;"):
        edition_prices(edition_chain(editions, "d"))
    tariff("hrg,factor\nA01,100\nA02,1\n", "factors.csv")
    with pytest.raises(InputError, match="the factor of A01 is not a number above 0 and below 2"):
        edition_prices(edition_chain(editions, "d"))


def test_a_ring_of_editions_is_an_error():
    with pytest.raises(InputError, match="edition x is made from itself"):
        edition_chain({"x": {"from": "y", "factor": 1}, "y": {"from": "x", "factor": 1}}, "x")


@given(st.lists(st.integers(1, 5_000_000), min_size=1, max_size=20, unique=True), st.integers(5_000, 15_000))
def test_an_uplift_moves_every_price_by_its_factor_to_half_a_penny(pence, ten_thousandths):
    rows = "".join(f"A{n:02d},x,{price / 100:.2f},-\n" for n, price in enumerate(pence))
    factor = ten_thousandths / 10_000
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text(HEADER + rows)
        prices = edition_prices(edition_chain(editions_of(path, d={"from": "a", "factor": factor}), "d"))
    dear = prices["price_gbp"].dropna().to_numpy()
    assert np.abs(dear - np.array(pence) / 100 * factor).max() <= 0.005 + 1e-9


KEY = [(f"A{n:02d}", "elective") for n in range(14)]


def edition_and_national(unpriced=(), unseen=(), missing=()):
    """Prices 100 x stay^1 exactly (stay = mean_los + half a day), some lines unpriced, unseen or missing."""
    lines = pd.DataFrame(KEY, columns=["hrg", "admission_type"])
    stay = np.arange(1.0, 15.0)
    edition = lines.assign(
        description="x", price_gbp=100 * stay, day_case_gbp=np.nan, ordinary_gbp=np.nan, source="published"
    )
    edition.loc[edition["hrg"].isin(unpriced), "price_gbp"] = np.nan
    national = lines.assign(admissions=10.0, mean_los=stay - 0.5, day_case_share=0.25)
    return edition[~edition["hrg"].isin(missing)], national[~national["hrg"].isin(unseen)]


def test_a_missing_price_follows_length_of_stay():
    edition, national = edition_and_national(unpriced=["A03"], missing=["A05"], unseen=["A07"])
    prices, coverage = price_lines(edition, national, 0.5)
    priced = prices.set_index("hrg")
    assert priced.loc[["A03", "A05"], "price_gbp"].tolist() == [400, 600]  # on the exact relation
    assert priced["source"].value_counts().to_dict() == {"published": 12, "estimated": 2}
    status = coverage.set_index("hrg")["status"]
    assert status[["A03", "A05", "A07", "A00"]].tolist() == [
        "estimated_blank",
        "estimated_missing",
        "no_activity",
        "priced",
    ]
    assert coverage["admissions"].sum() == 130
    assert len(prices) == len(coverage) == 14
    assert coverage["budget_gbp"].sum() == pytest.approx(10 * 100 * (sum(range(1, 15)) - 8))


def test_day_case_and_ordinary_prices_serve_where_the_combined_is_missing(tariff):
    text = "Year,HRG,Both,Day,Ordinary,Emergency\n"
    text += "1,A00,5,5,5,5\n2,A00,0,100,300,7\n2,A01,900,1,1,-\n2,A02,-,-,300,8\n2,A03,0,0,0,9\n"
    columns = {
        "hrg": "HRG",
        "elective": "Both",
        "day_case": "Day",
        "ordinary_elective": "Ordinary",
        "emergency": "Emergency",
    }
    edition = edition_prices([{"file": tariff(text), "columns": columns, "where": {"Year": "2"}}])
    _, national = edition_and_national()
    prices, coverage = price_lines(edition, national, 0, "leave_out")
    assert prices_of(prices[prices["admission_type"] == "elective"]) == {
        "A00 elective": 0.25 * 100 + 0.75 * 300,
        "A01 elective": 900.0,
        "A02 elective": 300.0,
    }
    status = coverage[coverage["admission_type"] == "elective"].set_index("hrg")["status"]
    assert status[["A00", "A03", "A11"]].tolist() == ["priced", "left_out", "left_out"]
    assert coverage["budget_gbp"].sum() == pytest.approx(10 * (250 + 900 + 300))


def test_a_line_with_neither_price_nor_admissions_is_counted_and_not_priced():
    edition, national = edition_and_national(unpriced=["A07"], unseen=["A07"])
    prices, coverage = price_lines(edition, national, 0)
    assert "A07" not in set(prices["hrg"])
    assert coverage.set_index("hrg").loc["A07", ["status", "budget_gbp"]].tolist() == ["no_activity", 0.0]


def test_estimates_lie_on_the_low_side():
    edition, national = edition_and_national(unpriced=["A13"])
    edition["price_gbp"] *= np.where(np.arange(14) % 2, 2.0, 0.5)
    price = price_lines(edition, national, 1)[0].set_index("hrg").loc["A13", "price_gbp"]
    stay = np.arange(0.5, 13.0)
    per_day, fixed = np.polyfit(stay, edition["price_gbp"].iloc[:13], 1)
    ratios = np.sort(edition["price_gbp"].iloc[:13] / (fixed + per_day * stay))
    longest_priced_stay = 12.5  # A13's own is 13.5
    assert price == round(ratios[3] * (fixed + per_day * longest_priced_stay))  # 4 of 13 reach a quarter


def test_estimates_follow_stay_where_the_fixed_cost_would_be_negative():
    """Prices 3 x (stay + half a day)^4: unconstrained, a five-day stay would have a negative price."""
    edition, national = edition_and_national(unpriced=["A05"])
    edition["price_gbp"] = (3 * (national["mean_los"] + 0.5) ** 4).where(edition["price_gbp"].notna())
    stay, price = (np.delete(table, 5) for table in (national["mean_los"].to_numpy(), edition["price_gbp"]))
    per_day = (price * stay).sum() / (stay**2).sum()  # through the origin
    low_side = np.sort(price / (per_day * stay).clip(min=price.min()))[3]  # 4 of 13 reach a quarter
    estimated = price_lines(edition, national, 1)[0].set_index("hrg").loc["A05", "price_gbp"]
    assert estimated == round(low_side * per_day * 5.5)


def test_no_stay_counts_for_more_than_the_longest_of_a_priced_line():
    edition, national = edition_and_national(unpriced=["A05"])
    national.loc[5, "mean_los"] = 400.0
    price = price_lines(edition, national, 1)[0].set_index("hrg").loc["A05", "price_gbp"]
    assert price == 1_400


def test_estimates_above_the_allowed_share_stop_the_run_and_are_named():
    edition, national = edition_and_national(unpriced=["A11"])
    share = 1_200 / 10_500
    price_lines(edition, national, share + 1e-9)
    with pytest.raises(InputError, match=r"carry 11.4% of the budget .* allows 11.3%; .* A11 elective"):
        price_lines(edition, national, 0.113)


def test_estimates_need_enough_priced_lines_and_a_length_of_stay():
    edition, national = edition_and_national(unpriced=["A00", "A01", "A02", "A03", "A04"])
    with pytest.raises(InputError, match="only 9 elective lines"):
        price_lines(edition, national, 1)
    edition, national = edition_and_national(unpriced=["A00"])
    national.loc[0, "mean_los"] = np.nan
    with pytest.raises(
        InputError, match="no elective price for A00 elective, and the extract no length of stay"
    ):
        price_lines(edition, national, 1)


def test_the_waterfall_in_pounds_by_hand():
    columns = ["step", "rule", "description", "action", "hrg", "admission_type", "rows", "admissions"]
    one = pd.DataFrame(
        [
            (0, "bad", "x", "exclude", "A01", "elective", 3, 2),
            (1, "kept", "y", "keep", "A01", "elective", 9, 5),
        ],
        columns=columns,
    )
    two = pd.DataFrame(
        [(0, "bad", "x", "exclude", "", "", 4, 4), (1, "kept", "y", "keep", "A02", "elective", 1, 1)],
        columns=columns,
    )
    prices = pd.DataFrame({"hrg": ["A01", "A02"], "admission_type": "elective", "price_gbp": [0.07, 10.10]})
    table = price_waterfall([one, two], prices)
    assert table["rows"].tolist() == [7, 10]
    assert table["value_gbp"].tolist() == [0.14, 10.45]
    assert table["unpriced_admissions"].tolist() == [4, 0]


@pytest.mark.parametrize("unpriced", ["estimate", "leave_out"])
def test_a_tariff_in_other_codes_is_named(unpriced):
    edition, national = edition_and_national()
    other = edition.assign(hrg=edition["hrg"] + "Z")
    with pytest.raises(InputError, match=r"prices 0\.0% of the admissions: give one in the same version"):
        price_lines(other, national, 1, unpriced)
