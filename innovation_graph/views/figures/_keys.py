"""The keys of a map: what circles, lines and colours mean."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from innovation_graph.views.figures import style

__all__ = ["LARGEST", "THINNEST", "WIDEST", "draw_keys", "round_steps"]

_Floats = NDArray[np.float64]

LARGEST, WIDEST, THINNEST = 7.0, 3.0, 0.25
"""Radius of the largest circle, width of the heaviest and of the lightest line, in points on a page of two columns."""


def draw_keys(
    sheet: style.Sheet, marks: _Floats, *, measure: str, largest: float, heaviest: float, groups: dict[int, str]
) -> None:
    """Draw the keys: circles and lines in the lower left corner, colours where they cover the fewest places.

    Parameters
    ----------
    sheet : Sheet
        The map, settled.
    marks : numpy.ndarray
        Where the places are, in data coordinates, shape (n, 2).
    measure : str
        What the circles show.
    largest, heaviest : float
        Of the measure, and of the weights.
    groups : dict of int to str
        Names of the groups by the number of their colour.
    """
    from matplotlib.legend import Legend  # noqa: PLC0415 - loaded when a figure is asked for
    from matplotlib.lines import Line2D  # noqa: PLC0415

    def key(handles: list[Any], texts: list[str], where: Any, height: float, title: str = "", **options: Any) -> Any:
        small = sheet.points(5.6)
        legend = Legend(
            sheet.ax,
            handles,
            texts,
            title=title,
            loc=where,
            bbox_to_anchor=(float("right" in where), height),
            fontsize=small,
            title_fontsize=small,
            alignment="left",
            borderpad=0.0,
            borderaxespad=0.3,
            **options,
        )
        legend.set_in_layout(False)
        legend.set_zorder(9)
        sheet.ax.add_artist(legend)
        return legend

    def dot(radius: float, color: str) -> Any:
        return Line2D(
            [], [], linestyle="", marker="o", markersize=2 * sheet.points(radius), color=color, markeredgewidth=0
        )

    frame = sheet.ax.get_window_extent()
    above = sheet.points(25) * sheet.ax.figure.dpi / 72 / frame.height
    steps = round_steps(largest)
    circles = [dot(max(0.9, LARGEST * np.sqrt(step / largest)), "#b5bdc7") for step in steps]
    row = {"ncols": 3, "columnspacing": 1.3, "handletextpad": 0.7}
    key(circles, [_number(step) for step in steps], "lower left", above, sheet.say(measure), **row)
    steps = round_steps(heaviest)
    lines = [
        Line2D([], [], linewidth=sheet.points(max(THINNEST, WIDEST * step / heaviest)), color="#9aa3ad")
        for step in steps
    ]
    title = sheet.say("link_weight")
    key(lines, [_number(step) for step in steps], "lower left", 0.0, title, handlelength=1.6, **row)
    if groups:
        dots = [dot(2.2, style.colour(group)) for group in groups]
        spots = sheet.ax.transData.transform(marks)
        drawn: list[tuple[int, int, Any]] = []
        for where, height in (
            ("lower right", 0.0),
            ("lower left", 2 * above),
            ("upper right", 1.0),
            ("upper left", 1.0),
        ):
            legend = key(dots, list(groups.values()), where, height, handletextpad=0.1, labelspacing=0.35)
            drawn.append((_covered(legend, spots), len(drawn), legend))
        for *_, legend in sorted(drawn, key=lambda one: one[:2])[1:]:
            legend.remove()


def _covered(legend: Any, spots: _Floats) -> int:
    box = legend.get_window_extent()
    inside = (spots >= [box.x0, box.y0]) & (spots <= [box.x1, box.y1])
    return int(inside.all(axis=1).sum())


def _number(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def round_steps(largest: float) -> list[float]:
    """Return up to three round numbers up to a largest one: about a tenth, a third and all of it."""
    steps: list[float] = []
    for part in (0.1, 0.35, 0.95):
        value = part * largest
        if value <= 0 or not np.isfinite(value):
            continue
        unit = 10.0 ** np.floor(np.log10(value))
        step = max(scale * unit for scale in (1, 2, 5) if scale * unit <= value * 1.0000001)
        if not steps or step > steps[-1]:
            steps.append(float(step))
    return steps
