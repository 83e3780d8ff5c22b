"""Users' own definition tables: a workbook, and a YAML file that says which column is which of ours.

The national definitions are licensed tables, whose sheets and columns differ by year. Nothing of them is
kept here; docs/definitions.mapping.example.yaml explains the mapping.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import polars as pl
import yaml
from python_calamine import CalamineWorkbook

from casemix_risk.errors import InputError
from casemix_risk.group.definitions import COLUMNS, MANIFEST, Definitions, Kind
from casemix_risk.group.whole_folder import whole_folder
from casemix_risk.group.workbook_cells import OPEN, Rows, clean, read_range, replaced, sheet_rows
from casemix_risk.workbook import open_workbook

_SCHEMA = Path(__file__).parent / "workbook_mapping.yaml"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def load_definitions(workbook: Path, mapping: Path) -> Definitions:
    """The definition set that a workbook holds, checked for form.

    Args:
        workbook: the users' own tables (.xlsx, .xls, .xlsb, .ods).
        mapping: says for each of our tables which sheets, columns, constants and values make it.

    Raises:
        InputError: a file cannot be read, the mapping has not the form of the example, it names a sheet,
            heading or column that is not there, or a cell cannot be what its column must be; with sheet, row
            and column.
    """
    said = _read_mapping(mapping)
    if not workbook.is_file():
        raise InputError(f"There is no workbook {workbook}: check its path.")
    with open_workbook(workbook) as book:
        tables = {
            stem: _table(stem, said["tables"][stem], book, workbook, f"{mapping}, table {stem}")
            for stem in COLUMNS
        }
    return Definitions(**tables, manifest=said["manifest"] | {"files": {}})


def write_definitions(definitions: Definitions, folder: Path) -> None:
    """Write a set as the folder that `casemix_risk.group.definitions.read_definitions` reads, with hashes.

    Raises:
        InputError: the folder is there already and not empty.
    """
    with whole_folder(folder) as writing:
        files = {}
        for stem, columns in COLUMNS.items():
            path = writing / f"{stem}.csv"
            getattr(definitions, stem).select(*columns).write_csv(
                path, quote_style="necessary", null_value=""
            )
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        manifest = definitions.manifest | {"files": files}
        text = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True)
        (writing / MANIFEST).write_text(text, encoding="utf-8")


def _read_mapping(path: Path) -> dict:
    if not path.is_file():
        raise InputError(f"There is no mapping file {path}: copy docs/definitions.mapping.example.yaml.")
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        plain = json.loads(json.dumps(said, default=str))  # as JSON has it: every key is text
    except (yaml.YAMLError, ValueError, TypeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"{path}, line {line + 1}" if line is not None else f"{path}"
        raise InputError(f"{where} is not YAML in UTF-8: mend it as the example has it.") from None
    schema = yaml.safe_load(_SCHEMA.read_text(encoding="utf-8"))
    wrong = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(plain))
    if wrong:
        place = "/".join(map(str, wrong.absolute_path)) or "the whole"
        raise InputError(f"{path}, {place}: {wrong.message}; mend it as the example has it.")
    return {"manifest": said["manifest"], "tables": plain["tables"]}


def _table(
    stem: str, sources: list[Mapping], book: CalamineWorkbook, workbook: Path, where: str
) -> pl.DataFrame:
    columns = COLUMNS[stem]
    rows: list[dict[str, str]] = []
    for number, source in enumerate(sources, 1):
        _check_names(source, columns, f"{where}, source {number}")
        if "rows" in source:
            given = _own_rows(source, columns, f"{where}, source {number}")
        else:
            given = _sheet_rows(source, columns, book, workbook)
        rows.extend(given)
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in columns}, dict.fromkeys(columns, pl.String)
    ).with_columns(
        pl.col(name).replace("", None).cast(pl.Int64) for name, kind in columns.items() if kind.number
    )


def _check_names(source: Mapping, columns: Mapping[str, Kind], where: str) -> None:
    if ("sheet" in source) == ("rows" in source) or ("sheet" in source) != ("header_row" in source):
        raise InputError(f"{where}: give either sheet with header_row, or rows.")
    bounds = [name for each in source.get("ranges", ()) for name in (each["from"], each["to"])]
    made = [*source.get("columns", ()), *source.get("constants", ()), *bounds]
    own = [name for row in source.get("rows", ()) for name in row]
    for name in (*made, *source.get("values", ()), *source.get("separators", ()), *own):
        if name not in columns:
            raise InputError(f"{where}: the table has no column {name}, only {', '.join(columns)}.")
    for name in made:
        if made.count(name) > 1:
            raise InputError(f"{where}: {name} is filled twice; keep one of columns, constants and ranges.")


def _own_rows(source: Mapping, columns: Mapping[str, Kind], where: str) -> Iterator[dict[str, str]]:
    """Rows that the mapping itself holds, for what no workbook has."""
    for number, given in enumerate(source["rows"], 1):
        row = {name: str(given.get(name, "")) for name in columns}
        row["provenance"] = row["provenance"] or "the mapping file"
        for name, kind in columns.items():
            _check_cell(row[name], kind, f"{where}, row {number}: {name}")
        yield row


def _sheet_rows(
    source: Mapping, columns: Mapping[str, Kind], book: CalamineWorkbook, workbook: Path
) -> Iterator[dict[str, str]]:
    from_heading = source.get("columns", {})
    constants = {"provenance": f"{workbook.name}, sheet {source['sheet']}"} | source.get("constants", {})
    ranges = source.get("ranges", [])
    used = {
        *from_heading.values(),
        *(each["heading"] for each in ranges),
        *source.get("where", ()),
        *source.get("fill_down", ()),
        *(heading for text in constants.values() for heading in _PLACEHOLDER.findall(str(text))),
    } - {"row"}
    rows = sheet_rows(book, workbook, source["sheet"], source["header_row"], used)
    for number, cells in _chosen(rows, source):
        where = f"{workbook}, sheet {source['sheet']}, row {number}"
        texts = {name: cells[heading] for name, heading in from_heading.items()}
        filled = cells | {"row": f"{number:06}"}
        for name, text in constants.items():
            if name not in texts:
                texts[name] = _PLACEHOLDER.sub(lambda found, filled=filled: filled[found[1]], str(text))
        origin = {name: f"column {heading}: {name}" for name, heading in from_heading.items()}
        for each in ranges:
            text = replaced(cells[each["heading"]], each.get("values", {}))
            bounds = read_range(text, f"{where}, column {each['heading']}")
            for side, open_end in zip(("from", "to"), OPEN, strict=True):
                bound = bounds[side]
                # A split's range must be closed; a rule's open end is an empty cell.
                no_bound = "" if re.fullmatch(columns[each[side]].pattern, "") else open_end
                texts[each[side]] = no_bound if bound is None else str(bound)
                origin[each[side]] = f"column {each['heading']}: {each[side]}"
        row = {}
        for name, kind in columns.items():
            separator = source.get("separators", {}).get(name)
            row[name] = clean(name, texts.get(name, ""), separator, source.get("values", {}).get(name, {}))
            _check_cell(row[name], kind, f"{where}, {origin.get(name, f'column {name}')}")
        yield row


def _chosen(rows: Rows, source: Mapping) -> Rows:
    """The rows that are wanted, with the cells that merged cells above fill."""
    above: dict[str, str] = {}
    for number, cells in rows:
        for heading in source.get("fill_down", ()):
            above[heading] = cells[heading] = cells[heading] or above.get(heading, "")
        wanted = source.get("where", {})
        if all(cells[heading] in map(str, texts) for heading, texts in wanted.items()):
            yield number, cells


def _check_cell(text: str, kind: Kind, where: str) -> None:
    if not re.fullmatch(kind.pattern, text):
        raise InputError(f"{where} is {text!r}, but must be {kind.says}.")
