"""Plausible ICD-10 and OPCS-4 codes for the demonstration's HRGs.

The codes are real, the table is not a grouper: it says which codes a record of an HRG may carry so that it
looks right and how common they are, by chapter and for each HRG that the demonstration's grouping definitions
define. Whether these definitions group its codes back to the HRG is tested.

``clinical_codes.csv`` has one row for a pattern of HRGs and a kind of code (``diagnosis``: primary;
``procedure``; ``comorbidity``: secondary diagnoses; ``complication``: those that score as one;
``needed_diagnosis`` and ``needed_procedure``: a second code without which the record is another HRG's). Codes
stand as in HES, without a dot and X-padded, one space between; ``:3`` after a code gives it three times the
weight; ``-`` is no code. The last row whose pattern fits an HRG wins. Comorbidities of patients under 50 are
those of the HRG followed by ``<50``.
"""

from importlib.resources import files

import numpy as np
import pandas as pd

KINDS = ("diagnosis", "procedure", "comorbidity", "complication", "needed_diagnosis", "needed_procedure")
_PROCEDURE = (
    "Procedure|Surgery|Replacement|Transplant|ectomy|otomy|scop|Repair|Fixation|Graft|Flap|Implant|Biopsy"
    "|Extraction|Removal of|Insertion|Catheterisation|Intervention|Laser|Injection|Termination|Delivery"
    "|Caesarean|Chemotherapy|Dialysis|Infusion|Transfusion|Instillation|Lithotripsy|Phototherapy|Resurfacing"
    "|Sterilisation|Venesection|Electroconvulsive|Cardioversion|Reconstruction|Evacuation|Release|Puncture"
    "|Resection|Radiosurgery|Examination under|Amputation|Embolisation|Fusion|Decompression|Drainage|Ablation"
    "|Manipulation"
)
_NO_PROCEDURE = (
    "without Procedure|without Graft|Non-Surgical|Not Carried Out|Complications of Procedures|not Related"
)


def clinical_choices(hrgs: pd.Series, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The codes that a record of each HRG may carry.

    Args:
        hrgs: HRG codes; for the comorbidities of the young, HRG codes followed by ``<50``.
        kind: one of `KINDS`.

    Returns:
        Two arrays, HRGs x choices: the codes (4 characters) and their weights; short rows are filled with
        ``""`` of weight 0.
    """
    table = _table(kind)
    row = np.zeros(len(hrgs), dtype=int)
    for number, pattern in enumerate(table["hrgs"]):
        row[hrgs.str.fullmatch(pattern).to_numpy()] = number
    parsed = [_parsed(codes) for codes in table["codes"]]
    width = max(map(len, parsed))
    padded = [choices + [("", 0)] * (width - len(choices)) for choices in parsed]
    codes = np.array([[code for code, _ in choices] for choices in padded], dtype=object)
    weights = np.array([[weight for _, weight in choices] for choices in padded], dtype=float)
    return codes[row], weights[row]


def has_procedure(descriptions: pd.Series) -> np.ndarray:
    """Whether an HRG of that name is a procedure's, so that its records carry OPCS-4 codes."""
    without = descriptions.str.contains(_NO_PROCEDURE)
    return (descriptions.str.contains(_PROCEDURE) & ~without).to_numpy()


def _table(kind: str) -> pd.DataFrame:
    table = pd.read_csv(files(__package__) / "clinical_codes.csv")
    return table[table["kind"] == kind].reset_index(drop=True)


def _parsed(codes: str) -> list[tuple[str, int]]:
    """``J441:5 J90X`` as pairs of code and weight; the code of ``-`` is empty."""
    parts = (item.partition(":") for item in codes.split())
    return [(code.strip("-"), int(weight or 1)) for code, _, weight in parts]
