"""What a page holds: networks, measures and texts in columns, written short."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from innovation_graph._data import data_path
from innovation_graph._links import upper_of_pairs
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.views import world

if TYPE_CHECKING:
    from innovation_graph.index.scores import Scores
    from innovation_graph.uncertainty import Uncertainty

TOLD = (
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

_SHORT = {"title": 200, "actors": 160, "organisations": 160}


def numbers(values: ArrayLike, digits: int = 6) -> list[float | None]:
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


def texts(column: "pd.Series[Any]") -> list[str | None]:
    """Write texts, missing ones as None."""
    return [None if pd.isna(text) else str(text) for text in column]


def told(network: Network) -> dict[str, Any]:
    """Return what the note line tells of a network."""
    return {key: network.provenance[key] for key in TOLD if network.provenance.get(key) is not None}


def ranked(values: "pd.Series[float]") -> dict[str, list[float | None]]:
    """Return values and ranks of a measure; ranked before rounding, places without a value have no rank."""
    from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

    known = values[np.isfinite(values)].to_frame()
    rank = centrality.ranks(known).iloc[:, 0].reindex(values.index)
    return {"value": numbers(values), "rank": numbers(rank)}


def same_places(what: str, network: Network, index: "pd.Index[Any]") -> None:
    """Raise an error if places of a network are missing in an index."""
    lost = network.ids.difference(index)
    if len(lost):
        raise NetworkError(f"{what} lack {len(lost)} of the {network.n_places} places, the first is {lost[0]!r}")


def centralities(network: Network, names: Sequence[str] | None, right: NDArray[np.bool_] | None) -> pd.DataFrame:
    """Return centralities; between two groups only the places on the other side can be partners."""
    from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

    table = centrality.table(network, names)
    if right is not None and "degree_normalised" in table:
        across = np.where(right, (~right).sum(), right.sum())
        table["degree_normalised"] = centrality.degree(network) / np.maximum(across, 1)
    return table


def by_size(labels: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rank of each place's community by size, from 0 on, and their sizes by rank.

    Of communities of one size the lower label leads.
    """
    _, code, size = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return rank[code], np.sort(size)[::-1].astype(np.int64)


def measures(network: Network, metrics: pd.DataFrame | None, right: NDArray[np.bool_] | None) -> pd.DataFrame:
    """Return the measures to show: those given, else all centralities, in network order."""
    if metrics is None:
        metrics = centralities(network, None, right)
    same_places("metrics", network, metrics.index)
    table = metrics.loc[network.ids].select_dtypes("number").astype("float64").rename(columns=str)
    if not len(table.columns):
        raise NetworkError(f"metrics hold no column of numbers; found {list(metrics.columns)}")
    return table


def aligned(network: Network, other: Network) -> tuple[Network, int]:
    """Return another network over the places of the first, and how many of its linked places were left out."""
    at = network.ids.get_indexer(other.ids)
    first, second, weight = other.pairs
    a, b = at[first], at[second]
    known = (a >= 0) & (b >= 0)
    linked = np.zeros(other.n_places, dtype=bool)
    linked[first] = linked[second] = True
    upper = upper_of_pairs(a[known], b[known], weight[known], network.n_places)
    about = {name: other.places[name].reindex(network.ids) for name in ("works", "solo_works", "fractional_works")}
    return Network(network.places.assign(**about), upper, other.provenance), int((linked & (at < 0)).sum())


def links_and_weights(
    network: Network, core: Network, extra: Iterable[Network] = ()
) -> tuple[list[Any], list[Any], NDArray[Any]]:
    """Return the ends of all links, and their weights: the backbone first, then the others, each by falling weight.

    Pairs that only the extra networks link come last, with weight 0.
    """
    first, second, weight = network.pairs
    in_core = np.asarray(core.adjacency[first, second] > 0).ravel() if network.n_links else np.zeros(0, dtype=bool)
    order = np.lexsort((-weight, ~in_core))
    a, b, w = first[order], second[order], weight[order]
    for other in extra:
        known = sparse.csr_array((np.ones(len(a)), (a, b)), shape=network.upper.shape)
        one, two, _ = other.pairs
        lone = np.asarray(known[one, two] == 0).ravel() if len(one) else np.zeros(0, dtype=bool)
        a, b = np.concatenate([a, one[lone]]), np.concatenate([b, two[lone]])
    return a.tolist(), b.tolist(), np.concatenate([w, np.zeros(len(a) - len(w))])


def weights_at(network: Network, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the weights of pairs; 0 where there is no link."""
    rows, columns = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    if not len(rows):
        return np.zeros(0)
    return np.asarray(network.adjacency[rows, columns], dtype=np.float64).ravel()


def with_intervals(packed: dict[str, Any], network: Network, uncertainty: "Uncertainty | None") -> dict[str, Any]:
    """Add intervals of values and ranks (level 0.95) to the measures; measures that are not there yet are added."""
    if uncertainty is None:
        return packed
    same_places("uncertainties", network, uncertainty.estimate.index)
    for name in uncertainty.measures:
        found = uncertainty.summary(name).loc[network.ids]
        packed.setdefault(name, ranked(found["estimate"].astype("float64")))
        packed[name] |= {
            key: numbers(found[column])
            for key, column in (("low", "low"), ("high", "high"), ("rankLow", "rank_low"), ("rankHigh", "rank_high"))
        }
    return packed


def with_scores(packed: dict[str, Any], labels: dict[str, Any], network: Network, scores: "Scores | None") -> None:
    """Add the scores of an index to the measures, and the names of its nodes to the labels."""
    if scores is None:
        return
    for code in scores.scores.columns:
        values = scores.scores[code].reindex(network.ids).astype("float64")
        rank = scores.ranks[code].reindex(network.ids).astype("float64")
        packed[str(code)] = {"value": numbers(values), "rank": numbers(rank), "score": True}
        part = scores.spec.parts.get(str(code))
        if part is not None:
            labels[str(code)] = {"en": part.name, "zh": part.name_zh}


def works_behind(network: Network, works: Mapping[tuple[str, str], pd.DataFrame] | None) -> dict[str, Any]:
    """Return the works behind ties by "a-b", the positions of their two places, the smaller first."""
    packed = {}
    for pair, table in (works or {}).items():
        a, b = sorted(network.position(place) for place in pair)
        if a == b:
            raise NetworkError(f"a tie has two places, but {pair[0]!r} and {pair[1]!r} are one")
        # Later works tell more of what the two do now.
        recent = table.iloc[np.argsort(-table["year"].fillna(0).to_numpy(dtype=np.int64), kind="stable")]
        columns = [name for name in ("title", "year", "actors", "work_id") if name in recent]
        packed[f"{a}-{b}"] = {
            name: numbers(recent[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
            if name == "year"
            else [text if text is None else _cut(text, _SHORT.get(name, 80)) for text in texts(recent[name])]
            for name in columns
        }
    return packed


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def continents(network: Network) -> list[str | None]:
    """Return the continent of each place; where it is not known, that of its country."""
    from innovation_graph.places import countries  # noqa: PLC0415 - loaded when needed

    of = countries.table()["continent"].to_dict()
    own, country = texts(network.places["continent"]), texts(network.places["country"])
    return [known if known is not None else of.get(code or "") for known, code in zip(own, country, strict=True)]


def chinese(network: Network) -> list[str | None]:
    """Return the Chinese names; a place without one that is called like a hub of its country takes that of the hub."""
    known = {(row["name_en"], row["country"]): row["name_zh"] for row in _table("hubs.csv")}
    table = network.places
    rows = zip(texts(table["name_zh"]), texts(table["name_en"]), texts(table["country"]), strict=True)
    return [own if own is not None else known.get((name or "", country or "")) for own, name, country in rows]


def pinyin(names: Iterable[str | None]) -> list[str | None]:
    """Return how Chinese names are written in Latin letters, syllable by syllable, as far as that is packaged."""
    known = {row["name_zh"]: row["pinyin"] for row in _table("hub_pinyin.csv")}
    return [known.get(name or "") for name in names]


@cache
def _table(name: str) -> tuple[dict[str, str], ...]:
    with data_path(name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def on_maps(network: Network, boundaries: Any, centre: str | None) -> dict[str, Any] | None:
    """Return land, lines and places on both maps; None for a network without coordinates."""
    if centre is not None and centre not in world.CENTRES:
        raise UnknownNameError("centre of the map", centre, world.CENTRES)
    lon, lat = (network.places[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("lon", "lat"))
    known = np.isfinite(lon) & np.isfinite(lat)
    if not known.any():
        return None
    maps: dict[str, Any] = {}
    widths = {}
    first, second, weight = network.pairs
    seen = known[first] & known[second]
    for name in world.CENTRES:
        spot = world.flat(lon, lat, name)
        maps[name] = {
            "x": numbers(spot[:, 0].round(1)),
            "y": numbers(spot[:, 1].round(1)),
            "land": [_steps(ring) for ring in world.land(name)],
            "lines": [_steps(line) for line in world.lines(boundaries, name)] if boundaries is not None else [],
        }
        widths[name] = float((weight * np.abs(spot[first, 0] - spot[second, 0]))[seen].sum())
    # The map on which the links are shorter keeps most of them away from its edges.
    return {"centre": centre or min(widths, key=lambda name: widths[name]), "maps": maps}


def _steps(points: NDArray[np.float64]) -> list[int]:
    """Write a line as whole numbers: the first point, then the way to each next one."""
    whole = np.round(points).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    moved = np.any(steps != 0, axis=1)
    moved[:1] = True
    return [int(value) for value in steps[moved].ravel()]
