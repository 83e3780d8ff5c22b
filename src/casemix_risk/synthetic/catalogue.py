"""The demonstration's catalogue: 600 HRG v3.5 style codes, what they are called and roughly how they behave.

The three-character form and the chapter letters are those of HRG version 3.5. Only the names of the paper's
Table 1 are marked ``published``; every other name is written in the same style and marked ``synthetic``, and
a report must say so beside it. Prices and admissions are prior guesses: they say which lines are dear, large
or mostly emergency, and the calibration in :mod:`casemix_risk.synthetic.calibration` replaces them. They are
absent for the HRGs whose figures the paper fixes.
"""

from importlib.resources import files

import pandas as pd

CHAPTERS = {
    "A": "Nervous system",
    "B": "Eyes and periorbita",
    "C": "Mouth, head, neck and ears",
    "D": "Respiratory system",
    "E": "Cardiac surgery and primary cardiac conditions",
    "F": "Digestive system",
    "G": "Hepato-biliary and pancreatic system",
    "H": "Musculoskeletal system",
    "J": "Skin, breast and burns",
    "K": "Endocrine and metabolic system",
    "L": "Urinary tract and male reproductive system",
    "M": "Female reproductive system",
    "N": "Obstetrics and neonatal care",
    "P": "Diseases of childhood",
    "Q": "Vascular system",
    "R": "Spinal surgery and primary spinal conditions",
    "S": "Haematology, infectious diseases, poisoning and non-specific groupings",
    "T": "Mental health",
}

ADMISSION_TYPES = ("elective", "emergency")
_BY_TYPE = {
    "prior_price_gbp": "prior_price_{}_gbp",
    "prior_admissions": "prior_admissions_{}",
    "variance_factor": "variance_factor_{}",
}


def catalogue() -> pd.DataFrame:
    """The catalogue as it is written, one row an HRG.

    Returns:
        600 rows sorted by ``hrg``: ``hrg, chapter, description, description_source`` (``published`` or
        ``synthetic``), ``has_national_price`` (bool), and for each admission type the prior price (GBP), the
        prior admissions (a year, England) and the variance factor (1 unless patients are admitted
        repeatedly).
    """
    table = pd.read_csv(files(__package__) / "catalogue.csv")
    return table.assign(has_national_price=table["has_national_price"] == "yes")


def catalogue_lines() -> pd.DataFrame:
    """The catalogue by cost line: every HRG has an elective and an emergency line.

    Returns:
        1,200 rows sorted by ``hrg, admission_type``: ``hrg, admission_type, chapter, description,
        description_source, has_national_price, prior_price_gbp, prior_admissions, variance_factor``.
    """
    table = catalogue()
    facts = ["chapter", "description", "description_source", "has_national_price"]
    by_type = [
        table[["hrg", *facts]].assign(
            admission_type=kind, **{name: table[column.format(kind)] for name, column in _BY_TYPE.items()}
        )
        for kind in ADMISSION_TYPES
    ]
    lines = pd.concat(by_type).sort_values(["hrg", "admission_type"], ignore_index=True)
    return lines[["hrg", "admission_type", *facts, *_BY_TYPE]]
