"""Files for other programs: GEXF, GraphML, VOSviewer, Pajek, CSV, Excel.

What a format can hold goes in: names, measures, communities, and where and how the explorer draws the places. The
same input gives the same bytes: no file holds a date. Text is text everywhere: what XML forbids is left out, and a
spreadsheet computes nothing.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._csv import write_csv
from innovation_graph._files import new_file
from innovation_graph.errors import FormatError, NetworkError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.views import _packing as packing
from innovation_graph.views import layout
from innovation_graph.views._palette import OTHER, colour

if TYPE_CHECKING:
    from innovation_graph.partition import Partition

__all__ = ["FORMATS", "write"]

_GEXF = "http://gexf.net/1.3"
_VIZ = "http://gexf.net/1.3/viz"
_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEAST, _MOST = 4.0, 30.0  # diameters in a picture
_SYNTHETIC = "SYNTHETIC DATA"
_VOS_WIDTH = 2.0  # VOSviewer maps reach from about -1 to 1


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A network with all that a file may say of its places."""

    network: Network
    places: pd.DataFrame
    measures: pd.DataFrame
    community: NDArray[np.int64]
    spot: NDArray[np.float64]
    size: NDArray[np.float64]

    @property
    def colours(self) -> list[str]:
        """As in the explorer: grey for communities of one place."""
        sizes = np.bincount(self.community)
        return [colour(c - 1) if sizes[c] > 1 else OTHER for c in self.community.tolist()]

    def columns(self) -> pd.DataFrame:
        """Return place columns that are not empty, measures and communities side by side."""
        known = self.places.dropna(axis="columns", how="all").drop(columns=["name_en"], errors="ignore")
        own = self.measures[[name for name in self.measures if name not in known]]
        return pd.concat([known, own, pd.Series(self.community, index=known.index, name="community")], axis="columns")


def write(
    network: Network,
    path: Path | str,
    format: str | None = None,  # noqa: A002 - what users call it
    *,
    metrics: pd.DataFrame | None = None,
    partition: "Partition | None" = None,
    spots: NDArray[np.float64] | None = None,
    size_by: str = "strength",
    seed: int = 0,
) -> None:
    """Write a network for another program.

    ==================  ==============  ==================================================================
    format              ending          what it holds besides places and weighted links
    ==================  ==============  ==================================================================
    `"gexf"`            `.gexf`         all columns, positions, colours, sizes (GEXF 1.3, for Gephi)
    `"graphml"`         `.graphml`      all columns, positions, colours, sizes
    `"vosviewer"`       `.json`         positions, communities (clusters), measures as weights
    `"vosviewer-text"`  `map.txt`       the same as a map file, and a network file beside it
    `"pajek"`           `.net`          names and positions; partition beside it (`.clu`)
    `"csv"`             `.csv`          the links, with names and countries of their ends
    `"excel"`           `.xlsx`         sheets places, links and about
    ==================  ==============  ==================================================================

    Parameters
    ----------
    network : Network
        Any network; without `spots`, up to `layout.MOST_PLACES` places in the formats that have positions.
    path : str or Path
        The file; it appears only when it is complete. A map file must have "map" in its name: the network file has
        "network" there.
    format : str, optional
        One of `FORMATS`; default: by the ending.
    metrics : pandas.DataFrame, optional
        Measures by place id; default: `centrality.table` with degree, strength, eigenvector and betweenness.
    partition : Partition, optional
        Communities; default: `communities.leiden` with `seed`.
    spots : numpy.ndarray, optional
        x to the right and y downwards, shape (n, 2); default: the layout of the explorer.
    size_by : str
        Measure that gives the area of the circles; missing and negative values count as 0.
    seed : int
        Seed of layout and communities.

    Raises
    ------
    UnknownNameError
        If there is no such format or measure.
    FormatError
        If the ending tells no format.
    NetworkError
        If places are missing in `metrics` or `partition`, or `spots` has another shape.

    Notes
    -----
    Pajek names cannot hold quotation marks: they become apostrophes. Ranks and colours of communities are those of
    the explorer: 1 is the largest.
    """
    path = Path(path)
    if format is None:
        format = _by_ending(path)  # noqa: A001
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    if format == "csv":
        _csv(network, path)
        return
    table = _measures(network, metrics)
    if size_by not in table and metrics is not None and size_by == "strength":
        size_by = str(table.columns[0])
    if size_by not in table:
        raise UnknownNameError("measure", size_by, table.columns)
    community = _communities(network, partition, seed)
    spot = np.zeros((network.n_places, 2)) if format == "excel" else _spots(network, spots, seed)
    size = table[size_by].fillna(0).clip(lower=0).to_numpy(dtype=np.float64)
    share = np.sqrt(size / size.max()) if size.max(initial=0) > 0 else size
    drawn = _Drawn(network, network.places, table, community, spot, _LEAST + (_MOST - _LEAST) * share)
    FORMATS[format](drawn, path)


def _by_ending(path: Path) -> str:
    endings = {".gexf": "gexf", ".graphml": "graphml", ".json": "vosviewer", ".net": "pajek", ".csv": "csv"}
    found = {**endings, ".xlsx": "excel"}.get(path.suffix.lower())
    if found is None and path.suffix == ".txt" and "map" in path.name:
        found = "vosviewer-text"
    if found is None:
        expected = f"an ending of {', '.join([*endings, '.xlsx'])} or map.txt"
        raise FormatError(path, expected=expected, got=path.suffix or "none", hint="Or name the format.")
    return found


def _measures(network: Network, metrics: pd.DataFrame | None) -> pd.DataFrame:
    if metrics is None:
        from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

        metrics = centrality.table(network, ["degree", "strength", "eigenvector", "betweenness"])
    return packing.measures(network, metrics, None)


def _communities(network: Network, partition: "Partition | None", seed: int) -> NDArray[np.int64]:
    """Give each place the number of its community by size, from 1 on."""
    if partition is None:
        from innovation_graph import communities  # noqa: PLC0415 - loaded when needed

        labels = communities.leiden(network, seed=seed).labels
    else:
        labels = partition.labels
        packing.same_places("partition labels", network, labels.index)
    return packing.by_size(labels.loc[network.ids])[0] + 1


def _spots(network: Network, spots: NDArray[np.float64] | None, seed: int) -> NDArray[np.float64]:
    if spots is None:
        from innovation_graph import backbone, similarity  # noqa: PLC0415 - loaded when needed

        closeness = similarity.association_strength(network)
        return layout.kamada_kawai(backbone.readable(network), closeness, seed=seed)
    found = np.asarray(spots, dtype=np.float64)
    if found.shape != (network.n_places, 2) or not np.isfinite(found).all():
        raise NetworkError(f"spots must be finite and of shape ({network.n_places}, 2), not {found.shape}")
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else _FORBIDDEN.sub("", str(value))


def _cells(row: "pd.Series[Any]") -> dict[str, Any]:
    """Return what is known of a place, with plain Python values."""
    known = {str(key): value for key, value in row.items() if pd.notna(value)}
    return {key: value.item() if isinstance(value, np.generic) else value for key, value in known.items()}


def _kind(column: "pd.Series[Any]") -> str:
    """Return what GEXF and GraphML call the type of a column."""
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    return "double" if pd.api.types.is_numeric_dtype(column) else "string"


def _about(network: Network) -> str:
    told = network.provenance
    parts = [str(told[key]) for key in ("source", "years", "kind", "counting") if told.get(key) is not None]
    return _text("; ".join([*([_SYNTHETIC] if network.synthetic else []), *parts]))


def _pairs(network: Network) -> list[tuple[int, int, float]]:
    first, second, weight = network.pairs
    return list(zip(first.tolist(), second.tolist(), weight.tolist(), strict=True))


def _save_xml(root: Any, path: Path) -> None:
    from lxml import etree  # noqa: PLC0415 - loaded when needed

    with new_file(path) as aside:
        aside.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _gexf(drawn: _Drawn, path: Path) -> None:
    from lxml import etree  # noqa: PLC0415 - loaded when needed

    columns = drawn.columns()
    root = etree.Element(f"{{{_GEXF}}}gexf", nsmap={None: _GEXF, "viz": _VIZ}, version="1.3")
    etree.SubElement(etree.SubElement(root, f"{{{_GEXF}}}meta"), f"{{{_GEXF}}}description").text = _about(drawn.network)
    graph = etree.SubElement(root, f"{{{_GEXF}}}graph", defaultedgetype="undirected", mode="static")
    heads = etree.SubElement(graph, f"{{{_GEXF}}}attributes", {"class": "node", "mode": "static"})
    for k, name in enumerate(columns):
        kind = _kind(columns[name])
        etree.SubElement(heads, f"{{{_GEXF}}}attribute", id=str(k), title=_text(name), type=kind)
    nodes = etree.SubElement(graph, f"{{{_GEXF}}}nodes")
    names, colours = drawn.network.names.tolist(), drawn.colours
    number = {str(name): str(k) for k, name in enumerate(columns)}
    for i, (place, row) in enumerate(columns.iterrows()):
        node = etree.SubElement(nodes, f"{{{_GEXF}}}node", id=_text(place), label=_text(names[i]))
        values = etree.SubElement(node, f"{{{_GEXF}}}attvalues")
        for name, value in _cells(row).items():
            etree.SubElement(values, f"{{{_GEXF}}}attvalue", {"for": number[name], "value": _text(value)})
        red, green, blue = (str(int(colours[i][k : k + 2], 16)) for k in (1, 3, 5))
        etree.SubElement(node, f"{{{_VIZ}}}color", r=red, g=green, b=blue)
        # Gephi's y grows upwards.
        x, y = drawn.spot[i].tolist()
        etree.SubElement(node, f"{{{_VIZ}}}position", x=str(x), y=str(-y), z="0.0")
        etree.SubElement(node, f"{{{_VIZ}}}size", value=f"{drawn.size[i]:.3f}")
    edges = etree.SubElement(graph, f"{{{_GEXF}}}edges")
    ids = [_text(place) for place in drawn.network.ids]
    for k, (a, b, weight) in enumerate(_pairs(drawn.network)):
        etree.SubElement(edges, f"{{{_GEXF}}}edge", id=str(k), source=ids[a], target=ids[b], weight=repr(weight))
    _save_xml(root, path)


def _graphml(drawn: _Drawn, path: Path) -> None:
    from lxml import etree  # noqa: PLC0415 - loaded when needed

    x, y = drawn.spot.T
    columns = drawn.columns().assign(x=x, y=-y, size=drawn.size.round(3), color=drawn.colours)
    columns.insert(0, "label", drawn.network.names)
    root = etree.Element(f"{{{_GRAPHML}}}graphml", nsmap={None: _GRAPHML})
    for k, name in enumerate(columns):
        kind = _kind(columns[name])
        told = {"id": f"n{k}", "for": "node", "attr.name": _text(name), "attr.type": kind}
        etree.SubElement(root, f"{{{_GRAPHML}}}key", told)
    weight_key = {"id": "weight", "for": "edge", "attr.name": "weight", "attr.type": "double"}
    etree.SubElement(root, f"{{{_GRAPHML}}}key", weight_key)
    graph = etree.SubElement(root, f"{{{_GRAPHML}}}graph", edgedefault="undirected")
    etree.SubElement(graph, f"{{{_GRAPHML}}}desc").text = _about(drawn.network)
    number = {str(name): f"n{k}" for k, name in enumerate(columns)}
    for place, row in columns.iterrows():
        node = etree.SubElement(graph, f"{{{_GRAPHML}}}node", id=_text(place))
        for name, value in _cells(row).items():
            etree.SubElement(node, f"{{{_GRAPHML}}}data", key=number[name]).text = _text(value)
    ids = [_text(place) for place in drawn.network.ids]
    for a, b, weight in _pairs(drawn.network):
        edge = etree.SubElement(graph, f"{{{_GRAPHML}}}edge", source=ids[a], target=ids[b])
        etree.SubElement(edge, f"{{{_GRAPHML}}}data", key="weight").text = repr(weight)
    _save_xml(root, path)


def _vos_spots(drawn: _Drawn) -> NDArray[np.float64]:
    """Return positions from about -1 to 1; y grows upwards."""
    reach = np.abs(drawn.spot).max(initial=0.0)
    return (drawn.spot * [1, -1] / (reach or 1.0) * _VOS_WIDTH / 2).round(4) + 0.0


def _vosviewer(drawn: _Drawn, path: Path) -> None:
    spots = _vos_spots(drawn)
    names = drawn.network.names.tolist()
    measures = drawn.measures.to_dict("records")
    items = [
        {
            "id": i + 1,
            "label": names[i],
            "x": spots[i, 0],
            "y": spots[i, 1],
            "cluster": int(drawn.community[i]),
            "weights": {key: value for key, value in measures[i].items() if pd.notna(value)},
            **{key: value for key, value in _cells(drawn.places.iloc[i]).items() if key in ("country", "name_zh")},
        }
        for i in range(len(names))
    ]
    links = [{"source_id": a + 1, "target_id": b + 1, "strength": w} for a, b, w in _pairs(drawn.network)]
    content = {"network": {"items": items, "links": links}, "info": {"description": _about(drawn.network)}}
    with new_file(path) as aside:
        aside.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8", newline="\n")


def _vosviewer_text(drawn: _Drawn, path: Path) -> None:
    if "map" not in path.name:
        hint = "For example cities_map.txt: its links go to cities_network.txt."
        raise FormatError(path, expected='a map file with "map" in its name', got=path.name, hint=hint)
    x, y = _vos_spots(drawn).T
    table = pd.DataFrame(
        {
            "id": np.arange(1, drawn.network.n_places + 1),
            "label": [re.sub(r"[\t\r\n]+", " ", _text(name)) for name in drawn.network.names],
            "x": x,
            "y": y,
            "cluster": drawn.community,
            # VOSviewer shows it when one points at a place.
            **({"description": _SYNTHETIC} if drawn.network.synthetic else {}),
            **{f"weight<{name}>": drawn.measures[name].to_numpy() for name in drawn.measures},
        }
    )
    with new_file(path) as aside:
        table.to_csv(aside, sep="\t", index=False, lineterminator="\n", encoding="utf-8")
    lines = [f"{a + 1}\t{b + 1}\t{w!r}\n" for a, b, w in _pairs(drawn.network)]
    with new_file(path.with_name(path.name.replace("map", "network"))) as aside:
        aside.write_text("".join(lines), encoding="utf-8", newline="\n")


def _pajek(drawn: _Drawn, path: Path) -> None:
    low, high = (getattr(drawn.spot, end)(axis=0) if len(drawn.spot) else np.zeros(2) for end in ("min", "max"))
    # Pajek draws what lies between 0 and 1.
    inside = 0.05 + 0.9 * (drawn.spot - low) / np.where(high > low, high - low, 1.0)
    names = [re.sub(r"[\r\n\t\u2028\u2029\x85\x0b\x0c]+", " ", _text(name)) for name in drawn.network.names]
    lines = [*([f"*Network {_SYNTHETIC}"] if drawn.network.synthetic else []), f"*Vertices {len(names)}"]
    for i, (name, (x, y)) in enumerate(zip(names, inside.tolist(), strict=True), start=1):
        quoted = name.replace('"', "'")
        lines.append(f'{i} "{quoted}" {x:.4f} {y:.4f} 0.5')
    lines += ["*Edges", *(f"{a + 1} {b + 1} {w!r}" for a, b, w in _pairs(drawn.network))]
    clusters = [f"*Vertices {len(names)}", *map(str, drawn.community.tolist())]
    for where, content in ((path, lines), (path.with_suffix(".clu"), clusters)):
        with new_file(where) as aside:
            aside.write_text("\n".join([*content, ""]), encoding="utf-8", newline="\n")


def _link_table(network: Network) -> pd.DataFrame:
    table = network.links()
    about = pd.DataFrame({"name": network.names, "country": network.places["country"]})
    for end in ("source", "target"):
        table[[f"{end}_name", f"{end}_country"]] = about.loc[table[end]].to_numpy()
    first = ["source", "target", "source_name", "source_country", "target_name", "target_country", "weight"]
    return table[first].sort_values("weight", ascending=False, kind="stable")


def _csv(network: Network, path: Path) -> None:
    write_csv(_link_table(network), path, synthetic=network.synthetic, index=False)


def _excel(drawn: _Drawn, path: Path) -> None:
    from innovation_graph.index.workbook import write_workbook  # noqa: PLC0415 - loaded when needed

    places = drawn.columns()
    places.insert(0, "name", drawn.network.names)
    links = _link_table(drawn.network).set_index("source")
    about = {str(key): str(value) for key, value in drawn.network.provenance.items()}
    write_workbook(path, {"places": places, "links": links}, about=about, synthetic=drawn.network.synthetic)


FORMATS: dict[str, Callable[[_Drawn, Path], None]] = {
    "gexf": _gexf,
    "graphml": _graphml,
    "vosviewer": _vosviewer,
    "vosviewer-text": _vosviewer_text,
    "pajek": _pajek,
    "csv": lambda drawn, path: _csv(drawn.network, path),
    "excel": _excel,
}
"""Writers by the name of their format."""
