"""Simulated years by the hundred thousand: a table look-up a line, rare lines drawn together.

Two years take one random word for each line that is not rare. Words are SplitMix64 (Steele, Lea and Flood
2014, OOPSLA) counted from a start that the line's name gives: year n of a line is the same whatever else is
simulated, in whatever chunks and on however many threads.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numba import njit, prange
from scipy.special import gammaln, xlogy

from casemix_risk.risk.lines import Lines, Shocks, any_pools
from casemix_risk.streams import stream

RARE_BELOW = 0.5  # expected admissions
BLOCK_YEARS = 1_024
LEAST_PROBABILITY = 1e-17
WIDEST_DEVIATIONS, WIDEST_CLUSTERS = 10.0, 45.0
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
HALF, LOWER_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)


def simulate(
    lines: Lines, names: Sequence[str], kept: np.ndarray, list_size: float, years: int, seed: int
) -> np.ndarray:
    """Yearly costs of a list under each pool rule, all rules over the same years.

    Args:
        lines: the lines; Poisson where the variance factor is 1, Negative Binomial above.
        names: of the lines; the random words of a line depend on its name and the seed alone. The rare lines,
            which are drawn together, depend on each other.
        kept: booleans, pools x lines.
        list_size: heads.
        years: number of simulated years.
        seed: the run's seed.

    Returns:
        GBP, years x pools.
    """
    pools = any_pools(kept)
    line_class = np.empty(len(lines.price), dtype=np.int64)
    line_class[pools.order] = np.repeat(
        np.arange(len(pools.starts)), np.diff(np.append(pools.starts, len(pools.order)))
    )
    expected = lines.volume * list_size
    common = np.flatnonzero(expected >= RARE_BELOW)
    rare = np.flatnonzero((expected > 0) & (expected < RARE_BELOW))
    costs = np.zeros((len(pools.starts), years))
    tables = [_alias_table(expected[line], lines.price[line], lines.factor[line]) for line in common]
    _add_common(
        costs,
        line_class[common],
        np.array([_start(seed, names[line]) for line in common], dtype=np.uint64),
        np.cumsum([0, *(len(threshold) for threshold, _ in tables)]),
        np.concatenate([np.empty(0, dtype=np.uint32), *(threshold for threshold, _ in tables)]),
        np.concatenate([np.empty(0), *(amounts for _, amounts in tables)]),
    )
    _add_rare(costs, line_class[rare], expected[rare], lines.price[rare], lines.factor[rare], seed)
    return pools.kept(costs).T


def simulate_shocked(
    lines: Lines,
    names: Sequence[str],
    kept: np.ndarray,
    list_size: float,
    years: int,
    seed: int,
    shocks: Shocks,
) -> np.ndarray:
    """As `simulate`, in years that shocks shared by lines make heavy or light.

    The means change from year to year, so no table serves and every count is drawn by numpy.
    """
    generator = stream(seed, "simulate shocks")
    common = _gamma(generator, np.ones(years), shocks.common)
    factors = np.tile(common, (len(lines.price), 1))
    for variance, inside in shocks.groups:
        factors[inside] = _gamma(generator, common, variance)
    costs = np.zeros((years, len(kept)))
    for line, (volume, price, d) in enumerate(zip(*lines, strict=True)):
        mean = np.maximum(volume * list_size * factors[line], np.finfo(float).tiny)
        own = stream(seed, "simulate shocked", names[line])
        counts = own.poisson(mean) if d == 1 else own.negative_binomial(mean / (d - 1), 1 / d)
        costs += np.outer(price * counts, kept[:, line])
    return costs


def _gamma(generator: np.random.Generator, mean: np.ndarray, variance: float) -> np.ndarray:
    """Gamma variables whose variance is this times their mean; the mean itself where it is 0."""
    return generator.gamma(mean / variance, variance) if variance else mean


def _start(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\x1fsimulate\x1f{name}".encode()).digest()[:8], "little")


def _alias_table(mean: float, price: float, d: float) -> tuple[np.ndarray, np.ndarray]:
    """Walker's table of a line's cost: thresholds, and two amounts in GBP a slot.

    The top bits of a word choose the slot; its first amount is taken where the rest of the word is below the
    threshold, else the second.
    """
    reach = WIDEST_DEVIATIONS * np.sqrt(mean * d) + WIDEST_CLUSTERS * d
    counts = np.arange(max(0, int(mean - reach)), int(mean + reach) + 1)
    probability = _probabilities(counts, mean, d)
    counts, probability = (values[probability > LEAST_PROBABILITY] for values in (counts, probability))
    return _words_table(probability, price * counts, np.uint32)


def _words_table(probability: np.ndarray, values: np.ndarray, word: type) -> tuple[np.ndarray, np.ndarray]:
    slots = 2 ** max(1, int(np.ceil(np.log2(len(values)))))
    padded = np.zeros((2, slots))
    padded[:, : len(values)] = probability / probability.sum(), values
    share, alias = _vose(padded[0])
    amounts = np.empty(2 * slots, dtype=values.dtype)
    amounts[::2], amounts[1::2] = padded[1], padded[1, alias]
    scale = 2.0 ** np.iinfo(word).bits / slots
    return np.minimum(share * scale, scale).astype(word), amounts


def _probabilities(counts: np.ndarray, mean: float, d: float) -> np.ndarray:
    if d == 1:
        return np.exp(xlogy(counts, mean) - mean - gammaln(counts + 1))
    size = mean / (d - 1)
    choices = gammaln(counts + size) - gammaln(size) - gammaln(counts + 1)
    return np.exp(choices - size * np.log(d) + counts * np.log1p(-1 / d))


@njit(cache=True)
def _vose(probability):
    slots = len(probability)
    share, alias = probability * slots, np.arange(slots)
    small, large = np.empty(slots, np.int64), np.empty(slots, np.int64)
    smalls, larges = 0, 0
    for slot in range(slots):
        if share[slot] < 1:
            small[smalls] = slot
            smalls += 1
        else:
            large[larges] = slot
            larges += 1
    while smalls and larges:
        smalls -= 1
        less, more = small[smalls], large[larges - 1]
        alias[less] = more
        share[more] -= 1 - share[less]
        if share[more] < 1:
            larges -= 1
            small[smalls] = more
            smalls += 1
    for slot in small[:smalls]:
        share[slot] = 1.0
    for slot in large[:larges]:
        share[slot] = 1.0
    return share, alias


@njit(cache=True, inline="always")
def _mixed(word):
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True, parallel=True)
def _add_common(costs, line_class, starts, first, threshold, amounts):
    """Add each line's cost to its class; by blocks of years, so that a line's table stays near.

    Each half of a word serves a year, which leaves a chance known to 2^-32.
    """
    years = costs.shape[1]
    for block in prange((years + BLOCK_YEARS - 1) // BLOCK_YEARS):
        begin, end = block * BLOCK_YEARS, min((block + 1) * BLOCK_YEARS, years)
        for line in range(len(starts)):
            slots = first[line + 1] - first[line]
            low_bits = np.uint64(32)
            while slots > 1:
                slots >>= 1
                low_bits -= np.uint64(1)
            own_threshold, own_amounts = threshold[first[line] :], amounts[2 * first[line] :]
            row, word = costs[line_class[line]], starts[line] + np.uint64(begin // 2) * GOLDEN
            for year in range(begin, end - 1, 2):
                word += GOLDEN
                mixed = _mixed(word)
                row[year] += _looked_up(mixed >> HALF, low_bits, own_threshold, own_amounts)
                row[year + 1] += _looked_up(mixed & LOWER_HALF, low_bits, own_threshold, own_amounts)
            if (end - begin) % 2:
                row[end - 1] += _looked_up(
                    _mixed(word + GOLDEN) >> HALF, low_bits, own_threshold, own_amounts
                )


@njit(cache=True, inline="always")
def _looked_up(half, low_bits, threshold, amounts):
    slot = half >> low_bits
    second = np.uint64(half - (slot << low_bits) >= threshold[slot])
    return amounts[np.uint64(2) * slot + second]


def _add_rare(
    costs: np.ndarray,
    line_class: np.ndarray,
    expected: np.ndarray,
    price: np.ndarray,
    factor: np.ndarray,
    seed: int,
) -> None:
    """Add the rare lines: in each block of years a Poisson number of events, each of some line and year.

    An event of a Negative Binomial line is a cluster of admissions of logarithmic size (its compound Poisson
    form; Klugman, Panjer and Willmot, *Loss Models*, ch. 7).
    """
    if not len(expected):
        return
    excess = factor - 1
    clustered = excess > 0
    rates = np.where(clustered, expected * np.log(factor) / np.where(clustered, excess, 1.0), expected)
    blocks = -(-costs.shape[1] // BLOCK_YEARS)
    events = stream(seed, "simulate rare").poisson(rates.sum() * BLOCK_YEARS, blocks)
    threshold, places = _words_table(rates, np.arange(len(rates)), np.uint64)
    start = np.uint64(_start(seed, "rare events"))
    _add_events(costs, line_class, price, excess / factor, events, threshold, places, start)


@njit(cache=True, parallel=True)
def _add_events(costs, line_class, price, ratio, events, threshold, places, start):
    """One word chooses an event's line and year, a second the size of a cluster."""
    slots, low_bits = len(threshold), np.uint64(64)
    while slots > 1:
        slots >>= 1
        low_bits -= np.uint64(1)
    mask = (np.uint64(1) << low_bits) - np.uint64(1)
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(events)))
    for block in prange(len(events)):
        word = start + np.uint64(2 * before[block]) * GOLDEN
        for _ in range(events[block]):
            word += GOLDEN
            mixed = _mixed(word)
            slot = mixed >> low_bits
            second = np.uint64((mixed & mask) >= threshold[slot])
            line = places[np.uint64(2) * slot + second]
            word += GOLDEN
            mixed = _mixed(word)
            year = block * BLOCK_YEARS + np.int64(mixed >> np.uint64(54))
            size = 1
            if ratio[line] > 0:
                uniform = np.float64(mixed & np.uint64(0x3FFFFFFFFFFFFF)) / 2.0**54
                probability = -ratio[line] / np.log1p(-ratio[line])
                while uniform >= probability:
                    uniform -= probability
                    size += 1
                    probability *= ratio[line] * (size - 1) / size
                    if probability < LEAST_PROBABILITY:
                        break
            if year < costs.shape[1]:
                costs[line_class[line], year] += size * price[line]
