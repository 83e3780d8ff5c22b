from pathlib import Path

import numpy as np
import pytest
from examples import lines_of
from scipy import stats

from casemix_risk.audit.contract import read_contract
from casemix_risk.audit.tables import read_table, write_table
from casemix_risk.decisions import known_baseline, year_on_year
from casemix_risk.decisions.detectability import detectability, provable, savings_claim
from casemix_risk.decisions.detectability_figures import falls_that_show, provable_lines

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"
# At 10,000 people 1,000, 200, 100, 4 and no admissions.
LINES = lines_of(
    [0.1, 0.02, 0.01, 0.0004, 0],
    [100, 500, 1_000, 20_000, 50],
    factors=[1, 1, 4, 1, 1],
    fixed_shares=[0, 0.4, 0, 0, 0],
)


@pytest.fixture(scope="module")
def tables():
    found = detectability(LINES, [20_000, 10_000])
    return {
        "detectability": found,
        "provable": provable(LINES, found),
        "savings_claim": savings_claim(LINES, found),
    }


def test_a_row_for_each_size_line_and_design_that_says_what_the_design_finds(tables):
    rows = tables["detectability"]
    assert len(rows) == 2 * 4 * 2
    clustered = rows.query("hrg == 'A02' and list_size == 20_000").set_index("design")
    assert clustered["expected_admissions"].tolist() == pytest.approx([200, 200])
    for name, design in {"known_baseline": known_baseline, "year_on_year": year_on_year}.items():
        expected = design.detectable(np.array([200.0]), np.array([4.0]))
        found = clustered.loc[name]
        assert found["observed_fall_significant_pct"] == pytest.approx(100 * expected.observed_fall[0])
        assert found["true_fall_for_80_power_pct"] == pytest.approx(100 * expected.true_fall[0])
        assert found["false_alarm_probability"] == pytest.approx(expected.false_alarm[0])
    assert "A04" not in set(rows["hrg"])


def test_lines_savings_and_chance_against_scipy(tables):
    rows = (
        tables["provable"].query("list_size == 10_000 and design == 'known_baseline'").set_index("saving_pct")
    )
    laws = [stats.poisson(1_000), stats.poisson(200), stats.nbinom(100 / 3, 1 / 4), stats.poisson(4)]
    critical = [max((c for c in range(1_001) if law.cdf(c) <= 0.05), default=-1) for law in laws]
    assert rows["lines_by_chance"].tolist() == pytest.approx(
        [sum(law.cdf(c) for law, c in zip(laws, critical, strict=True))] * 3
    )
    # Reference values: 1,000 expected show 8 %, 223 show 16 %; 100 with a factor of 4 needs far more.
    assert rows["lines"].tolist() == [0, 1, 2]
    assert rows["lines_tested"].tolist() == [4, 4, 4]
    budget = 100_000 + 100_000 + 100_000 + 80_000
    assert rows["budget_share"].tolist() == pytest.approx([0, 100_000 / budget, 200_000 / budget])
    assert rows["saving_gbp"].tolist() == pytest.approx([0, 10_000, 0.2 * (100_000 + 0.6 * 100_000)])


def test_fewer_lines_when_false_claims_are_held(tables):
    """With one of four lines the level is 1.25 %: 1,000 keep their power at 10 %, P(X <= c | 900)."""
    rows = (
        tables["provable"].query("list_size == 10_000 and design == 'known_baseline'").set_index("saving_pct")
    )
    critical = stats.poisson.ppf(0.0125, 1_000) - 1
    assert stats.poisson.cdf(critical, 900) > 0.8
    assert rows["lines_fdr"].tolist()[:2] == [0, 1]
    # Two lines at 2.5 %: 200 expected keep theirs only if P(X <= c | 160) is 0.8.
    both = stats.poisson.cdf(stats.poisson.ppf(0.025, 200) - 1, 160) >= 0.8
    assert rows.loc[20, "lines_fdr"] == 1 + both
    assert rows.loc[10, "budget_share_fdr"] == pytest.approx(100 / 380)
    assert rows.loc[10, "saving_fdr_gbp"] == pytest.approx(10_000)


def test_the_claim_is_about_the_lines_with_most_admissions():
    lines = lines_of([0.1] * 10 + [0.01] * 37 + [0.001] + [0.0001] * 9, [100.0] * 57)
    found = savings_claim(lines, detectability(lines, [10_000])).query("design == 'known_baseline'")
    assert found["lines"].tolist() == [47, 48]
    assert found["fewest_expected_admissions"].tolist() == pytest.approx([100, 10])
    total = 10_000 + 3_700 + 10 + 9
    assert found["admissions_share"].tolist() == pytest.approx([13_700 / total, 13_710 / total])
    assert found["budget_share"].tolist() == found["admissions_share"].tolist()
    assert found["provable_10_pct"].tolist() == [10, 10]
    assert round(found["true_fall_for_80_power_pct"].iloc[0]) == 24
    together = stats.poisson(13_700)
    fallen = stats.poisson(13_700 * (1 - found["total_true_fall_for_80_power_pct"].iloc[0] / 100))
    assert fallen.cdf(together.ppf(0.05) - 1) == pytest.approx(0.8)


def test_of_few_lines_the_claim_takes_all(tables):
    claim = tables["savings_claim"]
    assert claim["lines"].unique().tolist() == [4]
    assert claim["budget_share"].tolist() == pytest.approx([1] * len(claim))


@pytest.mark.parametrize("name", ["detectability", "provable", "savings_claim"])
def test_the_tables_keep_their_contracts(tables, name, tmp_path):
    path = tmp_path / f"{name}.parquet"
    contract = read_contract(SCHEMAS / f"{name}.yaml")
    write_table(tables[name], path, contract, parents={}, settings={}, code="")
    assert list(read_table(path).columns) == list(contract.columns)


def test_the_figures_show_the_tables_numbers(tables):
    known, _ = falls_that_show(tables["detectability"], 10_000).axes
    drawn = {line.get_label(): line for line in known.lines}
    rows = tables["detectability"].query("list_size == 10_000 and design == 'known_baseline'")
    elective = drawn["elective lines of this list"]
    assert elective.get_xdata().tolist() == rows["expected_admissions"].tolist()
    assert elective.get_ydata().tolist() == rows["true_fall_for_80_power_pct"].tolist()
    lines, shares = provable_lines(tables["provable"]).axes
    of_twenty = next(line for line in lines.lines if line.get_label().startswith("a saving of 20 %, each"))
    assert (
        of_twenty.get_ydata().tolist()
        == tables["provable"].query("saving_pct == 20 and design == 'known_baseline'")["lines"].tolist()
    )
    assert len(shares.lines) == 6
