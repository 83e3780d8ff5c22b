"""A folder of results that appears whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casemix_risk.errors import InputError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, which becomes `folder` at the end, or goes where that fails.

    Raises:
        InputError: `folder` is there already and not empty, or is a file.
    """
    folder = Path(folder).resolve()  # "." has no name
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder} is not empty: name a new folder for the results, or remove it first.")
    writing = folder.with_name(f".{folder.name}.writing")
    shutil.rmtree(writing, ignore_errors=True)  # of a run that was killed
    writing.mkdir(parents=True)
    try:
        yield writing
        if folder.is_dir():
            folder.rmdir()
        writing.rename(folder)
    finally:
        shutil.rmtree(writing, ignore_errors=True)
