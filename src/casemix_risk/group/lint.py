"""Faults of a definition set that the form of its cells does not show: what cannot work or is never used."""

from collections.abc import Iterable, Iterator

from casemix_risk.group.definitions import COLUMNS, ERRORS, Definitions
from casemix_risk.group.fault import Fault, numbered
from casemix_risk.group.lint_rules import rule_faults, unreachable_faults, unused_features
from casemix_risk.group.lint_splits import split_faults, unreached_faults
from casemix_risk.group.scalar import CARE_DAYS

# What only one row of a table may have.
_KEYS = {
    "hrg": ("hrg",),
    "diagnosis": ("code",),
    "procedure": ("code",),
    "rules": ("rule",),
    "cc_list": ("cc_list", "code"),
    "cc_exclusion": ("cc_list", "code", "primary"),
    "split": ("node", "dimension", "from", "to"),
    "unbundled": ("code",),
    "errors": ("error",),
}


def lint(definitions: Definitions) -> list[Fault]:
    """Every fault of a definition set, by file and line.

    The form of each cell and the manifest's hashes are checked when a set is read
    (`casemix_risk.group.definitions.read_definitions`); this looks at what the tables say to each other.
    """
    return sorted(
        {
            *_repeated(definitions),
            *rule_faults(definitions),
            *unreachable_faults(definitions),
            *split_faults(definitions),
            *unreached_faults(definitions),
            *_complication_faults(definitions),
            *_exclusion_faults(definitions),
            *_unbundled_faults(definitions),
            *_error_faults(definitions),
        }
    )


def describe_clean(definitions: Definitions) -> list[str]:
    """What a set without faults holds, in lines for people, and what a reader may still want to look at."""
    counts = {stem: getattr(definitions, stem).height for stem in COLUMNS}
    lines = [
        f"clean: {counts['rules']:,} rules, {counts['hrg']:,} HRGs, {counts['diagnosis']:,} diagnosis rows, "
        f"{counts['procedure']:,} procedure rows, {counts['cc_list']:,} complications with "
        f"{counts['cc_exclusion']:,} exclusions, {counts['split']:,} rows of splits.",
        set_label(definitions),
    ]
    unused = unused_features(definitions)
    if unused:
        lines.append(f"note: no rule asks for the features {', '.join(unused)}.")
    return lines


def set_label(definitions: Definitions) -> str:
    """The set's name, version and label, as every output gives them."""
    manifest = definitions.manifest
    return f"Definition set {manifest['name']} {manifest['version']}: {manifest['label']}."


def _repeated(definitions: Definitions) -> Iterator[Fault]:
    for stem, key in _KEYS.items():
        first: dict[tuple, int] = {}
        for line, row in numbered(getattr(definitions, stem)):
            values = tuple(row[column] for column in key)
            before = first.setdefault(values, line)
            if before != line:
                named = " ".join(map(str, values))
                yield Fault(
                    f"{stem}.csv", line, f"{named} stands in line {before} already: keep one of the two."
                )


def _complication_faults(definitions: Definitions) -> Iterator[Fault]:
    flags = dict(definitions.diagnosis.select("code", "flags").iter_rows())
    for line, row in numbered(definitions.cc_list):
        code = row["code"]
        yield from _unknown("cc_list.csv", line, code, flags, "diagnosis.csv")
        longest = next((code[:end] for end in range(len(code), 0, -1) if code[:end] in flags), "")
        if "ignore" in flags.get(longest, "").split():
            yield Fault(
                "cc_list.csv",
                line,
                f"{code} never counts, because diagnosis.csv ignores {longest}: take one of them out.",
            )


def _exclusion_faults(definitions: Definitions) -> Iterator[Fault]:
    lists: dict[str, set[str]] = {}
    for _, row in numbered(definitions.cc_list):
        lists.setdefault(row["cc_list"], set()).add(row["code"])
    diagnoses = set(definitions.diagnosis["code"])
    for line, row in numbered(definitions.cc_exclusion):
        if row["cc_list"] not in lists:
            yield Fault(
                "cc_exclusion.csv", line, f"cc_list.csv has no list {row['cc_list']}: name one that it has."
            )
        else:
            yield from _unknown(
                "cc_exclusion.csv",
                line,
                row["code"],
                lists[row["cc_list"]],
                f"the list {row['cc_list']} of cc_list.csv",
            )
        yield from _unknown("cc_exclusion.csv", line, row["primary"], diagnoses, "diagnosis.csv")


def _unbundled_faults(definitions: Definitions) -> Iterator[Fault]:
    procedures = set(definitions.procedure["code"])
    yield from _kind_faults(definitions, "unbundled")
    for line, row in numbered(definitions.unbundled):
        if row["code"] not in CARE_DAYS:
            yield from _unknown("unbundled.csv", line, row["code"], procedures, "procedure.csv")
        if row["most"] == 0:
            yield Fault(
                "unbundled.csv", line, "most is 0, so the row adds nothing: write 1 or more, or nothing."
            )


def _error_faults(definitions: Definitions) -> Iterator[Fault]:
    yield from _kind_faults(definitions, "errors")
    for line, row in numbered(definitions.errors):
        if row["error"] not in ERRORS:
            yield Fault(
                "errors.csv", line, f"{row['error']} is no error of the grouper: {', '.join(ERRORS)}."
            )


def _kind_faults(definitions: Definitions, stem: str) -> Iterator[Fault]:
    """HRGs of the table unbundled or errors that hrg.csv does not have as such, and the other way round."""
    kind = {"unbundled": "unbundled", "errors": "error"}[stem]
    kinds = dict(definitions.hrg.select("hrg", "kind").iter_rows())
    table = getattr(definitions, stem)
    for line, row in numbered(table):
        if kinds.get(row["hrg"]) != kind:
            yield Fault(
                f"{stem}.csv",
                line,
                f"{row['hrg']} is no HRG of the kind {kind} in hrg.csv: add it, or mend it.",
            )
    given = set(table["hrg"])
    for line, row in numbered(definitions.hrg):
        if row["kind"] == kind and row["hrg"] not in given:
            yield Fault(
                "hrg.csv",
                line,
                f"Nothing leads to the HRG {row['hrg']}: name it in {stem}.csv, or take it out.",
            )


def _unknown(file: str, line: int, code: str, known: Iterable[str], where: str) -> Iterator[Fault]:
    """A code that no row covers and that covers no row either."""
    if not any(code.startswith(other) or other.startswith(code) for other in known):
        yield Fault(file, line, f"{code} is not in {where}: add it there, or mend the code.")
