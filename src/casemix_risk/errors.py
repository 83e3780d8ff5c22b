"""The error that bad input raises, and the one sentence that any failure ends in."""

import errno
import os
import re

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class InputError(ValueError):
    """Something a user can mend: the message is one sentence saying what is wrong, where, and what to do.

    The message never holds a value of a patient's row.
    """


def explain(error: InputError | OSError | MemoryError) -> str:
    """The one sentence for a user: an input error's own, or what the machine lacks, where, and what to do."""
    if isinstance(error, MemoryError):
        return "The machine's memory is too small for this step: close other programs or give a smaller file."
    if not isinstance(error, OSError):
        return str(error)
    number = _error_number(error)
    where = f"{error.filename}" if error.filename else "A file or folder of the run"
    if number in _FULL:
        beside = f" at {error.filename}" if error.filename else ""
        return f"The disk is full{beside}: free some space, or run in a folder on another disk."
    if number in _FORBIDDEN:
        return f"{where} may not be read or written: ask for the right to it, or run in a folder of your own."
    reason = f" ({os.strerror(number)})" if number else ""
    return f"{where} could not be read or written{reason}: check that it is there and run again."


def _error_number(error: OSError) -> int | None:
    """The system's error number; polars gives it only in the text."""
    in_text = re.search(r"os error (\d+)", str(error))
    return error.errno or (int(in_text[1]) if in_text else None)
