"""The numbers in the sentences on what a commissioner decides, each with the cells it comes from."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pandas as pd

from casemix_risk.audit.source import SUM, Source, source_cells
from casemix_risk.report.numbers import Number
from casemix_risk.risk.figures import price_and_volume_cells

OFTEN_ENOUGH = 1 / 200  # how seldom a distance from the budget may be met that readers can picture
FEE_GROUPS = 10
SAVING_PCT = 20
LARGE_LIST = 100_000
STOP_LOSS = "stop_loss_102"
CHANCE = {"pool": "none", "shock": "none"}
IN_RISK = ("pool_optimum", "pool_lines")  # the other tables are decisions

Cell = Callable[..., Number]


def decision_numbers(edition: str, tables: Mapping[str, pd.DataFrame], list_size: int) -> Iterator[Number]:
    """What is said of one tariff edition at one list size.

    Args:
        edition: its name.
        tables: its decision and risk tables by name.
        list_size: heads.
    """
    cell, size = partial(_cell, edition, tables), {"list_size": list_size}
    yield from _distance(edition, tables["overspend"], size)
    yield from _pool(cell, edition, tables["frontier"], size)
    yield from _table_2(edition, tables, list_size)
    yield from _shocked(cell, size)
    yield from _fees_and_covers(cell, tables["pool_fees"], size)
    yield from _reserve(cell, tables["reserves"], size)
    yield from _groups(cell, tables["smallest_group"])
    yield from _savings(cell, edition, tables, size)


def _cell(
    edition: str, tables: Mapping[str, pd.DataFrame], number: str, table: str, column: str, where: Mapping
) -> Number:
    room = "risk" if table in IN_RISK else "decisions"
    source = Source(f"{room}/{edition}/{table}", column, where)
    return Number(f"text/{number}", source_cells(source, tables[table]).item(), source)


def _distance(edition: str, overspend: pd.DataFrame, size: Mapping) -> Iterator[Number]:
    """The widest distance from the budget that is still met now and then, and how often."""
    where = size | CHANCE | {"years": 1}
    rows = overspend[(overspend[list(where)] == pd.Series(where)).all(axis=1)].sort_values("over_pct")
    either = rows["over_probability"] + rows["under_probability"]
    shown = rows[either >= OFTEN_ENOUGH] if (either >= OFTEN_ENOUGH).any() else rows.head(1)
    distance = shown["over_pct"].iloc[-1]
    source = Source(f"decisions/{edition}/overspend", "over_pct", where | {"over_pct": distance})
    yield Number("text/distance_pct", distance, source)
    once = source._replace(column="over_probability", how="1 / (over_probability + under_probability)")
    yield Number("text/distance_once_in_years", 1 / either[shown.index[-1]], once)


def _pool(cell: Cell, edition: str, frontier: pd.DataFrame, size: Mapping) -> Iterator[Number]:
    optimum = ("pooled_lines", "pooled_admissions_share", "flat_from_gbp", "flat_to_gbp")
    cheapest = ("cheapest_pooled_lines", "cheapest_pooled_budget_share", "cheapest_tolerance_pct")
    for column in (*optimum, *cheapest):
        yield cell(f"optimum_{column}", "pool_optimum", column, size)
    for rule in ("price_cut", "price_and_volume"):
        where = size | {"rule": rule, "share_limit": frontier["share_limit"].max()}
        yield cell(f"frontier_{rule}_tolerance_pct", "frontier", "tolerance_pct", where)
        yield cell(f"frontier_{rule}_share", "frontier", "pooled_budget_share", where)
    sets = size | {"rule": "best_set"}
    rows = frontier[(frontier[list(sets)] == pd.Series(sets)).all(axis=1)]
    largest = Source(f"decisions/{edition}/frontier", "gap_points", sets, "the largest of the cells")
    yield Number("text/frontier_gap", rows["gap_points"].max(), largest)


def _table_2(edition: str, tables: Mapping[str, pd.DataFrame], list_size: int) -> Iterator[Number]:
    """How many cells of Table 2 pool what their price cut alone does, and how many are better than it."""
    cells = price_and_volume_cells(tables["risk_summary"], tables["pool_rules"], list_size)
    exact = tables["risk_summary"].query("method == 'exact' and list_size == @list_size").set_index("pool")
    alone = exact["tolerance_pct"][[f"price_above_{cut:g}" for cut in cells["price_cut_gbp"]]].to_numpy()
    compared = Source(
        f"risk/{edition}/risk_summary",
        "tolerance_pct",
        {"list_size": list_size, "method": "exact"},
        "the number of Table 2's cells {} the cell of their price cut without a ceiling",
    )
    equal = (cells["exact"] - alone).abs() < 1e-9
    for number, count, words in (
        ("table_2_cells", len(cells), "beside"),
        ("table_2_equal", int(equal.sum()), "equal to"),
        ("table_2_better", int(((cells["exact"] < alone) & ~equal).sum()), "below"),
    ):
        yield Number(f"text/{number}", count, compared._replace(how=compared.how.format(words)))


def _shocked(cell: Cell, size: Mapping) -> Iterator[Number]:
    for pool in ("best_cut", "best_set"):
        for column in ("tolerance_pct", "pooled_budget_share"):
            yield cell(f"shocked_{pool}_{column}", "shocked_pool", column, size | {"pool": pool})


def _fees_and_covers(cell: Cell, fees: pd.DataFrame, size: Mapping) -> Iterator[Number]:
    without = {"shock": "none"}
    if "best" in set(fees["pool"]):
        where = size | without | {"pool": "best", "groups": FEE_GROUPS}
        for column in ("fee_gbp", "fee_95_gbp", "fee_995_gbp"):
            yield cell(column, "pool_fees", column, where)
        yield cell("pool_kept_99_pct", "stop_loss", "kept_99_pct", size | without | {"cover": "pool_best"})
    for column in ("attachment_pct", "premium_pct", "premium_gbp", "premium_95_gbp", "kept_99_pct"):
        yield cell(f"stop_loss_{column}", "stop_loss", column, size | without | {"cover": STOP_LOSS})
    yield cell("no_cover_kept_99_pct", "stop_loss", "kept_99_pct", size | without | {"cover": "none"})


def _reserve(cell: Cell, reserves: pd.DataFrame, size: Mapping) -> Iterator[Number]:
    for per_cent, probability in ((95, 0.95), (99, 0.99)):
        where = size | CHANCE | {"years": 1, "probability": probability}
        for column in ("reserve_gbp", "reserve_pct", "tail_mean_pct"):
            yield cell(f"{column.removesuffix('_pct')}_{per_cent}", "reserves", column, where)
    where = size | CHANCE | {"years": 5, "probability": 0.95}
    yield cell("reserve_five_years", "reserves", "reserve_pct", where)
    if "persistent" in set(reserves["shock"]):
        lasting = size | {"pool": "none", "shock": "persistent", "probability": 0.95}
        yield cell("reserve_shock", "reserves", "reserve_pct", lasting | {"years": 1})
        yield cell("reserve_floor", "reserves", "floor_pct", lasting | {"years": 1})
        yield cell("reserve_five_years_lasting", "reserves", "reserve_pct", lasting | {"years": 5})


def _groups(cell: Cell, groups: pd.DataFrame) -> Iterator[Number]:
    for pool in ("none", "best"):
        where = {"pool": pool, "tolerance_pct": 3.0, "criterion": "one_sided_95"}
        yield cell(f"group_{pool}", "smallest_group", "people", where | {"shock": "none"})
        if "with" in set(groups["shock"]):
            yield cell(f"group_{pool}_shock", "smallest_group", "people", where | {"shock": "with"})


def _savings(cell: Cell, edition: str, tables: Mapping[str, pd.DataFrame], size: Mapping) -> Iterator[Number]:
    known = {"design": "known_baseline"}
    sizes = tables["provable"]["list_size"]
    large = LARGE_LIST if LARGE_LIST in set(sizes) else int(sizes.max())
    for name, where in (("", size), ("_large", {"list_size": large})):
        provable = where | known | {"saving_pct": SAVING_PCT}
        for column in ("list_size", "lines", "lines_fdr", "lines_by_chance", "lines_tested"):
            yield cell(f"provable{name}_{column}", "provable", column, provable)
        claim = where | known | {"lines": int(tables["savings_claim"]["lines"].min())}
        for column in (
            "lines",
            "budget_share",
            "fewest_expected_admissions",
            "true_fall_for_80_power_pct",
            "provable_10_pct",
            "total_true_fall_for_80_power_pct",
        ):
            yield cell(f"claim{name}_{column}", "savings_claim", column, claim)
    least = Source(
        f"decisions/{edition}/detectability",
        "true_fall_for_80_power_pct",
        size | known,
        "the lowest of the cells",
    )
    yield Number("text/least_fall", source_cells(least, tables["detectability"]).min(), least)


def progress_numbers(edition: str, tables: Mapping[str, pd.DataFrame]) -> Iterator[Number]:
    """What is said of the year in progress.

    Args:
        edition: the leading tariff edition.
        tables: ``year_end``, ``year_end_by_month``, ``year_end_lines`` and ``control_chart``.
    """
    by_month, year_end, charts = (tables[name] for name in ("year_end_by_month", "year_end", "control_chart"))
    known = int(by_month["months_known"].max())
    source = Source(f"progress/{edition}/year_end_by_month", "months_known", {"months_known": known})
    columns = ("months_known", "budget_gbp", "year_end_mean_gbp", "chance_over_0", "chance_over_3")
    for column in (*columns, "group_variance"):
        of_month = source._replace(column=column)
        yield Number(f"text/progress_{column}", source_cells(of_month, by_month).item(), of_month)
    for per_cent, probability in ((5, 0.05), (95, 0.95)):
        where = {"months_known": known, "probability": probability}
        quantile = Source(f"progress/{edition}/year_end", "cost_gbp", where)
        yield Number(f"text/progress_cost_{per_cent}", source_cells(quantile, year_end).item(), quantile)
    lines = Source(f"progress/{edition}/year_end_lines", "fall_significant", {}, SUM)
    yield Number("text/progress_falls", int(tables["year_end_lines"]["fall_significant"].sum()), lines)
    this_year = charts[charts["expected"].notna()]
    signalled = this_year[this_year[["beyond_limit", "shift", "trend", "near_limit"]].any(axis=1)]
    for number, rows, words in (
        ("charted", charts, "the number of lines charted"),
        ("signalled", signalled, "the number of lines with a signal in the year in progress"),
    ):
        count = len(rows[["hrg", "admission_type"]].drop_duplicates())
        yield Number(f"text/progress_{number}", count, Source("progress/control_chart", "hrg", {}, words))


def not_modelled_numbers(table: pd.DataFrame, list_size: int) -> Iterator[Number]:
    """What is said of what is not modelled: the sizes that are known."""
    for row in table[table["list_size"] == list_size].dropna(subset="size_pct").to_dict("records"):
        where = {"source": row["source"], "list_size": list_size}
        source = Source("decisions/not_modelled", "size_pct", where)
        yield Number(f"text/not_modelled_{row['source']}", row["size_pct"], source)
