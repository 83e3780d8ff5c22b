"""Whether a cleaned extract has the HRGs that everything after it counts by."""

import pandas as pd

from casemix_risk.errors import InputError


def check_grouped(waterfall: pd.DataFrame, source: str) -> None:
    """Check that an extract's episodes have been grouped into HRGs.

    Args:
        waterfall: table ``waterfall`` of the extract.
        source: the extract in words.

    Raises:
        InputError: more rows were left out for want of an HRG than were kept, or no row was kept.
    """
    rows = waterfall.groupby("rule")["rows"].sum()
    read = waterfall.loc[waterfall["action"].isin(["exclude", "keep"]), "rows"].sum()
    if rows["missing_hrg"] > rows["kept"]:
        raise InputError(
            f"{source}: {rows['missing_hrg']:,} of {read:,} rows have no HRG and {rows['kept']:,} are kept: "
            "set grouper to missing or always, or give the extract with an HRG column that is filled."
        )
    if not rows["kept"]:
        raise InputError(
            f"{source}: none of {read:,} rows is kept: mend what the waterfall's rules name, or give "
            "another extract."
        )
