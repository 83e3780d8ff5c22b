"""The command casemix-risk."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from casemix_risk.audit.difference import difference
from casemix_risk.audit.lineage import lineage_picture
from casemix_risk.audit.manifest import chain_lines, line_hash
from casemix_risk.audit.release import prune, release, run_list
from casemix_risk.audit.trace import trace
from casemix_risk.audit.verify import damaged, faults, read_manifest, read_release, verify
from casemix_risk.check import check_file
from casemix_risk.errors import InputError, explain
from casemix_risk.group.commands import add_grouper_commands

ROOT = Path(__file__).resolve().parents[2]
DEMONSTRATION = Path("results/demo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all is well, 1 and a sentence on standard error when not."""
    parser = argparse.ArgumentParser(prog="casemix-risk", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="say what a file is and what a run would keep of it, and why")
    check.add_argument(
        "file", type=Path, help="hospital extract (text, .gz, .zst, Parquet) or price workbook"
    )
    check.set_defaults(run=_check)
    audit = commands.add_parser("audit", help="prove a run's figures").add_subparsers(
        required=True, metavar="AUDIT"
    )
    verified = audit.add_parser("verify", help="hash everything again; say what is not as it was")
    traced = audit.add_parser("trace", help="say where a number of the report comes from")
    traced.add_argument("number", help="its id, which the report shows when the number is clicked")
    traced.add_argument("--picture", type=Path, metavar="FILE.svg", help="also draw it")
    released = commands.add_parser("release", help="copy what may be published of a verified run, read-only")
    released.add_argument("--everything", action="store_true", help="the whole run, for those who may see it")
    released.add_argument(
        "--keep", type=int, metavar="N", help="only remove old releases, but for N of each run"
    )
    for each, job in ((verified, _verify), (traced, _trace), (released, _release)):
        each.add_argument("folder", nargs="?", type=Path, default=DEMONSTRATION, help="run or release")
        each.set_defaults(run=job)
    compared = audit.add_parser("diff", help="say what differs between two runs, and which figures moved")
    compared.add_argument("folder", type=Path, help="run or release")
    compared.add_argument("other", type=Path, help="run or release compared with it")
    compared.set_defaults(run=_diff)
    listed = audit.add_parser("list", help="list runs and releases")
    listed.add_argument("results", nargs="?", type=Path, default=Path("results"), help="folder of runs")
    listed.set_defaults(run=_list)
    changed = commands.add_parser(
        "changes", help="account for what changed a budget between two tariff editions, runs or releases"
    )
    changed.add_argument("folder", type=Path, help="run or release")
    changed.add_argument("other", nargs="?", type=Path, help="another; the same when left out")
    changed.add_argument(
        "--from", dest="edition", help="tariff edition of the first; its leading one if not given"
    )
    changed.add_argument("--to", dest="other_edition", help="tariff edition of the other, likewise")
    changed.add_argument(
        "--output", type=Path, default=Path("results/changes"), help="folder for the account"
    )
    changed.set_defaults(run=_changes)
    watched = commands.add_parser(
        "watch", help="check once whether anything changed; run and release it if so (cron, systemd)"
    )
    watched.add_argument("--config", type=Path, default=Path("config/config.yaml"), help="configuration file")
    watched.add_argument("--on-change", metavar="COMMAND", help="shell command after a run; gets the status")
    watched.add_argument("--on-failure", metavar="COMMAND", help="shell command after a failure, likewise")
    watched.set_defaults(run=_watch)
    add_grouper_commands(commands)
    options = parser.parse_args(arguments)
    try:
        return options.run(options) or 0
    except (InputError, OSError, MemoryError) as error:
        print(f"casemix-risk: {explain(error)}", file=sys.stderr)
        return 1


def _check(options: argparse.Namespace) -> None:
    for line in check_file(options.file):
        print(line, flush=True)


def _verify(options: argparse.Namespace) -> None:
    found = verify(options.folder, ROOT, _show_progress)
    for finding in found:
        print(f"{finding.kind}: {finding.path} {finding.sentence}")
    wrong = faults(found)
    if wrong:
        raise InputError(f"{options.folder} is not as its manifest says: {len(wrong)} findings.")
    if found:
        print(
            f"The casemix-risk beside you is not the one that made the run: {len(found)} differences, above."
        )
    said = read_release(options.folder)
    if said:
        print(
            f"{options.folder} is as it was released: {len(said['files'])} files of run {said['number']} of "
            f"{said['run']}, {len(said['withheld'])} withheld; the run's chain ended in {said['chain']}."
        )
        return
    made = read_manifest(options.folder)
    print(
        f"{options.folder} is as its manifest says: {len(made['files'])} files of {len(made['jobs'])} jobs, "
        f"{len(made['raw'])} raw files, every number of the report, and {made['number']} runs in the chain, "
        f"which ends in {line_hash(chain_lines(options.folder)[-1])}."
    )


def _show_progress(done: int, files: int) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{done:,} of {files:,} files", end="\n" if done == files else "", file=sys.stderr, flush=True
        )


@contextmanager
def _damage_said(*folders: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except (ValueError, KeyError):  # JSON, Parquet, or a cell that is not there
        raise damaged(" or ".join(map(str, folders))) from None


def _trace(options: argparse.Namespace) -> None:
    with _damage_said(options.folder):
        lines, found = trace(options.folder, options.number)
    print("\n".join(lines))
    if options.picture:
        options.picture.write_text(lineage_picture(found), encoding="utf-8")


def _diff(options: argparse.Namespace) -> None:
    with _damage_said(options.folder, options.other):
        print("\n".join(difference(options.folder, options.other)))


def _changes(options: argparse.Namespace) -> None:
    # Drawing takes a second to load, which the other commands need not wait for.
    from casemix_risk.changes.write import write_change

    other = options.other or options.folder
    with _damage_said(options.folder, other):
        lines = write_change(
            options.folder, other, options.edition, options.other_edition, options.output, ROOT
        )
    print("\n".join(lines))
    print(f"The brief: {options.output / 'brief.html'}")


def _watch(options: argparse.Namespace) -> int:
    from casemix_risk.watch import watch  # loads psutil, which the other commands need not wait for

    return watch(options.config, ROOT, options.on_change, options.on_failure)


def _list(options: argparse.Namespace) -> None:
    lines = run_list(options.results)
    if not lines:
        raise InputError(f"{options.results} holds no finished run.")
    print("\n".join(lines))


def _release(options: argparse.Namespace) -> None:
    if options.keep is None:
        print(f"Released as {release(options.folder, ROOT, everything=options.everything)}")
        return
    removed = prune(options.folder.parent, options.keep)
    print(f"Removed: {', '.join(removed) or 'nothing'}")


if __name__ == "__main__":
    sys.exit(main())
