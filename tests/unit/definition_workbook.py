"""The small definition set as a workbook of another shape: titles, other names, dots, ranges, merges."""

from pathlib import Path

from openpyxl import Workbook

from casemix_risk.group.definitions import read_definitions

SMALL = Path(__file__).parents[1] / "data/definitions_small"
EXAMPLE = Path(__file__).parents[2] / "docs/definitions.mapping.example.yaml"


def write_workbook(path):
    """Write the workbook that docs/definitions.mapping.example.yaml maps."""
    small = read_definitions(SMALL)
    book = Workbook()
    book.remove(book.active)

    def sheet(name, headings, rows, above=2):
        page = book.create_sheet(name)
        for line in range(above):
            page.append([f"{name}, line {line} of a title"] if line else [])
        page.append(headings)
        for row in rows:
            page.append(row)

    sheet(
        "HRG",
        ["HRG Code", "HRG  Name", "Chapter", "Type"],
        [
            (row["hrg"], row["description"], row["chapter"], row["kind"].capitalize())
            for row in small.hrg.to_dicts()
        ],
    )
    sheet(
        "ICD-10",
        ["ICD Code", "Lists", "Valid as primary", "Region"],
        [
            (
                _dotted(row["code"]),
                _words(row["features"]),
                "N" if "not_primary" in row["flags"] else "",
                row["flags"] if "not_primary" not in row["flags"] else None,
            )
            for row in small.diagnosis.to_dicts()
        ],
    )
    sheet(
        "OPCS-4",
        ["OPCS Code", "Hierarchy", "Lists", "Flag"],
        [
            (_dotted(row["code"]), row["hierarchy"], _words(row["features"]), row["flags"])
            for row in small.procedure.to_dicts()
        ],
    )
    rules = small.rules.to_dicts()
    sheet(
        "Logic",
        [
            *("Rule", "Step", "Stage", "Dominant", "Procedures", "Not with", "Primary", "Diagnoses", "Flags"),
            *("Age", "Sex", "Stay", "Admission", "Class", "Root", "CC list", "Method"),
        ],
        [
            [
                *(row["rule"], row["order"], row["stage"].upper()),
                *(_words(row[name]) for name in ("procedure", "any_procedure", "no_procedure")),
                *(_words(row[name]) for name in ("diagnosis", "any_diagnosis")),
                row["flags_needed"],
                _range(row["age_from"], row["age_to"]),
                {1: "Male", 2: "Female", None: "Any"}[row["sex"]],
                _range(row["days_from"], row["days_to"]),
                row["admission"],
                row["patient_class"],
                row["root"],
                row["cc_list"],
                row["method"],
            ]
            for row in rules
        ],
    )
    for name in ("general", "cardiac"):
        sheet(
            f"CC {name}",
            ["Code", "Score"],
            [
                (_dotted(row["code"]), row["score"])
                for row in small.cc_list.to_dicts()
                if row["cc_list"] == name
            ],
            above=0,
        )
    sheet(
        "CC exclusions",
        ["CC list", "Code", "Excluded by"],
        [(row["cc_list"], row["code"], row["primary"]) for row in small.cc_exclusion.to_dicts()],
    )
    splits, above = [], None
    for row in small.split.to_dicts():
        # Only the first row of a node names it, as a merged cell does.
        first = row["node"] != above
        above = row["node"]
        splits.append(
            (
                *((row["node"], row["dimension"]) if first else (None, None)),
                _range(row["from"], None if row["to"] == 9999 else row["to"]),
                row["goes_to"],
            )
        )
    sheet("Splits", ["Root", "By", "Range", "HRG"], splits)
    book.save(path)
    return path


def _dotted(code):
    return f"{code[:3]}.{code[3:]} " if len(code) > 3 else code


def _words(features):
    """hip_replacement cemented -> Hip replacement; Cemented: as a workbook might call its lists."""
    return "; ".join(name.replace("_", " ") for name in features.split(" "))


def _range(low, high):
    if low is None and high is None:
        return "All"
    if high is None:
        return f"{low}+"
    if low is None:
        return f"<{high + 1}"
    return low if low == high else f"{low} - {high}"
