"""The demonstration's price list, as a national tariff file looks."""

from pathlib import Path

import numpy as np
import pandas as pd

# Invented terms of payment. They follow from the price, as stays and prices grow together, and not from the
# stays that a seed draws.
PER_DAY_GBP = 180
SHORTEST_TRIM_POINT_DAYS = 5
GBP_PER_DAY_TO_TRIM_POINT = {"elective": 150, "emergency": 80}
SHORT_STAY_FROM_GBP = (800, 1_500, 2_500)  # from an emergency price of so much
SHORT_STAY_PERCENTAGES = (70, 45, 25)  # is a short stay paid so much of it
NO_VALUE = "-"


def write_tariff(lines: pd.DataFrame, path: Path | str) -> None:
    """Write the truth's prices as a CSV with thousands commas, and a dash where there is no national price.

    The terms of payment beside them are invented: trim points, a payment per day beyond them, and where and
    by how much short emergency stays are paid less.

    Args:
        lines: table ``truth_lines``.
        path: where the file goes.
    """
    priced = lines.assign(price_gbp=lines["price_gbp"].where(lines["has_national_price"]))
    prices = priced.pivot(index=["hrg", "description"], columns="admission_type", values="price_gbp")
    trim_points = {
        kind: np.ceil(prices[kind] / gbp).clip(lower=SHORTEST_TRIM_POINT_DAYS)
        for kind, gbp in GBP_PER_DAY_TO_TRIM_POINT.items()
    }
    step = np.searchsorted(SHORT_STAY_FROM_GBP, prices["emergency"], side="right")
    reduced = (step > 0) & prices["emergency"].notna()
    percentages = np.take([0, *SHORT_STAY_PERCENTAGES], step)
    columns = {
        "Elective spell tariff": _shown(prices["elective"]),
        "Ordinary elective long stay trim point (days)": _shown(trim_points["elective"]),
        "Non-elective spell tariff": _shown(prices["emergency"]),
        "Non-elective long stay trim point (days)": _shown(trim_points["emergency"]),
        "Per day long stay payment (for days exceeding trim point) (£)": PER_DAY_GBP,
        "Reduced short stay emergency tariff applicable?": np.where(reduced, "Yes", "No"),
        "% applied in calculation of reduced short stay emergency tariff": np.where(
            reduced, [f"{percentage}%" for percentage in percentages], NO_VALUE
        ),
    }
    table = pd.DataFrame(columns, index=prices.index).rename_axis(["HRG code", "HRG name"])
    table.reset_index().to_csv(path, index=False)


def _shown(values: pd.Series) -> pd.Series:
    return values.map("{:,.0f}".format).where(values.notna(), NO_VALUE)
