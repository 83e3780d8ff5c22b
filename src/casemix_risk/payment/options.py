"""Which ways of payment a run has switched on, and whether its price lists can pay them."""

from collections.abc import Mapping

from casemix_risk.errors import InputError
from casemix_risk.payment.read import read_fixed_shares, read_market_forces
from casemix_risk.tariff.editions import edition_chain

# Option -> what it says to a reader, in the order in which effects are shown.
OPTIONS = {
    "short_stay": "Reduced tariff for short emergency stays",
    "excess_bed_days": "Days beyond the trim point paid by the day",
    "market_forces": "Market forces factor of the provider",
    "fixed_share": "A share of the payment fixed whatever the activity",
}
# Option -> the columns that a price list must have for it: one of each group.
_COLUMNS = {
    "short_stay": (("short_stay_applicable",), ("short_stay_percentage", "short_stay_price")),
    "excess_bed_days": (("elective_trim_point",), ("emergency_trim_point",), ("per_day",)),
}


def options_on(payment: Mapping) -> list[str]:
    """The options of the configuration's ``payment`` that change a payment, in the order of `OPTIONS`."""
    fixed = payment["fixed_share"]
    on = {
        "short_stay": payment["short_stay"],
        "excess_bed_days": payment["excess_bed_days"],
        "market_forces": "market_forces" in payment,
        "fixed_share": "file" in fixed or fixed["elective"] > 0 or fixed["emergency"] > 0,
    }
    return [option for option in OPTIONS if on[option]]


def payment_files(payment: Mapping) -> list[str]:
    """The files that the configuration's ``payment`` names."""
    named = (payment.get("market_forces"), payment["fixed_share"].get("file"))
    return [path for path in named if path]


def check_payment(payment: Mapping, editions: Mapping[str, Mapping]) -> None:
    """Check before a run that its files can be read and its price lists have what the options need.

    Args:
        payment: the configuration's ``payment``.
        editions: the configuration's ``tariff.editions``.

    Raises:
        InputError: a price list lacks a column that an option needs, or is a schedule's unit costs; or a
            file of factors or shares cannot serve.
    """
    for option in options_on(payment):
        for name in editions:
            _refuse_lacking(option, name, edition_chain(editions, name)[0])
    if "market_forces" in payment:
        read_market_forces(payment["market_forces"])
    if "file" in payment["fixed_share"]:
        read_fixed_shares(payment["fixed_share"]["file"])


def _refuse_lacking(option: str, edition: str, first: Mapping) -> None:
    needed = _COLUMNS.get(option, ())
    if needed and "columns" not in first:
        raise InputError(
            f"payment.{option} needs a price list with its own terms, and tariff edition {edition} has the "
            f"unit costs of a schedule, whose means hold every stay: switch it off, or price from a file."
        )
    lacking = [
        " or ".join(group) for group in needed if not any(column in first["columns"] for column in group)
    ]
    if lacking:
        raise InputError(
            f"payment.{option} needs {', '.join(lacking)} under columns of tariff edition {edition} (or of "
            "the one it is made from): name the price list's headers, or switch it off."
        )
