"""The scenario of a year in which many lines move together."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.risk.lines import Shocks
from casemix_risk.risk.named_lines import named_lines


def scenario(lines: pd.DataFrame, settings: Mapping) -> Shocks:
    """The shocks that a configuration speaks of, over a run's lines.

    Args:
        lines: table ``cost_lines``.
        settings: the configuration's ``shocks``; its percentages are standard deviations of factors of
            mean 1, so a shock of 5 % has the variance 0.05^2.

    Raises:
        InputError: a name means no line, or a line is in two groups.
    """
    taken = np.zeros(len(lines), dtype=bool)
    groups = []
    for group in settings["groups"]:
        inside = named_lines(lines, group["lines"], "shocks.groups")
        if (inside & taken).any():
            line = lines[inside & taken].iloc[0]
            raise InputError(
                f"shocks.groups has {line['hrg']} {line['admission_type']} in two groups: leave it in one."
            )
        taken |= inside
        groups.append(((group["pct"] / 100) ** 2, inside))
    return Shocks((settings["common_pct"] / 100) ** 2, tuple(groups))
