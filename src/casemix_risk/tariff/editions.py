"""Tariff editions: a file, or another edition made dearer, in chains."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from casemix_risk.errors import InputError
from casemix_risk.tariff.read import read_edition, read_factors, to_pence


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


def edition_prices(chain: Sequence[Mapping]) -> pd.DataFrame:
    """Prices of an edition, from its file through every uplift.

    Each uplifted price is rounded half up to the penny before the next uplift, as a published list would be.

    Args:
        chain: `edition_chain`.

    Returns:
        `hrg, description, admission_type, price_gbp, source`, sorted; `source` is ``published`` where the
        edition has its own file and ``uplifted`` otherwise.

    Raises:
        InputError: as `read_edition` and `read_factors`; an HRG has no factor.
    """
    first, *uplifts = chain
    prices = read_edition(first["file"], first["columns"], first.get("sheet"))
    for uplift in uplifts:
        prices["price_gbp"] = _uplifted(prices, uplift)
    return prices.assign(source="uplifted" if uplifts else "published")


def _uplifted(prices: pd.DataFrame, uplift: Mapping) -> list[float | None]:
    factors = read_factors(uplift["factors_file"]) if "factors_file" in uplift else pd.Series(dtype=float)
    factor = prices["hrg"].map(factors).fillna(uplift.get("factor", float("nan")))
    lacking = prices.loc[factor.isna() & prices["price_gbp"].notna(), "hrg"].unique()
    if len(lacking):
        raise InputError(
            f"{uplift['factors_file']} has no factor for {', '.join(lacking[:5])}"
            f"{' and others' if len(lacking) > 5 else ''}; add them, or a factor for the rest to the edition."
        )
    return [
        None if pd.isna(price) else float(to_pence(Decimal(str(price)) * Decimal(str(by))))
        for price, by in zip(prices["price_gbp"], factor, strict=True)
    ]
