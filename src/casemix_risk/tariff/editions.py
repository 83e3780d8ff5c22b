"""The prices of a tariff edition: a file's, or another edition's made dearer; restated; by other codes."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from casemix_risk.audit.content_hash import file_hash
from casemix_risk.errors import InputError
from casemix_risk.tariff.read import MONEY, PRICES, TERMS, read_codes, read_edition, read_factors, to_pence
from casemix_risk.tariff.registry import FACTS, PRICE_FILES

_NOT_PRICES = {*FACTS, "restates"}


def edition_chain(editions: Mapping[str, Mapping], name: str) -> list[dict]:
    """The steps from a price file to an edition.

    Args:
        editions: the configuration's ``tariff.editions``.
        name: the edition wanted.

    Returns:
        What each edition on the way is priced by, first the one with a file. A restatement that takes effect
        within its year ends with the step ``before``, the chain of the edition that it restates, and
        ``share_before``, the share of the year's days that are still paid by that one.

    Raises:
        InputError: an edition is made from one that does not exist, or from itself; or it restates one that
            does not exist, or takes effect a year or more after it.
    """
    chain = _chain_of_names(editions, name)
    steps = [
        {key: value for key, value in editions[step].items() if key not in _NOT_PRICES} for step in chain
    ]
    return [*steps, *_paid_before(editions, name)]


def _chain_of_names(editions: Mapping[str, Mapping], name: str) -> list[str]:
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
    return chain[::-1]


def _paid_before(editions: Mapping[str, Mapping], name: str) -> list[dict]:
    """The step for the days before a restatement, where there are any."""
    restated = editions[name].get("restates")
    if restated is None:
        return []
    if restated not in editions or restated == name:
        raise InputError(f"Tariff edition {name} restates {restated}, which is not another edition; add it.")
    start, change = (
        date.fromisoformat(editions[each]["effective_from"]) if "effective_from" in editions[each] else None
        for each in (restated, name)
    )
    if start is None or change is None or change <= start:
        return []
    days = (start.replace(year=start.year + 1) - start).days
    if (change - start).days >= days:
        raise InputError(
            f"Tariff edition {name} takes effect a year or more after {restated}, which it restates; "
            "register it as an edition of its own year."
        )
    return [{"before": edition_chain(editions, restated), "share_before": (change - start).days / days}]


def edition_files(editions: Mapping[str, Mapping], name: str) -> list[str]:
    """The files that an edition's prices are read from."""
    return [step[key] for step in _steps(edition_chain(editions, name)) for key in PRICE_FILES if key in step]


def _steps(chain: Sequence[Mapping]) -> list[Mapping]:
    """The steps of a chain, those of an edition restated within its year included."""
    return [each for step in chain for each in (_steps(step["before"]) if "before" in step else [step])]


def schedule_years(editions: Mapping[str, Mapping], name: str) -> list[str]:
    """The year whose unit costs an edition begins with, where it begins with a schedule's: none or one."""
    steps = _steps(edition_chain(editions, name))
    return sorted({step["schedule_year"] for step in steps if "schedule_year" in step})


def edition_prices(chain: Sequence[Mapping], unit_costs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Prices of an edition, from its file through every uplift.

    Each uplifted price is rounded half up to the penny before the next uplift, as a published list would be.
    Short-stay prices and payments per day are uplifted as prices are; percentages and trim points stay.

    Args:
        chain: `edition_chain`.
        unit_costs: `casemix_risk.ingest.schedule.unit_costs`, where the chain begins with a schedule's own.

    Returns:
        The columns of `read_edition` and `source`: ``published`` where the edition has its own file,
        ``uplifted`` where it is made from another, ``mapped`` where a code is priced as another.

    Raises:
        InputError: as `read_edition`, `read_factors` and `read_codes`; an HRG has no factor; a file is not
            the one that the registry lists.
    """
    first, *more = chain
    _refuse_other_file(first)
    if "file" in first:
        prices = read_edition(first["file"], first["columns"], first.get("sheet"), first.get("where"))
    else:
        prices = unit_costs.assign(**dict.fromkeys(TERMS, np.nan))
    prices = _with_codes(prices.assign(source="published"), first)
    for step in more:
        if "before" in step:
            prices = _over_the_year(edition_prices(step["before"], unit_costs), prices, step["share_before"])
        else:
            _refuse_other_file(step)
            uplifted = _uplifted(prices, step).assign(
                source=prices["source"].replace("published", "uplifted")
            )
            prices = _with_codes(uplifted, step)
    return prices


def _refuse_other_file(step: Mapping) -> None:
    path = step.get("file", step.get("factors_file"))
    if "sha256" not in step or not Path(path).is_file():  # one that is missing is said where it is read
        return
    found = file_hash(path)
    if found != step["sha256"]:
        raise InputError(
            f"{path} has the sha256 {found} and the tariff registry says {step['sha256']}: fetch the "
            "registered file again, or register this one as a restatement with its own sha256."
        )


def _with_codes(prices: pd.DataFrame, step: Mapping) -> pd.DataFrame:
    """The prices and those of codes that are priced as others, where they have no row of their own."""
    if "codes_file" not in step:
        return prices
    codes = read_codes(step["codes_file"])
    lacking = codes.loc[~codes["priced_as"].isin(prices["hrg"]), "priced_as"].unique()
    if len(lacking):
        raise InputError(
            f"{step['codes_file']} prices codes as {', '.join(lacking[:5])}, which the tariff lacks; mend it."
        )
    codes = codes[~codes["hrg"].isin(prices["hrg"])]
    as_others = codes.merge(prices.rename(columns={"hrg": "priced_as"}), on="priced_as")
    mapped = as_others.assign(source="mapped")[prices.columns]
    return pd.concat([prices, mapped]).sort_values(["hrg", "admission_type"], ignore_index=True)


def _over_the_year(before: pd.DataFrame, after: pd.DataFrame, share_before: float) -> pd.DataFrame:
    """Mean prices of a year in which one list follows another, by days; where only one has a price, that.

    Percentages and trim points are those of the list that follows, and it says where each payment applies.
    """
    line = ["hrg", "admission_type"]
    both = after.merge(before[[*line, *MONEY]], on=line, how="left", suffixes=("", "_before"))
    mean = {
        column: (share_before * both[f"{column}_before"] + (1 - share_before) * both[column])
        .round(2)
        .fillna(both[column])
        for column in MONEY
    }
    mean |= {column: mean[column].fillna(both[f"{column}_before"]) for column in PRICES}
    ended = before[~before["hrg"].isin(after["hrg"])]
    prices = pd.concat([both.assign(**mean)[after.columns], ended[after.columns]])
    return prices.sort_values(line, ignore_index=True)


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
        for column in MONEY
    }
    return prices.assign(**uplifted)
