"""The explorer: a network as one interactive page that opens anywhere, with nothing but a browser."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._files import new_file
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.views import VIEWS, layout
from innovation_graph.views import _packing as packing
from innovation_graph.views._layers import first_layer, further_layer
from innovation_graph.views._page import data_block, page, source, vis_network
from innovation_graph.views._palette import COMMUNITIES, OTHER, colour

if TYPE_CHECKING:
    from innovation_graph.index.scores import Scores
    from innovation_graph.partition import Partition
    from innovation_graph.uncertainty import Uncertainty

__all__ = ["VIEWS", "render", "write"]

_Group = str | Iterable[str]

_SCRIPTS = (
    "strings_en.js",
    "strings_zh.js",
    "model.js",
    "frames.js",
    "state.js",
    "names.js",
    "search.js",
    "colours.js",
    "views.js",
    "labels.js",
    "painter.js",
    "matrix.js",
    "svg.js",
    "dom.js",
    "panel.js",
    "legend.js",
    "card.js",
    "overview.js",
    "table.js",
    "exports.js",
    "camera.js",
    "explorer.js",
)


class _Look(TypedDict, total=False):
    """What `render` takes, for type checkers."""

    title: str | None
    view: str | None
    size_by: str | None
    colour_by: str
    metrics: pd.DataFrame | None
    partition: "Partition | None"
    blocs: tuple[_Group, _Group] | None
    layers: Mapping[str, Network] | None
    periods: Mapping[str, Network] | None
    uncertainty: "Uncertainty | None"
    scores: "Scores | None"
    works: Mapping[tuple[str, str], pd.DataFrame] | None
    boundaries: Path | str | Mapping[str, Any] | None
    centre: Literal["atlantic", "pacific"] | None
    synthetic: bool
    date: str | None
    lang: Literal["en", "zh"]
    seed: int


def write(network: Network, path: Path | str, **look: Unpack[_Look]) -> None:
    """Write a network as an interactive page.

    Parameters
    ----------
    network : Network
        The network.
    path : str or Path
        The HTML file; it appears under this name only when it is complete.
    **look : object
        The keyword parameters of `render`.
    """
    text = render(network, **look)
    with new_file(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def render(
    network: Network,
    *,
    title: str | None = None,
    view: str | None = None,
    size_by: str | None = None,
    colour_by: str = "community",
    metrics: pd.DataFrame | None = None,
    partition: "Partition | None" = None,
    blocs: tuple[_Group, _Group] | None = None,
    layers: Mapping[str, Network] | None = None,
    periods: Mapping[str, Network] | None = None,
    uncertainty: "Uncertainty | None" = None,
    scores: "Scores | None" = None,
    works: Mapping[tuple[str, str], pd.DataFrame] | None = None,
    boundaries: Path | str | Mapping[str, Any] | None = None,
    centre: Literal["atlantic", "pacific"] | None = None,
    synthetic: bool = False,
    date: str | None = None,
    lang: Literal["en", "zh"] = "en",
    seed: int = 0,
) -> str:
    """Return a network as an interactive page: one HTML text with everything inside.

    The page shows the same network as a picture of its ties, on a map, as two groups face to face, as a matrix
    and as a table; it filters, searches and saves what is shown (PNG, SVG, CSV). It first draws the backbone
    (`backbone.readable`); its slider adds links by falling weight, up to all. It asks nothing of any server: its
    content security policy allows its own scripts and no others. Names from the network are shown as text,
    whatever they contain.

    Parameters
    ----------
    network : Network
        Up to `layout.MOST_PLACES` places. What its provenance says of source, years, kind, counting, limits
        and synthetic data stands in the page.
    title : str, optional
        Heading; default: one made from the provenance, in the language of the page.
    view : str, optional
        The view that is shown first, of `VIEWS`; default: "columns" for a network of two groups, else "network".
    size_by : str, optional
        Measure that gives the area of the circles: a column of `metrics`, or one that `uncertainty` or `scores`
        add; missing and negative values count as 0. Default: "strength" if it is there, else the first.
    colour_by : str
        "community", "country", "continent" or a measure.
    metrics : pandas.DataFrame, optional
        Measures to show, indexed by place id; default: `centrality.table` of what is shown, where of two
        groups the share of partners is of the places on the other side. Other places are ignored, and
        columns that hold no numbers. Ranks are those of `centrality.ranks`.
    partition : Partition, optional
        Communities, shown as colours; default: `communities.leiden` with `seed`, or in columns the two
        groups.
    blocs : pair of groups, optional
        Two groups of places as `Network.bloc` takes them: the page holds the links between them only and shows
        the two face to face. A network made by `Network.bloc` is shown so by itself.
    layers : mapping of str to Network, optional
        Further networks of these places by name, such as {"patents": ...} beside papers: shown alone, or together
        with links of one pair kept apart. They keep their measures. Their places that `network` does not have are
        left out, and counted in the note.
    periods : mapping of str to Network, optional
        The network by period, in order, as from `periods.by_period`: a slider and a player of years, with places
        where they always stand. Measures of a period are those of `centrality`.
    uncertainty : Uncertainty, optional
        Intervals of values and ranks, level 0.95, as `Uncertainty.summary` gives them.
    scores : Scores, optional
        Scores and ranks of an index: further measures. Places that it does not score have none.
    works : mapping of pair of str to pandas.DataFrame, optional
        The works behind some ties, by the two places (ids or names): tables as from `drilldown.works_between`, of
        which title, year, actors and work_id go into the page.
    boundaries : str, Path or mapping, optional
        GeoJSON with lines for the map, which itself has land only; the note says that they were given.
    centre : {"atlantic", "pacific"}, optional
        Middle of the map; default: where the links are shorter. It can be switched in the page.
    synthetic : bool
        Whether scores, metrics or works are made up, so that the page says so. Networks and uncertainties tell by
        themselves.
    date : str, optional
        Date to print in the note; none unless given, so that the same input gives the same bytes.
    lang : {"en", "zh"}
        First language of the page; it can be switched there.
    seed : int
        Seed of layout and communities.

    Returns
    -------
    str
        HTML; the same for the same input.

    Raises
    ------
    UnknownNameError
        If there is no such measure, view, colouring, centre, place or language.
    NetworkError
        If places are missing in `metrics`, `partition` or `uncertainty`, `metrics` has no numbers, or there are
        too many places.
    FormatError
        If the boundaries are no GeoJSON.
    """
    if lang not in ("en", "zh"):
        raise UnknownNameError("language", lang, ("en", "zh"))
    if view is not None and view not in VIEWS:
        raise UnknownNameError("view", view, VIEWS)
    further, times = list((layers or {}).values()), dict(periods or {})
    if blocs is not None:
        sides = tuple([side] if isinstance(side, str) else list(side) for side in blocs)
        network = network.bloc(*sides)
        further = [_between(other, network) for other in further]
        times = {time: _between(other, network) for time, other in times.items()}
    layout.refuse_too_many(network)  # before minutes go into the measures of a network that has no map
    right = _right_column(network)
    table = packing.measures(network, metrics, right)
    packed = packing.with_intervals({str(name): packing.ranked(table[name]) for name in table}, network, uncertainty)
    labels: dict[str, Any] = {}
    packing.with_scores(packed, labels, network, scores)
    if size_by is None:
        size_by = "strength" if "strength" in packed else next(iter(packed))
    if size_by not in packed:
        raise UnknownNameError("measure", size_by, packed)
    if colour_by not in (*_CATEGORIES, *packed):
        raise UnknownNameError("colouring", colour_by, [*_CATEGORIES, *packed])
    members, real = _members(network, partition, right, seed)
    maps = packing.on_maps(network, boundaries, centre)
    if view == "map" and maps is None:
        raise NetworkError("a map needs coordinates: no place has lat and lon")
    content = {
        "lang": lang,
        "title": title,
        "view": view or ("network" if right is None else "columns"),
        "blocs": _bloc_names(network) if right is not None else None,
        "side": None if right is None else right.astype(int).tolist(),
        "provenance": packing.told(network),
        "synthetic": synthetic or _synthetic(network, *further, *times.values(), uncertainty),
        "date": date,
        "sizeBy": size_by,
        "colourBy": colour_by,
        "palette": list(COMMUNITIES),
        "other": OTHER,
        "labels": labels,
        "groups": _groups(network, members, real, by_bloc=right is not None and partition is None),
        **first_layer(network, members, packed, times, right, seed=seed),
        "map": maps,
        "works": packing.works_behind(network, works),
    }
    names = list(layers or {})
    content["layers"] += [
        further_layer(*packing.aligned(network, other), name, right) for name, other in zip(names, further, strict=True)
    ]
    heading = title if title is not None else {"en": "Collaboration network", "zh": "合作网络"}[lang]
    needs = {"en": "This page needs JavaScript.", "zh": "此页面需要 JavaScript。"}[lang]
    program = "(() => {\n'use strict';\n" + "\n".join(source(name) for name in _SCRIPTS) + "})();\n"
    return page(
        "explorer.html",
        scripts=[vis_network(), program],
        style=source("explorer.css"),
        lang={"en": "en", "zh": "zh-Hans"}[lang],
        title=heading,
        noscript=needs,
        data=data_block(content),
    )


_CATEGORIES = ("community", "country", "continent")


def _synthetic(*given: "Network | Uncertainty | None") -> bool:
    """Tell whether anything that the page shows was made from synthetic records."""
    return any(one.provenance.get("synthetic", False) for one in given if one is not None)


def _between(other: Network, bloc: Network) -> Network:
    """Keep of another network the links between the two groups of a bloc."""
    over, _ = packing.aligned(bloc, other)
    first, second, _ = over.pairs
    right = _right_column(bloc)
    if right is None:
        return over
    return over.keep_links(right[first] != right[second])


def _right_column(network: Network) -> NDArray[np.bool_] | None:
    """Return who stands in the right column; None for a network without two groups."""
    places = network.places
    if "bloc" not in places or "blocs" not in network.provenance:
        return None
    return (places["bloc"] == "b").to_numpy(dtype=bool)


def _bloc_names(network: Network) -> list[list[str]]:
    return [[str(name) for name in side] for side in network.provenance["blocs"]]


def _members(
    network: Network, partition: "Partition | None", right: NDArray[np.bool_] | None, seed: int
) -> tuple[NDArray[np.int64], int]:
    """Give each place the rank of its community by size, and say how many have more than one place.

    Communities of one place share the rank after all others.
    """
    if partition is not None:
        packing.same_places("partition labels", network, partition.labels.index)
        labels = partition.labels.loc[network.ids].to_numpy()
    elif right is not None:
        return right.astype(np.int64), 2
    else:
        from innovation_graph import communities  # noqa: PLC0415 - loaded when needed

        labels = communities.leiden(network, seed=seed).labels.to_numpy()
    rank, sizes = packing.by_size(labels)
    real = int((sizes > 1).sum())
    return np.minimum(rank, real), real


def _groups(network: Network, members: NDArray[np.int64], real: int, *, by_bloc: bool) -> list[dict[str, Any]]:
    order = np.argsort(-network.adjacency.sum(axis=1), kind="stable")
    groups = []
    for group, size in enumerate(np.bincount(members).tolist()):
        top = order[members[order] == group][:2].tolist()
        entry = {
            "size": size,
            "colour": colour(group) if group < real else OTHER,
            "top": top,
            "other": group >= real,
        }
        groups.append({**entry, "side": group} if by_bloc else entry)
    return groups
