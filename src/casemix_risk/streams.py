"""Random streams derived from names, so that no figure depends on the order or the number of workers."""

import hashlib

import numpy as np


def stream(seed: int, *names: object) -> np.random.Generator:
    """The random generator that belongs to a name.

    Args:
        seed: the run's seed, any integer.
        names: what the numbers are for, e.g. ``"simulate", 10000, "H04", "elective"``; their text counts,
            and so does their order.

    Returns:
        A PCG64 generator seeded with SHA-256 of the seed and the names.
    """
    text = "\x1f".join(str(part) for part in (seed, *names))
    return np.random.default_rng(np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype=np.uint32))
