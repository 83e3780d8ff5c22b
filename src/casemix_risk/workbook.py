"""Opening a workbook, or saying in one sentence why it does not open."""

from pathlib import Path

import python_calamine

from casemix_risk.errors import InputError

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
# Today's workbooks are zip archives; a password wraps them in the container that old ones had.
_WRAPPED = bytes.fromhex("d0cf11e0a1b11ae1")


def open_workbook(path: Path) -> python_calamine.CalamineWorkbook:
    """The workbook, to be closed by the caller (it is a context manager).

    Raises:
        InputError: the workbook has a password, or is no workbook.
    """
    try:
        return python_calamine.load_workbook(path)
    except python_calamine.PasswordError:
        raise _protected(path) from None
    except python_calamine.CalamineError:
        if path.suffix.lower() != ".xls" and _beginning(path) == _WRAPPED:
            raise _protected(path) from None
        raise InputError(
            f"{path} is damaged or not a workbook: fetch it again, or save it as .xlsx or CSV."
        ) from None


def _protected(path: Path) -> InputError:
    return InputError(f"{path} is protected by a password: save a copy without one.")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_WRAPPED))
