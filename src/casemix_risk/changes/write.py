"""The change between two runs or releases, written as tables, waterfall and brief."""

from pathlib import Path

from casemix_risk.audit.contract import read_contract
from casemix_risk.audit.fingerprint import code_fingerprint
from casemix_risk.audit.tables import write_table
from casemix_risk.changes.account import TERMS
from casemix_risk.changes.brief import render_brief, signed_pounds
from casemix_risk.changes.figures import change_figure
from casemix_risk.changes.runs import common_list_sizes, read_side, restated_volume, run_notes
from casemix_risk.changes.tables import change_tables
from casemix_risk.figure_style import save_figure


def write_change(
    run: Path, other: Path, edition: str | None, other_edition: str | None, output: Path, root: Path
) -> list[str]:
    """Account for what changed from an edition of a run to one of another, or of the same.

    Args:
        run: folder of a finished run or release.
        other: another; the same where only the editions differ.
        edition: name of the first's; its leading edition when None.
        other_edition: likewise of the other's.
        output: folder that gets the three tables, ``waterfall.svg``, ``waterfall.png`` and ``brief.html``.
        root: casemix-risk's own folder.

    Returns:
        The account in lines for people.

    Raises:
        InputError: as `read_side` and `common_list_sizes`.
    """
    before, after = read_side(run, edition), read_side(other, other_edition)
    sizes, size = common_list_sizes(before, after)
    volumes = {"before": before.volume, "restated": restated_volume(before, after), "after": after.volume}
    tables, uplift = change_tables(volumes, {"before": before.tables, "after": after.tables}, sizes, size)
    names = (before.edition, after.edition) if run == other else (before.name, after.name)
    for name, table in tables.items():
        write_table(
            table,
            output / f"{name.removeprefix('change_')}.parquet",
            read_contract(root / f"workflow/schemas/{name}.yaml"),
            parents=before.hashes | after.hashes,
            settings={"before": names[0], "after": names[1], "list_sizes": sizes},
            code=code_fingerprint(Path(__file__), (root / "src",)),
        )
    account = tables["change_account"]
    picture = output / "waterfall.svg"
    save_figure(change_figure(account, *names, size), [picture, picture.with_suffix(".png")])
    page = render_brief(
        before=names[0],
        after=names[1],
        account=account,
        risk=tables["change_risk"],
        risk_lines=tables["change_risk_lines"],
        list_size=size,
        uplift=uplift,
        figure=picture.read_text(encoding="utf-8"),
        notes=list(run_notes(before, after)),
        template=(Path(__file__).parent / "brief.html").read_text(encoding="utf-8"),
    )
    (output / "brief.html").write_text(page, encoding="utf-8")
    sums = account[account["list_size"] == size][["before_gbp", *TERMS, "after_gbp"]].sum()
    return [
        f"Budget of {size:,} people, {names[0]}: £{sums['before_gbp']:,.2f}",
        *(f"  {words}: {signed_pounds(sums[term])}" for term, words in TERMS.items() if sums[term]),
        f"Budget of {size:,} people, {names[1]}: £{sums['after_gbp']:,.2f}",
    ]
