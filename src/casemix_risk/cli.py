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
    explained = commands.add_parser(
        "explain", help="say why a record has its HRG, and what would change it; shows the record"
    )
    explained.add_argument("--input", type=Path, required=True, metavar="FILE", help="hospital extract")
    explained.add_argument("--row", type=int, required=True, help="of the file; the first data row is 1")
    explained.add_argument(
        "--rdf",
        type=Path,
        metavar="FILE",
        help="record definition, for a file as the national grouper has it",
    )
    explained.add_argument(
        "--definitions", type=Path, metavar="FOLDER", help="definition set; the demonstration's if not given"
    )
    explained.set_defaults(run=_explain)
    definitions = commands.add_parser("definitions", help="look after sets of grouping definitions")
    tasks = definitions.add_subparsers(required=True, metavar="TASK")
    linted = tasks.add_parser("lint", help="say what is wrong with a definition set, by file and line")
    linted.add_argument(
        "folder", nargs="?", type=Path, help="definition set; the demonstration's if not given"
    )
    linted.set_defaults(run=_lint)
    regrouped = tasks.add_parser("diff", help="say which episodes two definition sets group differently")
    regrouped.add_argument("folder", type=Path, metavar="A", help="definition set")
    regrouped.add_argument("other", type=Path, metavar="B", help="definition set compared with it")
    regrouped.add_argument("--extract", type=Path, required=True, metavar="FILE", help="hospital extract")
    regrouped.add_argument(
        "--prices", type=Path, metavar="FILE", help="a run's prices.parquet, to say what it does to cost"
    )
    regrouped.set_defaults(run=_definitions_diff)
    loaded = tasks.add_parser("load", help="make a definition set of your own workbook, by a mapping")
    loaded.add_argument("workbook", type=Path, help="your tables")
    loaded.add_argument("mapping", type=Path, help="YAML, as docs/definitions.mapping.example.yaml")
    loaded.add_argument("folder", type=Path, help="new folder for the definition set")
    loaded.set_defaults(run=_load)
    grouped = commands.add_parser("group", help="group a file in the national grouper's layout into HRGs")
    grouped.add_argument("--input", type=Path, required=True, metavar="FILE", help="comma separated file")
    grouped.add_argument("--rdf", type=Path, required=True, metavar="FILE", help="its record definition")
    grouped.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="new folder for tables")
    grouped.add_argument(
        "--definitions", type=Path, metavar="FOLDER", help="definition set; the demonstration's if not given"
    )
    grouped.set_defaults(run=_group)
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


def _explain(options: argparse.Namespace) -> None:
    from casemix_risk.group.definitions import demonstration, read_definitions
    from casemix_risk.group.explain import explain as explain_record
    from casemix_risk.group.extract import extract_records, find_record
    from casemix_risk.group.national_files import rdf_batches

    definitions = read_definitions(options.definitions or demonstration())
    batches = (
        (batch.records for batch in rdf_batches(options.input, options.rdf))
        if options.rdf
        else extract_records(options.input)
    )
    print("\n".join(explain_record(find_record(batches, options.row, options.input), definitions)))


def _lint(options: argparse.Namespace) -> int:
    from casemix_risk.group.definitions import demonstration, read_definitions
    from casemix_risk.group.lint import describe_clean, lint

    definitions = read_definitions(options.folder or demonstration())
    faults_found = lint(definitions)
    print("\n".join(map(str, faults_found) if faults_found else describe_clean(definitions)))
    return 1 if faults_found else 0


def _definitions_diff(options: argparse.Namespace) -> None:
    # The engine takes a second to load, which the other commands need not wait for.
    from casemix_risk.group.definitions import read_definitions
    from casemix_risk.group.difference import NO_PRICES, definitions_diff, describe_difference, read_prices
    from casemix_risk.group.extract import extract_records

    definitions, other = read_definitions(options.folder), read_definitions(options.other)
    prices = read_prices(options.prices) if options.prices else NO_PRICES
    pairs = definitions_diff(definitions, other, extract_records(options.extract), prices)
    print("\n".join(describe_difference(definitions, other, pairs, priced=options.prices is not None)))


def _load(options: argparse.Namespace) -> None:
    from casemix_risk.group.workbook_loader import load_definitions, write_definitions

    write_definitions(load_definitions(options.workbook, options.mapping), options.folder)
    print(f"Written to {options.folder}; now run: casemix-risk definitions lint {options.folder}")


def _group(options: argparse.Namespace) -> None:
    from casemix_risk.group.definitions import demonstration, read_definitions
    from casemix_risk.group.group_file import group_file

    def show(rows: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{rows:,} rows", end="", file=sys.stderr, flush=True)

    definitions = read_definitions(options.definitions or demonstration())
    summary = group_file(options.input, options.rdf, options.output, definitions, show)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    for section, item, value in summary.iter_rows():
        print(f"{section}, {item}: {value}")


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
