"""The report's tables: what the page shows under its figures and the workbook holds, one a sheet."""

from collections.abc import Mapping, Sequence

import pandas as pd

from casemix_risk.report.findings import edition_comparison
from casemix_risk.report.table import ReportTable
from casemix_risk.report.tables_decisions import (
    decision_report_tables,
    editions_decided_table,
    not_modelled_table,
)
from casemix_risk.report.tables_progress import progress_tables
from casemix_risk.report.tables_quality import checks_table, facts_table, planted_table
from casemix_risk.report.tables_risk import (
    bands_table,
    cells_table,
    chapters_table,
    contributions_table,
    cuts_table,
    monte_carlo_table,
    payment_table,
    practices_table,
    quantiles_table,
    sizes_table,
)
from casemix_risk.report.tables_tariff import (
    changes_table,
    coverage_table,
    editions_table,
    estimated_table,
    registry_table,
    waterfall_table,
)
from casemix_risk.report.tables_volumes import back_test_table, projection_table, year_on_year_table
from casemix_risk.risk.figures import price_and_volume_cells, price_cut_curve
from casemix_risk.risk.pools import shared_pool_of


def report_tables(
    editions: Mapping[str, Mapping[str, pd.DataFrame]],
    list_size: int,
    volumes: Mapping[str, pd.DataFrame],
    checks: pd.DataFrame | None,
    registry: pd.DataFrame,
    changes: Mapping[str, pd.DataFrame],
    practices: pd.DataFrame | None,
    not_modelled: pd.DataFrame,
    progress: Mapping[str, pd.DataFrame],
    compared: Sequence[ReportTable],
    grouping: Sequence[ReportTable],
    facts: pd.DataFrame | None,
    planted: pd.DataFrame | None,
) -> dict[str, ReportTable]:
    """Every table of the report that has rows, by id, in the order of the page.

    Args:
        editions: edition -> its tables by name (tariff, risk and decisions), the leading edition first;
            with ``payment_effects`` where the run has an option of payment.
        list_size: heads, of the tables that show one list size.
        volumes: ``projection`` (`casemix_risk.volumes.figures.chapter_projections`), and the tables
            ``back_test`` and ``year_on_year`` where the run has the years for them.
        checks: table ``checks``; None in a run for publication, as then the leading edition has no
            ``priced_waterfall``.
        registry: table ``editions``.
        changes: change (``2006-07_to_2007-08``) -> table ``change_account``.
        practices: table ``practice_risk``; None where the run has no register.
        not_modelled: table ``not_modelled``.
        progress: tables of the year in progress by name; none where the run has none.
        compared: `casemix_risk.report.tables_practices.comparison_tables`; none where practices are not.
        grouping: `casemix_risk.report.tables_group.grouping_tables` and
            `casemix_risk.report.tables_coding.coding_tables`; none where nothing was grouped.
        facts: table ``published_facts``; None where the run is not the demonstration.
        planted: `casemix_risk.report.quality.planted_check`; None where nothing was planted.
    """
    leading, tables = next(iter(editions.items()))
    summary, rules = tables["risk_summary"], tables["pool_rules"]
    risk = f"risk/{leading}"
    shown = [
        sizes_table(summary, tables["pool_optimum"], shared_pool_of(rules), risk),
        *([] if practices is None else [practices_table(practices)]),
        *compared,
        cuts_table(price_cut_curve(summary, rules).query("list_size == @list_size"), list_size, risk),
        contributions_table(tables["contributions"], risk),
        chapters_table(tables["contributions"], risk),
        quantiles_table(tables["risk_quantiles"], list_size, risk),
        cells_table(price_and_volume_cells(summary, rules, list_size), list_size, risk),
        monte_carlo_table(tables["monte_carlo"], risk),
        *decision_report_tables(tables, list_size, leading),
        *(progress_tables(progress, leading) if progress else []),
        not_modelled_table(not_modelled, list_size),
        editions_table(edition_comparison(editions, list_size), list_size),
        editions_decided_table(editions, list_size),
        registry_table(registry),
        *([changes_table(changes, list_size)] if changes else []),
        *([payment_table(tables["payment_effects"], list_size, risk)] if "payment_effects" in tables else []),
        *grouping,
        bands_table(tables["price_bands"], risk),
        *([] if facts is None else [facts_table(facts)]),
        *([waterfall_table(tables["priced_waterfall"], leading)] if "priced_waterfall" in tables else []),
        *([] if checks is None else [checks_table(checks)]),
        *([] if planted is None else [planted_table(planted, leading)]),
        projection_table(volumes["projection"]),
        *([back_test_table(volumes["back_test"])] if "back_test" in volumes else []),
        *([year_on_year_table(volumes["year_on_year"])] if "year_on_year" in volumes else []),
        coverage_table(tables["tariff_coverage"], leading),
        estimated_table(tables["tariff_coverage"], tables["prices"], leading),
    ]
    return {table.id: table for table in shown if len(table.frame)}
