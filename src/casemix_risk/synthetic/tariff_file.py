"""The demonstration's price list, as a national tariff file looks."""

from pathlib import Path

import pandas as pd


def write_tariff(lines: pd.DataFrame, path: Path | str) -> None:
    """Write the truth's prices as a CSV with thousands commas, and a dash where there is no national price.

    Args:
        lines: table ``truth_lines``.
        path: where the file goes.
    """
    shown = lines["price_gbp"].map("{:,.0f}".format).where(lines["has_national_price"], "-")
    wide = lines.assign(shown=shown).pivot(
        index=["hrg", "description"], columns="admission_type", values="shown"
    )
    headers = {
        "hrg": "HRG code",
        "description": "HRG name",
        "elective": "Elective spell tariff",
        "emergency": "Non-elective spell tariff",
    }
    wide.reset_index()[list(headers)].rename(columns=headers).to_csv(path, index=False)
