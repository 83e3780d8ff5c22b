"""Every number of the report with an id, its exact value, and the cells it comes from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from casemix_risk.audit.source import MEDIAN, ROWS, SHARE, Source
from casemix_risk.report.findings import (
    Findings,
    PracticesSaid,
    YearsSaid,
    finding_sources,
)
from casemix_risk.report.table import ReportTable, is_number, number_id
from casemix_risk.risk.moments import READABLE_TOLERANCE_PCT


class Number(NamedTuple):
    """A number as the report has it."""

    id: str
    value: float
    source: Source


def table_numbers(table: ReportTable) -> Iterator[Number]:
    """The numbers of a report's table; columns that only name the row are none."""
    for row in table.frame.to_dict("records"):
        for column in table.columns:
            if is_number(table, row, column):
                yield Number(number_id(table, row, column), row[column], table.source(row, column))


def finding_numbers(edition: str, found: Findings) -> Iterator[Number]:
    """What the first screen says."""
    for name, source in finding_sources(edition, found).items():
        yield Number(f"text/{name}", getattr(found, name), source)


def practices_numbers(said: PracticesSaid) -> Iterator[Number]:
    """What is said of a practice register."""
    table = "practices/practice_risk"
    within = f"the number of rows with best_tolerance_pct of at most {READABLE_TOLERANCE_PCT:g}"
    for kind, count, middle, inside in (
        ("practice", said.practices, said.middle_practice, said.practices_within),
        ("group", said.groups, said.middle_group, said.groups_within),
    ):
        where = {"kind": kind}
        yield Number(f"text/{kind}s", count, Source(table, "code", where, ROWS))
        for column in ("patients", "tolerance_pct"):
            number = f"text/middle_{kind}_{column}"
            yield Number(number, middle[column], Source(table, column, where, MEDIAN))
        yield Number(f"text/{kind}s_within", inside, Source(table, "best_tolerance_pct", where, within))


def lines_numbers(edition: str, tables: Mapping[str, pd.DataFrame], list_size: int) -> Iterator[Number]:
    """What is said of cost lines, banding, simulated searches and prices."""
    lines, risk = tables["cost_lines"], f"risk/{edition}"
    clustered = "the number of rows with a variance_factor above 1.5"
    yield Number("text/lines", len(lines), Source(f"{risk}/cost_lines", "hrg", {}, ROWS))
    yield Number(
        "text/clustered_lines",
        (lines["variance_factor"] > 1.5).sum(),
        Source(f"{risk}/cost_lines", "variance_factor", {}, clustered),
    )
    models = tables["banding"].query("list_size == @list_size and pool == 'none'")
    tolerance = dict(zip(models["model"], models["tolerance_pct"], strict=True))
    whole = tolerance["unbanded_clustered"]
    for model, value in tolerance.items():
        where = {"list_size": list_size, "pool": "none", "model": model}
        banding = Source(f"{risk}/banding", "tolerance_pct", where)
        yield Number(f"text/{model}", value, banding)
        yield Number(
            f"text/less_by_{model}",
            whole - value,
            banding._replace(how="tolerance_pct of unbanded_clustered less the cell"),
        )
    for row in tables["monte_carlo"].to_dict("records"):
        for column in ("repeats", "cells", "found_best", "worse_by_pct"):
            source = Source(f"{risk}/monte_carlo", column, {"years_shared": row["years_shared"]})
            yield Number(f"text/searches_{row['years_shared']}_{column}", row[column], source)
    coverage = tables["tariff_coverage"]
    gbp, admissions = (coverage.groupby("status")[name].sum() for name in ("budget_gbp", "admissions"))
    table = f"tariff/{edition}/tariff_coverage"
    yield Number(
        "text/estimated_budget_share",
        gbp[gbp.index.str.startswith("estimated")].sum() / gbp.sum(),
        Source(table, "budget_gbp", {"status": "estimated*"}, SHARE),
    )
    yield Number(
        "text/left_out_share",
        admissions.get("left_out", 0.0) / admissions.sum(),
        Source(table, "admissions", {"status": "left_out"}, SHARE),
    )


def years_numbers(said: YearsSaid | None, method: str, year_on_year: pd.DataFrame | None) -> Iterator[Number]:
    """What is said of years that are known."""
    if said is not None:
        where = {"chapter": "all", "method": method}
        every, error = where | {"codes": "in every year"}, "100 x absolute_error / admissions, over all years"
        tested = Source("volumes/back_test", "absolute_error", every, error)
        yield Number("text/back_test_error", said.error_pct, tested)
        every_code = tested._replace(where=where | {"codes": "all"})
        yield Number("text/back_test_error_of_all_codes", said.error_of_all_codes_pct, every_code)
        inside = tested._replace(column="inside_95", how="the mean of the cells")
        yield Number("text/back_test_inside_95", said.inside_95, inside)
    if year_on_year is not None:
        last = year_on_year.query("level == 'all'").sort_values("to_year").iloc[-1]
        where = {"level": "all", "to_year": last["to_year"]}
        for column in ("change_pct", "chance_pct", "lines", "beyond_chance"):
            source = Source("volumes/year_on_year", column, where)
            yield Number(f"text/year_on_year_{column}", last[column], source)


def numbers_table(numbers: Iterable[Number]) -> pd.DataFrame:
    """Table ``numbers``."""
    rows = [
        {
            "number": number.id,
            "value": float(number.value),
            "table": number.source.table,
            "column": number.source.column,
            "where": number.source.where_text(),
            "how": number.source.how,
        }
        for number in numbers
    ]
    return pd.DataFrame(rows).sort_values("number", ignore_index=True)
