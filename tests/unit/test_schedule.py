from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from casemix_risk.errors import InputError
from casemix_risk.ingest.schedule import read_schedule, schedule_activity, schedule_stays, unit_costs
from casemix_risk.risk.cost_lines import cost_lines
from casemix_risk.risk.lines import any_pools, lines_from
from casemix_risk.risk.moments import coefficient_of_variation
from casemix_risk.risk.optimum import pool_optimum
from casemix_risk.tariff.editions import edition_prices
from casemix_risk.tariff.prices import price_lines
from casemix_risk.volumes.national import project

REAL = Path(__file__).parents[3] / "shared/realdata"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the published data is not here")
STAYS = [
    "Currency Code",
    "Currency Description",
    "Number of FCE's",
    "National Average Unit Cost",
    "Number of Inlier Bed Days",
]
DAYS = ["Currency Code", "Currency Description", "Excess Bed days", "National Average Unit Cost"]
SHEETS = {
    "EL": (5, STAYS, [("AA22C", "Stroke", 10, 3000, 40), ("AA22D", "Stroke, less", 20, 1000, 30)]),
    "EL_XS": (4, DAYS, [("AA22C", "Stroke", 5, 200)]),
    "DC": (2, ["Currency  Code\n", *STAYS[1:4]], [("AA22C", "Stroke", 30, 500)]),
    "NEL": (
        5,
        STAYS,
        [
            ("AA22C", "Stroke", "*", 7000, "*"),
            ("RENAL1", "Dialysis", 99, 1, 1),
            ("AB01Z", "Other", 4, None, 8),
        ],
    ),
    "NEL_XS": (4, DAYS, []),
    "NES": (5, STAYS[:4], [("AA22C", "Stroke", 8, 600)]),
}


@pytest.fixture
def workbook(tmp_path):
    """Write a small workbook of the schedule's shape, with changes to its sheets, and give its path."""

    def write(**changes):
        book = Workbook()
        book.remove(book.active)
        for name, (blank_rows, headings, rows) in (SHEETS | changes).items():
            sheet = book.create_sheet(name)
            sheet["A1"] = "Back to Index"
            for column, heading in enumerate(headings, 1):
                sheet.cell(blank_rows, column, heading)
            for number, row in enumerate(rows, blank_rows + 1):
                for column, cell in enumerate((*row, "", 411860.78), 1):  # a stale column without a heading
                    sheet.cell(number, column, cell)
        path = tmp_path / "schedule.xlsx"
        book.save(path)
        return path

    return write


def test_lines_activity_and_costs_by_hand(workbook):
    lines = read_schedule(workbook()).lines.set_index(["hrg", "setting"])
    assert lines["activity"].to_dict() == {
        ("AA22C", "DC"): 30,
        ("AA22C", "EL"): 10,
        ("AA22C", "NES"): 8,
        ("AA22D", "EL"): 20,
    }
    assert lines.loc[("AA22C", "EL"), "cost_gbp"] == 10 * 3_000 + 5 * 200
    assert lines.loc[("AA22C", "EL"), "bed_days"] == 40 + 5
    activity = schedule_activity({"2014-15": lines.reset_index()}).set_index(["hrg", "admission_type"])
    stroke = activity.loc[("AA22C", "elective")]
    assert (stroke["admissions"], stroke["day_case_share"], stroke["mean_los"]) == (40, 0.75, 45 / 40)
    assert activity.loc[("AA22C", "emergency"), "mean_los"] == 1
    prices = unit_costs(lines.reset_index()).set_index(["hrg", "admission_type"])["price_gbp"]
    assert prices["AA22C", "elective"] == (31_000 + 30 * 500) / 40


def test_the_stays_of_a_schedule_are_its_settings(workbook):
    long_stays = ("AA22C", "Stroke", 2, 5000, 2)  # a mean of one day, and yet no short stays
    lines = read_schedule(
        workbook(NEL=(5, STAYS, [long_stays]), NEL_XS=(4, DAYS, [("AA22C", "Stroke", 7, 250)]))
    ).lines
    stays = schedule_stays({"2013-14": lines, "2014-15": lines})
    assert stays.to_numpy().tolist() == [
        ["AA22C", "elective", False, 4, 20, 10.0],
        ["AA22C", "elective", True, 0, 60, 0.0],
        ["AA22C", "emergency", False, 1, 16, 0.0],
        ["AA22C", "emergency", False, 2, 4, 14.0],
        ["AA22D", "elective", False, 2, 40, 0.0],  # 1.5 days, to the even one
    ]


def test_every_workbook_row_is_kept_or_counted(workbook):
    waterfall = read_schedule(workbook()).waterfall
    rows = waterfall.groupby("rule")["rows"].sum()
    assert rows.to_dict() == {"not_an_hrg": 1, "suppressed_activity": 1, "no_unit_cost": 1, "kept": 5}
    assert rows.sum() == sum(len(rows) for _, _, rows in SHEETS.values())
    assert waterfall.groupby("rule")["admissions"].sum()["no_unit_cost"] == 4


def test_roots_merge_hrgs_with_the_same_first_four_characters(workbook):
    lines = read_schedule(workbook(), "root").lines.set_index(["hrg", "setting"])
    assert lines.loc[("AA22", "EL"), "activity"] == 30
    assert lines.loc[("AA22", "EL"), "cost_gbp"] == 31_000 + 20_000


def test_what_is_not_a_schedule_is_named(workbook, tmp_path):
    with pytest.raises(InputError, match="sheet EL: no column national average unit cost"):
        read_schedule(workbook(EL=(5, STAYS[:3], [])))
    with pytest.raises(InputError, match="sheet DC: no row begins with Currency Code"):
        read_schedule(workbook(DC=(2, ["Code"], [])))
    with pytest.raises(InputError, match="does not exist"):
        read_schedule(tmp_path / "nowhere.xlsx")
    (tmp_path / "text.xlsx").write_text("not a workbook")
    with pytest.raises(InputError, match="damaged or not a workbook"):
        read_schedule(tmp_path / "text.xlsx")


def tolerances(lines):
    """3 x CV in % at 10,000 heads with nothing pooled, and at the best cut, and the last price kept there."""
    everything = np.ones((1, len(lines)), dtype=bool)
    optimum = pool_optimum(lines, [10_000]).squeeze()
    kept = lines.loc[lines["price_gbp"] < optimum["cut_gbp"], "price_gbp"]
    return (
        300 * coefficient_of_variation(lines_from(lines), any_pools(everything), [10_000]).item(),
        optimum["tolerance_pct"],
        kept.max(),
    )


def real_lines(codes, edition=None, unpriced="estimate"):
    schedule = read_schedule(REAL / "national/HRG_ref_costs_2014.xlsx", codes).lines
    activity = schedule_activity({"2014-15": schedule})
    national = project(activity, ["2014-15"], "2014-15", "last_year", 54.3e6, 54.3e6)
    prices = edition_prices(edition or [{}], None if edition else unit_costs(schedule))
    priced, coverage = price_lines(prices, national, 1, unpriced)
    settings = {"individual_price_gbp": 3_000, "individual_admissions": 1e5, "bands": 14}
    return cost_lines(national, priced, 54.3e6, **settings), coverage


@real
@pytest.mark.parametrize(
    ("codes", "count", "whole", "best", "cut"),
    [("hrg", 4_829, 8.412, 6.746, 2_775), ("root", 1_855, 8.005, 6.543, 2_977)],
)
def test_the_published_schedule_at_its_own_unit_costs(codes, count, whole, best, cut):
    lines, _ = real_lines(codes)
    assert len(lines) == count
    assert tolerances(lines) == pytest.approx((whole, best, cut), abs=0.0005, rel=2e-4)


@real
def test_the_published_schedule_at_the_national_tariff():
    edition = {
        "file": REAL / "tariff/national_tariff_1718_1819_hrg4plus.csv",
        "where": {"Year": "2017/18"},
        "columns": {
            "hrg": "hrg_code",
            "elective": "Combined",
            "day_case": "Day_case_Tariff",
            "ordinary_elective": "Non_emergency_Tariff",
            "emergency": "Emergency_Tariff",
        },
    }
    lines, coverage = real_lines("hrg", [edition], "leave_out")
    assert len(lines) == 4_559
    whole, best, cut = tolerances(lines)
    assert (round(whole, 2), round(best, 2), round(cut, -1)) == (8.74, 7.60, 3_190)
    seen = coverage[coverage["status"] != "no_activity"]
    by_code = seen.groupby("hrg")["status"].agg(set)
    assert len(by_code) == 2_439
    assert (by_code.map(lambda status: status == {"left_out"})).sum() == 144
    shares = (
        seen.assign(out=seen["admissions"].where(seen["status"] == "left_out", 0))
        .groupby(seen["admission_type"])[["out", "admissions"]]
        .sum()
    )
    assert (shares["out"] / shares["admissions"]).between(0.037, 0.168).all()


@real
def test_the_real_tariff_changes_by_hrg():
    editions = [
        edition_prices(
            [
                {
                    "file": REAL / "tariff/national_tariff_1718_1819_hrg4plus.csv",
                    "where": {"Year": year},
                    "columns": {"hrg": "hrg_code", "elective": "Combined", "emergency": "Emergency_Tariff"},
                }
            ]
        )
        for year in ("2017/18", "2018/19")
    ]
    both = (
        editions[0]
        .merge(editions[1], on=["hrg", "admission_type"])
        .dropna(subset=["price_gbp_x", "price_gbp_y"])
    )
    change = both["price_gbp_y"] / both["price_gbp_x"]
    assert len(editions[0]) == len(editions[1]) == 2 * 2_303
    assert change.median() == pytest.approx(1.0074, abs=0.0006)
    assert change.min() == pytest.approx(1.0, abs=0.001)
    assert change.max() == pytest.approx(1.036, abs=0.001)
