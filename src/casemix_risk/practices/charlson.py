"""Charlson points of people, from the diagnoses that were seen on them.

The library pycomorb knows the categories of every code (Quan et al. 2005, *Medical Care* 43, 1130-1139),
their points (Charlson et al. 1987, *Journal of Chronic Diseases* 40, 373-383) and which milder category a
more severe one hides. It is asked about codes, and about the combinations that occur, never about people:
there are thousands of those and millions of these.
"""

import numpy as np
import polars as pl

# Lowest points of bands 2, 3 and 4 of table practice_counts; band 1 has none.
BAND_FROM = (1, 3, 5)
_INDEX = "Charlson Comorbidity Index"
_OF_AGE = ("Age Score", "Charlson Age-Comorbidity Score")


def charlson_categories(codes: pl.Series) -> pl.DataFrame:
    """The Charlson categories of each code.

    Args:
        codes: different ICD-10 codes without a dot, X-padded or not.

    Returns:
        ``code, categories``: a bit for each category, 0 where the code is in none.
    """
    scored = _charlson(codes, codes)
    categories = [name for name in scored.columns if name not in ("id", _INDEX, *_OF_AGE)]
    bits = pl.sum_horizontal(pl.col(name).cast(pl.UInt32) * 2**place for place, name in enumerate(categories))
    return scored.select(code="id", categories=bits.cast(pl.UInt32)).sort("code")


def charlson_bands(categories: np.ndarray, codes: pl.DataFrame) -> np.ndarray:
    """The band of table ``practice_counts`` of people who were in hospital: 1 to 4.

    Args:
        categories: of each person, the bits of all codes seen.
        codes: `charlson_categories` of at least these codes.
    """
    combinations, place = np.unique(categories, return_inverse=True)
    kinds = codes.filter(pl.col("categories") > 0).unique("categories", keep="first", maintain_order=True)
    own = kinds["categories"].to_numpy()
    # The codes that are in no other categories than a combination's make it up, whoever had which of them.
    combination, kind = np.nonzero((own[None, :] & ~combinations[:, None]) == 0)
    points = np.zeros(len(combinations), dtype=np.int64)
    if len(kind):
        scored = _charlson(pl.Series(combination), kinds["code"].gather(kind))
        points[scored["id"].to_numpy()] = scored[_INDEX].to_numpy()
    return (1 + np.searchsorted(BAND_FROM, points, side="right")).astype(np.int8)[place]


def _charlson(people: pl.Series, codes: pl.Series) -> pl.DataFrame:
    from pycomorb import comorbidity  # slow to load, and few runs compare practices

    # The age would add points of its own; age is standardised for beside this.
    rows = pl.DataFrame({"id": people, "code": codes, "age": pl.zeros(len(codes), pl.Int64, eager=True)})
    return comorbidity("charlson", rows, implementation="quan", weights="charlson", return_categories=True)
