"""Random choice with weights, for many rows at once."""

import numpy as np


def pick(weights: np.ndarray, groups: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """One weighted choice a row, by inverting the distribution of the row's group.

    Args:
        weights: groups x choices, not negative, each group with a positive sum.
        groups: the group of each row.
        uniforms: a number in [0, 1) for each row.

    Returns:
        The position of each row's choice.
    """
    cumulative = weights.cumsum(axis=1)
    shares = cumulative / cumulative[:, -1:]
    # Group g's distribution is laid over [g, g + 1), so that one sorted search serves every row.
    ladder = (shares + np.arange(len(weights))[:, None]).ravel()
    choices = weights.shape[1]
    position = np.searchsorted(ladder, groups + uniforms, side="right") - groups * choices
    return np.minimum(position, choices - 1)


def pick_listed(
    groups_of_choices: np.ndarray, weights: np.ndarray, groups: np.ndarray, uniforms: np.ndarray
) -> np.ndarray:
    """As `pick`, from lists of different lengths.

    Args:
        groups_of_choices: the group of each choice, in ascending order from 0 on, none left out.
        weights: of each choice, positive.
        groups: the group of each row.
        uniforms: a number in [0, 1) for each row.

    Returns:
        The position of each row's choice.
    """
    total = np.bincount(groups_of_choices, weights)
    last = np.cumsum(np.bincount(groups_of_choices)) - 1
    ladder = np.cumsum(weights / total[groups_of_choices])
    # Rounding must not let a row step over the end of its own list.
    ladder[last] = np.arange(1, len(total) + 1)
    position = np.searchsorted(ladder, groups + uniforms, side="right")
    return np.clip(position, np.append(0, last[:-1] + 1)[groups], last[groups])
