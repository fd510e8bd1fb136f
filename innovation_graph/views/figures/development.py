"""Development modes: the tree that they were cut from, and the balance of three dimensions as a triangle."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import FormatError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import folded, put_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from innovation_graph.index.modes import Modes

__all__ = ["dendrogram", "ternary"]


def dendrogram(
    modes: "Modes",
    *,
    names: Mapping[int, str] | None = None,
    places: pd.DataFrame | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw the tree of a hierarchical clustering, leaves on the right in the colours of their modes.

    Parameters
    ----------
    modes : Modes
        What `index.modes.cluster` gave.
    names : mapping of int to str, optional
        Name of each mode, as `index.modes.Agreement.names`.
    places : pandas.DataFrame, optional
        Place table with names.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With the branches (gid "branches"), one a merge; x is the distance at which two groups join.
    """
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - loaded when a figure is asked for
    from scipy.cluster import hierarchy  # noqa: PLC0415

    tree = hierarchy.dendrogram(modes.merges, no_plot=True, count_sort=False)
    order = tree["leaves"]
    n = len(order)
    with style.sheet(0.12 + 0.026 * n, rows=True, **look) as sheet:
        ax = sheet.ax
        label = modes.labels.to_numpy()
        colour_of = _mode_colours(label)
        # scipy puts leaf k at 10 k + 5.
        branches = [
            np.column_stack([x, (np.array(y) - 5) / 10]) for x, y in zip(tree["dcoord"], tree["icoord"], strict=True)
        ]
        shades = [_branch_colour(branch, label[order], colour_of) for branch in branches]
        lines = LineCollection(branches, colors=shades, linewidths=sheet.points(1.2), capstyle="round", gid="branches")
        ax.add_collection(lines)
        longest = float(np.max(modes.merges[:, 2], initial=0.0)) or 1.0
        # Names of modes stand left of the trunk.
        ax.set_xlim((1.3 if names else 1.04) * longest, -0.01 * longest)
        ax.set_xticks([tick for tick in ax.get_xticks() if -1e-9 <= tick <= 1.04 * longest])
        ax.set_ylim(n - 0.4, -0.6)
        texts = style.names_of(modes.labels.index[order], places, lang=sheet.lang, short=sheet.short)
        ax.yaxis.tick_right()
        ax.set_yticks(range(n), texts, size=sheet.points(7.0))
        for text, row in zip(ax.get_yticklabels(), order, strict=True):
            text.set_color(colour_of[int(label[row])])
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(sheet.say("distance"))
        _mode_brackets(ax, label[order], colour_of, names or {}, sheet)
        method = f"{modes.distance}, {modes.linkage}"
        sheet.finish(sheet.say("dendrogram"), look.get("provenance"), asked=look.get("title"), details=[method])
    return ax


def ternary(
    values: "Modes | pd.DataFrame",
    *,
    modes: pd.Series | None = None,
    columns: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    names: Mapping[int, str] | None = None,
    places: pd.DataFrame | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw places in a triangle by the shares of three dimensions in their sum.

    A place in a corner has all of its sum from that dimension, one in the middle has equal parts. The triangle is cut
    to the part where the places are, and the lines are marked with the share. The area of a dot is
    proportional to the sum.

    Parameters
    ----------
    values : Modes or pandas.DataFrame
        Place x dimension on one common scale from 0, as `index.modes.common_values` gives it, or what was
        clustered.
    modes : pandas.Series, optional
        Group of each place, for the colours; of `Modes` its own.
    columns : sequence of str, optional
        The three dimensions; default: the first three columns.
    labels : sequence of str, optional
        What they are called.
    names : mapping of int to str, optional
        Name of each mode.
    places : pandas.DataFrame, optional
        Place table with names.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one dot a place (gid "places"). The corners of the whole triangle are (0, 0), (1, 0) and (1/2, 0.866), in
        the order of the columns.

    Raises
    ------
    FormatError
        If there are not three columns, a value is missing or negative, or a sum is 0.
    """
    table = values if isinstance(values, pd.DataFrame) else values.dimensions
    modes = modes if isinstance(values, pd.DataFrame) else values.labels
    chosen = list(table.columns[:3] if columns is None else columns)
    if len(chosen) != 3 or not set(chosen) <= set(table.columns):
        raise FormatError("ternary", expected="three columns", got=", ".join(map(str, chosen)))
    numbers = table[chosen].to_numpy(dtype=np.float64)
    sums = numbers.sum(axis=1)
    if not (np.all(numbers >= 0) and np.all(sums > 0)):
        row = int(np.flatnonzero(~((numbers >= 0).all(axis=1) & (sums > 0)))[0])
        raise FormatError(
            "ternary", expected="values from 0 on, not all 0", got=f"{numbers[row].tolist()} of {table.index[row]}"
        )
    shares = numbers / sums[:, None]
    spots = shares @ _CORNERS
    codes = np.ones(len(table), dtype=int) if modes is None else modes.reindex(table.index).to_numpy()
    colour_of = _mode_colours(codes)
    with style.sheet(0.8, **look) as sheet:
        ax = sheet.ax
        floor = np.floor(np.clip(shares.min(axis=0) - 0.02, 0, 1) * 10) / 10
        _triangle(ax, floor, [sheet.say(str(name)) for name in (chosen if labels is None else labels)], sheet)
        largest = float(sums.max())
        radius = sheet.points(7.0) * np.sqrt(sums / largest)
        order = np.argsort(-sums, kind="stable")
        ax.scatter(
            spots[order, 0],
            spots[order, 1],
            s=(2 * radius[order]) ** 2,
            c=[colour_of[int(codes[row])] for row in order],
            alpha=0.9,
            edgecolors="white",
            linewidths=sheet.points(0.5),
            zorder=5,
            gid="places",
        )
        texts = style.names_of(table.index, places, lang=sheet.lang, short=sheet.short).to_numpy()
        for row, (number, shade) in enumerate(sorted(colour_of.items())):
            if names and number in names:
                ax.text(
                    0.0,
                    1.0 - 0.045 * row,
                    sheet.say(names[number]),
                    color=shade,
                    weight="bold",
                    va="top",
                    size=sheet.points(8.0),
                    transform=ax.transAxes,
                    gid="mode",
                )
        sheet.finish(sheet.say("ternary"), look.get("provenance"), asked=look.get("title"))
        put_names(
            ax, spots[order], texts[order].tolist(), radius[order], sheet.points(6.6), rings=3, halo=sheet.points(1.3)
        )
    return ax


_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


def _mode_colours(labels: NDArray[np.int64]) -> dict[int, str]:
    return {int(number): style.colour(rank) for rank, number in enumerate(np.unique(labels))}


def _branch_colour(branch: NDArray[np.float64], labels: NDArray[np.int64], colour_of: dict[int, str]) -> str:
    """Return the colour of a mode if all leaves under the branch are of it; a branch spans its two children only."""
    low, high = branch[:, 1].min(), branch[:, 1].max()
    inside = labels[int(np.floor(low)) : int(np.ceil(high)) + 1]
    return colour_of[int(inside[0])] if len(set(inside.tolist())) == 1 else "#8a94a0"


def _mode_brackets(
    ax: "Axes", labels: NDArray[np.int64], colour_of: dict[int, str], names: Mapping[int, str], sheet: style.Sheet
) -> None:
    edges = np.r_[0, np.flatnonzero(np.diff(labels)) + 1, len(labels)]
    for first, last in pairwise(edges.tolist()):
        number = int(labels[first])
        ax.axhspan(first - 0.46, last - 0.54, color=style.tint(colour_of[number], 0.08), linewidth=0, zorder=0)
        if number in names:
            ax.annotate(
                folded(sheet.say(names[number]), 20),
                (0, (first + last - 1) / 2),
                (3, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="left",
                va="center",
                weight="bold",
                size=sheet.points(7.0),
                color=colour_of[number],
                gid="mode",
            )


def _triangle(ax: "Axes", floor: NDArray[np.float64], labels: list[str], sheet: style.Sheet) -> None:
    """Draw the part of the triangle in which no share is below `floor`, with a line every ten percent."""
    room = 1 - floor.sum()
    corners = np.array([floor + room * np.eye(3)[row] for row in range(3)]) @ _CORNERS
    ax.fill(*corners.T, facecolor="#f6f8fa", edgecolor="#9aa3ad", linewidth=sheet.points(0.8), zorder=0)
    even = np.full(3, 1 / 3)
    step = 0.1 if room > 0.35 else 0.05
    for row in range(3):
        one, two = (row + 1) % 3, (row + 2) % 3
        for share in np.arange(floor[row] + step, floor[row] + room - step / 2, step):
            rest = 1 - share
            ends = np.zeros((2, 3))
            ends[:, row] = share
            ends[0, one], ends[0, two] = rest - floor[two], floor[two]
            ends[1, one], ends[1, two] = floor[one], rest - floor[one]
            line = ends @ _CORNERS
            ax.plot(*line.T, color=style.GRID, linewidth=sheet.points(0.6), zorder=1)
            out = (line[0] - line[1]) / np.hypot(*(line[0] - line[1]))
            x, y = line[0] + 0.035 * room * out
            ax.text(x, y, f"{share:.0%}", size=sheet.points(6.0), color=style.MUTED, ha="center", va="center")
    if np.all(even >= floor):
        x, y = even @ _CORNERS
        ax.scatter(x, y, marker="+", s=sheet.points(7) ** 2, color=style.MUTED, zorder=2)
    for row, (label, corner) in enumerate(zip(labels, corners, strict=True)):
        top = row == 2
        ax.annotate(
            folded(label, 24),
            corner,
            (0, sheet.points(9 if top else -16)),
            textcoords="offset points",
            ha="center",
            va="bottom" if top else "top",
            weight="bold",
            size=sheet.points(8.0),
            annotation_clip=False,
            gid="dimension",
        )
    low, high = corners.min(axis=0), corners.max(axis=0)
    ax.set_xlim(low[0] - 0.17 * room, high[0] + 0.17 * room)
    ax.set_ylim(low[1] - 0.03 * room, high[1] + 0.03 * room)
    ax.set_aspect("equal")
    ax.set_axis_off()
