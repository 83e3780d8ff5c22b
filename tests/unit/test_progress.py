import numpy as np
import pandas as pd
import pytest
from examples import lines_of

from casemix_risk.errors import InputError
from casemix_risk.progress.control import RULES, control_chart
from casemix_risk.progress.figures import control_figure, year_end_figure
from casemix_risk.progress.months import known_months, months_of, read_months
from casemix_risk.progress.xmr import process_limits
from casemix_risk.progress.year_end import year_end_tables
from casemix_risk.synthetic.group import CAUSES, MONTHS_KNOWN, VARIANCE, group_months, group_truth
from casemix_risk.synthetic.truth import national_truth

NO_SEASONS = pd.DataFrame(columns=["chapter", "admission_type", "month", "admissions", "share"])
HEADER = "month,hrg,admission_type,admissions\n"


def read(folder, text, year="2007-08"):
    path = folder / "months.csv"
    path.write_text(text)
    return read_months(path, year)


def test_the_months_of_a_financial_year():
    assert months_of("2007-08")[::11] == ["2007-04", "2008-03"]


def test_a_good_file_is_sorted_and_may_have_spaces_capitals_and_more_columns(tmp_path):
    text = "Month, HRG,admission_type,admissions,who\n2007-05,B02,elective,3,x\n2007-04, A01 ,emergency,2,y\n"
    table = read(tmp_path, text)
    assert table.to_numpy().tolist() == [
        ["2007-04", "A01", "emergency", 2],
        ["2007-05", "B02", "elective", 3],
    ]
    assert known_months(table, "2007-08") == ["2007-04", "2007-05"]


def test_earlier_months_are_known_and_not_of_the_year(tmp_path):
    table = read(tmp_path, f"{HEADER}2007-03,A01,elective,1\n2007-04,A01,elective,1\n")
    assert known_months(table, "2007-08") == ["2007-04"]


@pytest.fixture(scope="module")
def group():
    """The demonstration's lines, how its group differs, and the group's months."""
    lines = national_truth(1)
    truth = group_truth(lines, "2007-08", 1)
    return lines, truth, group_months(lines, truth, "2007-08", 50_000 / 51e6, 1)


def test_the_demonstrations_group_differs_by_a_known_variance_and_has_31_months(group, tmp_path):
    lines, truth, months = group
    # The variance of 1,200 Gamma variables is known to about 4 %.
    assert truth["relative_rate"].var() == pytest.approx(VARIANCE, rel=0.2)
    months.to_csv(tmp_path / "months.csv", index=False)
    assert read(tmp_path, (tmp_path / "months.csv").read_text()).equals(
        months.astype({"admissions": "int64"})
    )
    assert months["month"].nunique() == 24 + MONTHS_KNOWN
    others = truth["planted_factor"].isna() & (lines["variance_factor"] == 1)
    keys = pd.MultiIndex.from_frame(lines.loc[others, ["hrg", "admission_type"]])
    known = months[months["month"] >= "2007-04"].set_index(["hrg", "admission_type"])["admissions"]
    expected = (lines["admissions"] * truth["relative_rate"])[others].sum() * 50_000 / 51e6
    seen = known[known.index.isin(keys)].sum()
    assert seen == pytest.approx(expected * 7 / 12, rel=0.06)  # the season moves it by 4 %, chance by 1 %


def test_planted_causes_are_in_the_file_and_on_the_charts(group):
    lines, truth, months = group
    planted = truth.dropna(subset="planted_factor")
    assert len(planted) == len(CAUSES)
    cost_lines = lines.assign(admissions_per_head=lines["admissions"] / 51e6, fixed_share=0.0)
    names = [f"{cause.hrg} {cause.admission_type}" for cause in CAUSES]
    charts = control_chart(cost_lines, NO_SEASONS, months, "2007-08", 50_000, names)
    for cause in planted.itertuples():
        chart = charts[(charts["hrg"] == cause.hrg) & (charts["admission_type"] == cause.admission_type)]
        inside = chart["month"].between(cause.planted_from, cause.planted_to)
        assert chart.loc[inside, RULES].to_numpy().any()
        of_cause, before = (chart.loc[rows, "admissions"].mean() for rows in (inside, ~inside))
        assert of_cause / before == pytest.approx(cause.planted_factor, rel=0.35)


def series(counts, hrg="A00", first="2006-04"):
    months = pd.period_range(first, periods=len(counts), freq="M").astype(str)
    return pd.DataFrame(
        {"month": months, "hrg": hrg, "admission_type": "elective", "admissions": np.asarray(counts)}
    )


def test_a_chart_is_of_counts_without_their_season():
    seasons = pd.DataFrame(
        [("A", "elective", month, 0, 0.2 if month == 9 else 0.8 / 11) for month in range(1, 13)],
        columns=NO_SEASONS.columns,
    )
    counts = [8 if month % 12 != 8 else 22 for month in range(13)]  # as the season has it
    chart = control_chart(lines_of([0.01], [100]), seasons, series(counts), "2007-08", 11_000)
    expected = [8 / (12 * 0.8 / 11)] * 13
    expected[8] = 22 / (12 * 0.2)
    assert chart["adjusted"].tolist() == pytest.approx(expected)
    assert chart["expected"].isna().tolist() == [True] * 12 + [False]
    assert chart["expected"].iloc[-1] == pytest.approx(110 * 0.8 / 11)
    limits = process_limits(np.array(expected))
    assert chart[["centre", "lower", "upper"]].iloc[0].tolist() == pytest.approx(list(limits))
    assert not chart[RULES].to_numpy().any()


def test_a_limit_is_not_below_nothing_and_a_month_without_a_row_had_none():
    months = pd.concat([series([1, 5, 0, 6, 0]), series([1] * 6, "A01")])
    chart = control_chart(lines_of([0.01], [100]), NO_SEASONS, months, "2006-07", 1_000, ["A00 elective"])
    assert chart["admissions"].tolist() == [1, 5, 0, 6, 0, 0]
    assert chart["lower"].unique().tolist() == [0]


def test_lines_are_charted_by_their_part_in_the_variance_or_by_name():
    lines = lines_of([1e-3] * 8, [100, 900, 300, 800, 700, 200, 600, 500], factors=[100, *[1] * 7])
    months = pd.concat(series([1, 2], f"A0{number}") for number in range(8))
    chosen = control_chart(lines, NO_SEASONS, months, "2006-07", 1_000)["hrg"].unique()
    assert chosen.tolist() == ["A00", "A01", "A03", "A04", "A06", "A07"]  # 100 x 100^2 is the largest
    outside = control_chart(lines.head(2), NO_SEASONS, months, "2006-07", 1_000, ["A07 elective"])
    assert outside["expected"].isna().all()
    with pytest.raises(InputError, match=r"names A0O elective, .* did you mean A0\d elective\?"):
        control_chart(lines, NO_SEASONS, months, "2006-07", 1_000, ["A0O elective"])


def test_one_month_makes_no_chart():
    assert control_chart(lines_of([1], [1]), NO_SEASONS, series([1]), "2006-07", 10).empty


def test_the_figures_say_the_chance_and_mark_what_is_out_of_control():
    lines = lines_of([0.01, 0.002], [100, 1_000])
    tables = year_end_tables(lines, NO_SEASONS, series([2, 1, 1]), "2006-07", 1_000, 0.1)
    figure = year_end_figure(tables["year_end"], tables["year_end_by_month"], "2006-07")
    chance = tables["year_end_by_month"]["chance_over_0"].iloc[-1]
    assert f"2006-07 after 3 months: a {100 * chance:.0f} in 100 chance" in figure.axes[0].get_title("left")
    chart = control_chart(lines, NO_SEASONS, series([*[2, 3] * 12, 30]), "2007-08", 1_000)
    drawn = {line.get_label(): line for line in control_figure(chart, "2007-08").axes[0].lines}
    assert drawn["beyond a limit"].get_xdata().tolist() == [24]
    assert len({drawn[words].get_marker() for words in drawn if drawn[words].get_marker() != "None"}) == 5
    control_figure(chart.head(0), "2006-07")  # one month: nothing to draw
