"""Networks as VOSviewer saves them: JSON, or a map file and a network file."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import FormatError
from innovation_graph.network import Network
from innovation_graph.sources._archives import one_file
from innovation_graph.sources._cells import number, plain, read_text, shown, strict_rows
from innovation_graph.sources._parsed import Parsed, built, without
from innovation_graph.sources._streams import Member

__all__ = ["parse_vosviewer", "read_vosviewer"]

_Items = tuple[pd.DataFrame, NDArray[Any], NDArray[np.float64]]


def read_vosviewer(path: Path | str, network: Path | str | None = None, *, drop: Sequence[str] = ()) -> Network:
    """Read a network as VOSviewer saves it: one JSON file, or a map file and a network file.

    Parameters
    ----------
    path : str or Path
        The JSON file (`.json`), or the map file.
    network : str or Path, optional
        The network file; default: the file beside the map whose name has "network" for "map".
    drop : sequence of str
        Labels of items to leave out.

    Returns
    -------
    Network
        One place an item, named by its label. Other attributes of items (x, y, cluster, `weight<...>`,
        `score<...>`, address...) are columns of the place table, their identity is `vosviewer_id`.
        If nine in ten labels are countries, they fill `country`.

    Raises
    ------
    FormatError
        If a file is missing or malformed, an item stands twice, or a link names an unknown item.
    UnknownNameError
        If no item to leave out has such a label.
    """
    file = one_file(path, "vosviewer")
    return built(without(parse_vosviewer(file, network), drop), file, "vosviewer")


def parse_vosviewer(path: Member, network: Path | str | None = None) -> Parsed:
    """Return items and links; see `read_vosviewer`."""
    if path.suffix == ".json":
        items, ends, weights = _json(path)
    elif path.name is None:
        items, ends, weights = _text(path.path, network)
    else:
        hint = "Unpack it, and import the map file."
        raise FormatError(str(path), expected="VOSviewer JSON in an archive", got="another file", hint=hint)
    ids = items["id"].astype("str")
    if not ids.is_unique:
        got = f"item {shown(ids[ids.duplicated()].iloc[0])} again"
        raise FormatError(str(path), expected="each item once", got=got)
    at = pd.Index(ids).get_indexer(pd.Index(ends.ravel(), dtype="str")).reshape(-1, 2)
    if np.any(at < 0):
        link = int(np.argwhere(at < 0)[0][0])
        raise FormatError(str(path), expected="links between items", got=f"a link {ends[link, 0]} - {ends[link, 1]}")
    labels = items.get("label", ids)
    return Parsed(
        labels.where(labels.notna(), ids).astype(str).tolist(),
        at[:, 0].astype(np.int64),
        at[:, 1].astype(np.int64),
        weights,
        np.zeros(len(at), dtype=np.bool_),
        columns=items.drop(columns=["id", "label"], errors="ignore").apply(plain),
        ids=ids.tolist(),
    )


def _json(path: Member) -> _Items:
    expected = "VOSviewer JSON: {network: {items: [{id, ...}], links: [{source_id, target_id}]}}"
    text = read_text(path, expected=expected)
    try:
        content = json.loads(text)
        items, links = content["network"]["items"], content["network"].get("links", [])
        table = pd.DataFrame([_flat(item) for item in items])
        ends = [(str(link["source_id"]), str(link["target_id"])) for link in links]
    except json.JSONDecodeError as error:
        hint = "The file may be cut short; save it again."
        raise FormatError(str(path), expected=expected, got=error.msg, hint=hint, row=error.lineno) from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        got = shown(f"{type(error).__name__}: {error}")
        raise FormatError(str(path), expected=expected, got=got) from error
    if not len(table) or "id" not in table or table["id"].isna().any():
        raise FormatError(str(path), expected=expected, got=f"{len(table)} items, not each with an id")
    weights = [_strength(link.get("strength", 1), path, link) for link in links]
    return table, np.array(ends, dtype=object).reshape(-1, 2), np.array(weights, dtype=np.float64)


def _strength(value: object, path: Member, link: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= sys.float_info.max:
        return float(value)
    raise FormatError(str(path), expected="a strength from 0 on", got=f"{shown(value)} in the link {shown(link)}")


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in item.items():
        inner = {"weights": "weight", "scores": "score"}.get(key)
        flat.update({f"{inner}<{name}>": entry for name, entry in value.items()} if inner else {key: value})
    return flat


def _text(path: Path, network: Path | str | None) -> _Items:
    header, rows = strict_rows(Member(path), expected="a VOSviewer map file with a column 'id'", separators="\t,;")
    if "id" not in header or len(set(header)) < len(header):
        got = f"columns {shown(header)}"
        raise FormatError(path, expected="different columns, one of them 'id'", got=got, row=1)
    items = pd.DataFrame([row for _, row in rows], columns=header, dtype="str")
    other = path.with_name(path.name.replace("map", "network")) if network is None else Path(network)
    if other == path or not other.exists():
        hint = "Give it with network=."
        raise FormatError(path, expected="a network file with the links beside the map", got="none", hint=hint)
    expected = "lines of two ids and a strength"
    first, rest = strict_rows(Member(other), expected=expected, separators="\t,;", may_be_empty=True)
    ends, weights = [], []
    for line, row in [(1, first), *rest] if first else []:
        if len(row) not in {2, 3}:
            raise FormatError(other, expected="two ids and a strength", got=f"{len(row)} cells", row=line)
        ends.append((row[0].strip(), row[1].strip()))
        weights.append(number(row[2], Member(other), line, what="the strength") if len(row) == 3 else 1.0)
    return items, np.array(ends, dtype=object).reshape(-1, 2), np.array(weights, dtype=np.float64)
