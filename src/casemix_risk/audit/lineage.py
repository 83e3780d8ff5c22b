"""From a table back to the raw files: what it was made of, by which rule and code, in words and a picture."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 170, 34, 36, 12, 8
SHORT = 8  # digits of a hash that people read; 10 or 12 could look like a patient's number


class Ancestor(NamedTuple):
    """A file that a table was made of, or the table itself.

    Attributes:
        path: from the run's folder; of a raw file as it was given.
        generation: 0 for the table, more the farther back; the longest way counts.
        digest: content hash of a table, SHA-256 of any other file.
        rows: of a table, else None.
        rule: that wrote it; None for a raw file.
        code: fingerprint of the rule's code; None for a raw file.
        parents: paths of what its job read.
    """

    path: str
    generation: int
    digest: str
    rows: int | None
    rule: str | None
    code: str | None
    parents: tuple[str, ...]


def ancestors(jobs: Mapping[str, Mapping], path: str) -> list[Ancestor]:
    """What a file of a run was made of.

    Args:
        jobs: `casemix_risk.audit.receipt.jobs_behind`.
        path: the file, from the run's folder.

    Returns:
        The file first, raw files last.
    """
    maker = {output: job for job in jobs.values() for output in job["outputs"]}
    generation: dict[str, int] = {}

    def walk(file: str, depth: int) -> None:
        if generation.get(file, -1) >= depth:
            return
        generation[file] = depth
        job = maker.get(file)
        for parent in [] if job is None else [*job["inputs"], *job["raw"]]:
            walk(parent, depth + 1)

    walk(path, 0)
    raw = {file: digest for job in jobs.values() for file, digest in job["raw"].items()}
    found = []
    for file, depth in sorted(generation.items(), key=lambda item: (item[0] in raw, item[1], item[0])):
        if file in raw:
            found.append(Ancestor(file, depth, raw[file], None, None, None, ()))
        else:
            job = maker[file]
            facts = job["outputs"][file]
            digest, parents = facts.get("content", facts["sha256"]), (*job["inputs"], *job["raw"])
            found.append(Ancestor(file, depth, digest, facts.get("rows"), job["rule"], job["code"], parents))
    return found


def lineage_lines(found: Sequence[Ancestor]) -> list[str]:
    """A line for each ancestor, indented by generation."""
    return [f"{'  ' * each.generation}{_line(each)}" for each in found]


def lineage_html(found: Sequence[Ancestor]) -> str:
    """The picture, and the lines as a list."""
    items = "".join(f"<li>{escape(_line(each))}</li>" for each in found)
    label = f"Picture of where {escape(found[0].path)} comes from"
    picture = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">{lineage_picture(found)}</div>'
    )
    return f"{picture}<ul>{items}</ul>"


def _line(each: Ancestor) -> str:
    if each.rule is None:
        return f"{each.path}: raw file, sha256 {each.digest[:SHORT]}"
    rows = "" if each.rows is None else f" {each.rows:,} rows,"
    return f"{each.path}:{rows} hash {each.digest[:SHORT]}, by rule {each.rule}, code {each.code[:SHORT]}"


def lineage_picture(found: Sequence[Ancestor]) -> str:
    """An SVG of the files as boxes, raw files on the left, the table on the right, arrows along the jobs."""
    last = max(each.generation for each in found)
    columns = [[each for each in found if each.generation == depth] for depth in range(last, -1, -1)]
    tallest = max(map(len, columns))
    place = {}
    for column, boxes in enumerate(columns):
        above = (tallest - len(boxes)) * (BOX_HEIGHT + GAP_Y) / 2
        for row, each in enumerate(boxes):
            x, y = MARGIN + column * (BOX_WIDTH + GAP_X), MARGIN + above + row * (BOX_HEIGHT + GAP_Y)
            place[each.path] = (x, y)
    arrows = "".join(
        _arrow(place[parent], place[each.path])
        for each in found
        for parent in each.parents
        if parent in place
    )
    width = 2 * MARGIN + len(columns) * BOX_WIDTH + (len(columns) - 1) * GAP_X
    height = 2 * MARGIN + tallest * BOX_HEIGHT + (tallest - 1) * GAP_Y
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:g}" '
        f'viewBox="0 0 {width} {height:g}" role="img" '
        f'aria-label="Where {escape(found[0].path)} comes from; the list has the same in words.">'
        f"{arrows}{''.join(_box(each, *place[each.path]) for each in found)}</svg>"
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, y1, x2, y2 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT / 2, end[0], end[1] + BOX_HEIGHT / 2
    bend = (x1 + x2) / 2
    return (
        f'<path d="M{x1:g} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}" '
        'fill="none" stroke="#6B6B6B"/>'
    )


def _box(each: Ancestor, x: float, y: float) -> str:
    folder, _, name = each.path.rpartition("/")
    colour = "#F46A25" if each.rule is None else "#12436D"
    words = "raw file" if each.rule is None else f"{folder} · {each.digest[:8]}"
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4" fill="#fff" '
        f'stroke="{colour}" stroke-width="1.5"/>'
        f'<text x="{x + 8:g}" y="{y + 14:g}" font-size="11" font-family="sans-serif">{escape(name)}</text>'
        f'<text x="{x + 8:g}" y="{y + 27:g}" font-size="9" font-family="sans-serif" fill="#4a4f55">'
        f"{escape(words)}</text>"
    )
