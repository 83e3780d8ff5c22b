"""The projection's own uncertainty: the base years' counts redrawn and projected again."""

from collections.abc import Iterator, Mapping

import pandas as pd

from casemix_risk.streams import stream
from casemix_risk.volumes.national import project

POISSON_BELOW_FACTOR = 1 + 1e-9


def redrawn_projections(
    activity: pd.DataFrame, projection: Mapping, replicates: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Projections of redrawn activity, a parametric bootstrap.

    Every count is drawn anew from a Poisson, or a Negative Binomial with the line's variance factor, whose
    mean is the count observed (Efron and Tibshirani 1993, *An Introduction to the Bootstrap*, ch. 6). A count
    of 0 stays 0, so lines that the sample never met stay unseen.

    Args:
        activity: table ``activity``.
        projection: the other arguments of `casemix_risk.volumes.national.project`, by name.
        replicates: how many projections.
        seed: the run's seed.

    Yields:
        Tables ``national``.
    """
    mean, factor = activity["admissions"].to_numpy(), activity["variance_factor"].to_numpy()
    clustered = factor > POISSON_BELOW_FACTOR
    for replicate in range(replicates):
        generator = stream(seed, "redrawn activity", replicate)
        counts = generator.poisson(mean)
        excess = factor[clustered] - 1
        counts[clustered] = generator.negative_binomial(mean[clustered] / excess, 1 / factor[clustered])
        redrawn = activity.assign(admissions=counts)
        yield project(redrawn[counts > 0], **projection)
