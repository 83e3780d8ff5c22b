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
