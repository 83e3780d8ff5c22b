from pathlib import Path

import pandas as pd
import pytest

from casemix_risk.errors import InputError
from casemix_risk.ingest.clean import clean_year
from casemix_risk.ingest.grouped import check_grouped

REAL = Path(__file__).parents[3] / "shared/realdata/hes/artificial_hes_apc_0102_truncated.csv"


def waterfall_of(missing, other, kept):
    rows = [("missing_hrg", "exclude", missing), ("duplicate", "exclude", other), ("kept", "keep", kept)]
    return pd.DataFrame([*rows, ("unknown_sex", "recode", 50)], columns=["rule", "action", "rows"])


def test_an_extract_mostly_without_hrgs_must_be_grouped_first():
    with pytest.raises(InputError, match="2004-05: 60 of 110 rows have no HRG and 40 are kept: set grouper"):
        check_grouped(waterfall_of(60, 10, 40), "2004-05")
    check_grouped(waterfall_of(40, 10, 60), "2004-05")


def test_an_extract_of_which_nothing_is_kept_is_no_extract():
    with pytest.raises(InputError, match="2004-05: none of 10 rows is kept"):
        check_grouped(waterfall_of(0, 10, 0), "2004-05")


@pytest.mark.skipif(not REAL.is_file(), reason="the artificial extract is not here")
def test_every_row_of_the_artificial_extract_is_accounted_for(tmp_path):
    """The rules in their order, written again over the raw text."""
    raw = pd.read_csv(REAL, dtype=str, keep_default_na=False)
    start, end, admitted = (
        pd.to_datetime(raw[name], errors="coerce", format="%Y-%m-%d")
        for name in ("EPISTART", "EPIEND", "ADMIDATE")
    )
    blank = ["1800-01-01", "1801-01-01", "1582-10-15"]
    for name, dates in (("EPISTART", start), ("EPIEND", end), ("ADMIDATE", admitted)):
        dates[raw[name].isin(blank)] = pd.NaT
    wrong = {
        "unfinished_episode": raw["EPISTAT"] != "3",
        "invalid_dates": start.isna() | end.isna() | admitted.isna() | (end < start),
        "unknown_admission_method": raw["ADMIMETH"].isin(["98", "99", ""]),
        "private_patient": raw["ADMINCAT"].isin(["02", "04"]),
        "non_english_practice": raw["GPPRAC"].str[0].isin(["W", "S", "Z"]),
        "missing_hrg": (raw[["SUSHRG", "HRG40", "HRGLATE35"]] == "").all(axis=1),
    }
    left, expected = pd.Series(True, raw.index), {}
    for rule, rows in wrong.items():
        expected[rule] = int((left & rows).sum())
        left &= ~rows
    waterfall = clean_year(REAL, tmp_path).waterfall
    found = waterfall[waterfall["action"] == "exclude"].groupby("rule")["rows"].sum()
    assert found[found > 0].to_dict() == expected
    assert sum(expected.values()) == 2_075
    with pytest.raises(InputError, match="2,037 of 2,075 rows have no HRG and 0 are kept"):
        check_grouped(waterfall, "2001-02")
