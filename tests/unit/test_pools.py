import pytest
from examples import lines_of

from casemix_risk.risk.pools import dearest_lines, kept_lines, pool_rules, shared_pool_of

LINES = lines_of(
    [0.0002, 0.0005, 0.0020], [9_000, 4_000, 1_000], hrgs=["E01", "H70", "S22"]
)  # 2, 5, 20 at 10,000
RISK = {
    "price_cuts_gbp": [2_000, 4_000],
    "combined_price_cuts_gbp": [3_000],
    "volume_ceilings": [2, 5],
    "shared_pool": {"hrgs": ["E01"], "otherwise_dearest_share": 0.4},
}


def pooled(risk=RISK):
    rules = pool_rules(LINES, risk)
    kept = kept_lines(LINES, rules, risk["shared_pool"])
    return {
        pool: [hrg for hrg, keep in zip(LINES["hrg"], row, strict=True) if not keep]
        for pool, row in zip(rules["pool"], kept, strict=True)
    }


def test_each_rule_pools_what_it_says():
    assert pooled() == {
        "none": [],
        "table1": ["E01"],
        "price_above_2000": ["E01", "H70"],
        "price_above_3000": ["E01", "H70"],
        "price_above_4000": ["E01"],  # priced above, not at
        "price_above_3000_volume_below_2": [],  # below, not at
        "price_above_3000_volume_below_5": ["E01"],
    }


def test_a_source_without_the_named_hrgs_pools_its_dearest_lines():
    risk = RISK | {"shared_pool": {"hrgs": ["Z99"], "otherwise_dearest_share": 0.4}}
    rules = pool_rules(LINES, risk)
    assert shared_pool_of(rules) == "dearest"
    assert pooled(risk)["dearest"] == ["E01"]  # 1.8 of 5.8 GBP a head; H70 would make 3.8


@pytest.mark.parametrize(
    ("share", "dearest"), [(0.0, []), (1.8 / 5.8 + 1e-9, [0]), (0.7, [0, 1]), (1.0, [0, 1, 2])]
)
def test_dearest_lines_stay_within_the_share(share, dearest):
    assert dearest_lines(LINES, share).nonzero()[0].tolist() == dearest


def test_the_volume_ceiling_is_at_10_000_heads():
    words = pool_rules(LINES, RISK).set_index("pool")["description"]
    assert (
        words["price_above_3000_volume_below_5"]
        == "lines priced above GBP 3,000 with under 5 admissions at 10,000 heads"
    )
