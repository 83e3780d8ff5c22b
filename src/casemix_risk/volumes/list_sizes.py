"""Expected admissions of a list, in proportion to its people."""

from collections.abc import Sequence

import pandas as pd


def by_list_size(national: pd.DataFrame, list_sizes: Sequence[int], population: float) -> pd.DataFrame:
    """A list of N people has N / population of each line's national admissions (Jones 2008, method).

    Args:
        national: table ``national``, admissions a year.
        list_sizes: people on each list.
        population: people whom the national admissions belong to.

    Returns:
        Table ``by_list_size``.
    """
    sizes = pd.DataFrame({"list_size": sorted(list_sizes)})
    table = sizes.merge(national[["hrg", "admission_type", "admissions"]], how="cross")
    table["expected_admissions"] = table["admissions"] * table["list_size"] / population
    return table.drop(columns="admissions")
