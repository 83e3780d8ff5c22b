"""Copies of the small definition set in which a test changes a line."""

import hashlib
import shutil
from pathlib import Path

import yaml

SMALL = Path(__file__).parents[1] / "data/definitions_small"


def small_copy(folder: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(SMALL, folder / "definitions"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that the file has once, or with no old text add lines at its end; and hash it again."""
    text = (folder / file).read_text(encoding="utf-8")
    if old:
        assert text.count(old) == 1, (file, old)
    (folder / file).write_text(text.replace(old, new) if old else text + new, encoding="utf-8")
    hash_again(folder)


def hash_again(folder: Path) -> None:
    """Write the files' hashes to the manifest, as one does who means the change."""
    path = folder / "manifest.yaml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    manifest["files"] = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.csv"))
    }
    path.write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")


def line_of(path: Path, beginning: str) -> int:
    """The line of a file that begins so; there is one."""
    [line] = [
        number
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if text.startswith(beginning)
    ]
    return line
