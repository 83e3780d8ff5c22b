"""Which cost lines a list of names in the configuration means."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError


def named_lines(lines: pd.DataFrame, names: Sequence[str], key: str) -> np.ndarray:
    """The lines that a list of names means.

    Args:
        lines: table ``cost_lines``.
        names: an HRG or its beginning (``T``, ``H8``, ``H81``), both of its lines or, followed by a space and
            ``elective`` or ``emergency``, one of them.
        key: the configuration's key that holds the list, for the message.

    Returns:
        Booleans, one a line.

    Raises:
        InputError: a name means no line of the table.
    """
    named = np.zeros(len(lines), dtype=bool)
    for name in names:
        beginning, _, admission_type = name.partition(" ")
        meant = lines["hrg"].str.startswith(beginning)
        if admission_type:
            meant &= lines["admission_type"] == admission_type
        if not meant.any():
            raise InputError(
                f"{key} names {name}, which is no cost line of this run: give an HRG or its beginning, "
                "followed by ' elective' or ' emergency' where only one of its lines is meant."
            )
        named |= meant.to_numpy()
    return named


def forced_lines(
    lines: pd.DataFrame, always_pooled: Sequence[str], never_pooled: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The lines that are pooled, and those that are kept, whatever is best.

    Args:
        lines: table ``cost_lines``.
        always_pooled: names, as in `named_lines`: the configuration's ``risk.always_pooled``.
        never_pooled: names, likewise: ``risk.never_pooled``.

    Returns:
        Two arrays of booleans, one a line each.

    Raises:
        InputError: a name means no line, or a line is in both lists.
    """
    always = named_lines(lines, always_pooled, "risk.always_pooled")
    never = named_lines(lines, never_pooled, "risk.never_pooled")
    if (always & never).any():
        line = lines[always & never].iloc[0]
        raise InputError(
            f"risk.always_pooled and risk.never_pooled both hold {line['hrg']} {line['admission_type']}: "
            "take it out of one of them."
        )
    return always, never
