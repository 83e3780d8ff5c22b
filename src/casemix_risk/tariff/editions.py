"""Tariff editions: a file, or another edition made dearer, in chains."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.tariff.read import PRICES, read_edition, read_factors, to_pence


def edition_chain(editions: Mapping[str, Mapping], name: str) -> list[dict]:
    """The steps from a price file to an edition.

    Args:
        editions: the configuration's ``tariff.editions``.
        name: the edition wanted.

    Returns:
        The settings of each edition on the way, first the one with a file.

    Raises:
        InputError: an edition is made from one that does not exist, or from itself.
    """
    chain = [name]
    while "from" in editions[chain[-1]]:
        source = editions[chain[-1]]["from"]
        if source not in editions:
            raise InputError(
                f"Tariff edition {chain[-1]} is made from {source}, which is not an edition; add it."
            )
        if source in chain:
            raise InputError(
                f"Tariff edition {name} is made from itself; give one edition of the ring a file."
            )
        chain.append(source)
    return [dict(editions[step]) for step in reversed(chain)]


def edition_files(editions: Mapping[str, Mapping], name: str) -> list[str]:
    """The files that an edition's prices are read from."""
    steps = edition_chain(editions, name)
    return [step[key] for step in steps for key in ("file", "factors_file") if key in step]


def schedule_years(editions: Mapping[str, Mapping], name: str) -> list[str]:
    """The year whose unit costs an edition begins with, where it begins with a schedule's: none or one."""
    return [step["schedule_year"] for step in edition_chain(editions, name) if "schedule_year" in step]


def edition_prices(chain: Sequence[Mapping], unit_costs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Prices of an edition, from its file through every uplift.

    Each uplifted price is rounded half up to the penny before the next uplift, as a published list would be.

    Args:
        chain: `edition_chain`.
        unit_costs: `casemix_risk.ingest.schedule.unit_costs`, where the chain begins with a schedule's own.

    Returns:
        The columns of `read_edition` and `source`: ``published`` where the edition has its own file and
        ``uplifted`` otherwise.

    Raises:
        InputError: as `read_edition` and `read_factors`; an HRG has no factor.
    """
    first, *uplifts = chain
    if unit_costs is None:
        unit_costs = read_edition(first["file"], first["columns"], first.get("sheet"), first.get("where"))
    prices = unit_costs
    for uplift in uplifts:
        prices = _uplifted(prices, uplift)
    return prices.assign(source="uplifted" if uplifts else "published")


def _uplifted(prices: pd.DataFrame, uplift: Mapping) -> pd.DataFrame:
    factors = read_factors(uplift["factors_file"]) if "factors_file" in uplift else pd.Series(dtype=float)
    factor = prices["hrg"].map(factors).fillna(uplift.get("factor", float("nan")))
    lacking = prices.loc[factor.isna() & prices[PRICES].notna().any(axis=1), "hrg"].unique()
    if len(lacking):
        raise InputError(
            f"{uplift['factors_file']} has no factor for {', '.join(lacking[:5])}"
            f"{' and others' if len(lacking) > 5 else ''}; add them, or a factor for the rest to the edition."
        )
    uplifted = {
        column: [
            np.nan if pd.isna(price) else float(to_pence(Decimal(str(price)) * Decimal(str(by))))
            for price, by in zip(prices[column], factor, strict=True)
        ]
        for column in PRICES
    }
    return prices.assign(**uplifted)
