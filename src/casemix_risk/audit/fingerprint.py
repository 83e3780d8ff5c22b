"""A fingerprint of the code that makes a table, blind to comments and docstrings.

Snakemake does not see that an imported module changed; this does. Each rule carries the fingerprint of its
script as a parameter, so that a changed formula reruns what depends on it and a comment reruns nothing.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def code_fingerprint(script: Path | str, roots: tuple[Path | str, ...]) -> str:
    """SHA-256 over the syntax of a script and of every module it imports from the given roots.

    Args:
        script: the Python file that a rule runs.
        roots: folders whose modules count as our code; anything imported from elsewhere is covered by the
            lock file's hash.

    Returns:
        64 hexadecimal digits that change with any statement, name or literal, and with nothing else.
    """
    seen: dict[str, str] = {}
    folders = tuple(Path(root) for root in roots)
    _visit("", Path(script), folders, seen)
    whole = hashlib.sha256()
    for module, digest in sorted(seen.items()):
        whole.update(f"{module}\x1f{digest}\n".encode())
    return whole.hexdigest()


def _visit(name: str, path: Path, roots: tuple[Path, ...], seen: dict[str, str]) -> None:
    if name in seen:
        return
    seen[name], imported = _parse(path)
    for module in imported:
        for found, file in _own_modules(module, roots):
            _visit(found, file, roots, seen)


@cache
def _parse(path: Path) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    text = "".join(_canonical(tree))
    return hashlib.sha256(text.encode()).hexdigest(), tuple(imported)


def _own_modules(module: str, roots: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """The module and the packages above it, as (dotted name, file), where they lie under a root."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        for root in roots:
            stem = root.joinpath(*parts[:length])
            for file in (stem.with_suffix(".py"), stem / "__init__.py"):
                if file.is_file():
                    yield ".".join(parts[:length]), file


def _canonical(node: object) -> Iterator[str]:
    """The syntax tree as text, without positions, docstrings and empty fields, which differ by version."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for field, value in ast.iter_fields(node):
            if field == "body" and isinstance(
                node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ):
                value = value[1:] if ast.get_docstring(node, clean=False) is not None else value
            if value is not None and value != []:
                yield f" {field}="
                yield from _canonical(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _canonical(item)
            yield ","
    else:
        yield repr(node)
