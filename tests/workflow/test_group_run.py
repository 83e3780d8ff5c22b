"""Episodes grouped in the pipeline: rows tie, and whose HRG is used is as configured."""

import shutil

import pandas as pd
import pytest
from small_run import SAMPLING, YEARS, small_configuration, snakemake, table

from casemix_risk.audit.trace import numbers_that_do_not_agree
from casemix_risk.audit.verify import faults, verify

pytestmark = [pytest.mark.xdist_group("workflow"), pytest.mark.slow]
YEAR = "2004-05"


@pytest.fixture(scope="module")
def grouped(two_cores, project, tmp_path_factory):
    """A user's run on two of the demonstration's extracts, with the grouper where an HRG is missing."""
    folder = tmp_path_factory.mktemp("grouped")
    files = {year: f"FILE{YEARS[year]}_HES_APC.txt.gz" for year in ("2003-04", YEAR)}
    for name in files.values():
        shutil.copy2(two_cores / "synthetic" / name, folder)
    config = small_configuration(run="grouped", grouper="missing", projection="last_year")
    del config["synthetic"], config["practices"], config["year_in_progress"]
    config["extract"] = {"files": files, "population_covered": config["population"] * SAMPLING}
    config["tariff"] = {"maximum_estimated_share": 1, "editions": ["2006-07"]}
    done = snakemake(folder, config, project=project)
    assert done.returncode == 0, done.stderr
    return folder / "results/grouped"


def test_every_row_is_kept_or_left_out_and_the_waterfall_says_so(grouped):
    kept, left_out = (table(grouped, f"group/{name}_{YEAR}") for name in ("episodes", "excluded"))
    cleaned, before = (table(grouped, f"ingest/{name}_{YEAR}") for name in ("episodes", "excluded"))
    rows = sorted([*kept["source_row"], *left_out["source_row"]])
    assert rows == list(range(1, len(cleaned) + len(before) + 1))
    waterfall = table(grouped, f"group/waterfall_{YEAR}")
    judged = waterfall[waterfall["action"].isin(["keep", "exclude"])].groupby("rule")["rows"].sum()
    assert judged["kept"] == len(kept)
    assert judged["ungroupable_hrg"] == (left_out["rule"] == "ungroupable_hrg").sum() > 0
    assert judged.sum() == len(rows)
    by_line = kept.groupby(["hrg", "admission_type"]).size()
    said = waterfall[waterfall["rule"] == "kept"].set_index(["hrg", "admission_type"])["rows"]
    assert said.to_dict() == by_line.to_dict()


def test_a_given_hrg_of_use_stays_and_another_is_made_from_the_codes(grouped):
    cleaned, made = (table(grouped, f"{name}_{YEAR}") for name in ("ingest/episodes", "group/grouping"))
    assert made["source_row"].equals(cleaned["source_row"])
    assert made["given_hrg"].fillna("").equals(cleaned["hrg"].fillna(""))
    of_use = made["given_hrg"].notna() & ~made["given_hrg"].fillna("").str.match("U0[1-9]")
    assert made.loc[of_use, "hrg"].equals(made.loc[of_use, "given_hrg"])
    rest = made[~of_use]
    assert 0 < len(rest) < len(made)
    groups = rest["method"] != "U"
    assert rest.loc[groups, "hrg"].equals(rest.loc[groups, "derived_hrg"])
    assert rest.loc[~groups, "hrg"].isna().all()


def test_the_quality_of_the_grouping_ties_and_is_in_the_report(grouped, project):
    quality = table(grouped, f"group/grouping_quality_{YEAR}")
    made = table(grouped, f"group/grouping_{YEAR}")
    methods = quality[quality["kind"] == "method"].set_index("value")["rows"]
    assert methods.to_dict() == made["method"].value_counts().to_dict()
    errors = quality[quality["kind"] == "error"].set_index("value")["rows"]
    assert errors.to_dict() == made["error"].value_counts().to_dict()
    assert table(grouped, f"group/given_and_derived_{YEAR}")["rows"].sum() == len(made)
    page = (grouped / "report/index.html").read_text()
    assert "demonstration definitions, not the national ones" in page
    numbers = table(grouped, "report/numbers").set_index("number")["value"]
    assert numbers["text/grouping_rows"] == len(made)
    assert numbers["text/not_grouped_share"] == pytest.approx((made["method"] == "U").mean())
    given = made[made["given_hrg"].notna()]
    agree = (given["given_hrg"] == given["derived_hrg"]).mean()
    assert numbers["text/grouping_agree_share"] == pytest.approx(agree)
    assert list(numbers_that_do_not_agree(grouped)) == []
    assert faults(verify(grouped, project)) == []


def test_the_effect_in_pounds_is_that_of_the_pairs(grouped):
    pairs = table(grouped, f"group/given_and_derived_{YEAR}")
    prices = table(grouped, "tariff/2006-07/prices").set_index(["hrg", "admission_type"])["price_gbp"]
    worth = 0.0
    for pair in pairs.itertuples():
        given = prices.get((pair.given_hrg, pair.admission_type))
        derived = prices.get((pair.derived_hrg, pair.admission_type))
        if given is not None and derived is not None:
            worth += pair.admissions * (derived - given)
    numbers = table(grouped, "report/numbers").set_index("number")["value"]
    assert numbers["text/grouping_effect_gbp"] == pytest.approx(worth)
    assert not pd.isna(worth)


def test_coding_effects_begin_with_what_the_grouper_made(grouped):
    effects = table(grouped, f"coding/coding_effects_{YEAR}").set_index(["scenario", "percent"])
    everybody = effects.drop(["more_coded_provider", "more_coded_practice"], level="scenario")
    cleaned, made = (table(grouped, f"{name}_{YEAR}") for name in ("ingest/episodes", "group/grouping"))
    prices = table(grouped, "tariff/2006-07/prices").rename(columns={"hrg": "derived_hrg"})
    lines = made[["derived_hrg"]].assign(admission_type=cleaned["admission_type"])
    cost = lines[cleaned["episode_order"] == 1].merge(prices)["price_gbp"].sum()
    assert (everybody["episodes"] == len(cleaned)).all()
    assert everybody["cost_before_gbp"].to_numpy() == pytest.approx(cost)
    assert (
        effects.loc[("no_secondary", 100), "episodes_changed"] == cleaned["diagnoses"].str.contains(" ").sum()
    )
    moves = table(grouped, f"coding/coding_moves_{YEAR}")
    sums = moves.groupby(["scenario", "percent"])[["episodes", "admissions", "cost_change_gbp"]].sum()
    for scenario, moved in sums.iterrows():
        assert moved["episodes"] == effects.loc[scenario, "episodes_moved"]
        assert moved["admissions"] == effects.loc[scenario, "admissions_moved"]
        assert moved["cost_change_gbp"] == pytest.approx(effects.loc[scenario, "cost_change_gbp"], abs=0.01)


def test_trends_count_the_same_admissions_either_way(grouped):
    trends = table(grouped, "coding/activity_trends")
    sums = trends.groupby("year")[["admissions_given", "admissions_regrouped"]].sum()
    assert (sums["admissions_given"] == sums["admissions_regrouped"]).all()
    pairs = table(grouped, f"group/given_and_derived_{YEAR}")
    neither = pairs["given_hrg"].str.match("U0|^$") | pairs["derived_hrg"].str.match("U0")
    assert sums.loc[YEAR, "admissions_given"] == pairs.loc[~neither, "admissions"].sum() > 0
    page = (grouped / "report/index.html").read_text()
    for heading in ("What coding is worth", "Whose coding stands out", "Growth on one version"):
        assert heading in page
    assert "No provider has enough episodes" in page  # in a sample as small as this
