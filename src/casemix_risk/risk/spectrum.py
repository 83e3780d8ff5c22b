"""The characteristic function of the yearly cost, and its inversion: no probability vector is built."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from scipy.special import ndtri

from casemix_risk.risk.lines import NO_SHOCKS, Lines, Pools, Shocks, kept_sums
from casemix_risk.risk.moments import cumulants, skewness_and_kurtosis

WINDOW_DEVIATIONS = 20.0
DECAY_DEVIATIONS = 8.9  # a Normal's characteristic function is 1e-17 there
NOTHING = 1e-17
FALLEN = 1e-12
MOST_FREQUENCIES = 1_024
FEW_LINES = 40
MOST_PROBES = 16_384
DEAREST = 8
STEEPNESSES = (1.0, 2.0, 4.0, 8.0)
FAR_DEVIATIONS = 16.0  # the nearest that another window can be to a quantile that is asked for
EXTREME_DEVIATIONS = 3.5  # quantiles farther out are not promised to the pound
NEWTON_STEPS = 20
CLOSE_ENOUGH_GBP = 1e-3
LARGEST_EXPONENT = 700.0
BEYOND_ALL = 1e300


class Spectra(NamedTuple):
    """Centred characteristic functions of list sizes x pools, at the frequencies step, 2 step, ...

    Attributes:
        step: 2 pi / window, per GBP, by list size.
        real: list sizes x pools x frequencies.
        imaginary: list sizes x pools x frequencies.
        used: frequencies that count, list sizes x pools; beyond them the function is nothing.
        cumulants: list sizes x pools x 4.
        error_gbp: bound of what inversion can miss a quantile by, list sizes x pools.
    """

    step: np.ndarray
    real: np.ndarray
    imaginary: np.ndarray
    used: np.ndarray
    cumulants: np.ndarray
    error_gbp: np.ndarray


def spectra(lines: Lines, pools: Pools, list_sizes: np.ndarray, shocks: Shocks = NO_SHOCKS) -> Spectra:
    """The characteristic functions of the cost of each list size under each pool rule.

    log phi(t) of a line is L (e^{itp} - 1), or -k log(1 - (d - 1)(e^{itp} - 1)) with k = L / (d - 1); a Gamma
    shock of variance s turns the sum u of its lines' into -log(1 - s u) / s (Klugman, Panjer and Willmot,
    *Loss Models*, ch. 6 and 9).

    A list size's window is 20 standard deviations of its widest pool. As many frequencies are taken as a
    Normal needs to fall to 1e-17, and more while any function has not fallen yet.

    Returns:
        The spectra; `error_gbp` adds what the last frequency leaves, what comes back beyond it, and the mass
        beyond the window, over the density at 3.5 standard deviations.
    """
    sizes = np.asarray(list_sizes, dtype=float)
    moments = cumulants(lines, pools, sizes, shocks)
    deviation = np.sqrt(moments[..., 1])
    step = 2 * np.pi / (WINDOW_DEVIATIONS * deviation.max(axis=1))
    frequencies = int(np.ceil((DECAY_DEVIATIONS / deviation.min(axis=1) / step).max()))
    while True:
        frequencies = min(frequencies, MOST_FREQUENCIES)
        exponents = _exponents(lines, pools, sizes, shocks, step, frequencies)
        left = np.exp(exponents[0][..., -1])
        if frequencies == MOST_FREQUENCIES or (left < FALLEN).all():
            break
        frequencies *= 2
    real, imaginary, used = _centred(*exponents, moments[..., 0], step)
    missed = left / np.pi + _after_last(lines, pools, sizes, shocks, step * frequencies, deviation)
    missed += _beyond_window(lines, pools, sizes, shocks, moments)
    density_far_out = np.exp(-(EXTREME_DEVIATIONS**2) / 2) / (np.sqrt(2 * np.pi) * deviation)
    return Spectra(step, real, imaginary, used, moments, missed / density_far_out)


def _exponents(
    lines: Lines, pools: Pools, sizes: np.ndarray, shocks: Shocks, step: np.ndarray, frequencies: int
) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary parts of the log characteristic functions, list sizes x pools x frequencies."""

    def sums(inside: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        classes = _class_exponents(
            sizes,
            lines.volume * inside,
            lines.price,
            lines.factor,
            pools.order,
            pools.starts,
            step,
            frequencies,
        )
        kept = pools.kept(classes.reshape(len(classes), -1))
        kept = kept.reshape(-1, len(sizes), 2, frequencies).transpose(2, 1, 0, 3)
        return kept[0], kept[1]

    if not shocks.groups and not shocks.common:
        return sums(1.0)
    total, rest = 0.0, 1.0
    for variance, inside in shocks.groups:
        total = total + _shock_exponent(_complex(*sums(inside)), variance)
        rest = rest * ~inside
    total = _shock_exponent(total + _complex(*sums(rest)), shocks.common)
    return total.real, total.imag


def _complex(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    return real + 1j * imaginary


def _shock_exponent(exponent: np.ndarray, variance: float) -> np.ndarray:
    return -np.log1p(-variance * exponent) / variance if variance else exponent


@njit(cache=True, parallel=True)
def _class_exponents(sizes, volume, price, factor, order, starts, step, frequencies):
    """Sums over classes of log characteristic functions: classes x sizes x (real, imaginary parts)."""
    result = np.zeros((len(starts), len(sizes), 2 * frequencies))
    for size in prange(len(sizes)):
        for number in range(len(starts)):
            end = starts[number + 1] if number + 1 < len(starts) else len(order)
            for place in range(starts[number], end):
                line = order[place]
                mean = sizes[size] * volume[line]
                if mean > 0:
                    _add_exponents(
                        result[number, size], mean, price[line], factor[line], step[size], frequencies
                    )
    return result


@njit(cache=True, nogil=True)
def _add_exponents(row, mean, price, d, step, frequencies):
    # e^{i j angle} - 1 by recurrence and without cancelling: u_{j+1} = u_j + v + u_j v, v = e^{i angle} - 1.
    angle = step * price
    turn_real, turn_imaginary = -2 * np.sin(angle / 2) ** 2, np.sin(angle)
    real, imaginary = 0.0, 0.0
    for j in range(frequencies):
        real, imaginary = (
            real + turn_real + (real * turn_real - imaginary * turn_imaginary),
            imaginary + turn_imaginary + (real * turn_imaginary + imaginary * turn_real),
        )
        if d > 1:
            a, b = 1 - (d - 1) * real, -(d - 1) * imaginary
            row[j] -= mean / (d - 1) * 0.5 * np.log(a * a + b * b)
            row[frequencies + j] -= mean / (d - 1) * np.arctan2(b, a)
        else:
            row[j] += mean * real
            row[frequencies + j] += mean * imaginary


@njit(cache=True, parallel=True)
def _centred(exponent_real, exponent_imaginary, mean, step):
    """The functions themselves, of costs from their means, and how many frequencies count."""
    sizes, pools, frequencies = exponent_real.shape
    real, imaginary = np.zeros(exponent_real.shape), np.zeros(exponent_real.shape)
    used = np.ones((sizes, pools), dtype=np.int64)
    least = np.log(NOTHING)
    for cell in prange(sizes * pools):
        size, pool = cell // pools, cell % pools
        for j in range(frequencies):
            if exponent_real[size, pool, j] > least:
                height = np.exp(exponent_real[size, pool, j])
                angle = exponent_imaginary[size, pool, j] - (j + 1) * step[size] * mean[size, pool]
                real[size, pool, j] = height * np.cos(angle)
                imaginary[size, pool, j] = height * np.sin(angle)
                used[size, pool] = j + 1
    return real, imaginary, used


def _group_sums(pools: Pools, shocks: Shocks, values: np.ndarray) -> list[np.ndarray]:
    """Sums of per-head values (lines x columns) for each shock's group of lines, and for the rest."""
    rest = np.ones((len(values), 1), dtype=bool)
    sums = []
    for _, inside in shocks.groups:
        sums.append(kept_sums(pools, np.where(inside[:, None], values, 0.0)))
        rest &= ~inside[:, None]
    return [*sums, kept_sums(pools, np.where(rest, values, 0.0))]


def _joined(sums: list[np.ndarray], sizes: np.ndarray, shocks: Shocks) -> np.ndarray:
    """Exponents of lists from `_group_sums`, list sizes x pools x columns."""
    heads = sizes[:, None, None]
    *groups, rest = sums
    total = heads * rest
    for (variance, _), group in zip(shocks.groups, groups, strict=True):
        total = total + _shock_exponent(heads * group, variance)
    return _shock_exponent(total, shocks.common)


def _after_last(
    lines: Lines, pools: Pools, sizes: np.ndarray, shocks: Shocks, last: np.ndarray, deviation: np.ndarray
) -> np.ndarray:
    """What the functions beyond their last frequency add to a probability: the integral of |phi(t)| / (pi t).

    Where few lines make the cost it comes in steps, and the function rises again far out. A few lines are
    looked at on a grid as fine as their peaks; of many, peaks are looked for where two of those that carry
    most of the variance come into phase again, and are as wide as the first.

    Returns:
        List sizes x pools.
    """
    weight = lines.volume * lines.price**2 * lines.factor
    if len(lines.price) <= FEW_LINES:
        gap = 0.5 / deviation.max()
        divisor = np.gcd.reduce(np.rint(100 * lines.price).astype(np.int64)) / 100
        count = (np.pi / max(divisor, 0.01) - last.min()) / gap
        times = last.min() + gap * np.arange(int(np.clip(count, 1, MOST_PROBES)))
        widths = np.full(deviation.shape, gap)
    else:
        prices = lines.price[np.argsort(-weight, kind="stable")[:DEAREST]]
        times = 2 * np.pi / np.unique((prices[:, None] + prices) / 2)
        widths = np.sqrt(2 * np.pi) / deviation
    falls = _falls(lines.volume, lines.price, lines.factor, times)
    exponents = _joined([-part for part in _group_sums(pools, shocks, falls)], sizes, shocks)
    heights = np.where(times > last[:, None, None], np.exp(exponents) / times, 0.0)
    return widths / np.pi * heights.sum(axis=2)


@njit(cache=True, parallel=True)
def _falls(volume, price, factor, times):
    """-log |characteristic function| of each line per head, lines x frequencies."""
    result = np.empty((len(volume), len(times)))
    for number in prange(len(times)):
        for line in range(len(volume)):
            d = factor[line]
            turn = 2 * np.sin(times[number] * price[line] / 2) ** 2
            fall = 0.5 * np.log1p(2 * d * (d - 1) * turn) / (d - 1) if d > 1 else turn
            result[line, number] = volume[line] * fall
    return result


def _beyond_window(
    lines: Lines, pools: Pools, sizes: np.ndarray, shocks: Shocks, moments: np.ndarray
) -> np.ndarray:
    """Chernoff's bound of the probability of a cost more than 16 standard deviations above its mean.

    exp(K(z) - z x) is a bound for every z > 0; the least of several is taken. Below the mean a sum of
    positive jumps is bounded by the Normal's, which is nothing.
    """
    deviation = np.sqrt(moments[..., 1])
    scales = np.geomspace(deviation.min(), deviation.max(), len(STEEPNESSES))
    tilts = np.unique(np.outer(STEEPNESSES, 1 / scales))
    growth = np.expm1(np.minimum(tilts * lines.price[:, None], LARGEST_EXPONENT))
    excess = (lines.factor - 1)[:, None]
    inside = 1 - excess * growth
    clustered = np.where(inside > 0, -np.log(np.where(inside > 0, inside, 1.0)), BEYOND_ALL)
    per_admission = np.where(excess > 0, clustered / np.where(excess > 0, excess, 1.0), growth)
    per_head = np.minimum(lines.volume[:, None] * per_admission, BEYOND_ALL)
    far = moments[..., 0] + FAR_DEVIATIONS * deviation
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        exponents = _joined(_group_sums(pools, shocks, per_head), sizes, shocks)
        bounds = np.exp(np.minimum(exponents - tilts * far[..., None], 0.0))
    return np.where(np.isfinite(bounds), bounds, 1.0).min(axis=2)


def quantiles(found: Spectra, probabilities: np.ndarray) -> np.ndarray:
    """Costs that are not exceeded with these probabilities, by Newton's method on the inverted function.

    F(x) = 1/2 + x / W - (2 / W) sum Im(phi(t_j) e^{-i t_j x}) / t_j and f(x) = 1 / W + (2 / W) sum
    Re(phi(t_j) e^{-i t_j x}), x from the mean (Fourier series of a law wrapped on a window W; Abate and Whitt
    1992, Queueing Systems 10, 5-88). Starts are Cornish and Fisher's with four cumulants.

    Args:
        found: `spectra`.
        probabilities: between 0 and 1.

    Returns:
        GBP, list sizes x pools x probabilities.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    mean, deviation = found.cumulants[..., 0], np.sqrt(found.cumulants[..., 1])
    start = deviation[..., None] * _cornish_fisher(found.cumulants, probabilities)
    away = _solve(found.real, found.imaginary, found.used, found.step, deviation, probabilities, start)
    return mean[..., None] + away


def distribution_function(found: Spectra, costs: np.ndarray) -> np.ndarray:
    """P(cost <= x), counting half of what sits at x itself, for list sizes x pools x costs in GBP."""
    away = np.asarray(costs, dtype=float) - found.cumulants[..., :1]
    return _evaluate(found.real, found.imaginary, found.used, found.step, away)[0]


def density(found: Spectra, costs: np.ndarray) -> np.ndarray:
    """Density per GBP, for list sizes x pools x costs in GBP."""
    away = np.asarray(costs, dtype=float) - found.cumulants[..., :1]
    return _evaluate(found.real, found.imaginary, found.used, found.step, away)[1]


def mean_excess(found: Spectra, costs: np.ndarray) -> np.ndarray:
    """E(cost - x)+, the pure premium of a stop-loss at x, for list sizes x pools x costs in GBP.

    [(sd^2 + x^2) / W + W / 6 - x] / 2 - (2 / W) sum Re(phi(t_j) e^{-i t_j x}) / t_j^2, x from the mean.
    """
    away = np.asarray(costs, dtype=float) - found.cumulants[..., :1]
    frequencies = found.step[:, None] * np.arange(1, found.real.shape[2] + 1)
    window = (2 * np.pi / found.step)[:, None, None]
    waves = np.exp(-1j * frequencies[:, None, :, None] * away[:, :, None, :])
    values = (found.real + 1j * found.imaginary) / frequencies[:, None, :] ** 2
    series = (values[..., None] * waves).real.sum(axis=2)
    smooth = ((found.cumulants[..., 1:2] + away**2) / window + window / 6 - away) / 2
    return smooth - 2 / window * series


def _cornish_fisher(cost_cumulants: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Standardised quantiles (Cornish and Fisher 1938; Johnson, Kotz and Balakrishnan 1994, vol. 1, 12.5)."""
    skewness, kurtosis = (values[..., None] for values in skewness_and_kurtosis(cost_cumulants))
    z = ndtri(probabilities)
    cube = z * z * z
    bent = z + skewness / 6 * (z * z - 1) + kurtosis / 24 * (cube - 3 * z)
    bent -= skewness * skewness / 36 * (2 * cube - 5 * z)
    return bent.clip(-WINDOW_DEVIATIONS / 4, WINDOW_DEVIATIONS / 4)


@njit(cache=True, parallel=True)
def _solve(real, imaginary, used, step, deviation, probabilities, start):
    """Newton's method from the starts, kept within a bracket that every step tightens."""
    found = start.copy()
    sizes, pools, _ = start.shape
    for cell in prange(sizes * pools):
        size, pool = cell // pools, cell % pools
        sd = deviation[size, pool]
        for q in range(len(probabilities)):
            x, low, high = found[size, pool, q], -10.0 * sd, 10.0 * sd
            for _ in range(NEWTON_STEPS):
                below, slope = _wave_sums(
                    real[size, pool], imaginary[size, pool], used[size, pool], step[size], x
                )
                excess = below - probabilities[q]
                if excess > 0:
                    high = min(high, x)
                else:
                    low = max(low, x)
                following = x - excess / slope if slope > 0 else low - 1
                if not low <= following <= high:
                    following = 0.5 * (low + high)
                # Newton's error is about its last step squared x curvature / slope, here (1 + |x| / sd) / sd.
                left = (following - x) ** 2 * (1 + abs(x) / sd) / sd
                x = following
                if left < CLOSE_ENOUGH_GBP:
                    break
            found[size, pool, q] = x
    return found


@njit(cache=True, parallel=True)
def _evaluate(real, imaginary, used, step, away):
    below, slope = np.empty(away.shape), np.empty(away.shape)
    sizes, pools, costs = away.shape
    for cell in prange(sizes * pools):
        size, pool = cell // pools, cell % pools
        for column in range(costs):
            below[size, pool, column], slope[size, pool, column] = _wave_sums(
                real[size, pool],
                imaginary[size, pool],
                used[size, pool],
                step[size],
                away[size, pool, column],
            )
    return below, slope


@njit(cache=True, nogil=True)
def _wave_sums(real, imaginary, used, step, x):
    """Distribution function and density at a distance from the mean, the waves e^{-i t_j x} by recurrence.

    Odd and even frequencies turn and add up apart, so the processor works on both at once. The order of
    the additions is written out, not left to the compiler: no result may depend on which compilation made it.
    """
    cosine, sine = np.cos(step * x), -np.sin(step * x)
    turn_cosine, turn_sine = cosine * cosine - sine * sine, 2 * cosine * sine
    next_cosine, next_sine = turn_cosine, turn_sine
    area, height, next_area, next_height = 0.0, 0.0, 0.0, 0.0
    for j in range(0, used - 1, 2):
        height += real[j] * cosine - imaginary[j] * sine
        area += (real[j] * sine + imaginary[j] * cosine) / (j + 1)
        next_height += real[j + 1] * next_cosine - imaginary[j + 1] * next_sine
        next_area += (real[j + 1] * next_sine + imaginary[j + 1] * next_cosine) / (j + 2)
        cosine, sine = cosine * turn_cosine - sine * turn_sine, cosine * turn_sine + sine * turn_cosine
        next_cosine, next_sine = (
            next_cosine * turn_cosine - next_sine * turn_sine,
            next_cosine * turn_sine + next_sine * turn_cosine,
        )
    if used % 2:
        height += real[used - 1] * cosine - imaginary[used - 1] * sine
        area += (real[used - 1] * sine + imaginary[used - 1] * cosine) / used
    window = 2 * np.pi / step
    return 0.5 + x / window - (area + next_area) / np.pi, (1 + 2 * (height + next_height)) / window
