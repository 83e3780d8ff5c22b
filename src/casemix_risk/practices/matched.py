"""GBP saved if all practices had the ratio of some of them."""

from typing import NamedTuple

import numpy as np


class Year(NamedTuple):
    """A year of the practices compared, as arrays over practices.

    Attributes:
        observed: admissions.
        expected: expected admissions, above 0.
        gbp: cost of the expected admissions at the practice's own GBP per admission.
    """

    observed: np.ndarray
    expected: np.ndarray
    gbp: np.ndarray


def saving_if_matched(ratio: np.ndarray, order: np.ndarray, best: np.ndarray, year: Year) -> np.ndarray:
    """GBP a year saved if all practices had the ratio of the first n of an order, for each n.

    With ratio r, expected admissions E, GBP per admission c, and R = sum r E / sum E of the first n, it is
    sum (r - R) E c over all practices; truncated, sum max(0, r - R) E c.

    Args:
        ratio: observed or true over expected, draws x practices.
        order: places of the practices, those to match first; draws x practices.
        best: each n.
        year: expected and GBP count; observed does not.

    Returns:
        Array 2 x draws x len(best): not truncated, truncated.
    """
    expected = year.expected[order]
    matched = np.cumsum(np.take_along_axis(ratio, order, axis=1) * expected, axis=1)
    level = matched[:, best - 1] / np.cumsum(expected, axis=1)[:, best - 1]
    whole = (ratio * year.gbp).sum(axis=1)[:, None] - level * year.gbp.sum()
    above = [(np.maximum(ratio - of_n[:, None], 0) * year.gbp).sum(axis=1) for of_n in level.T]
    return np.stack([whole, np.stack(above, axis=1)])


def standard_error(order: np.ndarray, best: np.ndarray, year: Year, factor: float) -> np.ndarray:
    """Standard error by chance in counts of `saving_if_matched` of observed over expected, the order fixed.

    The saving is a sum of observed admissions, each practice's with a weight: c where it counts, less what
    its admissions move R. Counts are independent with variance factor x mean, estimated by factor x observed.

    Args:
        order: places of the practices, those to match first.
        best: each n.
        year: the year.
        factor: variance over mean of a practice's count by chance.

    Returns:
        Array 2 x len(best): not truncated, truncated.
    """
    units = len(order)
    error = np.empty((2, len(best)))
    for place, n in enumerate(best):
        share = np.zeros(units)
        share[order[:n]] = 1 / year.expected[order[:n]].sum()
        above = year.observed / year.expected > (year.observed * share).sum()
        for truncated, counted in enumerate((np.ones(units), above)):
            gbp = counted * year.gbp
            weight = gbp / year.expected - gbp.sum() * share
            error[truncated, place] = np.sqrt(factor * (weight**2 * year.observed).sum())
    return error
