"""What can be known of a run before its first job: that its files can be read and its folder be written."""

import filecmp
import tempfile
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from casemix_risk.errors import InputError, explain
from casemix_risk.ingest.layout import find_layout
from casemix_risk.ingest.schedule import open_schedule
from casemix_risk.payment.options import check_payment
from casemix_risk.practices.lists import practice_lists, practices_compared
from casemix_risk.practices.profile import read_profile
from casemix_risk.practices.register import read_people, read_register
from casemix_risk.progress.months import check_chart_names, read_months
from casemix_risk.tariff.editions import edition_chain, edition_prices

_ROOM_BYTES = 2**20


def check_run(config: Mapping, results: Path) -> None:
    """Check extracts by headers, schedules by sheets, prices, payment and months by every row, the folder.

    Args:
        config: `casemix_risk.configuration.complete_configuration`.
        results: the run's folder. What the demonstration itself makes there is not looked at.

    Raises:
        InputError: a file or the grouper's definition set cannot serve, a file is given for two years, the
            practice register lacks a practice of a group or of the district, the profile one of the register,
            the months a line to chart, or the folder cannot be written to.
    """
    _check_writable(results)
    made = results / "synthetic" if "synthetic" in config else None
    extracts = {
        year: Path(path)
        for year, path in config.get("extract", {}).get("files", {}).items()
        if made not in Path(path).parents
    }
    for path in extracts.values():
        find_layout(path)
    for path in config.get("schedule", {"files": {}})["files"].values():
        with open_schedule(Path(path)):
            pass  # its sheets are there; its rows are read by the rule
    for (year, path), (other_year, other) in combinations(extracts.items(), 2):
        if _same_content(path, other):
            raise InputError(
                f"{other} of {other_year} holds the same as {path} of {year}: give each year its own extract "
                "under extract.files."
            )
    practices = config.get("practices")
    if practices and made not in Path(practices["register"]).parents:
        _check_practices(practices)
    group = config.get("year_in_progress")
    if group and made not in Path(group["file"]).parents:
        check_chart_names(group.get("control_charts", ()), read_months(group["file"], config["target_year"]))
    if config["grouper"] != "given":
        _check_definitions(config.get("definitions"))
    for chain in _price_chains(config["tariff"]["editions"]):
        edition_prices(chain)
    check_payment(config["payment"], config["tariff"]["editions"])


def _check_practices(practices: Mapping) -> None:
    practice_lists(read_register(practices["register"]), practices.get("groups"))
    if "profile" in practices:
        people = read_people(practices["register"])
        read_profile(practices["profile"], people["practice"].unique())
        practices_compared(practices.get("district"), people)


def _check_definitions(folder: str | None) -> None:
    # Only a run that groups waits for what this loads.
    from casemix_risk.group.definitions import demonstration, read_definitions
    from casemix_risk.group.lint import lint

    place = Path(folder) if folder else demonstration()
    faults = lint(read_definitions(place))
    if faults:
        raise InputError(
            f"The definition set {place} has faults, {len(faults):,} in all, the first in {faults[0]} "
            f"All are shown by casemix-risk definitions lint {place}."
        )


def _price_chains(editions: Mapping[str, Mapping]) -> Iterator[list[dict]]:
    """The longest chains of editions that begin with a file; they hold the shorter ones."""
    followed = {edition.get("from") for edition in editions.values()}
    for name in editions:
        chain = edition_chain(editions, name)
        if name not in followed and "file" in chain[0]:
            yield chain


def _same_content(path: Path, other: Path) -> bool:
    # Files of one size are compared to their first difference, which two years' extracts have near the top.
    return path.samefile(other) or filecmp.cmp(path, other, shallow=False)


def _check_writable(results: Path) -> None:
    folder = next(folder for folder in (results, *results.absolute().parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_ROOM_BYTES))
    except OSError as error:
        raise InputError(explain(OSError(error.errno, error.strerror, str(results)))) from None
