"""The geographic network: places where they are, links as curves over land and sea."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.views.figures import _globe, style
from innovation_graph.views.figures._keys import LARGEST, THINNEST, WIDEST, draw_keys
from innovation_graph.views.figures._labels import put_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from innovation_graph.network import Network
    from innovation_graph.partition import Partition

__all__ = ["CENTRES", "network_map"]

_Group = str | Iterable[str]
_Floats = NDArray[np.float64]

CENTRES: dict[str, float] = {"atlantic": 11.0, "pacific": 170.0, "americas": -90.0, "asia": 90.0}
"""Longitudes in the middle of a map by name; the first two cut no continent but Greenland and Iceland."""

_WORLD = (-57.0, 78.0)


def network_map(
    network: "Network",
    *,
    size_by: str | pd.Series | None = None,
    color_by: "str | pd.Series | Partition" = "community",
    blocs: tuple[_Group, _Group] | None = None,
    centre: str | float | None = None,
    extent: Literal["world", "places"] | tuple[float, float, float, float] | None = None,
    curves: Literal["bowed", "great_circle"] = "bowed",
    links_per_place: float | None = None,
    labels: int | None = None,
    seed: int = 0,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw a network on a map in the manner of the GIHI: circles by centrality, lines by strength of co-operation.

    The area of a circle is proportional to the measure, the width of a line to the weight of the link (never thinner
    than can be seen); keys in the corner give both. Only the backbone is drawn (`backbone.readable`), between two
    blocs up to 150 of the heaviest links. Names go to the largest places first, as far as there is room.

    Parameters
    ----------
    network : Network
        With coordinates; places without are left out and counted in the note line.
    size_by : str or pandas.Series, optional
        A name in `centrality.MEASURES`, or values by place id, none negative. Default: "degree" for patents,
        "eigenvector" for anything else, as in the report; between two blocs "strength".
    color_by : str, pandas.Series or Partition
        "community" (Leiden), a column of the place table such as "continent", groups by place id, or a partition.
        Ignored where there are blocs.
    blocs : pair of groups, optional
        Two groups as `Network.bloc` takes them: only links between them are drawn, in the colours of the two. A
        network made by `Network.bloc` is drawn so by itself.
    centre : str or float, optional
        A name of `CENTRES` or a longitude; default: "pacific" where two blocs face each other over it, else "atlantic".
    extent : {"world", "places"} or tuple, optional
        What is shown: the inhabited world, what lies around the places, or (west, east, south, north) in degrees.
        Default: the world, of two blocs the places.
    curves : {"bowed", "great_circle"}, optional
        Form of the lines; bowed (default) keeps them off the poles, where great circles of long links go.
    links_per_place : float, optional
        How dense the backbone is; default 2.5. `inf` draws all links.
    labels : int, optional
        At most so many names; default: all that fit.
    seed : int
        Of the communities.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        The map, in units of `_globe.project`.

    Raises
    ------
    NetworkError
        If no place has coordinates, or a place has no size.
    UnknownNameError
        If a measure, column, centre or form does not exist.
    """
    if blocs is not None:
        network = network.bloc(*blocs)
    facing = "bloc" in network.places and "blocs" in network.provenance
    places = network.places
    known = (places["lat"].notna() & places["lon"].notna()).to_numpy()
    if not known.any():
        raise NetworkError("no place of the network has coordinates (lat, lon); give it a place table that has them")
    size, measure = _sizes(network, size_by, facing=facing)
    groups, group_names = _groups(network, color_by, seed, facing=facing)
    drawn = _drawn(network, links_per_place, facing=facing)
    middle = _middle(centre, places[known], facing=facing)
    if curves not in ("bowed", "great_circle"):
        raise UnknownNameError("form of curves", curves, ("bowed", "great_circle"))
    lonlat = places[["lon", "lat"]].to_numpy(dtype=np.float64)
    spots = np.full((len(places), 2), np.nan)
    spots[known] = _globe.project(_globe.centred(lonlat[known, 0], middle), lonlat[known, 1])
    window = _window(extent or ("places" if facing else "world"), spots[known], middle)
    wide, tall = window[1] - window[0], window[3] - window[2]
    with style.sheet(tall / wide + 0.085, **look) as sheet:
        ax = sheet.ax
        _ground(ax, window, middle, sheet.points(0.3))
        shades = [style.colour(group) if group >= 0 else style.OTHER for group in groups]
        first, second, weight = drawn.pairs
        shown = known[first] & known[second]
        first, second, weight = first[shown], second[shown], weight[shown]
        heaviest = float(weight.max(initial=0.0))
        widths = np.maximum(THINNEST, WIDEST * weight / (heaviest or 1.0))
        colors = [
            _line_colour(shades[a], shades[b], same=groups[a] == groups[b] and groups[a] >= 0)
            for a, b in zip(first, second, strict=True)
        ]
        ways = [
            _globe.curve(lonlat[a], lonlat[b], middle, great_circle=curves == "great_circle", across=not facing)
            for a, b in zip(first, second, strict=True)
        ]
        _draw_links(ax, ways, sheet.scale * widths, colors, np.argsort(weight, kind="stable"))
        largest = float(size[known].max(initial=0.0))
        radius = sheet.scale * np.maximum(0.9, LARGEST * np.sqrt(size / (largest or 1.0)))
        order = np.flatnonzero(known)[np.argsort(-size[known], kind="stable")]
        ax.scatter(
            spots[order, 0],
            spots[order, 1],
            s=(2 * radius[order]) ** 2,
            c=[shades[row] for row in order],
            edgecolors="white",
            linewidths=sheet.points(0.45),
            zorder=5,
            gid="places",
        )
        sheet.finish(
            _title(network, sheet, facing=facing),
            style.origin(look.get("provenance"), network.provenance),
            asked=look.get("title"),
            details=_details(sheet, network, drawn, len(weight), int((~known).sum())),
        )
        names = style.names_of(places.index, places, lang=sheet.lang, short=sheet.short).to_numpy()
        called = _called(sheet, groups, group_names, names, network.adjacency.sum(axis=1))
        inside = _inside(spots, window)
        shown_groups = {group: name for group, name in enumerate(called) if np.any(inside & (groups == group))}
        draw_keys(sheet, spots[known], measure=measure, largest=largest, heaviest=heaviest, groups=shown_groups)
        texts = np.clip(4.2 + 4.2 * np.sqrt(size / (largest or 1.0)), 4.4, 8.2)
        chosen = order[:labels]
        texts_at = np.vstack([spots[chosen], spots[order[len(chosen) :]]])
        put_names(
            ax,
            texts_at,
            [*names[chosen], *[""] * (len(order) - len(chosen))],
            radius[order],
            sheet.scale * texts[order],
            bold=(size[order] >= 0.45 * largest).tolist(),
            rings=2,
            halo=sheet.points(1.3),
            avoid=[key.get_window_extent() for key in ax.artists],
        )
    return ax


def _sizes(network: "Network", size_by: str | pd.Series | None, *, facing: bool) -> tuple[_Floats, str]:
    from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

    if size_by is None:
        size_by = "strength" if facing else "degree" if network.provenance.get("kind") == "patent" else "eigenvector"
    if isinstance(size_by, str):
        if size_by not in centrality.MEASURES:
            raise UnknownNameError("measure", size_by, centrality.MEASURES)
        return centrality.table(network, [size_by])[size_by].to_numpy(dtype=np.float64), size_by
    values = size_by.reindex(network.ids).to_numpy(dtype=np.float64)
    if not np.all(values >= 0):
        place = network.ids[~(values >= 0)][0]
        raise NetworkError(f"sizes must be there for all places and not negative; {place!r} has {size_by.get(place)}")
    return values, str(size_by.name or "size")


def _groups(
    network: "Network", color_by: "str | pd.Series | Partition", seed: int, *, facing: bool
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the rank of each place's group by size, -1 for those of one place or none, and names of the groups."""
    if facing:
        sides = [" + ".join(map(str, side)) for side in network.provenance["blocs"]]
        return np.asarray(network.places["bloc"] == "b", dtype=np.int64), sides
    labels: Any
    if isinstance(color_by, pd.Series):
        labels = color_by.reindex(network.ids)
    elif not isinstance(color_by, str):
        labels = color_by.labels.reindex(network.ids)
    elif color_by == "community":
        from innovation_graph import communities  # noqa: PLC0415 - loaded when needed

        labels = communities.leiden(network, seed=seed).labels
    elif color_by in network.places:
        labels = network.places[color_by]
    else:
        raise UnknownNameError("column of the place table", color_by, ("community", *network.places.columns))
    by_size = labels.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    kept = {label: rank for rank, label in enumerate(by_size.index[by_size > 1])}
    ranks = np.array([kept.get(label, -1) if not pd.isna(label) else -1 for label in labels], dtype=np.int64)
    named = not pd.api.types.is_numeric_dtype(labels)
    return ranks, [str(label) for label in kept] if named else []


def _called(
    sheet: style.Sheet, groups: NDArray[np.int64], given: list[str], names: NDArray[Any], strength: _Floats
) -> list[str]:
    """Return what the groups that have colours are called; those without a name after their two strongest places."""
    if given:
        sides = [style.country_names(side.split(" + "), lang=sheet.lang) for side in given[: len(style.COMMUNITIES)]]
        return [" + ".join(side) if len(side) < 4 else f"{' + '.join(side[:3])} ..." for side in sides]
    order = np.argsort(-strength, kind="stable")
    texts = []
    for group in range(min(len(style.COMMUNITIES), int(groups.max(initial=-1)) + 1)):
        members = order[groups[order] == group]
        texts.append(f"{', '.join(names[members[:2]])}{' ...' if len(members) > 2 else ''} ({len(members)})")
    return texts


def _drawn(network: "Network", links_per_place: float | None, *, facing: bool) -> "Network":
    if links_per_place is not None and np.isinf(links_per_place):
        return network
    if facing and links_per_place is None:
        weight = network.pairs[2]
        keep = np.zeros(len(weight), dtype=bool)
        keep[np.argsort(-weight, kind="stable")[:150]] = True
        return network.keep_links(keep)
    from innovation_graph import backbone  # noqa: PLC0415 - loaded when needed

    return backbone.readable(network, 2.5 if links_per_place is None else links_per_place)


def _middle(centre: str | float | None, places: pd.DataFrame, *, facing: bool) -> float:
    if isinstance(centre, str):
        if centre not in CENTRES:
            raise UnknownNameError("centre of a map", centre, CENTRES)
        return CENTRES[centre]
    if centre is not None:
        return float(centre)
    if not facing:
        return CENTRES["atlantic"]
    # Over the ocean in which the two sides are nearer to each other, halfway.
    a, b = (places.loc[places["bloc"] == side, "lon"].median() for side in "ab")
    if pd.isna(a) or pd.isna(b):
        return CENTRES["atlantic"]
    return float(_globe.centred(a + float(_globe.centred(b - a, 0.0)) / 2, 0.0))


def _window(extent: Any, spots: _Floats, middle: float) -> tuple[float, float, float, float]:
    """Return x from and to, y from and to."""
    if extent == "world":
        x = float(_globe.project(180, 0)[0]) * 0.97
        return -x, x, float(_globe.project(0, _WORLD[0])[1]), float(_globe.project(0, _WORLD[1])[1])
    if extent == "places":
        low, high = spots.min(axis=0), spots.max(axis=0)
    elif isinstance(extent, str):
        raise UnknownNameError("extent", extent, ("world", "places"))
    else:
        west, east, south, north = extent
        edge = np.array([[west, south], [west, north], [east, south], [east, north]])
        corners = _globe.project(_globe.centred(edge[:, 0], middle), edge[:, 1])
        low, high = corners.min(axis=0), corners.max(axis=0)
        return float(low[0]), float(high[0]), float(low[1]), float(high[1])
    span = np.maximum(high - low, 0.15)
    low, high = low - 0.09 * span - 0.04, high + 0.09 * span + 0.04
    # Neither a ribbon nor a tower: the page stays between 1:0.42 and 1:0.8.
    wide, tall = high - low
    more = max(0.0, 0.42 * wide - tall), max(0.0, tall / 0.8 - wide)
    return (
        float(low[0] - more[1] / 2),
        float(high[0] + more[1] / 2),
        float(low[1] - 0.55 * more[0]),
        float(high[1] + 0.45 * more[0]),
    )


def _inside(spots: _Floats, window: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    x, y = spots.T
    return np.asarray((x >= window[0]) & (x <= window[1]) & (y >= window[2]) & (y <= window[3]))


def _ground(ax: "Axes", window: tuple[float, float, float, float], middle: float, width: float) -> None:
    from matplotlib.collections import PolyCollection  # noqa: PLC0415 - loaded when a figure is asked for

    for shapes, shade, name, depth in (
        ([_globe.outline()], style.SEA, "sea", -1),
        (_globe.land(middle), style.LAND, "land", 0),
    ):
        filled = PolyCollection(shapes, facecolors=shade, edgecolors=shade, linewidths=width, zorder=depth, gid=name)
        ax.add_collection(filled, autolim=False)
    ax.set_xlim(window[:2])
    ax.set_ylim(window[2:])
    ax.set_aspect("equal")
    ax.set_axis_off()


def _line_colour(one: str, other: str, *, same: bool) -> str:
    return one if same else "#7d8794" if one != other else other


def _draw_links(
    ax: "Axes", ways: list[list[_Floats]], widths: _Floats, colors: list[str], order: NDArray[np.int64]
) -> None:
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - loaded when a figure is asked for

    rows = [row for row in order for _ in ways[row]]
    lines = LineCollection(
        [piece for row in order for piece in ways[row]],
        linewidths=widths[rows],
        colors=[colors[row] for row in rows],
        alpha=0.42,
        capstyle="round",
        zorder=2,
        gid="links",
    )
    ax.add_collection(lines, autolim=False)


def _title(network: "Network", sheet: style.Sheet, *, facing: bool) -> str:
    if not facing:
        return sheet.say("map")
    sides = ["+".join(style.country_names(map(str, side), lang=sheet.lang)) for side in network.provenance["blocs"]]
    sides = [side if len(side) < 40 else f"{side[:38]}..." for side in sides]
    return sheet.say("map_blocs", a=sides[0], b=sides[1])


def _details(sheet: style.Sheet, network: "Network", kept: "Network", drawn: int, nowhere: int) -> list[str]:
    rule = "backbone_note" if "backbone" in kept.provenance else "heaviest_note"
    if kept.n_links == network.n_links:
        rule = "links_note"
    return [
        sheet.say(rule, drawn=drawn, all=network.n_links),
        sheet.say("nowhere", n=nowhere) if nowhere else "",
    ]
