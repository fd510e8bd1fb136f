"""The layers of a page: links, measures and periods of one network after the other, over the same places."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from innovation_graph.network import Network
from innovation_graph.views import layout
from innovation_graph.views._packing import (
    aligned,
    centralities,
    chinese,
    continents,
    links_and_weights,
    measures,
    numbers,
    pinyin,
    ranked,
    texts,
    told,
    weights_at,
)
from innovation_graph.views._short_names import SHORT_NAMES

_OPTIONS: dict[str, Any] = {
    "physics": {"enabled": False},
    "layout": {"improvedLayout": False},
    "interaction": {
        "dragNodes": False,
        "selectable": False,
        "keyboard": {"enabled": True, "bindToWindow": False},
    },
}


def first_layer(
    network: Network,
    members: NDArray[np.int64],
    packed: dict[str, Any],
    periods: Mapping[str, Network],
    right: NDArray[np.bool_] | None,
    *,
    seed: int,
) -> dict[str, Any]:
    """Fill a pyvis network and read it out again in columns, which take a fifth of the room of its rows."""
    from innovation_graph import backbone, similarity  # noqa: PLC0415 - loaded when needed

    core = backbone.readable(network)
    spot = layout.kamada_kawai(core, similarity.association_strength(network), seed=seed)
    frames = {time: aligned(network, other)[0] for time, other in periods.items()}
    first, second, weight = links_and_weights(network, core, frames.values())
    edges = zip(first, second, numbers(weight), strict=True)
    graph = _container(network.names.tolist(), spot, members, edges)
    nodes, links, _, _, _, options = graph.get_network_data()
    table, names_zh = network.places, chinese(network)
    layer = {
        "name": network.provenance.get("kind"),
        "provenance": told(network),
        "links": {
            "a": [link["from"] for link in links],
            "b": [link["to"] for link in links],
            "w": [link["value"] for link in links],
        },
        "backbone": core.n_links,
        "works": numbers(table["works"]),
        "solo": numbers(table["solo_works"]),
        "metrics": packed,
        "leftOut": 0,
        "periods": [_period(time, frame, first, second, packed, right) for time, frame in frames.items()],
    }
    return {
        "places": {
            "id": network.ids.tolist(),
            "en": [node["label"] for node in nodes],
            "zh": names_zh,
            "pinyin": pinyin(names_zh),
            "brief": {str(i): SHORT_NAMES[name] for i, name in enumerate(network.names) if name in SHORT_NAMES},
            "country": texts(table["country"]),
            "continent": continents(network),
            "group": [node["group"] for node in nodes],
            "x": numbers([node["x"] for node in nodes]),
            "y": numbers([node["y"] for node in nodes]),
        },
        "layers": [layer],
        "options": json.loads(options),
    }


def further_layer(network: Network, left_out: int, name: str, right: NDArray[np.bool_] | None) -> dict[str, Any]:
    from innovation_graph import backbone  # noqa: PLC0415 - loaded when needed

    core = backbone.readable(network)
    first, second, weight = links_and_weights(network, core)
    table = measures(network, None, right)
    return {
        "name": name,
        "provenance": told(network),
        "links": {"a": first, "b": second, "w": numbers(weight)},
        "backbone": core.n_links,
        "works": numbers(network.places["works"]),
        "solo": numbers(network.places["solo_works"]),
        "metrics": {str(column): ranked(table[column]) for column in table},
        "leftOut": left_out,
        "periods": [],
    }


def _period(  # noqa: PLR0917 - one period of one network
    time: str,
    network: Network,
    first: Sequence[int],
    second: Sequence[int],
    packed: Mapping[str, Any],
    right: NDArray[np.bool_] | None,
) -> dict[str, Any]:
    """Return the weights of all links in a period, its backbone, and its measures."""
    from innovation_graph import backbone, centrality  # noqa: PLC0415 - loaded when needed

    core = weights_at(backbone.readable(network), first, second)
    table = centralities(network, [name for name in packed if name in centrality.MEASURES], right)
    return {
        "time": str(time),
        "w": numbers(weights_at(network, first, second)),
        "core": np.flatnonzero(core > 0).tolist(),
        "works": numbers(network.places["works"]),
        "solo": numbers(network.places["solo_works"]),
        "metrics": {str(column): ranked(table[column]) for column in table},
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
