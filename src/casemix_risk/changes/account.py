"""The account of a budget's change: terms a line that add up to the penny."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

LINE = ["hrg", "admission_type"]
# Term -> what it says to a reader, in the order of the account.
TERMS = {
    "definitions": "What is counted, how volumes are projected, prices estimated in one of the two only",
    "volume": "More or fewer admissions, all lines alike",
    "mix": "Admissions moving between lines",
    "uplift": "The general change of prices",
    "price": "Prices that changed by more or less than that",
    "mapping": "Codes priced as another code in one of the two only",
    "new_codes": "Lines that only the new price list prices",
    "dead_codes": "Lines that only the old price list prices",
}
_PENCE = 100


def changed_lines(volumes: Mapping[str, pd.Series], prices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every line that either budget has, with both of its volumes and prices.

    Args:
        volumes: ``before``, ``restated`` (the old data under the new definitions) and ``after``: admissions
            a head and year, indexed by HRG and admission type.
        prices: ``before`` and ``after``: table ``prices``.

    Returns:
        `hrg, admission_type, description, volume_before, volume_restated, volume_after, price_before,
        price_after, source_before, source_after`, sorted by line. A line that a side has no admissions of
        has volume 0 there; one that it does not price has no price, but for a price that a side without
        admissions had no need to estimate: that is taken to be the other's.
    """
    priced = [
        prices[side].set_index(LINE)[["description", "price_gbp", "source"]].add_suffix(f"_{side}")
        for side in ("after", "before")
    ]
    admissions = [volume.rename(f"volume_{side}") for side, volume in volumes.items()]
    lines = pd.concat([*priced, *admissions], axis=1).sort_index()
    lines = lines.rename(columns=lambda name: name.replace("price_gbp", "price"))
    counts = [f"volume_{side}" for side in volumes]
    lines[counts] = lines[counts].fillna(0.0)
    for side, other in (("before", "after"), ("after", "before")):
        not_needed = (lines[f"volume_{side}"] == 0) & (lines[f"source_{other}"] == "estimated")
        for fact in ("price", "source"):
            own = lines[f"{fact}_{side}"]
            lines[f"{fact}_{side}"] = own.where(own.notna() | ~not_needed, lines[f"{fact}_{other}"])
    lines["description"] = lines["description_after"].fillna(lines["description_before"])
    in_a_budget = (lines["volume_before"] * lines["price_before"] > 0) | (
        lines["volume_after"] * lines["price_after"] > 0
    )
    columns = ["description", *counts, "price_before", "price_after", "source_before", "source_after"]
    return lines.loc[in_a_budget, columns].rename_axis(LINE).reset_index()


def general_uplift(lines: pd.DataFrame) -> float:
    """The factor by which prices changed in general: the median over the lines that both lists price."""
    factors = (lines["price_after"] / lines["price_before"]).dropna()
    return float(factors.median()) if len(factors) else 1.0


def terms_per_head(lines: pd.DataFrame, uplift: float) -> pd.DataFrame:
    """What each line adds to the change of the budget, by term.

    On a line that both lists price, budget = volume x price. Volume and price come into it alike, so neither
    goes first: each change is taken at the mean of the other before and after, which is the Shapley value of
    the two (Shapley 1953; Bennet 1920, *J. Royal Statistical Society* 83, 455-462, of price and quantity).
    The account read backwards has the same two sums with the other sign. Within volume, definitions come
    first, since they can be measured on the old data; what is left is the growth that all lines share
    (volume) and the rest (mix). Within price, the general change (uplift) comes first and the rest is the
    line's own: mapping where the code is priced as another on one side only, definitions where its price is
    estimated on one side only, price otherwise. A line that one list does not price has no change of price
    to speak of: its whole budget is a new or a dead code's.

    Args:
        lines: `changed_lines`.
        uplift: the general change of prices as a factor, such as `general_uplift`.

    Returns:
        GBP per head and year, lines x `TERMS`; a line's terms add up to its budget after less before.
    """
    both = lines["price_before"].notna() & lines["price_after"].notna()
    before, restated, after = (
        lines[f"volume_{side}"].where(both, 0.0) for side in ("before", "restated", "after")
    )
    old, new = lines["price_before"].fillna(0.0), lines["price_after"].fillna(0.0)
    growth = after.sum() / restated.sum() if restated.sum() > 0 else 1.0
    mean_price, mean_volume = (old + new) / 2, (before + after) / 2
    general = mean_volume * old * (uplift - 1)
    own = mean_volume * (new - old) - general
    mapped, estimated = (
        (lines["source_before"] == source) != (lines["source_after"] == source)
        for source in ("mapped", "estimated")
    )
    return pd.DataFrame(
        {
            "definitions": mean_price * (restated - before) + own.where(estimated & ~mapped, 0.0),
            "volume": mean_price * restated * (growth - 1),
            "mix": mean_price * (after - restated * growth),
            "uplift": general,
            "price": own.where(~estimated & ~mapped, 0.0),
            "mapping": own.where(mapped, 0.0),
            "new_codes": (lines["volume_after"] * new).where(lines["price_before"].isna(), 0.0),
            "dead_codes": -(lines["volume_before"] * old).where(lines["price_after"].isna(), 0.0),
        }
    )


def account(lines: pd.DataFrame, uplift: float, list_sizes: Sequence[int]) -> pd.DataFrame:
    """Table ``change_account``: each line's budget before, the terms of its change and its budget after.

    Everything is in whole pence: a sum of lines is dealt to them by rounding its running sum, so that lines
    and chapters add up to the rounded budgets; then the largest term of a line takes the penny or two by
    which its terms, so dealt, miss the line's change. A line that did not change keeps its budget.

    Args:
        lines: `changed_lines`.
        uplift: as in `terms_per_head`.
        list_sizes: heads.

    Returns:
        A row for each list size and line; ``before_gbp`` + the terms = ``after_gbp`` to the penny.
    """
    before = (lines["volume_before"] * lines["price_before"]).fillna(0.0).to_numpy()
    after = (lines["volume_after"] * lines["price_after"]).fillna(0.0).to_numpy()
    terms = terms_per_head(lines, uplift).to_numpy()
    parts = []
    for size in sorted(list_sizes):
        opening, closing, change = _in_pence(*(size * _PENCE * gbp for gbp in (before, after, terms)))
        part = lines[[*LINE, "description"]].assign(
            list_size=size, before_gbp=opening / _PENCE, after_gbp=closing / _PENCE
        )
        part[list(TERMS)] = change / _PENCE
        parts.append(part)
    columns = ["list_size", *LINE, "description", "before_gbp", *TERMS, "after_gbp"]
    return pd.concat(parts, ignore_index=True)[columns]


def _in_pence(
    before: np.ndarray, after: np.ndarray, terms: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Budgets and the terms between them as whole pence that add up line by line and in total."""
    changed = (terms != 0).any(axis=1)
    opening = _dealt(before, round(before.sum()))
    closing = opening.copy()
    closing[changed] = _dealt(after[changed], round(after.sum()) - opening[~changed].sum())
    dealt = np.column_stack([_dealt(term, round(term.sum())) for term in terms.T])
    largest = np.abs(terms).argmax(axis=1)
    dealt[np.arange(len(terms)), largest] += closing - opening - dealt.sum(axis=1)
    return opening, closing, dealt


def _dealt(amounts: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers near the amounts that add up to a total near their sum; where an amount is 0, 0."""
    size = np.abs(amounts).cumsum()
    if not len(size) or size[-1] == 0:
        return np.zeros(len(amounts), dtype=np.int64)
    running = amounts.cumsum()
    running += (total - running[-1]) * size / size[-1]
    return np.diff(np.rint(running).astype(np.int64), prepend=0)
