"""From every table of a run to the checks that rows and pounds tie and that the data are fit for use."""

from collections.abc import Iterator

import polars as pl

from casemix_risk.audit.checks import (
    activity_ties,
    checks_table,
    edition_ties,
    quality,
    refuse_failed,
    year_ties,
)
from casemix_risk.audit.tables import read_table, table_facts
from casemix_risk.ingest.read import data_lines
from casemix_risk.volumes.activity import count_units
from casemix_risk.volumes.small_numbers import LARGEST_SMALL_NUMBER, TAKEN_AS
from job import by_edition, log, run, write


def main(snakemake) -> None:
    settings, national = snakemake.params.settings, read_table(snakemake.input.national)
    editions = by_edition(snakemake.input.editions, settings["editions"])
    waterfalls = {
        year: read_table(path)
        for year, path in zip(settings["years"], snakemake.input.waterfalls, strict=True)
    }
    ties = [
        *_year_ties(snakemake, waterfalls),
        *activity_ties(
            _units(snakemake),
            read_table(snakemake.input.activity),
            rounding=_rounding(settings),
        ),
        *(
            tie
            for edition, tables in editions.items()
            for tie in edition_ties(edition, tables, national, settings["population"])
        ),
    ]
    judged = quality(
        waterfalls,
        {edition: tables["tariff_coverage"] for edition, tables in editions.items()},
        next((read_table(path) for path in snakemake.input.year_on_year), None),
        settings["checks"],
    )
    table = checks_table(ties, judged)
    for row in table[table["outcome"] != "passed"].itertuples():
        log(snakemake, f"{row.outcome}: {row.check} ({row.scope}): {row.value:.6g}")
    refuse_failed(table)
    write(snakemake, "checks", table)


def _rounding(settings) -> float:
    """What rounding can change a line's activity by."""
    if settings["small_numbers"] == "suppress":
        return LARGEST_SMALL_NUMBER - TAKEN_AS
    return 0.5 if settings["source"] == "schedule" else 0.0


def _year_ties(snakemake, waterfalls) -> Iterator[dict]:
    if snakemake.params.settings["source"] == "extract":
        for (year, waterfall), raw, kept, excluded in zip(
            waterfalls.items(),
            snakemake.input.raw,
            snakemake.input.lines,
            snakemake.input.excluded,
            strict=True,
        ):
            rows = [table_facts(path)["rows"] for path in (kept, excluded)]
            yield from year_ties(year, data_lines(raw), *rows, waterfall)


def _units(snakemake) -> dict[str, float]:
    settings = snakemake.params.settings
    paths = dict(zip(settings["years"], snakemake.input.lines, strict=True))
    if settings["source"] == "schedule":
        return {year: read_table(path)["activity"].sum() for year, path in paths.items()}
    counted = (settings["unit"], settings["regular_attenders"])
    return {year: count_units(pl.scan_parquet(path), *counted) for year, path in paths.items()}


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
