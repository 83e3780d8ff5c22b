"""The command casemix-risk."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from casemix_risk.check import check_file
from casemix_risk.errors import InputError, explain


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when a file can serve, 1 and a sentence on standard error when it cannot."""
    parser = argparse.ArgumentParser(prog="casemix-risk", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="say what a file is and what a run would keep of it, and why")
    check.add_argument(
        "file", type=Path, help="hospital extract (text, .gz, .zst, Parquet) or price workbook"
    )
    check.set_defaults(run=_check)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except (InputError, OSError, MemoryError) as error:
        print(f"casemix-risk: {explain(error)}", file=sys.stderr)
        return 1
    return 0


def _check(options: argparse.Namespace) -> None:
    for line in check_file(options.file):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
