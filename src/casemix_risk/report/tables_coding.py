"""The report's tables and numbers of coding: what it is worth, who drifts, and growth on one version."""

from collections.abc import Iterator, Mapping

import pandas as pd

from casemix_risk.audit.source import ROWS, Source
from casemix_risk.coding.recoding import MORE_CODED, NO_SECONDARY, PERCENTS
from casemix_risk.coding.trend_figures import HRGS_SHOWN, most_changed
from casemix_risk.formats import decimals, integer, pounds
from casemix_risk.report.numbers import Number
from casemix_risk.report.table import ReportTable, straight
from casemix_risk.volumes.small_numbers import LARGEST_SMALL_NUMBER, ROUNDED_TO

PAIRS_SHOWN = 15
SIGNALS_SHOWN = 30
SCENARIOS = {
    "no_secondary": "all secondary diagnoses left out",
    "less_depth": "secondary diagnoses left out, by chance",
    "more_coded": "episodes without a complication get a small one",
    "more_coded_provider": "the same at one provider of median size",
    "more_coded_practice": "the same for one practice of median size",
}
MEASURES = {
    "depth": "secondary diagnoses an episode",
    "complication_share": "share with complications",
    "price_index": "price an admission",
}
SIGNALS = ("above", "below")
KINDS = {"level": "against all others", "change": "since the year before"}
_COUNTS = ["episodes", "episodes_changed", "episodes_moved", "admissions_moved"]
_COSTS = ["cost_before_gbp", "cost_change_gbp"]
_ROUNDED = f"the cell, rounded to the nearest {ROUNDED_TO}"
_SAID = [(NO_SECONDARY, 100), ("less_depth", PERCENTS[0]), (MORE_CODED, PERCENTS[0])]


def coding_tables(tables: Mapping[str, pd.DataFrame], year: str, edition: str) -> list[ReportTable]:
    """The tables of coding, in the order of the page.

    Args:
        tables: ``coding_effects`` and ``coding_moves`` of the last year, ``coding_drift``, and ``rebasing``
            where the run has two years or more.
        year: the last year.
        edition: of the prices.
    """
    shown = [_effects(tables["coding_effects"], year, edition)]
    shown += [
        _moves(tables["coding_moves"], scenario, percent, year)
        for scenario, percent in ((NO_SECONDARY, 100), (MORE_CODED, PERCENTS[-1]))
    ]
    shown.append(_signals(tables["coding_drift"]))
    if "rebasing" in tables:
        rebasing = tables["rebasing"]
        chapters = rebasing[rebasing["level"] != "hrg"]
        hrgs = most_changed(rebasing, HRGS_SHOWN)
        title = (
            "Growth a year, cost at constant prices, by HRGs given at the time and regrouped by one version"
        )
        shown.append(_growth("rebasing_chapters", "Growth by chapter", f"{title}, by chapter", chapters))
        most = f"{title}: the {len(hrgs)} HRGs whose difference is worth most"
        shown.append(_growth("rebasing_hrgs", "Growth by HRG", most, hrgs))
    return shown


def _effects(effects: pd.DataFrame, year: str, edition: str) -> ReportTable:
    shown = _without_small_numbers(effects)
    table = f"coding/coding_effects_{year}"
    alone = dict(zip(zip(shown["scenario"], shown["percent"], strict=True), shown["alone"], strict=True))
    return ReportTable(
        "coding_effects",
        "Coding effects",
        f"What moves when {year} is coded otherwise, at the prices of {edition}",
        shown,
        {
            "words": ("What is coded otherwise", None),
            "percent": ("How many, %", integer),
            "episodes": ("Episodes", integer),
            "episodes_changed": ("Codes change", integer),
            "episodes_moved": ("HRG changes", integer),
            "admissions_moved": ("Of them admissions", integer),
            "cost_change_gbp": ("Cost more", pounds),
            "cost_change_pct": ("Of own cost, %", decimals(2)),
        },
        ("scenario", "percent"),
        lambda row, column: straight(table, "scenario", "percent")(row, column)._replace(
            **{"how": _ROUNDED} if alone[row["scenario"], row["percent"]] and column in _COUNTS else {}
        ),
        missing=f"not shown, as counts of 1 to {LARGEST_SMALL_NUMBER} of one provider or practice are not, "
        "nor pounds that would tell them; or nothing to divide by",
    )


def _without_small_numbers(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects in the order of SCENARIOS; those of one provider or practice as they may be shown."""
    ranks = effects["scenario"].map({name: place for place, name in enumerate(SCENARIOS)})
    shown = effects.assign(words=effects["scenario"].map(SCENARIOS), rank=ranks)
    shown["alone"] = shown["scenario"].str.startswith(f"{MORE_CODED}_")
    shown = shown.sort_values(["rank", "percent"], ignore_index=True)
    counts = shown.loc[shown["alone"], _COUNTS]
    rounded = ROUNDED_TO * (counts / ROUNDED_TO).round()
    shown[_COUNTS] = shown[_COUNTS].astype("float64")
    shown[_COSTS] = shown[_COSTS].mask(shown["alone"])
    shown.loc[shown["alone"], _COUNTS] = rounded.mask(counts.gt(0) & counts.le(LARGEST_SMALL_NUMBER))
    return shown


def _moves(moves: pd.DataFrame, scenario: str, percent: int, year: str) -> ReportTable:
    rows = moves[(moves["scenario"] == scenario) & (moves["percent"] == percent)]
    rows = rows.dropna(subset="cost_change_gbp")
    order = rows["cost_change_gbp"].abs().sort_values(ascending=False, kind="stable").index
    key = ("scenario", "percent", "hrg_before", "hrg_after", "admission_type")
    return ReportTable(
        f"coding_moves_{scenario}",
        "HRGs moved by more" if scenario == MORE_CODED else "HRGs moved by none",
        f"HRGs that move most in pounds: {SCENARIOS[scenario]}, {percent} %",
        rows.loc[order[:PAIRS_SHOWN]],
        {
            "hrg_before": ("As coded", None),
            "hrg_after": ("In the scenario", None),
            "admission_type": ("Type", None),
            "episodes": ("Episodes", integer),
            "admissions": ("Admissions", integer),
            "cost_change_gbp": ("Cost more", pounds),
        },
        key,
        straight(f"coding/coding_moves_{year}", *key),
    )


def _signals(drift: pd.DataFrame) -> ReportTable:
    """Providers with a signal; only ratios, which tell no count."""
    found = drift[drift["signal"].isin(SIGNALS)]
    last_first = found.assign(far=found["z"].abs()).sort_values(
        ["year", "far"], ascending=False, kind="stable"
    )
    key = ("provider", "year", "measure", "kind")
    return ReportTable(
        "coding_drift",
        "Coding that stands out",
        f"Providers whose coding stands out at constant case mix (at most {SIGNALS_SHOWN})",
        last_first.head(SIGNALS_SHOWN).assign(
            measure_words=lambda rows: rows["measure"].map(MEASURES),
            kind_words=lambda rows: rows["kind"].map(KINDS),
        ),
        {
            "provider": ("Provider", None),
            "year": ("Year", None),
            "measure_words": ("Measure", None),
            "kind_words": ("Compared", None),
            "ratio": ("Observed over expected", decimals(3)),
            "lower": ("Lower limit", decimals(3)),
            "upper": ("Upper limit", decimals(3)),
        },
        key,
        straight("coding/coding_drift", *key),
    )


def _growth(id_: str, name: str, title: str, rows: pd.DataFrame) -> ReportTable:
    return ReportTable(
        id_,
        name,
        title,
        rows,
        {
            "code": ("Chapter" if id_ == "rebasing_chapters" else "HRG", None),
            "growth_given_pct": ("Admissions, given, %", decimals(2)),
            "growth_regrouped_pct": ("Admissions, regrouped, %", decimals(2)),
            "cost_growth_given_pct": ("Cost, given, %", decimals(2)),
            "cost_growth_regrouped_pct": ("Cost, regrouped, %", decimals(2)),
            "worth_gbp": ("The difference is worth, a year", pounds),
        },
        ("level", "code"),
        straight("coding/rebasing", "level", "code"),
        missing="too few admissions for a growth, or no price",
    )


def coding_numbers(tables: Mapping[str, pd.DataFrame], year: str, edition: str) -> Iterator[Number]:
    """What is said of coding; arguments as `coding_tables`."""
    effects = tables["coding_effects"].set_index(["scenario", "percent"])
    for scenario, percent in _SAID:
        for column in ("episodes_moved", "cost_change_gbp", "cost_change_pct"):
            where = {"scenario": scenario, "percent": percent}
            source = Source(f"coding/coding_effects_{year}", column, where)
            yield Number(f"text/coding_{scenario}_{column}", effects.loc[(scenario, percent), column], source)
    drift = tables["coding_drift"].query("year == @year")
    of_year = Source("coding/coding_drift", "signal", {"year": year}, ROWS)
    for signal in SIGNALS:
        of_signal = of_year._replace(where={"year": year, "signal": signal})
        yield Number(f"text/coding_{signal}", (drift["signal"] == signal).sum(), of_signal)
    compared = (drift["signal"] != "too_few").sum()
    enough = "the number of rows whose signal is not too_few"
    yield Number("text/coding_compared", compared, of_year._replace(how=enough))
    if "rebasing" in tables:
        every = tables["rebasing"].set_index("level")
        for column in ("cost_growth_given_pct", "cost_growth_regrouped_pct", "worth_gbp"):
            if "all" in every.index:
                source = Source("coding/rebasing", column, {"level": "all"})
                yield Number(f"text/rebasing_{column}", every.loc["all", column], source)
