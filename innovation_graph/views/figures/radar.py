"""The profile of a place against its peers: a radar of several measures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import folded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["profile"]


def profile(
    table: pd.DataFrame,
    place: str,
    *,
    peers: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    scale: Literal["percentile", "value"] = "percentile",
    places: pd.DataFrame | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw a place as a filled polygon over several measures, its peers as lines.

    Parameters
    ----------
    table : pandas.DataFrame
        Place x measure, indexed by place id; more is better in all of them.
    place : str
        Id of the place.
    peers : sequence of str
        Ids of places to compare with: up to four are drawn each in its colour, of more the mean and the range.
    columns : sequence of str, optional
        At least three measures; default: all numeric columns but ranks, at most twelve.
    labels : sequence of str, optional
        What the measures are called.
    scale : {"percentile", "value"}
        What an axis shows: the share of the places with a value below (ties count one half), 0 to 100; or the values
        themselves, on one common axis, for scores on one scale.
    places : pandas.DataFrame, optional
        Place table with names; default: names in `table`.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        Plain axes; the polygon has gid "place", lines of peers gid "peer". The distance from the middle is the
        share of the axis, 0 to 1.

    Raises
    ------
    UnknownNameError
        If there is no such place or column, or `scale` is something else.
    FormatError
        If there are fewer than three measures, or a value of a place that is drawn is missing.
    """
    if scale not in ("percentile", "value"):
        raise UnknownNameError("scale", scale, ("percentile", "value"))
    for one in (place, *peers):
        if one not in table.index:
            raise UnknownNameError("place", one, table.index)
    chosen = _columns(table, columns)
    if labels is not None and len(labels) != len(chosen):
        raise FormatError("labels", expected=f"{len(chosen)} labels, one a measure", got=f"{len(labels)}")
    values = table[chosen].astype("float64")
    missing = values.loc[[place, *peers]].isna()
    if missing.to_numpy().any():
        row, column = np.argwhere(missing.to_numpy())[0]
        raise FormatError(
            "profile", expected="a value for every measure", got=f"none of {chosen[column]} of {missing.index[row]}"
        )
    unit, ticks = _units(values, scale)
    n = len(chosen)
    angles = 2 * np.pi * np.arange(n) / n
    with style.sheet(0.66, **look) as sheet:
        ax = sheet.ax
        _web(ax, angles, ticks, sheet)
        names = style.names_of([place, *peers], table if places is None else places, lang=sheet.lang, short=sheet.short)
        key: list[tuple[str, str]] = [(names[place], style.colour(0))]
        if len(peers) > 4:
            key.append(_crowd(ax, angles, unit.loc[list(peers)].to_numpy(), sheet))
        else:
            for number, peer in enumerate(peers, start=1):
                line = _closed(angles, unit.loc[peer].to_numpy())
                ax.plot(*line.T, color=style.colour(number), linewidth=sheet.points(1.1), zorder=3, gid="peer")
                key.append((names[peer], style.colour(number)))
        own = _closed(angles, unit.loc[place].to_numpy())
        ax.fill(*own.T, facecolor=style.tint(style.colour(0), 0.25), alpha=0.55, zorder=2, linewidth=0)
        ax.plot(
            *own.T,
            color=style.colour(0),
            linewidth=sheet.points(2.0),
            zorder=5,
            gid="place",
            marker="o",
            markersize=sheet.points(3.2),
        )
        texts = [sheet.say(name) for name in (chosen if labels is None else labels)]
        for angle, text in zip(angles, texts, strict=True):
            across = np.sin(angle)
            ha = "center" if abs(across) < 0.15 else "left" if across > 0 else "right"
            va = "bottom" if np.cos(angle) > 0.95 else "top" if np.cos(angle) < -0.95 else "center"
            ax.text(
                1.07 * across, 1.07 * np.cos(angle), folded(text), ha=ha, va=va, size=sheet.points(7.0), gid="measure"
            )
        for row, (text, color) in enumerate(key):
            ax.text(
                -1.95,
                1.17 - 0.12 * row,
                text,
                color=color,
                weight="bold" if row == 0 else "normal",
                va="top",
                size=sheet.points(8.0),
                gid="key",
            )
        ax.set_xlim(-1.98, 1.98)
        ax.set_ylim(-1.2, 1.2)
        ax.set_aspect("equal")
        ax.set_axis_off()
        details = [sheet.say("percentile")] if scale == "percentile" else []
        sheet.finish(
            sheet.say("profile", place=names[place]), look.get("provenance"), asked=look.get("title"), details=details
        )
    return ax


def _columns(table: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        numeric = [str(name) for name in table.select_dtypes("number") if "rank" not in str(name)]
        columns = [name for name in numeric if name not in _NO_MEASURES][:12]
    for name in columns:
        if name not in table:
            raise UnknownNameError("column of the table", name, table.columns)
    if len(columns) < 3:
        raise FormatError("profile", expected="three measures or more", got=", ".join(columns) or "none")
    return list(columns)


_NO_MEASURES = ("lat", "lon", "works", "solo_works", "fractional_works", "imputed", "community", "hub_id")


def _units(values: pd.DataFrame, scale: str) -> tuple[pd.DataFrame, list[tuple[float, str]]]:
    """Return values as shares of the axis, and where its rings lie."""
    if scale == "percentile":
        ranked = values.rank(method="average")
        unit = (ranked - 0.5) / ranked.count()
        return unit, [(part, f"{part * 100:.0f}") for part in (0.25, 0.5, 0.75, 1.0)]
    low, high = float(values.min().min()), float(values.max().max())
    span = high - low or 1.0
    step = 10.0 ** np.floor(np.log10(span / 2))
    step = next(scale * step for scale in (1, 2, 5, 10) if span / (scale * step) <= 5)
    start, stop = np.floor(low / step) * step, np.ceil(high / step) * step
    rings = np.arange(start + step, stop + step / 2, step)
    return (values - start) / (stop - start), [(float((ring - start) / (stop - start)), f"{ring:g}") for ring in rings]


def _closed(angles: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    points = radius[:, None] * np.column_stack([np.sin(angles), np.cos(angles)])
    return np.vstack([points, points[:1]])


def _web(ax: "Axes", angles: NDArray[np.float64], ticks: list[tuple[float, str]], sheet: style.Sheet) -> None:
    for radius, text in ticks:
        ax.plot(
            *_closed(angles, np.full(len(angles), radius)).T, color=style.GRID, linewidth=sheet.points(0.7), zorder=1
        )
        ax.text(0.012, radius - 0.012, text, size=sheet.points(5.6), color=style.MUTED, va="top", zorder=6)
    for angle in angles:
        ax.plot([0, np.sin(angle)], [0, np.cos(angle)], color=style.GRID, linewidth=sheet.points(0.7), zorder=1)


def _crowd(ax: "Axes", angles: NDArray[np.float64], peers: NDArray[np.float64], sheet: style.Sheet) -> tuple[str, str]:
    low, high = _closed(angles, peers.min(axis=0)), _closed(angles, peers.max(axis=0))
    band = np.vstack([high, low[::-1]])
    ax.fill(*band.T, facecolor=style.OTHER, alpha=0.22, linewidth=0, zorder=1.5, gid="range")
    mean = _closed(angles, peers.mean(axis=0))
    ax.plot(*mean.T, color=style.MUTED, linewidth=sheet.points(1.3), linestyle=(0, (4, 2)), zorder=3, gid="peer")
    return sheet.say("peers_mean", n=len(peers)), style.MUTED
