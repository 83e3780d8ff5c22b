"""All the tables of a change between two tariff editions or runs."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from casemix_risk.changes.account import LINE, account, changed_lines, general_uplift
from casemix_risk.changes.risk import risk_change, risk_change_by_line


def heads(national: pd.DataFrame, population: float) -> pd.Series:
    """Admissions a head and year of table ``national``, indexed by HRG and admission type."""
    return national.set_index(LINE)["admissions"] / population


def change_tables(
    volumes: Mapping[str, pd.Series],
    editions: Mapping[str, Mapping[str, pd.DataFrame]],
    list_sizes: Sequence[int],
    list_size: int,
) -> tuple[dict[str, pd.DataFrame], float]:
    """The account of the budget and of its risk.

    Args:
        volumes: ``before``, ``restated`` and ``after``, as in `casemix_risk.changes.account.changed_lines`.
        editions: ``before`` and ``after``: the tables of a tariff edition by name: prices, cost_lines,
            risk_summary, risk_quantiles, pool_optimum and pool_lines.
        list_sizes: heads.
        list_size: heads, one of them; of the lines' risk.

    Returns:
        Tables ``change_account``, ``change_risk`` and ``change_risk_lines`` by name; and the general change
        of prices as a factor.
    """
    before, after = editions["before"], editions["after"]
    lines = changed_lines(volumes, {side: tables["prices"] for side, tables in editions.items()})
    uplift = general_uplift(lines)
    tables = {
        "change_account": account(lines, uplift, list_sizes),
        "change_risk": risk_change(before, after),
        "change_risk_lines": risk_change_by_line(before, after, list_size),
    }
    return tables, uplift


def edition_notes(editions: Mapping[str, Mapping], names: Sequence[str]) -> Iterator[str]:
    """Where editions come from, a sentence each, as far as the registry says.

    Args:
        editions: the configuration's ``tariff.editions``.
        names: of editions.
    """
    for name in names:
        facts = editions[name]
        restated = f", which restates {facts['restates']}" if "restates" in facts else ""
        if "source" in facts:
            days = f"published {facts['published_on']}, paid from {facts['effective_from']}"
            digest = f" (sha256 {facts['sha256'][:8]})" if "sha256" in facts else ""
            yield f"Tariff {name}{restated}: {facts['source']}; {days}{digest}."
