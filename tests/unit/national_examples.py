"""Small files in the national grouper's layout."""

import csv
from io import StringIO

FIELDS = [
    *("PROCODET", "PROVSPNO", "EPIORDER", "STARTAGE", "SEX", "CLASSPAT", "ADMISORC", "ADMIMETH", "DISDEST"),
    *("DISMETH", "EPIDUR", "MAINSPEF", "NEOCARE", "TRETSPEF"),
    *(f"DIAG_{number:02}" for number in range(1, 15)),
    *(f"OPER_{number:02}" for number in range(1, 13)),
    *("CRITICALCAREDAYS", "REHABILITATIONDAYS", "SPCDAYS"),
]
USUAL = {
    "PROCODET": "RR8",
    "PROVSPNO": "S1",
    "EPIORDER": "1",
    "STARTAGE": "70",
    "SEX": "1",
    "CLASSPAT": "1",
    "ADMISORC": "19",
    "ADMIMETH": "21",
    "DISDEST": "19",
    "DISMETH": "1",
    "EPIDUR": "9",
    "MAINSPEF": "320",
    "NEOCARE": "8",
    "TRETSPEF": "320",
    "CRITICALCAREDAYS": "0",
    "REHABILITATIONDAYS": "0",
    "SPCDAYS": "0",
}


def episode(*diagnoses, procedures=(), **changes):
    """A row by field: a man of 70, nine days, with these codes."""
    clinical = {f"DIAG_{number:02}": code for number, code in enumerate(diagnoses, 1)} | {
        f"OPER_{number:02}": code for number, code in enumerate(procedures, 1)
    }
    return dict.fromkeys(FIELDS, "") | USUAL | clinical | changes


def as_text(rows):
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def rdf_text(columns):
    """An RDF of field -> heading and column number."""
    lines = [f"{field},{heading},{place},,,," for field, (heading, place) in columns.items()]
    return "\n".join(["COMMA DELIMITED", *lines]) + "\n"


def write_file(folder, rows, header=None):
    """A file with these rows in the national order, and its RDF."""
    data, rdf = folder / "episodes.csv", folder / "episodes.rdf"
    cells = [[row[name] for name in FIELDS] for row in rows]
    data.write_text(as_text([header, *cells] if header else cells), encoding="utf-8")
    rdf.write_text(rdf_text({name: (name, place) for place, name in enumerate(FIELDS, 1)}))
    return data, rdf
