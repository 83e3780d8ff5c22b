"""Checks of a run: that rows and pounds tie from step to step, and that the data are fit for use."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError

EXACT, ROUNDING = 0.0, 1e-9  # relative; sums of floating-point products differ by their order
ESTIMATED = ("estimated_blank", "estimated_missing")


def year_ties(year: str, raw_rows: int, kept: int, excluded: int, waterfall: pd.DataFrame) -> Iterator[dict]:
    """A year's rows: raw = kept + excluded, counted in the file and in the tables, and as the waterfall says.

    Args:
        year: ``2002-03``.
        raw_rows: data lines of the raw file, counted without reading them as a table.
        kept: rows of table ``episodes``.
        excluded: rows of table ``excluded``.
        waterfall: table ``waterfall``.
    """
    said = waterfall[waterfall["action"].isin(["keep", "exclude"])].groupby("action")["rows"].sum()
    yield _tie("rows_of_the_raw_file", year, "rows", raw_rows, kept + excluded, EXACT)
    yield _tie("rows_of_the_waterfall", year, "rows", said.sum(), kept + excluded, EXACT)


def activity_ties(counted: Mapping[str, float], activity: pd.DataFrame, rounding: float) -> Iterator[dict]:
    """Each year's units, counted among the kept rows, against table ``activity``.

    Args:
        counted: year -> units.
        activity: table ``activity``.
        rounding: what rounding can change a line by: 0 where counts are exact.
    """
    for year, units in counted.items():
        lines = activity.loc[activity["year"] == year, "admissions"]
        tolerance = rounding * len(lines) / max(units, lines.sum(), 1)
        yield _tie("kept_rows_to_activity", year, "units", units, lines.sum(), tolerance)


def edition_ties(
    edition: str, tables: Mapping[str, pd.DataFrame], national: pd.DataFrame, population: float
) -> Iterator[dict]:
    """An edition's pounds: activity x price = budget, core + pool = whole, bands + individual = lines.

    Args:
        edition: name of the tariff edition.
        tables: its ``prices, tariff_coverage, cost_lines, price_bands, risk_summary``.
        national: table ``national``.
        population: people whom the national admissions belong to.
    """
    coverage, lines, bands = (tables[name] for name in ("tariff_coverage", "cost_lines", "price_bands"))
    priced = national.merge(tables["prices"], on=["hrg", "admission_type"])
    budget = (priced["admissions"] * priced["price_gbp"]).sum()
    yield _tie(
        "admissions_to_coverage",
        edition,
        "admissions",
        national["admissions"].sum(),
        coverage["admissions"].sum(),
    )
    yield _tie("activity_x_price_to_budget", edition, "GBP", budget, coverage["budget_gbp"].sum())
    exact = tables["risk_summary"].query("method == 'exact'").set_index(["list_size", "pool"])
    whole = exact.xs("none", level="pool")["budget_gbp"]
    of_lists = budget / population * whole.index.to_numpy()
    worst = (whole - of_lists).abs().argmax()
    scope = f"{edition}, list of {whole.index[worst]:,} (the worst of all)"
    yield _tie("budget_to_list", scope, "GBP", of_lists[worst], whole.iloc[worst])
    wholes = exact.index.get_level_values("list_size").map(whole)
    pooled = exact["pooled_budget_share"] * wholes
    off = (exact["budget_gbp"] + pooled - wholes).abs()
    worst = off.idxmax()
    yield _tie(
        "core_and_pool_to_whole",
        f"{edition}, list of {worst[0]:,}, pool {worst[1]} (the worst of all)",
        "GBP",
        exact.loc[worst, "budget_gbp"] + pooled[worst],
        whole[worst[0]],
    )
    alone = lines[lines["band"] == 0]
    national_alone = population * alone["admissions_per_head"]
    yield _tie(
        "bands_and_individual_to_lines",
        edition,
        "admissions",
        national_alone.sum() + bands["admissions"].sum(),
        population * lines["admissions_per_head"].sum(),
    )
    yield _tie(
        "bands_and_individual_to_budget",
        edition,
        "GBP",
        (national_alone * alone["price_gbp"]).sum() + (bands["admissions"] * bands["price_gbp"]).sum(),
        budget,
    )


def quality(
    waterfalls: Mapping[str, pd.DataFrame],
    coverages: Mapping[str, pd.DataFrame],
    year_on_year: pd.DataFrame | None,
    limits: Mapping[str, Mapping[str, float]],
) -> Iterator[dict]:
    """Data-quality checks, each a share with a limit that warns and one that stops the run.

    Args:
        waterfalls: year -> table ``waterfall``.
        coverages: edition -> table ``tariff_coverage``.
        year_on_year: table ``year_on_year``; None where the run has one year.
        limits: the configuration's ``checks``: id of the check -> ``warning`` and ``blocking``.
    """
    rows = {}
    for year, waterfall in waterfalls.items():
        judged = waterfall[waterfall["action"].isin(["keep", "exclude"])]
        rows[year] = judged["rows"].sum()
        excluded = judged.loc[judged["action"] == "exclude", "rows"].sum()
        yield _judged("excluded_rows", year, excluded / rows[year], limits)
    usual = np.median(list(rows.values()))
    for year, count in rows.items():
        yield _judged("size_of_year", year, abs(count / usual - 1), limits)
    for edition, coverage in coverages.items():
        admissions = coverage["admissions"].groupby(coverage["status"]).sum()
        gbp = coverage["budget_gbp"].groupby(coverage["status"]).sum()
        unpriced = admissions.get("left_out", 0.0) / admissions.sum()
        estimated = sum(gbp.get(status, 0.0) for status in ESTIMATED) / gbp.sum()
        yield _judged("unpriced_admissions", edition, unpriced, limits)
        yield _judged("estimated_budget", edition, estimated, limits)
    if year_on_year is not None:
        whole = year_on_year[year_on_year["level"] == "all"].dropna(subset="beyond_chance")
        for row in whole.itertuples():  # none where no line was seen in both years
            yield _judged("changes_beyond_chance", row.to_year, row.beyond_chance, limits)


def checks_table(ties: Iterable[Mapping], judged: Iterable[Mapping]) -> pd.DataFrame:
    """Table ``checks``, ties first."""
    rows = [{"kind": "tie"} | tie for tie in ties] + [{"kind": "quality"} | check for check in judged]
    table = pd.DataFrame(rows)
    table.insert(0, "position", range(1, len(table) + 1))
    columns = ["position", "kind", "check", "scope", "unit", "value", "expected", "limit", "outcome"]
    return table.reindex(columns=columns).astype(dict.fromkeys(["value", "expected", "limit"], float))


def refuse_failed(table: pd.DataFrame) -> None:
    """Stop where a check failed.

    Raises:
        InputError: naming the first check that failed, its figures, and what to do.
    """
    failed = table[table["outcome"] == "failed"]
    if failed.empty:
        return
    first = failed.iloc[0]
    more = f"; {len(failed) - 1} more checks failed, see the log" if len(failed) > 1 else ""
    if first["kind"] == "tie":
        raise InputError(
            f"The check {first['check']} ({first['scope']}) does not tie: {first['value']:,.2f} against "
            f"{first['expected']:,.2f} {first['unit']}; please report it with the log{more}."
        )
    raise InputError(
        f"The check {first['check']} ({first['scope']}) gives {first['value']:.1%}, more than "
        f"{first['limit']:.1%}: look at the data, or raise checks.{first['check']}.blocking{more}."
    )


def _tie(
    check: str, scope: str, unit: str, value: float, expected: float, tolerance: float = ROUNDING
) -> dict:
    ties = abs(value - expected) <= tolerance * max(abs(value), abs(expected))
    outcome = "passed" if ties else "failed"
    return {
        "check": check,
        "scope": scope,
        "unit": unit,
        "value": value,
        "expected": expected,
        "outcome": outcome,
    }


def _judged(check: str, scope: str, share: float, limits: Mapping[str, Mapping[str, float]]) -> dict:
    blocking, warning = limits[check]["blocking"], limits[check]["warning"]
    outcome = "failed" if share > blocking else "warning" if share > warning else "passed"
    limit = blocking if outcome == "failed" else warning
    return {
        "check": check,
        "scope": scope,
        "unit": "share",
        "value": share,
        "limit": limit,
        "outcome": outcome,
    }
