"""The National Schedule of Reference Costs as a source: activity and cost by HRG, no patients needed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import python_calamine

from casemix_risk.errors import InputError
from casemix_risk.workbook import open_workbook

# Sheet -> admission type, and the sheet of its excess bed days. Regular attenders (RP) are left out.
SETTINGS = {
    "EL": ("elective", "EL_XS"),
    "DC": ("elective", None),
    "NEL": ("emergency", "NEL_XS"),
    "NES": ("emergency", None),
}
SHORT_STAY_DAYS = {"DC": 0.0, "NES": 1.0}
LEAST_DAYS = {"NEL": 2}
COLUMNS = {
    "hrg": "currency code",
    "description": "currency description",
    "count": ("number of fces", "excess bed days"),
    "unit_cost": "national average unit cost",
    "bed_days": "number of inlier bed days",
}
RULES = (
    ("not_an_hrg", "The currency code is not an HRG.", "exclude"),
    (
        "suppressed_activity",
        "The activity is suppressed or missing, so its cost cannot be placed.",
        "exclude",
    ),
    ("no_unit_cost", "The activity has no unit cost.", "exclude"),
    ("kept", "Rows kept.", "keep"),
)
HRG = re.compile(r"[A-Z]{2}\d{2}[A-Z]")
ROOT_LENGTH = 4


class ScheduleYear(NamedTuple):
    """A year's schedule: table ``schedule_lines`` and table ``waterfall``."""

    lines: pd.DataFrame
    waterfall: pd.DataFrame


def read_schedule(path: Path | str, codes: str = "hrg") -> ScheduleYear:
    """Read a workbook of the national schedule.

    The header row is found by its first cell, so years with other titles load; columns without a heading
    (some years carry stale ones) are never read. The cost of excess bed days is added to its line's cost,
    never to its activity.

    Args:
        path: workbook with sheets EL, DC, NEL, NES and the excess bed days EL_XS, NEL_XS.
        codes: ``hrg`` or ``root``, which merges HRGs with the same first four characters.

    Returns:
        Lines by HRG and setting: activity (finished consultant episodes), bed days and how many of them are
        excess bed days, and cost in GBP with these; and the waterfall in workbook rows and episodes.

    Raises:
        InputError: the workbook, a sheet or a column is missing.
    """
    book = open_schedule(Path(path))
    sheets = []
    for setting, (admission_type, excess) in SETTINGS.items():
        sheets.append(
            _sheet(book, path, setting).assign(setting=setting, admission_type=admission_type, excess=False)
        )
        if excess:
            sheets.append(
                _sheet(book, path, excess).assign(setting=setting, admission_type=admission_type, excess=True)
            )
    rows = pd.concat(sheets, ignore_index=True)
    rows["step"] = np.select(
        [~rows["hrg"].str.fullmatch(HRG), rows["count"].isna(), rows["unit_cost"].isna()], [0, 1, 2], 3
    )
    if codes == "root":
        rows["hrg"] = rows["hrg"].str[:ROOT_LENGTH]
    kept = rows[rows["step"] == len(RULES) - 1]
    activity = kept["count"].where(~kept["excess"], 0.0)
    stay = kept["bed_days"].fillna(kept["setting"].map(SHORT_STAY_DAYS).fillna(0.0) * activity)
    lines = (
        kept.assign(
            activity=activity,
            bed_days=stay.where(~kept["excess"], kept["count"]),
            excess_bed_days=kept["count"].where(kept["excess"], 0.0),
            cost_gbp=kept["count"] * kept["unit_cost"],
        )
        .groupby(["hrg", "setting"], as_index=False)
        .agg(
            admission_type=("admission_type", "first"),
            description=("description", "first"),
            activity=("activity", "sum"),
            bed_days=("bed_days", "sum"),
            excess_bed_days=("excess_bed_days", "sum"),
            cost_gbp=("cost_gbp", "sum"),
        )
    )
    return ScheduleYear(lines, _waterfall(rows))


def open_schedule(path: Path) -> python_calamine.CalamineWorkbook:
    """The workbook of a schedule, which has every sheet that is read.

    Raises:
        InputError: the workbook is missing or cannot be opened, or lacks a sheet.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; config/README.md says what to fetch and where to put it.")
    book = open_workbook(path)
    wanted = [sheet for setting, (_, excess) in SETTINGS.items() for sheet in (setting, excess) if sheet]
    missing = [sheet for sheet in wanted if sheet not in book.sheet_names]
    if missing:
        raise InputError(f"{path} has no sheet {', '.join(missing)}; give the publisher's own workbook.")
    return book


def _waterfall(rows: pd.DataFrame) -> pd.DataFrame:
    rules = pd.DataFrame(RULES, columns=["rule", "description", "action"]).rename_axis("step").reset_index()
    episodes = rows["count"].where(~rows["excess"], 0.0).fillna(0.0).astype("int64")
    hrg = rows["hrg"].where(rows["step"] > 0, "")
    counted = rows.assign(episodes=episodes, hrg=hrg).groupby(
        ["step", "hrg", "admission_type"], as_index=False
    )
    counts = counted.agg(rows=("episodes", "size"), admissions=("episodes", "sum"))
    unused = rules.loc[~rules["step"].isin(counts["step"]), ["step"]]
    counts = pd.concat([counts, unused.assign(hrg="", admission_type="", rows=0, admissions=0)])
    table = counts.merge(rules, on="step").sort_values(["step", "hrg", "admission_type"], ignore_index=True)
    return table[["step", "rule", "description", "action", "hrg", "admission_type", "rows", "admissions"]]


def _sheet(book: python_calamine.CalamineWorkbook, path: Path | str, name: str) -> pd.DataFrame:
    grid = book.get_sheet_by_name(name).to_python()
    header = next((row for row, cells in enumerate(grid) if _plain(cells[0]) == COLUMNS["hrg"]), None)
    if header is None:
        raise InputError(
            f"{path}, sheet {name}: no row begins with Currency Code; give the publisher's own workbook."
        )
    headings = [_plain(cell) for cell in grid[header]]
    frame = {}
    for column, names in COLUMNS.items():
        wanted = (names,) if isinstance(names, str) else names
        place = next((headings.index(heading) for heading in wanted if heading in headings), None)
        if place is None and column != "bed_days":
            raise InputError(
                f"{path}, sheet {name}: no column {' or '.join(wanted)}; check the workbook's headings."
            )
        frame[column] = [None if place is None else row[place] for row in grid[header + 1 :]]
    table = pd.DataFrame(frame)
    text = table[["hrg", "description"]].astype(str).apply(lambda column: column.str.strip())
    numbers = table[["count", "unit_cost", "bed_days"]].apply(pd.to_numeric, errors="coerce")
    table = pd.concat([text, numbers], axis=1)
    return table[table["hrg"] != ""]


def _plain(cell: object) -> str:
    """A heading in lower case, without apostrophes and line breaks: FCE's and FCEs are one heading."""
    return " ".join(str(cell).replace("'", "").split()).lower()


def schedule_activity(lines: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Table ``activity`` from the schedules of several years.

    The schedule knows no patients: the variance factor is 1 (Poisson) and the number of patients is missing.
    Short stays (NES) count as one day, day cases as none.

    Args:
        lines: year -> table ``schedule_lines``.
    """
    years = []
    for year, table in lines.items():
        grouped = (
            table.assign(
                day_cases=table["activity"].where(table["setting"] == "DC", 0.0),
            )
            .groupby(["hrg", "admission_type"], as_index=False)[["activity", "bed_days", "day_cases"]]
            .sum()
        )
        seen = grouped[grouped["activity"] > 0]
        years.append(
            pd.DataFrame(
                {
                    "year": year,
                    "hrg": seen["hrg"],
                    "admission_type": seen["admission_type"],
                    "admissions": seen["activity"].round().astype("int64"),
                    "mean_los": seen["bed_days"] / seen["activity"],
                    "day_case_share": seen["day_cases"] / seen["activity"],
                    "patients": None,
                    "variance_factor": 1.0,
                }
            )
        )
    return pd.concat(years).sort_values(["year", "hrg", "admission_type"], ignore_index=True)


def schedule_stays(lines: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Table ``stays`` from the schedules of several years: a row for each setting of a line.

    The schedule has no lengths of stay, only sums: each setting has its mean, in whole days and for long
    non-elective stays (NEL) at least 2, and the excess bed days that the schedule counts itself.

    Args:
        lines: year -> table ``schedule_lines``.
    """
    settings = pd.concat(lines.values()).groupby(["hrg", "admission_type", "setting"], as_index=False)
    sums = settings[["activity", "bed_days", "excess_bed_days"]].sum()
    seen = sums[sums["activity"] > 0]
    days = ((seen["bed_days"] - seen["excess_bed_days"]) / seen["activity"]).round()
    stays = seen.assign(
        day_case=seen["setting"] == "DC",
        days=days.clip(lower=seen["setting"].map(LEAST_DAYS).fillna(0)).astype("int64"),
        admissions=seen["activity"].round().astype("int64"),
    )
    columns = ["hrg", "admission_type", "day_case", "days", "admissions", "excess_bed_days"]
    return stays.sort_values(columns[:4], ignore_index=True)[columns]


def unit_costs(lines: pd.DataFrame) -> pd.DataFrame:
    """The schedule's own unit costs as prices: cost with excess bed days over activity, to the penny.

    Args:
        lines: table ``schedule_lines`` of the year.

    Returns:
        The columns of `casemix_risk.tariff.read.read_edition`.
    """
    grouped = lines.groupby(["hrg", "admission_type"], as_index=False).agg(
        description=("description", "first"), activity=("activity", "sum"), cost_gbp=("cost_gbp", "sum")
    )
    grouped["price_gbp"] = (grouped["cost_gbp"] / grouped["activity"].where(grouped["activity"] > 0)).round(2)
    priced = grouped.assign(day_case_gbp=np.nan, ordinary_gbp=np.nan)
    return priced[["hrg", "description", "admission_type", "price_gbp", "day_case_gbp", "ordinary_gbp"]]
