"""The report: one self-contained HTML page made from a run's tables and figures."""

import base64
from collections.abc import Mapping

import jinja2
import pandas as pd

from casemix_risk.report.findings import edition_comparison, findings
from casemix_risk.report.html_table import about_pounds, decimals, html_table, integer, percent, pounds
from casemix_risk.risk.figures import price_and_volume_cells, price_cut_curve
from casemix_risk.risk.pools import shared_pool_of

ESTIMATED_LINES_SHOWN = 15


def render_report(
    *,
    run: str,
    config: Mapping,
    editions: Mapping[str, Mapping[str, pd.DataFrame]],
    figures: Mapping[str, str],
    facts: pd.DataFrame | None,
    planted: pd.DataFrame | None,
    template: str,
) -> str:
    """The whole page.

    Args:
        run: name of the run.
        config: the complete configuration.
        editions: edition -> its tables by name (the tariff and risk tables), the leading edition first.
        figures: name (``figure_1``, ``figure_2``, ``table_2``, ``national``, ``prices``) -> SVG text.
        facts: table ``published_facts``; None where the run is not the demonstration.
        planted: `casemix_risk.report.quality.planted_check`; None where nothing was planted.
        template: the page's Jinja template.

    Returns:
        HTML that needs no other file and no network.
    """
    leading, tables = next(iter(editions.items()))
    size = config["risk"]["list_size"]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "pounds": pounds,
        "about": about_pounds,
        "integer": integer,
        "share": percent,
        "places": _places,
    }
    return environment.from_string(template).render(
        run=run,
        config=config,
        edition=leading,
        found=findings(tables, size),
        shared_pool=shared_pool_of(tables["pool_rules"]),
        images={name: _data_uri(svg) for name, svg in figures.items()},
        table=_tables(editions, leading, size, facts, planted),
        coverage=_coverage_sums(tables["tariff_coverage"]),
        waterfall=tables["priced_waterfall"],
        lines=len(tables["cost_lines"]),
        clustered_lines=int((tables["cost_lines"]["variance_factor"] > 1.5).sum()),
        banding=_banding_sums(tables["banding"], size),
        demonstration=facts is not None,
        unit=f"{config['unit']}s" if "extract" in config else "finished consultant episodes",
    )


def _tables(editions, leading, size, facts, planted) -> dict[str, str]:
    tables = editions[leading]
    summary, rules = tables["risk_summary"], tables["pool_rules"]
    made = {
        "sizes": _sizes_table(summary, tables["pool_optimum"], shared_pool_of(rules)),
        "cuts": _cuts_table(price_cut_curve(summary, rules).query("list_size == @size"), size),
        "cells": _cells_table(price_and_volume_cells(summary, rules, size), size),
        "editions": _editions_table(edition_comparison(editions, size), size),
        "bands": html_table(
            tables["price_bands"],
            "Price bands of the lines that are not modelled on their own",
            {
                "band": ("Band", integer),
                "lines": ("Lines", integer),
                "admissions": ("National admissions a year", integer),
                "price_gbp": ("Mean price", pounds),
            },
        ),
        "waterfall": html_table(
            tables["priced_waterfall"],
            f"What cleaning did, all years together, at {leading} prices",
            {
                "rule": ("Rule", None),
                "description": ("In words", None),
                "action": ("Action", None),
                "rows": ("Episodes", integer),
                "admissions": ("Admissions", integer),
                "value_gbp": ("Value", pounds),
                "unpriced_admissions": ("Admissions without a price", integer),
            },
        ),
        "coverage": html_table(
            _coverage_sums(tables["tariff_coverage"]).reset_index(),
            f"Lines by how their price in {leading} was found",
            {
                "words": ("Price", None),
                "lines": ("Lines", integer),
                "admissions": ("National admissions a year", integer),
                "budget_gbp": ("Budget", pounds),
                "budget_share": ("Share of the budget", percent),
            },
        ),
        "estimated": _estimated_table(tables),
    }
    if facts is not None:
        made["facts"] = _facts_table(facts)
    if planted is not None:
        made["planted"] = html_table(
            planted,
            "Planted defects against what ingest found, all years",
            {
                "rule": ("Rule", None),
                "action": ("Action", None),
                "planted": ("Rows planted", integer),
                "found": ("Rows found", integer),
                "same_rows": ("The same rows", integer),
            },
        )
    return made


def _sizes_table(summary: pd.DataFrame, optimum: pd.DataFrame, shared_pool: str) -> str:
    exact = summary[(summary["method"] == "exact") & summary["pool"].isin(["none", shared_pool])]
    wide = exact.pivot(index="list_size", columns="pool", values="tolerance_pct")
    wide["budget_gbp"] = exact[exact["pool"] == "none"].set_index("list_size")["budget_gbp"]
    wide["best"] = optimum.set_index("list_size")["tolerance_pct"]
    return html_table(
        wide.reset_index(),
        "Budget tolerance in % (3 × CV, exact) by list size",
        {
            "list_size": ("People", integer),
            "budget_gbp": ("Budget a year", pounds),
            "none": ("Nothing pooled", decimals(2)),
            shared_pool: (f"Pool {shared_pool}", decimals(2)),
            "best": ("Best cut pooled", decimals(2)),
        },
    )


def _cuts_table(curve: pd.DataFrame, size: int) -> str:
    wide = curve.pivot(index="price_cut_gbp", columns="method", values=["tolerance_pct", "cv_se_pct"])
    wide.columns = [f"{name}_{method}" for name, method in wide.columns]
    exact = curve[curve["method"] == "exact"].set_index("price_cut_gbp")
    wide["pooled_budget_share"] = exact["pooled_budget_share"]
    wide["simulated_se"] = 3 * wide["cv_se_pct_simulated"]
    return html_table(
        wide.reset_index(),
        f"Figure 1 in numbers: tolerance in % of a list of {size:,}",
        {
            "price_cut_gbp": ("Lines above are pooled", pounds),
            "pooled_budget_share": ("Budget pooled", percent),
            "tolerance_pct_exact": ("Exact", decimals(2)),
            "tolerance_pct_simulated": ("Simulated", decimals(2)),
            "simulated_se": ("Its standard error", decimals(2)),
            "tolerance_pct_paper": ("The paper's simulation", decimals(2)),
        },
    )


def _cells_table(cells: pd.DataFrame, size: int) -> str:
    ceilings = sorted(cells["volume_ceiling"].unique())
    grid = cells.assign(exact=cells["exact"].where(cells["changes"])).pivot(
        index="price_cut_gbp", columns="volume_ceiling", values="exact"
    )
    return html_table(
        grid.reset_index(),
        f"Table 2 in numbers: exact tolerance in % of a list of {size:,}; – as the cell to its left",
        {"price_cut_gbp": ("Priced above", pounds)}
        | {ceiling: (f"under {ceiling:g}", decimals(2)) for ceiling in ceilings},
    )


def _editions_table(comparison: pd.DataFrame, size: int) -> str:
    return html_table(
        comparison,
        f"Tariff editions side by side, list of {size:,}",
        {
            "edition": ("Edition", None),
            "budget_gbp": ("Budget a year", pounds),
            "budget_change_pct": ("Change from the first, %", decimals(2)),
            "tolerance_pct": ("Tolerance, nothing pooled, %", decimals(2)),
            "best_cut_gbp": ("Best cut", pounds),
            "best_tolerance_pct": ("Tolerance at the best cut, %", decimals(2)),
            "best_pooled_budget_share": ("Budget pooled", percent),
            "size_best": ("People for ± 3 %", integer),
        },
    )


def _coverage_sums(coverage: pd.DataFrame) -> pd.DataFrame:
    words = {
        "priced": "in the tariff",
        "estimated_blank": "estimated: in the tariff without a price",
        "estimated_missing": "estimated: not in the tariff",
        "left_out": "left out: no price",
        "no_activity": "in the tariff, no admission seen",
    }
    sums = coverage.groupby("status").agg(
        lines=("hrg", "size"), admissions=("admissions", "sum"), budget_gbp=("budget_gbp", "sum")
    )
    sums = sums.reindex(list(words), fill_value=0)
    sums["words"] = sums.index.map(words)
    sums["budget_share"] = sums["budget_gbp"] / sums["budget_gbp"].sum()
    sums["admissions_share"] = sums["admissions"] / sums["admissions"].sum()
    return sums


def _estimated_table(tables: Mapping[str, pd.DataFrame]) -> str:
    estimated = tables["tariff_coverage"].query("status.str.startswith('estimated')")
    budget = tables["tariff_coverage"]["budget_gbp"].sum()
    largest = estimated.nlargest(ESTIMATED_LINES_SHOWN, "budget_gbp").merge(
        tables["prices"], on=["hrg", "admission_type"]
    )
    return html_table(
        largest.assign(share=largest["budget_gbp"] / budget),
        f"Estimated prices: the {len(largest)} of {len(estimated)} lines that carry the most",
        {
            "hrg": ("HRG", None),
            "description": ("Name", None),
            "admission_type": ("Type", None),
            "price_gbp": ("Estimated price", pounds),
            "admissions": ("National admissions", integer),
            "share": ("Share of the budget", percent),
        },
    )


def _banding_sums(banding: pd.DataFrame, size: int) -> dict[str, float]:
    rows = banding.query("list_size == @size and pool == 'none'")
    return dict(zip(rows["model"], rows["tolerance_pct"], strict=True))


def _facts_table(facts: pd.DataFrame) -> str:
    shown = facts.assign(
        kind=facts["kind"].map({"in": "input", "out": "result"}),
        published=[
            _published(low, high)
            for low, high in zip(facts["published_low"], facts["published_high"], strict=True)
        ],
    )
    return html_table(
        shown,
        "Published, in the demonstration's truth, and in this run",
        {
            "description": ("Fact", None),
            "kind": ("Kind", None),
            "unit": ("Unit", None),
            "published": ("Published", str),
            "truth": ("Truth", _significant),
            "this_run": ("This run", _significant),
            "this_run_se": ("Its standard error", _significant),
            "note": ("Note", None),
        },
    )


def _published(low: float, high: float) -> str:
    if pd.isna(high):
        return f"above {_significant(low)}"
    return _significant(low) if low == high else f"{_significant(low)} to {_significant(high)}"


def _significant(value: float) -> str:
    """At most four significant digits, with thousands commas and no exponent."""
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):,.10g}"


def _places(value: float, places: int) -> str:
    return decimals(places)(value)


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
