"""How every figure looks, and how it is saved so that the same picture gives the same bytes."""

import base64
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

PALETTE = ["#12436D", "#F46A25", "#28A197", "#801650", "#3D3D3D", "#A285D1"]
GREY = "#6B6B6B"
TYPE_MARKS = {"elective": (PALETTE[0], "o"), "emergency": (PALETTE[1], "^")}
mpl.rcParams.update(
    {
        "axes.prop_cycle": mpl.cycler(color=PALETTE),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 10.5,
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "grid.color": "#E3E3E3",
        "legend.frameon": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "casemix-risk",
    }
)


def save_figure(figure: Figure, paths: Sequence[Path | str]) -> None:
    """Write a figure to each path; its ending (.svg, .png) says the format. No date is kept."""
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150)


def svg_address(svg: str) -> str:
    """An SVG as the address of an image, for a page that needs no other file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def new_figure(width: float = 8.0, height: float = 4.6, **subplots) -> tuple[Figure, object]:
    """An empty figure in the house style and its axes; sizes in inches."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(**subplots)


def pound_ticks(axis: Axis) -> None:
    """Label an axis in pounds."""
    axis.set_major_formatter(FuncFormatter(lambda price, _: f"£{price:,.0f}"))


def count_ticks(axis: Axis) -> None:
    """Label an axis with whole numbers and thousands commas."""
    axis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))


def percent_ticks(axis: Axis) -> None:
    """Label an axis whose values are in %."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g} %"))
