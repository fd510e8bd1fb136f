"""The chord diagram: groups on a circle, their ties as ribbons through it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from innovation_graph.network import Network
    from innovation_graph.partition import Partition

__all__ = ["chord", "chord_matrix"]

_Floats = NDArray[np.float64]

_INNER, _OUTER = 1.0, 1.06
_GAP = np.radians(2.2)


def chord(
    network: "Network",
    *,
    by: "str | pd.Series | Partition" = "country",
    top: int = 11,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw the ties between groups of places as ribbons.

    The arc of a group is proportional to the weight of its ties to the other groups, a ribbon is at both ends as wide
    as the ties between the two, and has the colour of the larger group. Ties inside groups are not drawn: at
    the level of countries they would fill the circle.

    Parameters
    ----------
    network : Network
        Any network.
    by : str, pandas.Series or Partition
        A column of the place table, "community" (Leiden), groups by place id, or a partition.
    top : int
        The largest groups by ties to others; the rest are taken together as "others", places without a group too.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one patch a group (gid "arc") and one a tied pair (gid "ribbon").

    Raises
    ------
    NetworkError
        If no tie runs between two groups.
    UnknownNameError
        If there is no such column.
    """
    with style.sheet(0.78, **look) as sheet:
        table = chord_matrix(network, by, top=top, other=sheet.say("other"))
        values = table.to_numpy()
        names = _names(network, by, table.index.tolist(), sheet)
        ax = sheet.ax
        shades = [style.colour(row) for row in range(len(names))]
        if table.index[-1] == sheet.say("other"):
            shades[-1] = style.OTHER
        _circle(ax, values, shades, sheet)
        _write(ax, values, names, sheet)
        ax.set_xlim(-1.75, 1.75)
        ax.set_ylim(-1.2, 1.2)
        ax.set_aspect("equal")
        ax.set_axis_off()
        inside = 1 - np.triu(values).sum() / network.total_weight
        details = [sheet.say("inside_note", share=f"{inside:.0%}")]
        kind = by if isinstance(by, str) else "community"
        plural = {"country": "countries", "continent": "continents", "community": "communities"}.get(kind, "group")
        sheet.finish(
            sheet.say("chord", groups=sheet.say(plural)),
            style.origin(look.get("provenance"), network.provenance),
            asked=look.get("title"),
            details=details,
        )
    return ax


def chord_matrix(
    network: "Network", by: "str | pd.Series | Partition" = "country", *, top: int = 11, other: str = "others"
) -> pd.DataFrame:
    """Return the weight of ties between groups, as `chord` draws them.

    Parameters
    ----------
    network : Network
        Any network.
    by : str, pandas.Series or Partition
        As of `chord`.
    top : int
        As of `chord`.
    other : str
        Name of the rest.

    Returns
    -------
    pandas.DataFrame
        Square, symmetric, 0 on the diagonal; the largest group first, the rest last.

    Raises
    ------
    NetworkError
        If no tie runs between two groups.
    UnknownNameError
        If there is no such column.
    """
    if isinstance(by, str) and by == "community":
        from innovation_graph import communities  # noqa: PLC0415 - loaded when needed

        by = communities.leiden(network)
    if isinstance(by, str):
        if by not in network.places:
            raise UnknownNameError("column of the place table", by, ("community", *network.places.columns))
        labels = network.places[by]
    else:
        labels = (by if isinstance(by, pd.Series) else by.labels).reindex(network.ids)
    codes, groups = pd.factorize(labels)
    codes = np.where(codes < 0, len(groups), codes)
    first, second, weight = network.pairs
    sums = np.zeros((len(groups) + 1,) * 2)
    np.add.at(sums, (codes[first], codes[second]), weight)
    sums = sums + sums.T
    np.fill_diagonal(sums, 0.0)
    if not sums.any():
        raise NetworkError("no tie runs between two groups; choose other groups with `by`")
    totals = sums.sum(axis=1)
    order = np.argsort(-totals, kind="stable")
    leading = [row for row in order if row < len(groups) and totals[row] > 0][:top]
    rest = [row for row in order if row not in leading]
    pick = np.zeros((len(leading) + 1, len(totals)))
    pick[np.arange(len(leading)), leading] = 1
    pick[-1, rest] = 1
    between = pick @ sums @ pick.T
    np.fill_diagonal(between, 0.0)
    names = [str(groups[row]) for row in leading] + [other]
    keep = between.sum(axis=1) > 0
    table = pd.DataFrame(between, index=names, columns=names)
    kept: pd.DataFrame = table.loc[keep, keep]
    return kept


def _names(network: "Network", by: Any, groups: Sequence[str], sheet: style.Sheet) -> list[str]:
    communities = (isinstance(by, str) and by == "community") or not isinstance(by, str | pd.Series)
    if not communities:
        return style.country_names(groups, lang=sheet.lang)
    if isinstance(by, str):
        from innovation_graph import communities as found  # noqa: PLC0415 - loaded when needed

        by = found.leiden(network)
    names = style.names_of(network.ids, network.places, lang=sheet.lang, short=sheet.short).to_numpy()
    order = np.argsort(-network.adjacency.sum(axis=1), kind="stable")
    labels = by.labels.reindex(network.ids).to_numpy()[order]
    called = {}
    for group in np.unique(labels):
        members = names[order][labels == group]
        called[str(group)] = f"{', '.join(members[:2])}{' ...' if len(members) > 2 else ''} ({len(members)})"
    return [called.get(group, group) for group in groups]


def _angles(values: _Floats) -> tuple[_Floats, _Floats, float]:
    """Return where each arc starts and ends (clockwise from the top), and the angle of a unit of weight."""
    totals = values.sum(axis=1)
    unit = (2 * np.pi - _GAP * len(totals)) / totals.sum()
    spans = totals * unit
    ends = np.cumsum(spans + _GAP) - _GAP / 2
    return ends - spans, ends, float(unit)


def _circle(ax: "Axes", values: _Floats, shades: list[str], sheet: style.Sheet) -> None:
    from matplotlib.patches import PathPatch  # noqa: PLC0415 - loaded when a figure is asked for
    from matplotlib.path import Path  # noqa: PLC0415

    start, end, unit = _angles(values)
    n = len(values)
    # Ends of ribbons lie in the order of their other ends, so that ribbons of one group do not cross each other.
    spans: dict[tuple[int, int], tuple[float, float]] = {}
    for a in range(n):
        at = start[a]
        for step in range(1, n):
            b = (a - step) % n
            spans[a, b] = (at, at + values[a, b] * unit)
            at += values[a, b] * unit
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n) if values[a, b] > 0]
    for a, b in sorted(pairs, key=lambda pair: -values[pair]):
        (a0, a1), (b0, b1) = spans[a, b], spans[b, a]
        one, two = _arc(a0, a1, _INNER - 0.015), _arc(b0, b1, _INNER - 0.015)
        points = np.vstack([one, [[0, 0]], two, [[0, 0]], one[:1]])
        codes = [
            Path.MOVETO,
            *[Path.LINETO] * (len(one) - 1),
            Path.CURVE3,
            Path.CURVE3,
            *[Path.LINETO] * (len(two) - 1),
            Path.CURVE3,
            Path.CURVE3,
        ]
        ribbon = PathPatch(
            Path(points, codes),
            facecolor=shades[a],
            edgecolor="white",
            linewidth=sheet.points(0.3),
            alpha=0.62,
            zorder=2,
            gid="ribbon",
        )
        ax.add_patch(ribbon)
    for a in range(n):
        outer, inner = _arc(start[a], end[a], _OUTER), _arc(start[a], end[a], _INNER)
        ring = np.vstack([outer, inner[::-1], outer[:1]])
        ax.add_patch(PathPatch(Path(ring), facecolor=shades[a], linewidth=0, zorder=3, gid="arc"))


def _arc(start: float, end: float, radius: float) -> _Floats:
    angle = np.linspace(start, end, max(2, int((end - start) / 0.02) + 1))
    return radius * np.column_stack([np.sin(angle), np.cos(angle)])


def _write(ax: "Axes", values: _Floats, names: list[str], sheet: style.Sheet) -> None:
    start, end, _ = _angles(values)
    middle = (start + end) / 2
    share = values.sum(axis=1) / values.sum()
    for side in (1, -1):
        rows = np.flatnonzero(np.sign(np.sin(middle)) == side)
        heights = spread(1.12 * np.cos(middle[rows]), 0.085, -1.15, 1.15)
        for row, y in zip(rows, heights, strict=True):
            edge = _OUTER * np.array([np.sin(middle[row]), np.cos(middle[row])])
            x = side * max(0.12, np.sqrt(max(1.14**2 - y**2, 0.0)))
            if np.hypot(*(edge - [x, y])) > 0.14:
                ax.plot([edge[0], x], [edge[1], y], color="#9aa3ad", linewidth=sheet.points(0.4), zorder=1)
            ax.text(
                x + side * 0.02,
                y,
                f"{names[row]}  {share[row]:.0%}",
                ha="left" if side > 0 else "right",
                va="center",
                size=sheet.points(7.5),
                gid="name",
            )
