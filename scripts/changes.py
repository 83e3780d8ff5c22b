"""From two tariff editions of a run to the account of what changed, its figure and its brief."""

from pathlib import Path

from casemix_risk.audit.tables import read_table
from casemix_risk.changes.brief import render_brief
from casemix_risk.changes.figures import change_figure
from casemix_risk.changes.tables import change_tables, heads
from casemix_risk.figure_style import save_figure
from job import by_edition, run, write


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    before, after = settings["before"], settings["after"]
    editions = by_edition(files.tables, (before, after))
    volume = heads(read_table(files.national), settings["population"])
    tables, uplift = change_tables(
        {"before": volume, "restated": volume, "after": volume},
        {"before": editions[before], "after": editions[after]},
        settings["list_sizes"],
        settings["list_size"],
    )
    for name, table in tables.items():
        write(snakemake, name, table)
    figure = change_figure(tables["change_account"], before, after, settings["list_size"])
    save_figure(figure, snakemake.output.figure)
    page = render_brief(
        before=before,
        after=after,
        account=tables["change_account"],
        risk=tables["change_risk"],
        risk_lines=tables["change_risk_lines"],
        list_size=settings["list_size"],
        uplift=uplift,
        figure=Path(snakemake.output.figure[0]).read_text(encoding="utf-8"),
        notes=settings["notes"],
        template=Path(files.template).read_text(encoding="utf-8"),
    )
    Path(snakemake.output.brief).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
