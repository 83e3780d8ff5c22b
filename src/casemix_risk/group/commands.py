"""The commands of the grouper: group, explain and definitions.

Each imports what it needs when it runs: the engine takes a second to load, and other commands need not wait.
"""

import argparse
import sys
from pathlib import Path


def add_grouper_commands(commands: argparse._SubParsersAction) -> None:
    """Add them to the command casemix-risk."""
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
    covered = tasks.add_parser("coverage", help="write a page of what a definition set covers, by chapter")
    covered.add_argument(
        "folder", nargs="?", type=Path, help="definition set; the demonstration's if not given"
    )
    covered.set_defaults(run=_coverage)
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


def _coverage(options: argparse.Namespace) -> None:
    from casemix_risk.group.coverage import coverage_page
    from casemix_risk.group.definitions import demonstration, read_definitions

    print(coverage_page(read_definitions(options.folder or demonstration())), end="")


def _definitions_diff(options: argparse.Namespace) -> None:
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
