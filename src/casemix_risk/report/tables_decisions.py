"""The report's tables of what a commissioner decides: pool, reserve, size of group, proof of savings."""

from collections.abc import Mapping

import pandas as pd

from casemix_risk.audit.source import Source
from casemix_risk.formats import decimals, integer, percent, pounds
from casemix_risk.report.decision_numbers import decision_numbers
from casemix_risk.report.table import ReportTable, Spread, spread_table, straight

MEMBERS_SHOWN = 20
LARGEST_LINES_SHOWN = 15
LIMITS_SHOWN = 0.05  # every so much of the budget
POOLS = {
    "none": "nothing pooled",
    "table1": "Table 1 pooled",
    "dearest": "the dearest pooled",
    "best": "best pool",
}
COVERS = {
    "none": "No cover",
    "pool_best": "Best pool",
    "pool_table1": "Table 1 pooled",
    "pool_dearest": "The dearest lines pooled",
    "corridor": "Risk corridor, 3 and 8 %",
    **{f"stop_loss_{limit}": f"Stop-loss above {limit} %" for limit in (101, 102, 103, 105)},
}
CRITERIA = {
    "three_cv": "3 × CV",
    **{f"one_sided_{level}": f"Not exceeded in {level} years of 100" for level in (90, 95, 99)},
}
DESIGNS = {"known_baseline": "a known baseline", "year_on_year": "the year before"}
SIZE = {"list_size": ("People", integer)}
LINE = {"hrg": ("HRG", None), "admission_type": ("Type", None)}


def decision_report_tables(
    tables: Mapping[str, pd.DataFrame], list_size: int, edition: str
) -> list[ReportTable]:
    """The tables of one edition, in the order of the page.

    Args:
        tables: the edition's decision tables by name, with its ``pool_lines``.
        list_size: heads, of the tables that show one list size.
        edition: its name.
    """
    decisions, size = f"decisions/{edition}", {"list_size": list_size}
    return [
        _members(tables["pool_lines"], f"risk/{edition}/pool_lines"),
        _frontier(tables["frontier"], size, f"{decisions}/frontier"),
        _shocked(tables["shocked_pool"], f"{decisions}/shocked_pool"),
        _fees(tables["pool_fees"], size, f"{decisions}/pool_fees"),
        _covers(tables["stop_loss"], size, f"{decisions}/stop_loss"),
        _reserve(tables["reserves"], size, f"{decisions}/reserves"),
        _reserve_by_size(tables["reserves"], f"{decisions}/reserves"),
        _overspend(tables["overspend"], f"{decisions}/overspend"),
        _groups(tables["smallest_group"], f"{decisions}/smallest_group"),
        _external(tables["external_checks"], f"{decisions}/external_checks"),
        _provable(tables["provable"], f"{decisions}/provable"),
        _claim(tables["savings_claim"], f"{decisions}/savings_claim"),
        _falls(tables["detectability"], size, f"{decisions}/detectability"),
    ]


def _members(lines: pd.DataFrame, table: str) -> ReportTable:
    words = {"free": "the cut", "always": "always pooled", "never": "never pooled"}
    return ReportTable(
        "members",
        "Best pool",
        f"The {MEMBERS_SHOWN} lines of the best pool that take most of the variance with them",
        lines[lines["pooled"]]
        .nlargest(MEMBERS_SHOWN, "variance_share")
        .assign(words=lines["choice"].map(words)),
        LINE
        | {
            "description": ("Name", None),
            "words": ("Pooled by", None),
            "variance_per_pound_gbp": ("Price × variance factor", pounds),
            "admissions_share": ("Share of admissions", percent),
            "budget_share": ("Share of the budget", percent),
            "variance_share": ("Share of the variance", percent),
        },
        tuple(LINE),
        straight(table, *LINE),
    )


def _frontier(frontier: pd.DataFrame, size: Mapping, table: str) -> ReportTable:
    rules = {
        "price_cut": "Best price cut, %",
        "price_and_volume": "Best price and volume, %",
        "best_cut": "Best cut, %",
        "best_set": "Best set of lines, %",
    }
    steps = frontier["share_limit"] / LIMITS_SHOWN
    columns = {
        rule: Spread(heading, decimals(2), "tolerance_pct", {"rule": rule}) for rule, heading in rules.items()
    }
    gap = Spread("Its distance from the bound, points", decimals(4), "gap_points", {"rule": "best_set"})
    return spread_table(
        "frontier",
        "Frontier",
        "The lowest tolerance that each kind of rule reaches without pooling more than a share of the budget",
        table,
        frontier[(steps - steps.round()).abs() < 1e-9],
        {"share_limit": ("Budget pooled, at most", percent)},
        columns | {"gap": gap},
        size,
    )


def _shocked(shocked: pd.DataFrame, table: str) -> ReportTable:
    best_cut, best_set = ({"pool": pool} for pool in ("best_cut", "best_set"))
    return spread_table(
        "shocked",
        "Pools under shocks",
        "The best cut and the best set of lines found under the scenario's shocks",
        table,
        shocked,
        SIZE,
        {
            "cut": Spread("Best cut, tolerance %", decimals(2), "tolerance_pct", best_cut),
            "set": Spread("Best set, tolerance %", decimals(2), "tolerance_pct", best_set),
            "bound": Spread("No set is below, %", decimals(2), "bound_pct", best_set),
            "cut_share": Spread("Best cut pools, of the budget", percent, "pooled_budget_share", best_cut),
            "set_share": Spread("Best set pools, of the budget", percent, "pooled_budget_share", best_set),
        },
        {},
    )


def _fees(fees: pd.DataFrame, size: Mapping, table: str) -> ReportTable:
    columns = {}
    for pool in (pool for pool in POOLS if pool in set(fees["pool"])):
        where, words = {"pool": pool}, POOLS[pool]
        columns |= {
            f"fee_{pool}": Spread(f"At cost, {words}", pounds, "fee_gbp", where),
            f"fee_95_{pool}": Spread(f"Enough in 95 years of 100, {words}", pounds, "fee_95_gbp", where),
            f"fee_995_{pool}": Spread(f"Enough in 995 of 1,000, {words}", pounds, "fee_995_gbp", where),
        }
    return spread_table(
        "fees",
        "Pool fees",
        "The fee a head and year that a pool must ask, by the groups that share it",
        table,
        fees,
        {"groups": (f"Groups of {size['list_size']:,}", integer)},
        columns,
        dict(size) | {"shock": "none"},
    )


def _covers(covers: pd.DataFrame, size: Mapping, table: str) -> ReportTable:
    where = {"shock": "none"}
    return spread_table(
        "covers",
        "Covers",
        "A pool, a stop-loss or a corridor shared by ten groups: its cost and what a group still bears",
        table,
        covers,
        {"cover": ("Cover", None)},
        {
            "premium_pct": Spread("Premium or cost pooled, %", decimals(2), "premium_pct", where),
            "premium_gbp": Spread("The same a year", pounds, "premium_gbp", where),
            "premium_95_gbp": Spread("To be enough in 95 years of 100", pounds, "premium_95_gbp", where),
            "kept_95_pct": Spread("Over budget 1 year in 20, %", decimals(1), "kept_95_pct", where),
            "kept_99_pct": Spread("Over budget 1 year in 100, %", decimals(1), "kept_99_pct", where),
        },
        size,
        words={"cover": COVERS},
    )


def _reserve(reserves: pd.DataFrame, size: Mapping, table: str) -> ReportTable:
    def percent_of(heading: str, years: int, shock: str, column: str = "reserve_pct") -> Spread:
        return Spread(heading, decimals(2), column, {"years": years, "shock": shock})

    one_year = {"years": 1, "shock": "none"}
    columns = {
        "gbp": Spread("Reserve, one year", pounds, "reserve_gbp", one_year),
        "pct": percent_of("% of the budget", 1, "none"),
        "tail": percent_of("Mean of the years beyond, %", 1, "none", "tail_mean_pct"),
        "three": percent_of("Three years together, %", 3, "none"),
        "five": percent_of("Five years together, %", 5, "none"),
    }
    if "persistent" in set(reserves["shock"]):
        columns |= {
            "shock": percent_of("With the shock, one year, %", 1, "persistent"),
            "anew": percent_of("Five years, shock anew each year, %", 5, "independent"),
            "lasting": percent_of("Five years, one lasting shock, %", 5, "persistent"),
            "floor": percent_of("Floor at any size, %", 1, "persistent", "floor_pct"),
        }
    return spread_table(
        "reserve",
        "Reserve",
        f"The reserve of {size['list_size']:,} people, nothing pooled, beyond the budget",
        table,
        reserves,
        {"probability": ("Enough with probability", percent)},
        columns,
        dict(size) | {"pool": "none"},
    )


def _reserve_by_size(reserves: pd.DataFrame, table: str) -> ReportTable:
    columns = {}
    for shock, words in (("none", "chance"), ("persistent", "with the shock")):
        if shock in set(reserves["shock"]):
            for probability in (0.8, 0.95, 0.99):
                heading = f"{100 * probability:g} years of 100, {words}, %"
                where = {"shock": shock, "probability": probability}
                columns[f"{shock}_{100 * probability:g}"] = Spread(heading, decimals(2), "reserve_pct", where)
    fixed = {"pool": "none", "years": 1}
    title = "The reserve for one year in % of the budget, nothing pooled, by list size"
    return spread_table("reserve_sizes", "Reserve by size", title, table, reserves, SIZE, columns, fixed)


def _overspend(overspend: pd.DataFrame, table: str) -> ReportTable:
    columns = {
        f"over_{limit:g}": Spread(
            f"More than {limit:g} % over", percent, "over_probability", {"over_pct": limit}
        )
        for limit in sorted(overspend["over_pct"].unique())
    }
    fixed = {"pool": "none", "years": 1, "shock": "none"}
    title = "How often chance alone takes a year so far over its budget, nothing pooled, by list size"
    return spread_table("overspend", "Overspend", title, table, overspend, SIZE, columns, fixed)


def _groups(groups: pd.DataFrame, table: str) -> ReportTable:
    columns = {
        f"{pool}_{shock}": Spread(
            f"{POOLS[pool].capitalize()}{', with the shock' * (shock == 'with')}",
            integer,
            "people",
            {"pool": pool, "shock": shock},
        )
        for shock in ("none", "with")
        for pool in POOLS
        if ((groups["pool"] == pool) & (groups["shock"] == shock)).any()
    }
    return spread_table(
        "groups",
        "Smallest group",
        "The people a group needs for its yearly cost to stay within a tolerance of its budget",
        table,
        groups,
        {"criterion": ("Within", None), "tolerance_pct": ("Tolerance, %", integer)},
        columns,
        {},
        missing="no size is enough: the shock alone is more",
        words={"criterion": CRITERIA},
    )


def _external(checks: pd.DataFrame, table: str) -> ReportTable:
    return ReportTable(
        "external",
        "External checks",
        "What others published on chance and size, what a Normal law makes of it, and what these lines give",
        checks,
        {
            "source": ("Source", None),
            "list_size": ("People", integer),
            "limit_pct": ("Limit, % of the budget", decimals(1)),
            "side": ("Side", None),
            "published_within_pct": ("Published: within it, %", decimals(1)),
            "normal_cv_pct": ("CV that a Normal law needs, %", decimals(2)),
            "normal_within_pct": ("Normal law: within it, %", decimals(1)),
            "here_cv_pct": ("CV here, %", decimals(2)),
            "here_within_pct": ("Here: within it, %", decimals(1)),
        },
        ("source", "list_size", "limit_pct"),
        straight(table, "source", "list_size", "limit_pct"),
        missing="no probability is published",
    )


def _provable(provable: pd.DataFrame, table: str) -> ReportTable:
    columns = {}
    for saving in sorted(provable["saving_pct"].unique()):
        where = {"saving_pct": saving}
        columns |= {
            f"lines_{saving}": Spread(f"{saving} %: lines, each alone", integer, "lines", where),
            f"fdr_{saving}": Spread(f"{saving} %: false claims held to 1 in 20", integer, "lines_fdr", where),
        }
    largest = provable["saving_pct"].max()
    columns["share"] = Spread(
        f"{largest} %: their share of the budget", percent, "budget_share", {"saving_pct": largest}
    )
    columns["chance"] = Spread(
        "Lines that fall by chance alone", decimals(1), "lines_by_chance", {"saving_pct": largest}
    )
    return spread_table(
        "provable",
        "Provable savings",
        "Lines on which a true saving would show with 80 % power",
        table,
        provable,
        {"design": ("A year against", None)} | SIZE,
        columns,
        {},
        words={"design": DESIGNS},
    )


def _claim(claim: pd.DataFrame, table: str) -> ReportTable:
    return ReportTable(
        "claim",
        "The paper's claim",
        "The 47 or 48 lines with most admissions, a year against a known baseline",
        claim[claim["design"] == "known_baseline"],
        SIZE
        | {
            "lines": ("Lines", integer),
            "budget_share": ("Share of the budget", percent),
            "fewest_expected_admissions": ("Smallest of them expects", decimals(1)),
            "true_fall_for_80_power_pct": ("and must fall by, %", decimals(0)),
            "provable_10_pct": ("Of them, could show 10 %", integer),
            "total_true_fall_for_80_power_pct": ("All as one count show a fall of, %", decimals(1)),
        },
        ("list_size", "lines"),
        straight(table, "list_size", "lines", design="known_baseline"),
        missing="no fall is enough",
    )


def _falls(detectable: pd.DataFrame, size: Mapping, table: str) -> ReportTable:
    known, before = ({"design": design} for design in DESIGNS)
    rows = detectable[detectable["list_size"] == size["list_size"]]
    ranks = rows.groupby(list(LINE))["expected_admissions"].first().rank(ascending=False, method="first")
    largest = rows.join(ranks.rename("rank"), on=list(LINE)).query("rank <= @LARGEST_LINES_SHOWN")
    return spread_table(
        "falls",
        "Falls that show",
        f"The {LARGEST_LINES_SHOWN} lines with most admissions: the fall that shows, "
        f"{size['list_size']:,} people",
        table,
        largest.sort_values("rank"),
        LINE,
        {
            "expected": Spread("Expected a year", decimals(1), "expected_admissions", known),
            "observed": Spread(
                "Known baseline: observed, %", decimals(0), "observed_fall_significant_pct", known
            ),
            "true": Spread("true, %", decimals(0), "true_fall_for_80_power_pct", known),
            "observed_before": Spread(
                "Year before: observed, %", decimals(0), "observed_fall_significant_pct", before
            ),
            "true_before": Spread("true, %", decimals(0), "true_fall_for_80_power_pct", before),
        },
        size,
        missing="no fall is enough",
    )


def editions_decided_table(editions: Mapping[str, Mapping[str, pd.DataFrame]], list_size: int) -> ReportTable:
    """What is decided at each edition of the run, at one list size."""
    numbers = {
        edition: {
            number.id.removeprefix("text/"): number for number in decision_numbers(edition, tables, list_size)
        }
        for edition, tables in editions.items()
    }
    columns = {
        "optimum_pooled_lines": ("Lines in the best pool", integer),
        "optimum_cheapest_pooled_budget_share": ("Cheapest pool within 0.1 points, of the budget", percent),
        "fee_95_gbp": ("Its fee a head, ten groups, 19 years of 20", pounds),
        "reserve_gbp_95": ("Reserve, 19 years of 20", pounds),
        "reserve_gbp_99": ("Reserve, 99 years of 100", pounds),
        "group_best": ("People for 3 % over, 19 years of 20, best pool", integer),
        "provable_large_lines": ("Lines that show 20 % in a large list", integer),
    }
    rows = [
        {"edition": edition} | {column: said[column].value for column in columns if column in said}
        for edition, said in numbers.items()
    ]
    return ReportTable(
        "editions_decided",
        "Decisions by edition",
        f"What is decided at each tariff edition, list of {list_size:,}",
        pd.DataFrame(rows, columns=["edition", *columns]),
        {"edition": ("Edition", None)} | columns,
        ("edition",),
        lambda row, column: numbers[row["edition"]][column].source,
        missing="pooling nothing is best",
    )


def not_modelled_table(table: pd.DataFrame, list_size: int) -> ReportTable:
    """What moves a budget and is not chance, beside chance at one list size."""
    return ReportTable(
        "not_modelled",
        "Not modelled",
        f"What the tolerance leaves out, in % of a budget, beside one standard deviation of chance, "
        f"{list_size:,} people",
        table[table["list_size"] == list_size],
        {
            "description": ("What", None),
            "size_pct": ("Size, %", decimals(2)),
            "chance_pct": ("Chance, %", decimals(2)),
            "basis": ("How it was found", None),
        },
        ("source",),
        lambda row, column: Source(
            "decisions/not_modelled", column, {"source": row["source"], "list_size": list_size}
        ),
        missing="the data at hand cannot tell",
    )
