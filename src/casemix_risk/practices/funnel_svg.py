"""The funnel of a district as SVG inside a page: drawn once, with each practice's own point laid upon it."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator
from scipy.stats import norm

from casemix_risk.statistics.funnel import shmi_limits

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 110, 14, 46
LIMITS = {"95 %": (norm.isf(0.025), "6 4"), "99.8 %": (norm.isf(0.001), "none")}
TICKS = (0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1, 1.2, 1.4, 2, 3, 5, 10)
_CURVE_POINTS = 60
_TEXT = 'font-size="13" fill="#1d1d1f"'


class Funnel(NamedTuple):
    """The drawing that all practices share, and its scales."""

    drawing: Markup
    largest: float  # expected admissions at the right edge
    reach: float  # |ln(ratio)| at the upper and lower edge


def district_funnel(points: pd.DataFrame) -> Funnel | None:
    """Ratios of all practices over their expected admissions, with limits; None where none is shown.

    Args:
        points: ``expected, ratio, tau`` as `casemix_risk.practices.published.published_ratios` has them, so
            that no place on the drawing tells a count. tau missing (too few practices to know it) is taken
            as 0: limits by chance alone.
    """
    points = points[points["ratio"] > 0]
    if points.empty:
        return None
    tau = float(points["tau"].fillna(0).max())
    smallest, largest = max(points["expected"].min() * 0.8, 5.0), points["expected"].max() * 1.08
    outer = max(quantile for quantile, _ in LIMITS.values())
    at_left = np.log(shmi_limits(1 / smallest, tau, outer)[1])
    funnel = Funnel(Markup(""), largest, 1.05 * max(at_left, np.abs(np.log(points["ratio"])).max()))
    at = np.geomspace(smallest, largest, _CURVE_POINTS)
    parts = [_axes(funnel)]
    for name, (quantile, dashes) in LIMITS.items():
        for limit in shmi_limits(1 / at, tau, quantile):
            line = " ".join(map(_pair, *_place(funnel, at, limit)))
            parts.append(
                f'<polyline points="{line}" fill="none" stroke="#3D3D3D" stroke-dasharray="{dashes}"/>'
            )
        x, y = _place(funnel, largest, limit[-1])  # of the upper one
        parts.append(f'<text x="{x + 5:.0f}" y="{y + 4:.0f}" {_TEXT}>{name} limits</text>')
    for x, y in zip(*_place(funnel, points["expected"], points["ratio"]), strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#6B6B6B"/>')
    return funnel._replace(drawing=Markup("".join(parts)))


def own_point(funnel: Funnel, expected: float, ratio: float, practice: str) -> Markup:
    """A practice's own point with its code, to be laid upon the drawing."""
    x, y = (float(each) for each in _place(funnel, expected, ratio))
    left = x > WIDTH - RIGHT - 80
    anchor, beside = ("end", -11) if left else ("start", 11)
    return Markup(
        '<path d="M{0:.1f} {1:.1f}l8 8l-8 8l-8 -8z" fill="#F46A25" stroke="#1d1d1f" stroke-width="1.5"/>'
        '<text x="{2:.1f}" y="{3:.1f}" text-anchor="{4}" font-weight="700" stroke="#fff" stroke-width="3" '
        'paint-order="stroke" {6}>{5}</text>'
    ).format(x, y - 8, x + beside, y + 5, anchor, practice, Markup(_TEXT))


def _place(funnel: Funnel, expected, ratio):
    """Pixels from expected admissions (linear) and ratio (logarithmic)."""
    x = LEFT + (WIDTH - LEFT - RIGHT) * expected / funnel.largest
    y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - np.log(ratio) / funnel.reach) / 2
    return x, y


def _pair(x: float, y: float) -> str:
    return f"{x:.1f},{y:.1f}"


def _axes(funnel: Funnel) -> str:
    right, foot = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for tick in TICKS:
        if abs(np.log(tick)) <= funnel.reach:
            y = _place(funnel, 0, tick)[1]
            colour = "#1d1d1f" if tick == 1 else "#c9ced4"
            parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{colour}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" {_TEXT}>{tick:g}</text>')
    for tick in MaxNLocator(5, integer=True).tick_values(0, funnel.largest):
        if 0 <= tick <= funnel.largest:
            x = _place(funnel, tick, 1)[0]
            parts.append(f'<path d="M{x:.1f} {foot}v4" stroke="#1d1d1f"/>')
            parts.append(f'<text x="{x:.1f}" y="{foot + 18}" text-anchor="middle" {_TEXT}>{tick:,.0f}</text>')
    middle = (LEFT + right) / 2
    parts.append(f'<path d="M{LEFT} {foot}H{right}" stroke="#1d1d1f"/>')
    parts.append(
        f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle" {_TEXT}>'
        "expected admissions, all years</text>"
        f'<text transform="translate(14 {(TOP + foot) / 2:.0f}) rotate(-90)" text-anchor="middle" {_TEXT}>'
        "observed / expected</text>"
    )
    return "".join(parts)
