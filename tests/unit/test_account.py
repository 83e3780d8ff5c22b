import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemix_risk.changes.account import LINE, TERMS, account, changed_lines, general_uplift, terms_per_head

SIDES = ("before", "restated", "after")


def lines_of(*rows):
    """Lines from (volume before, restated, after, price before, after, source before, after)."""
    columns = [
        *(f"volume_{side}" for side in SIDES),
        "price_before",
        "price_after",
        "source_before",
        "source_after",
    ]
    frame = pd.DataFrame(rows, columns=columns).astype({"price_before": float, "price_after": float})
    names = pd.DataFrame(
        {"hrg": [f"A{number:02}" for number in range(len(rows))], "admission_type": "elective"}
    )
    return pd.concat([names, frame], axis=1).assign(description="a line")


def sums(table):
    """Columns of an account in whole pence, which is what the file holds."""
    columns = ["before_gbp", *TERMS, "after_gbp"]
    pence = (table[columns] * 100).round()
    assert np.allclose(table[columns] * 100, pence, rtol=0, atol=1e-3)
    return pence.astype("int64")


def test_the_terms_of_a_line_by_hand():
    """100 admissions at GBP 10 become 120 at GBP 12; prices rose by 10 % in general, one line in all."""
    lines = lines_of((100, 100, 120, 10, 12, "published", "published"))
    terms = terms_per_head(lines, 1.1).iloc[0]
    assert terms["volume"] == pytest.approx(20 * 11)  # 20 more at the mean price
    assert terms["uplift"] == pytest.approx(110 * 1)  # 10 % of GBP 10 at the mean volume
    assert terms["price"] == pytest.approx(110 * 1)  # GBP 2 less that GBP 1
    assert terms.sum() == pytest.approx(120 * 12 - 100 * 10)
    assert (terms[["definitions", "mix", "mapping", "new_codes", "dead_codes"]] == 0).all()


def test_volume_is_what_all_lines_share_and_mix_the_rest():
    lines = lines_of(
        (100, 100, 150, 10, 10, "published", "published"), (100, 100, 70, 20, 20, "published", "published")
    )
    terms = terms_per_head(lines, 1.0)
    assert terms["volume"].tolist() == pytest.approx([100, 200])  # 220 admissions for 200: each line 10 %
    assert terms["mix"].tolist() == pytest.approx([400, -800])
    assert terms["mix"].sum() == pytest.approx(-400)


def test_definitions_are_measured_on_the_old_data():
    lines = lines_of((100, 80, 90, 10, 10, "published", "published"))
    terms = terms_per_head(lines, 1.0).iloc[0]
    assert (terms["definitions"], terms["volume"]) == pytest.approx((-200, 100))


@pytest.mark.parametrize(
    ("sources", "term"),
    [
        (("published", "uplifted"), "price"),
        (("estimated", "estimated"), "price"),
        (("estimated", "published"), "definitions"),
        (("published", "mapped"), "mapping"),
        (("mapped", "mapped"), "price"),
        (("estimated", "mapped"), "mapping"),
    ],
)
def test_a_line_s_own_change_of_price_goes_where_its_price_comes_from(sources, term):
    terms = terms_per_head(lines_of((10, 10, 10, 100, 130, *sources)), 1.1).iloc[0]
    assert (terms["uplift"], terms[term]) == pytest.approx((100, 200))
    assert terms.sum() == pytest.approx(300)


def test_a_line_that_one_list_does_not_price_is_a_new_or_a_dead_code():
    lines = lines_of((5, 5, 7, None, 100, None, "published"), (4, 4, 4, 50, None, "published", None))
    terms = terms_per_head(lines, 1.1)
    assert terms.loc[0, "new_codes"] == 700
    assert terms.loc[1, "dead_codes"] == -200
    assert terms.sum().sum() == 500


def test_lines_meet_by_hrg_and_admission_type():
    index = pd.MultiIndex.from_tuples(
        [("A01", "elective"), ("B02", "emergency"), ("C03", "elective")], names=LINE
    )
    volume = pd.Series([1.0, 2.0, 3.0], index)
    price = pd.DataFrame(
        {
            "hrg": ["A01", "B02", "Z99"],
            "admission_type": ["elective", "emergency", "elective"],
            "description": "x",
            "price_gbp": [10.0, 20.0, 30.0],
            "source": "published",
        }
    )
    volumes = {"before": volume, "restated": volume, "after": volume[:1]}
    lines = changed_lines(volumes, {"before": price, "after": price})
    assert lines["hrg"].tolist() == ["A01", "B02"]  # C03 has no price, Z99 no admissions
    assert lines["volume_after"].tolist() == [1, 0]
    assert general_uplift(lines) == 1


def test_a_price_that_was_not_needed_is_no_dead_code():
    index = pd.MultiIndex.from_tuples([("A01", "elective")], names=LINE)
    seen, unseen = pd.Series([2.0], index), pd.Series([], index[:0], dtype=float)
    price = pd.DataFrame(
        {
            "hrg": ["A01"],
            "admission_type": "elective",
            "description": "x",
            "price_gbp": 10.0,
            "source": "estimated",
        }
    )
    volumes = {"before": seen, "restated": seen, "after": unseen}
    lines = changed_lines(volumes, {"before": price, "after": price[:0]})
    terms = terms_per_head(lines, 1.0).iloc[0]
    assert terms["volume"] + terms["mix"] == -20
    assert terms["dead_codes"] == 0


amounts = st.one_of(st.just(0.0), st.floats(1e-7, 0.2))
prices = st.one_of(st.none(), st.floats(0.01, 50_000).map(lambda price: round(price, 2)))
sources = st.sampled_from(["published", "uplifted", "mapped", "estimated"])
any_line = st.tuples(amounts, amounts, amounts, prices, prices, sources, sources)


@given(
    st.lists(any_line, min_size=1, max_size=40),
    st.floats(0.5, 2),
    st.lists(st.integers(1, 2_000_000), min_size=1, max_size=3, unique=True),
)
def test_the_account_adds_up_to_the_penny_whatever_changes(rows, uplift, list_sizes):
    lines = lines_of(*rows)
    table = account(lines, uplift, list_sizes)
    pence = sums(table)
    assert (pence["before_gbp"] + pence[list(TERMS)].sum(axis=1) == pence["after_gbp"]).all()
    assert (pence[["before_gbp", "after_gbp"]] >= 0).all(axis=None)
    for size in list_sizes:
        rows_of_size = (table["list_size"] == size).to_numpy()
        for side in ("before", "after"):
            exact = size * 100 * (lines[f"volume_{side}"] * lines[f"price_{side}"].fillna(0)).to_numpy()
            of_lines = pence.loc[rows_of_size, f"{side}_gbp"].to_numpy()
            assert of_lines.sum() == round(exact.sum())
            assert np.abs(of_lines - exact).max() < 2.5
        exact = 100 * size * terms_per_head(lines, uplift)
        assert (
            np.abs(pence.loc[rows_of_size, list(TERMS)].to_numpy() - exact.to_numpy()).max() < len(TERMS) + 3
        )
        assert (pence.loc[rows_of_size, list(TERMS)].to_numpy()[(exact == 0).to_numpy()] == 0).all()


@given(st.lists(any_line, min_size=1, max_size=20), st.floats(0.5, 2))
def test_read_backwards_the_sums_of_price_and_of_volume_change_their_sign(rows, uplift):
    lines = lines_of(*rows)
    names = {"before": "after", "after": "before"}
    backwards = lines.rename(columns=lambda name: "_".join(names.get(part, part) for part in name.split("_")))
    forth, back = (
        terms_per_head(each, factor) for each, factor in ((lines, uplift), (backwards, 1 / uplift))
    )
    for terms in (
        ["uplift", "price", "mapping", "definitions", "volume", "mix"],
        ["new_codes", "dead_codes"],
    ):
        assert forth[terms].sum(axis=1).to_numpy() == pytest.approx(
            -back[terms].sum(axis=1).to_numpy(), abs=1e-6
        )
