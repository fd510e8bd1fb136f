"""Names beside marks, placed so that none covers another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["folded", "put_names", "spread"]

# Offsets from the mark in units of (half its width + half the text's), and the rings in which they are tried.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.85, 0.8), (-0.85, 0.8), (0.85, -0.8), (-0.85, -0.8))
_RINGS = (1.0, 5.0, 10.0)


def folded(text: str, width: int = 22) -> str:
    """Break a name into lines of about a width, between words.

    Examples
    --------
    >>> folded("Technological innovation capability").split(chr(10))
    ['Technological', 'innovation capability']
    """
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def put_names(
    ax: "Axes",
    at: ArrayLike,
    names: Sequence[str],
    radius: ArrayLike,
    size: ArrayLike,
    *,
    colors: Sequence[str] | None = None,
    bold: Sequence[bool] | None = None,
    rings: int = 2,
    halo: float = 1.4,
    inside: bool = False,
    avoid: Sequence[Any] = (),
) -> list[str]:
    """Write names beside marks, the first ones first; a name that finds no free spot is left out.

    Call it when the layout is settled: places on the page decide.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    at : array
        Positions in data coordinates, shape (n, 2), in order of importance. NaN: left out.
    names : sequence of str
        One a mark; "" for none.
    radius : array
        Of the marks, points. All marks are kept free of names.
    size : array
        Of the text, points.
    colors, bold : sequence, optional
        Of the text.
    rings : int
        How far from its mark a name may go: 1 beside it, 2 and 3 with a thin line to it.
    halo : float
        Width of the white rim of the text, points.
    inside : bool
        Whether a name may stand inside a mark that is large enough, where there is no room beside it.
    avoid : sequence of matplotlib.transforms.Bbox
        Other places to keep free, in pixels.

    Returns
    -------
    list of str
        The names that were left out.
    """
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - loaded when a figure is asked for

    figure: Any = ax.figure
    pixel = figure.dpi / 72
    spots = ax.transData.transform(np.asarray(at, dtype=np.float64).reshape(-1, 2))
    radius, size = (np.broadcast_to(np.asarray(part, dtype=np.float64), len(spots)) for part in (radius, size))
    seen = np.isfinite(spots).all(axis=1)
    frame = ax.get_window_extent()
    marks = np.column_stack([spots - radius[:, None] * pixel, spots + radius[:, None] * pixel])
    taken = [np.array([box.extents for box in avoid]).reshape(-1, 4)]
    lost = []
    renderer = figure.canvas.get_renderer()
    for row in range(len(spots)):
        if not names[row] or not seen[row] or not _inside(marks[row], frame):
            continue
        weight = "bold" if bold is not None and bold[row] else "normal"
        color = colors[row] if colors is not None else "#1c2430"
        text = ax.text(
            0,
            0,
            names[row],
            size=size[row],
            color=color,
            weight=weight,
            va="center",
            ha="center",
            zorder=8,
            in_layout=False,
            clip_on=False,
            path_effects=[withStroke(linewidth=halo, foreground="white")],
            gid="name",
        )
        text.set_transform(None)
        box = text.get_window_extent(renderer)
        half = np.array([box.width, box.height * 0.86]) / 2
        others = np.vstack([np.delete(marks, row, axis=0)[np.delete(seen, row)], *taken])
        spot = _free(spots[row], half, radius[row] * pixel, others, frame, rings=rings, pixel=pixel)
        own = np.concatenate([spots[row] - half, spots[row] + half])
        if spot is None and inside and half[0] < radius[row] * pixel and not _touches(own, np.vstack(taken)):
            spot = spots[row], 0
        if spot is None:
            text.remove()
            lost.append(names[row])
            continue
        middle, ring = spot
        text.set_transform(ax.transData)
        text.set_position(tuple(ax.transData.inverted().transform(middle)))
        taken.append(np.concatenate([middle - half, middle + half])[None])
        if ring:
            ends = ax.transData.inverted().transform(_leader(spots[row], middle, half))
            ax.plot(*ends.T, color="#9aa3ad", linewidth=0.35, zorder=7, gid="leader")
    return lost


def spread(wanted: ArrayLike, room: float, low: float = -np.inf, high: float = np.inf) -> NDArray[np.float64]:
    """Move values on a line apart until each has room, as little as possible, in their order.

    Parameters
    ----------
    wanted : array
        Where they would like to be.
    room : float
        Least distance between neighbours.
    low, high : float
        Ends of the line; where there is not enough room for all, the distance shrinks.

    Returns
    -------
    numpy.ndarray
        Where they are.

    Examples
    --------
    >>> spread([1.0, 1.1, 5.0], 1.0).round(2).tolist()
    [0.55, 1.55, 5.0]
    """
    values = np.asarray(wanted, dtype=np.float64)
    n = len(values)
    if n < 2:
        return values.clip(low, high)
    if np.isfinite(high - low):
        room = min(room, (high - low) / (n - 1))
    order = np.argsort(values, kind="stable")
    steps = room * np.arange(n)
    # With the room taken off, values must not fall: pool neighbours that do into their mean (isotonic regression).
    blocks: list[list[float]] = []
    for value in values[order] - steps:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, size = blocks.pop()
            mean, before = blocks[-1]
            blocks[-1] = [(mean * before + last * size) / (before + size), before + size]
    pooled = np.concatenate([np.full(int(size), mean) for mean, size in blocks])
    placed = np.empty(n)
    placed[order] = pooled.clip(low, high - steps[-1]) + steps
    return placed


def _free(
    spot: NDArray[np.float64],
    half: NDArray[np.float64],
    radius: float,
    others: NDArray[np.float64],
    frame: Any,
    *,
    rings: int,
    pixel: float,
) -> tuple[NDArray[np.float64], int] | None:
    for ring, gap in enumerate(_RINGS[:rings]):
        reach = radius + gap * pixel
        for side in _SIDES:
            middle = spot + np.array(side) * (half + reach)
            if side[1] and side[0]:  # diagonal: the corner of the text touches the mark
                middle = spot + np.sign(side) * (half + 0.7 * reach)
            box = np.concatenate([middle - half, middle + half])
            if _inside(box, frame) and not _touches(box, others):
                return middle, ring
    return None


def _inside(box: NDArray[np.float64], frame: Any) -> bool:
    return bool(box[0] >= frame.x0 and box[1] >= frame.y0 and box[2] <= frame.x1 and box[3] <= frame.y1)


def _touches(box: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    return bool(
        np.any((box[0] < others[:, 2]) & (box[2] > others[:, 0]) & (box[1] < others[:, 3]) & (box[3] > others[:, 1]))
    )


def _leader(spot: NDArray[np.float64], middle: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([spot, np.clip(spot, middle - half, middle + half)])
