import hashlib
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from test_configuration import ROOT, SCHEMA, SMALLEST

from casemix_risk.configuration import complete_configuration
from casemix_risk.errors import InputError
from casemix_risk.synthetic.tariff_file import write_tariff
from casemix_risk.synthetic.truth import national_truth
from casemix_risk.tariff.editions import edition_chain, edition_files, edition_prices
from casemix_risk.tariff.registry import changes_between, editions_table, in_force

PRICES = "HRG,Elective,Emergency\nA01,100,200\nA02,300,-\n"
RESTATED = "HRG,Elective,Emergency\nA01,110,200\nA03,50,60\n"
ENTRY = {
    "effective_from": "2006-04-01",
    "published_on": "2006-01-31",
    "source": "The publisher",
    "columns": {"hrg": "HRG", "elective": "Elective", "emergency": "Emergency"},
}


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A folder with two price files and what a registry may say of them."""
    monkeypatch.chdir(tmp_path)
    folder = Path("config/tariffs")
    folder.mkdir(parents=True)
    for name, text in (("first.csv", PRICES), ("restated.csv", RESTATED)):
        (folder / name).write_text(text)
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("first.csv", "restated.csv")
    }
    return {
        "2006-07": ENTRY | {"file": "first.csv", "sha256": sums["first.csv"]},
        "2006-07-restated": ENTRY
        | {
            "file": "restated.csv",
            "sha256": sums["restated.csv"],
            "published_on": "2006-09-01",
            "restates": "2006-07",
        },
        "2007-08": {
            "effective_from": "2007-04-01",
            "published_on": "2006-12-01",
            "source": "The publisher",
            "from": "2006-07",
            "factor": 1.025,
        },
        "unused": ENTRY | {"file": "nowhere.csv", "sha256": "0" * 64},
    }


def run_with(registry, editions):
    Path("config/tariffs/registry.yaml").write_text(yaml.safe_dump(registry, sort_keys=False))
    config = deepcopy(SMALLEST) | {"tariff": {"editions": editions}}
    return complete_configuration(config, SCHEMA)


def editions_of(registry, wanted):
    return run_with(registry, wanted)["tariff"]["editions"]


def prices_of(editions, name):
    table = edition_prices(edition_chain(editions, name))
    return {
        (row.hrg, row.admission_type): (row.price_gbp, row.source)
        for row in table.itertuples()
        if row.price_gbp > 0
    }


def test_a_run_has_the_editions_it_asks_for_and_their_restatements(registry):
    editions = editions_of(registry, ["2006-07", "2007-08"])
    assert list(editions) == ["2006-07", "2006-07-restated", "2007-08"]
    assert editions["2006-07"]["file"] == "config/tariffs/first.csv"
    assert in_force(editions, "2006-07") == "2006-07-restated"
    assert in_force(editions, "2007-08") == "2007-08"


def test_both_versions_keep_their_prices(registry):
    editions = editions_of(registry, ["2006-07"])
    assert prices_of(editions, "2006-07")["A01", "elective"] == (100, "published")
    assert prices_of(editions, "2006-07-restated")["A01", "elective"] == (110, "published")


def test_a_restatement_within_the_year_is_paid_by_days(registry):
    registry["2006-07-restated"]["effective_from"] = "2006-08-12"  # day 133 of 365
    editions = editions_of(registry, ["2006-07"])
    prices = prices_of(editions, "2006-07-restated")
    assert prices["A01", "elective"][0] == round((133 * 100 + 232 * 110) / 365, 2)
    assert prices["A01", "emergency"][0] == 200
    assert prices["A02", "elective"][0] == 300  # only in the list before
    assert prices["A03", "emergency"][0] == 60  # only in the list after
    assert edition_files(editions, "2006-07-restated") == [
        "config/tariffs/restated.csv",
        "config/tariffs/first.csv",
    ]


def test_what_is_compared_with_what(registry):
    assert changes_between(editions_of(registry, ["2007-08", "2006-07"])) == [
        ("2006-07", "2006-07-restated"),
        ("2006-07-restated", "2007-08"),
    ]
    undated = {"b": {"file": "b.csv"}, "a": {"from": "b", "factor": 1.1}}
    assert changes_between(undated) == [("b", "a")]
    assert changes_between({"a": {"file": "a.csv"}}) == []


def test_the_table_says_what_is_in_force_and_where_prices_come_from(registry):
    table = editions_table(editions_of(registry, ["2006-07", "2007-08"])).set_index("edition")
    assert table["in_force"].to_dict() == {"2006-07": False, "2006-07-restated": True, "2007-08": True}
    assert table["prices"].tolist() == ["first.csv", "restated.csv", "2006-07 x 1.025"]
    assert table.loc["2006-07-restated", ["restates", "published_on"]].tolist() == ["2006-07", "2006-09-01"]


def test_a_file_that_is_not_the_registered_one_stops_the_run(registry):
    config = run_with(registry, ["2007-08", "2006-07"])
    Path("a.csv").write_text("")
    Path("config/tariffs/first.csv").write_text(PRICES.replace("100", "101"))
    with pytest.raises(
        InputError, match=r"first.csv has the sha256 \w{64} and the tariff registry says \w{64}"
    ):
        edition_prices(edition_chain(config["tariff"]["editions"], "2006-07"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda it: it["2006-07"].pop("published_on"), "lacks the key published_on at 2006-07; add it"),
        (lambda it: it["2006-07"].pop("sha256"), "lacks the key sha256 at 2006-07; add it"),
        (lambda it: it["2006-07"].update(sorce="x"), "unknown key sorce at 2006-07; did you mean source"),
        (
            lambda it: it["2006-07"].update(effective_from="2006-02-30"),
            "at 2006-07.effective_from has a value",
        ),
        (
            lambda it: it["2006-07"].update(restates="2005-06"),
            "restates 2005-06, which is not another edition",
        ),
        (
            lambda it: it["2006-07-restated"].update(effective_from="2007-04-01"),
            "takes effect a year or more after 2006-07, which it restates",
        ),
        (lambda it: it.pop("2007-08"), "has no edition 2007-08; did you mean 2006-07?"),
    ],
)
def test_a_wrong_entry_is_named(registry, change, words):
    change(registry)
    with pytest.raises(InputError, match=words):
        run_with(registry, ["2006-07", "2007-08"])


@pytest.mark.parametrize("text", ["2006-07: {effective_from: 2006-13-01}", "a: [", "- a", "a: b"])
def test_a_registry_that_is_none_is_one_sentence(registry, text):
    run_with(registry, ["2006-07"])
    Path("config/tariffs/registry.yaml").write_text(text)
    config = deepcopy(SMALLEST) | {"tariff": {"editions": ["2006-07"]}}
    with pytest.raises(
        InputError, match=r"registry.yaml (is not YAML|has a date that no calendar|must hold tariff editions)"
    ):
        complete_configuration(config, SCHEMA)
    Path("config/tariffs/registry.yaml").unlink()
    with pytest.raises(InputError, match=r"registry\.yaml does not exist"):
        complete_configuration(config, SCHEMA)


def test_codes_can_be_priced_as_others(registry):
    Path("config/tariffs/codes.csv").write_text("hrg,priced_as\nX09,A01\nA02,A01\n")
    registry["2006-07"]["codes_file"] = "codes.csv"
    editions = editions_of(registry, ["2006-07", "2007-08"])
    prices = prices_of(editions, "2006-07")
    assert prices["X09", "emergency"] == (200, "mapped")
    assert prices["A02", "elective"] == (300, "published")  # has a price of its own
    assert prices_of(editions, "2007-08")["X09", "emergency"] == (205, "mapped")
    Path("config/tariffs/codes.csv").write_text("hrg,priced_as\nX09,A99\n")
    with pytest.raises(InputError, match="prices codes as A99, which the tariff lacks"):
        prices_of(editions, "2006-07")
    Path("config/tariffs/codes.csv").write_text("hrg,priced_as\nX09,\n")
    with pytest.raises(InputError, match="does not say what X09 is priced as"):
        prices_of(editions, "2006-07")


def test_the_registry_we_ship_is_whole_and_its_demonstration_file_is_the_truth_s(tmp_path):
    text = (ROOT / "config/tariffs/registry.yaml").read_text()
    registry = yaml.safe_load(text)
    config = deepcopy(SMALLEST)
    config["tariff"] = {
        "registry": str(ROOT / "config/tariffs/registry.yaml"),
        "editions": list(registry)[:5],
    }
    editions = complete_configuration(config, SCHEMA)["tariff"]["editions"]
    edition_prices(edition_chain(editions, "2008-09"))
    write_tariff(national_truth(1), tmp_path / "again.csv")
    committed = ROOT / "config/tariffs/demonstration_2006-07.csv"
    assert (tmp_path / "again.csv").read_bytes() == committed.read_bytes()
