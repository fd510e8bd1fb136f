"""Values and ranks over the years, each line with its name at its end."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bump", "lines"]


def lines(
    table: pd.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    log: bool = False,
    labels: Mapping[str, str] | None = None,
    ylabel: str | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw values over time, up to twelve lines.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a time (the index: years, or texts such as "2020-Q3"), one column a line. `change.timeline` is such a
        table, and `change.measures_over_time(networks)[measure].unstack().T`.
    columns : sequence of str, optional
        Which ones; default: the first if the index is called "time" and the columns are those of a timeline ("ties"),
        else all numeric ones, at most twelve, the largest last values first.
    log : bool
        Whether the axis of values is logarithmic; values of 0 are then not drawn.
    labels : mapping of str to str, optional
        What the lines are called; default: the names of the columns.
    ylabel : str, optional
        What the values are; default: the name of the only column.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one line a column, gid "line".

    Raises
    ------
    UnknownNameError
        If there is no such column.
    FormatError
        If there is nothing to draw.
    """
    chosen = _series(table, columns)
    values = table[chosen].astype("float64")
    x, ticks = _times(table.index)
    with style.sheet(0.55, **look) as sheet:
        ax = sheet.ax
        for row, name in enumerate(chosen):
            y = values[name].to_numpy()
            y = np.where(y > 0, y, np.nan) if log else y
            marker = "o" if len(x) <= 12 else ""
            ax.plot(
                x,
                y,
                color=style.colour(row),
                linewidth=sheet.points(1.6),
                marker=marker,
                markersize=sheet.points(3.2),
                clip_on=False,
                gid="line",
            )
        if log:
            ax.set_yscale("log")
            style.plain_minor(ax.yaxis)
        elif values.min().min() >= 0:
            ax.set_ylim(bottom=0)
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}")
        ax.grid(axis="y")
        _time_axis(ax, x, ticks)
        called = {name: sheet.say((labels or {}).get(name, name)) for name in chosen}
        if ylabel or len(chosen) == 1:
            ax.set_ylabel(ylabel or called[chosen[0]])
        title = sheet.say("lines") if len(chosen) > 1 else f"{called[chosen[0]][:1].upper()}{called[chosen[0]][1:]}"
        if len(chosen) > 1:
            _reserve(ax, max(called.values(), key=_wide), sheet)
        sheet.finish(title, look.get("provenance"), asked=look.get("title"))
        if len(chosen) > 1:
            ends = {name: values[name].dropna() for name in chosen}
            _end_names(ax, x, table.index, {called[name]: end for name, end in ends.items() if len(end)}, sheet)
    return ax


def bump(
    table: pd.DataFrame,
    *,
    top: int = 20,
    places: pd.DataFrame | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw ranks over time: lines that cross where places overtake one another.

    Parameters
    ----------
    table : pandas.DataFrame
        Place x time: ranks, 1 on top, as `index.history.rank_history` gives them. Missing ranks break the line.
    top : int
        The places with the best last ranks (with missing ones at the end).
    places : pandas.DataFrame, optional
        Place table with names.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one line a place, gid "line", the best first. Ranks beyond one and a half times `top` are drawn at the
        edge below, their number beside them.

    Raises
    ------
    FormatError
        If there are no two times.
    """
    if table.shape[1] < 2:
        raise FormatError("table of ranks", expected="two times or more", got=f"{table.shape[1]}")
    ranks = table.astype("float64").sort_values(table.columns[-1], kind="stable").head(top)
    x, ticks = _times(table.columns)
    limit = max(len(ranks), min(float(np.nanmax(ranks.to_numpy())), 1.5 * len(ranks)))
    with style.sheet(0.13 + 0.029 * limit, rows=True, **look) as sheet:
        ax = sheet.ax
        names = style.names_of(ranks.index, places, lang=sheet.lang, short=sheet.short)
        move = (ranks.iloc[:, 0] - ranks.iloc[:, -1]).fillna(0)
        notable = set(move.abs().sort_values(ascending=False, kind="stable").index[:6]) & set(move.index[move != 0])
        hues = iter([style.colour(row) for row in (0, 1, 2, 3, 4, 5)])
        shades = {place: next(hues) if place in notable else "#a9b2bc" for place in ranks.index}
        for place in ranks.index:
            y = ranks.loc[place].clip(upper=limit + 0.7).to_numpy()
            loud = place in notable
            ax.plot(
                *_smooth(x, y).T,
                color=shades[place],
                linewidth=sheet.points(2.2 if loud else 1.5),
                zorder=3 if loud else 2,
                solid_capstyle="round",
                gid="line",
            )
            ax.scatter(x, y, s=sheet.points(8.6) ** 2, color=shades[place], zorder=4, linewidths=0)
            for at, height, rank in zip(x, y, ranks.loc[place], strict=True):
                if np.isfinite(rank):
                    ax.text(
                        at,
                        height,
                        f"{rank:g}",
                        size=sheet.points(5.4),
                        color="white",
                        ha="center",
                        va="center",
                        weight="bold",
                        zorder=5,
                    )
            # Names follow their points, left and right; those beyond the edge share it and get none there.
            for at, column, side in ((x[0], 0, -1), (x[-1], -1, 1)):
                rank = ranks.loc[place].iloc[column]
                if np.isfinite(rank) and rank <= limit:
                    ax.annotate(
                        names[place],
                        (at, rank),
                        (side * sheet.points(7), 0),
                        textcoords="offset points",
                        ha="left" if side > 0 else "right",
                        va="center",
                        size=sheet.points(7.0),
                        color=style.INK if place not in notable else shades[place],
                        annotation_clip=False,
                        gid="name",
                        weight="bold" if place in notable else "normal",
                    )
        ax.set_ylim(limit + 1.1, 0.3)
        ax.set_yticks([])
        ax.set_xticks(x, ticks)
        ax.set_xlim(x[0] - 0.03 * (x[-1] - x[0]), x[-1] + 0.03 * (x[-1] - x[0]))
        ax.xaxis.tick_top()
        ax.tick_params(axis="x", length=0, labelsize=sheet.points(8.0))
        for spine in ax.spines.values():
            spine.set_visible(False)
        total = len(table)
        shown = sheet.say("shown_of", shown=len(ranks), all=total) if len(ranks) < total else ""
        sheet.finish(sheet.say("bump"), look.get("provenance"), asked=look.get("title"), details=[shown])
    return ax


def _series(table: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        numeric = list(table.select_dtypes("number"))
        if table.index.name == "time" and "ties" in numeric:
            return ["ties"]
        last = table[numeric].ffill().iloc[-1] if len(table) else pd.Series(dtype=float)
        columns = list(last.sort_values(ascending=False, kind="stable").index[:12])
    for name in columns:
        if name not in table:
            raise UnknownNameError("column of the table", name, table.columns)
    if not columns or not len(table):
        raise FormatError("lines", expected="a table with numbers", got="none")
    return list(columns)


def _times(index: "pd.Index[Any]") -> tuple[NDArray[np.float64], list[str]]:
    from innovation_graph._over_time import in_years  # noqa: PLC0415 - loaded when needed

    texts = [str(time) for time in index]
    years = [in_years(text) for text in texts]
    rising = all(year is not None for year in years) and all(a < b for a, b in pairwise(years))  # type: ignore[operator]
    return np.array(years if rising else range(len(texts)), dtype=np.float64), texts


def _time_axis(ax: "Axes", x: NDArray[np.float64], ticks: list[str]) -> None:
    every = max(1, int(np.ceil(len(x) / 12)))
    chosen = np.arange(len(x))[::-1][::every][::-1]  # the last time is always named
    ax.set_xticks(x[chosen], [ticks[row] for row in chosen])
    ax.set_xlim(x[0] - 0.02 * (x[-1] - x[0]), x[-1] if len(x) > 1 else None)


def _wide(text: str) -> float:
    return sum(0.55 if letter < "\u2e80" else 1.05 for letter in text)


def _reserve(ax: "Axes", longest: str, sheet: style.Sheet) -> None:
    """Keep room for names at the right of the axes with an invisible one."""
    ax.annotate(
        longest,
        (1, 0.5),
        (sheet.points(7), 0),
        xycoords="axes fraction",
        textcoords="offset points",
        alpha=0.0,
        size=sheet.points(7.5),
        annotation_clip=False,
        weight="bold",
    )


def _end_names(
    ax: "Axes", x: NDArray[np.float64], index: "pd.Index[Any]", ends: dict[str, pd.Series], sheet: style.Sheet
) -> None:
    pixel = ax.figure.dpi / 72
    room = 9.0 * sheet.scale * pixel
    frame = ax.get_window_extent()
    points = [(x[index.get_loc(end.index[-1])], float(end.iloc[-1])) for end in ends.values()]
    heights = ax.transData.transform(np.array(points))[:, 1]
    placed = spread(heights, room, frame.y0, frame.y1)
    for row, (name, height, y) in enumerate(zip(ends, heights, placed, strict=True)):
        share, true = (y - frame.y0) / frame.height, (height - frame.y0) / frame.height
        look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
        ax.annotate(
            name,
            (1, share),
            (sheet.points(7), 0),
            va="center",
            ha="left",
            color=style.colour(row),
            size=sheet.points(7.5),
            gid="name",
            in_layout=False,
            **look,
        )
        ax.plot(
            [1.0, 1.0 + sheet.points(6) * pixel / frame.width],
            [true, share],
            transform=ax.transAxes,
            clip_on=False,
            color=style.colour(row),
            linewidth=sheet.points(0.5),
            in_layout=False,
        )


def _smooth(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a curve that is level at every point (smooth steps), broken where a value is missing."""
    parts = []
    for at in range(len(x) - 1):
        t = np.linspace(0, 1, 24)
        parts.append(
            np.column_stack([x[at] + t * (x[at + 1] - x[at]), y[at] + t**2 * (3 - 2 * t) * (y[at + 1] - y[at])])
        )
    return np.vstack(parts)
