"""The explorer: a network as one interactive page that opens anywhere, with nothing but a browser."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from innovation_graph._files import new_file
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.views import layout
from innovation_graph.views._page import data_block, page, source, vis_network
from innovation_graph.views._palette import OTHER, colour

if TYPE_CHECKING:
    from innovation_graph.communities import Partition
    from innovation_graph.network import Network

__all__ = ["render", "write"]

_Group = str | Iterable[str]

_SCRIPTS = ("strings.js", "model.js", "labels.js", "painter.js", "panel.js", "explorer.js")

_OPTIONS: dict[str, Any] = {
    "physics": {"enabled": False},
    "layout": {"improvedLayout": False},
    "interaction": {
        "dragNodes": False,
        "selectable": False,
        "keyboard": {"enabled": True, "bindToWindow": False},
    },
}

_MOST_IN_COLUMNS = 1_000

_TOLD = (
    "source",
    "years",
    "kind",
    "counting",
    "minimum",
    "min_actors",
    "max_actors",
    "types",
    "fields",
    "places",
    "subset",
)
"""What the note line tells of the provenance."""


class _Look(TypedDict, total=False):
    """What `render` takes, for type checkers."""

    title: str | None
    size_by: str | None
    metrics: pd.DataFrame | None
    partition: "Partition | None"
    blocs: tuple[_Group, _Group] | None
    lang: Literal["en", "zh"]
    seed: int


def write(network: "Network", path: Path | str, **look: Unpack[_Look]) -> None:
    """Write a network as an interactive page.

    Parameters
    ----------
    network : Network
        The network.
    path : str or Path
        The HTML file; it appears under this name only when it is complete.
    **look : object
        The keyword parameters of `render`: title, size_by, metrics, partition, blocs, lang and seed.
    """
    text = render(network, **look)
    with new_file(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def render(
    network: "Network",
    *,
    title: str | None = None,
    size_by: str | None = None,
    metrics: pd.DataFrame | None = None,
    partition: "Partition | None" = None,
    blocs: tuple[_Group, _Group] | None = None,
    lang: Literal["en", "zh"] = "en",
    seed: int = 0,
) -> str:
    """Return a network as an interactive page: one HTML text with everything inside.

    The page first draws the backbone (`backbone.readable`); its slider adds links by falling weight, up to
    all. It asks nothing of any server: its content security policy allows its own scripts and no others.
    Names from the network are shown as text, whatever they contain.

    Parameters
    ----------
    network : Network
        Up to `layout.MOST_PLACES` places. What its provenance says of source, years, kind, counting, limits
        and synthetic data stands in the page.
    title : str, optional
        Heading; default: one made from the provenance, in the language of the page.
    size_by : str, optional
        Column of `metrics` that gives the area of the circles; missing and negative values count as 0.
        Default: "strength" if it is there, else the first.
    metrics : pandas.DataFrame, optional
        Measures to show, indexed by place id; default: `centrality.table` of what is shown, where of two
        groups the share of partners is of the places on the other side. Other places are ignored, and
        columns that hold no numbers. Ranks are those of `centrality.ranks`.
    partition : Partition, optional
        Communities, shown as colours; default: `communities.leiden` with `seed`, or in columns the two
        groups.
    blocs : pair of groups, optional
        Two groups of places as `Network.bloc` takes them: shown face to face with the links between them
        only. A network made by `Network.bloc` is shown so by itself.
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
        If `size_by` is no column of the measures, or there is no such language.
    NetworkError
        If places are missing in `metrics` or `partition`, `metrics` has no numbers, or there are too many places.
    """
    if lang not in ("en", "zh"):
        raise UnknownNameError("language", lang, ("en", "zh"))
    if blocs is not None:
        network = network.bloc(*blocs)
    layout.refuse_too_many(network)  # before minutes go into the measures of a network that has no map
    right = _right_column(network)
    table = _measures(network, metrics, right)
    if size_by is None:
        size_by = "strength" if "strength" in table else str(table.columns[0])
    if size_by not in table:
        raise UnknownNameError("measure", size_by, table.columns)
    members, real = _members(network, partition, right, seed)
    view = {
        "lang": lang,
        "title": title,
        "view": "network" if right is None else "columns",
        "blocs": _bloc_names(network) if right is not None else None,
        "provenance": {key: network.provenance[key] for key in _TOLD if network.provenance.get(key) is not None},
        "synthetic": network.synthetic,
        "sizeBy": size_by,
        "metrics": {str(name): _ranked(table[name]) for name in table},
        "groups": _groups(network, members, real, by_bloc=right is not None and partition is None),
        **_drawing(network, table[size_by], members, right, seed),
    }
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
        data=data_block(view),
    )


def _measures(network: "Network", metrics: pd.DataFrame | None, right: NDArray[np.bool_] | None) -> pd.DataFrame:
    if metrics is None:
        from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

        metrics = centrality.table(network)
        if right is not None:
            # Between two groups only the places on the other side can be partners.
            across = np.where(right, (~right).sum(), right.sum())
            metrics["degree_normalised"] = metrics["degree"] / np.maximum(across, 1)
    _same_places("metrics", network, metrics.index)
    table = metrics.loc[network.ids].select_dtypes("number").astype("float64").rename(columns=str)
    if not len(table.columns):
        raise NetworkError(f"metrics hold no column of numbers; found {list(metrics.columns)}")
    return table


def _same_places(what: str, network: "Network", index: "pd.Index[Any]") -> None:
    lost = network.ids.difference(index)
    if len(lost):
        raise NetworkError(f"{what} lack {len(lost)} of the {network.n_places} places, the first is {lost[0]!r}")


def _right_column(network: "Network") -> NDArray[np.bool_] | None:
    """Return who stands in the right column; None for a network without two groups."""
    places = network.places
    if "bloc" not in places or "blocs" not in network.provenance:
        return None
    return (places["bloc"] == "b").to_numpy(dtype=bool)


def _bloc_names(network: "Network") -> list[list[str]]:
    return [[str(name) for name in side] for side in network.provenance["blocs"]]


def _members(
    network: "Network", partition: "Partition | None", right: NDArray[np.bool_] | None, seed: int
) -> tuple[NDArray[np.int64], int]:
    """Give each place the rank of its community by size, from 0 on; of equal ones the lower label leads.

    Communities of one place share the rank after all others. Also returns how many communities have more.
    """
    if partition is not None:
        _same_places("partition labels", network, partition.labels.index)
        labels = partition.labels.loc[network.ids].to_numpy()
    elif right is not None:
        return right.astype(np.int64), 2
    else:
        from innovation_graph import communities  # noqa: PLC0415 - loaded when needed

        labels = communities.leiden(network, seed=seed).labels.to_numpy()
    _, code, size = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    real = int((size > 1).sum())
    return np.minimum(rank[code], real), real


def _groups(network: "Network", members: NDArray[np.int64], real: int, *, by_bloc: bool) -> list[dict[str, Any]]:
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


def _ranked(values: pd.Series) -> dict[str, list[float | None]]:
    from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

    # Ranked before rounding; places without a value have no rank.
    known = values[np.isfinite(values)].to_frame()
    rank = centrality.ranks(known).iloc[:, 0].reindex(values.index)
    return {"value": _numbers(values), "rank": _numbers(rank)}


def _numbers(values: ArrayLike, digits: int = 6) -> list[float | None]:
    """Write numbers short: whole ones whole, others with so many digits, missing ones as None."""
    out: list[float | None] = []
    for value in np.asarray(values, dtype=np.float64).tolist():
        if not np.isfinite(value):
            out.append(None)
        elif value == int(value):
            out.append(int(value))
        else:
            out.append(float(f"{value:.{digits}g}"))
    return out


def _drawing(
    network: "Network",
    size: pd.Series,
    members: NDArray[np.int64],
    right: NDArray[np.bool_] | None,
    seed: int,
) -> dict[str, Any]:
    """Fill a pyvis network and read it out again in columns, which take a fifth of the room of its rows."""
    from innovation_graph import backbone, similarity  # noqa: PLC0415 - loaded when needed

    core = backbone.readable(network)
    if right is None:
        spot = layout.kamada_kawai(core, similarity.association_strength(network), seed=seed)
    else:
        spot = layout.columns(size.fillna(0).to_numpy(dtype=np.float64), right)
    first, second, weight = network.pairs
    in_core = core.adjacency[first, second] > 0 if network.n_links else np.zeros(0, dtype=bool)
    order = np.lexsort((-weight, ~np.asarray(in_core).ravel()))
    edges = zip(first[order].tolist(), second[order].tolist(), _numbers(weight[order]), strict=True)
    graph = _container(network.names.tolist(), spot, members, edges)
    nodes, links, _, _, _, options = graph.get_network_data()
    table = network.places

    def texts(column: str) -> list[str | None]:
        return [None if pd.isna(text) else str(text) for text in table[column]]

    return {
        "places": {
            "id": network.ids.tolist(),
            "en": [node["label"] for node in nodes],
            "zh": texts("name_zh"),
            "country": texts("country"),
            "continent": texts("continent"),
            "works": _numbers(table["works"]),
            "solo": _numbers(table["solo_works"]),
            "group": [node["group"] for node in nodes],
            "x": _numbers([node["x"] for node in nodes]),
            "y": _numbers([node["y"] for node in nodes]),
        },
        "links": {
            "a": [link["from"] for link in links],
            "b": [link["to"] for link in links],
            "w": [link["value"] for link in links],
        },
        "backbone": core.n_links,
        # Between two columns all links can be followed.
        "drawn": core.n_links if right is None or network.n_links > _MOST_IN_COLUMNS else network.n_links,
        "options": json.loads(options),
    }


def _container(
    names: list[str],
    spot: NDArray[np.float64],
    members: NDArray[np.int64],
    edges: Iterable[tuple[int, int, float | None]],
) -> Any:
    from pyvis.network import Network as PyvisNetwork  # noqa: PLC0415 - loads IPython

    graph = PyvisNetwork()
    graph.set_options(json.dumps(_OPTIONS))
    numbers = list(range(len(names)))
    for number, name, (x, y), group in zip(numbers, names, spot.tolist(), members.tolist(), strict=True):
        graph.add_node(number, label=name, x=x, y=y, group=group)
    # At once: add_edge compares each new link with all before it.
    graph.edges = [{"from": a, "to": b, "value": weight} for a, b, weight in edges]
    return graph
