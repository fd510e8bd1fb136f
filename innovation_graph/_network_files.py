"""Networks on disk: a folder of `places.parquet`, `links.parquet` and `network.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._files import check_head, new_folder, write_json
from innovation_graph.errors import FormatError

__all__ = ["read_parts", "write_parts"]

_FORMAT = "innovation-graph network"
_VERSION = 1
_MARKER = "network.json"
# The last three are put beside them.
_KNOWN = frozenset({_MARKER, "places.parquet", "links.parquet", "recipe.toml", "unlocated.csv", "located.csv"})
_OTHERS = {
    "records.json": "a folder of records; link their places with `innovation-graph network` first",
    "slices.json": "a folder of time slices; name one of the networks in it",
    "run.json": "the results of a run; name the `network` folder of one of its networks",
}


def write_parts(
    path: Path | str,
    places: pd.DataFrame,
    pairs: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]],
    provenance: Mapping[str, Any],
) -> None:
    """Write the parts of a network; the folder appears only when everything is written."""
    with new_folder(path, marker=_MARKER, known=_KNOWN) as folder:
        table = pa.Table.from_pandas(places.reset_index(), preserve_index=False)
        first, second, weight = pairs
        links = pa.table({"source": first, "target": second, "weight": weight})
        mark = {"innovation_graph.synthetic": "true"} if provenance.get("synthetic") else {}
        pq.write_table(_marked(table, mark), folder / "places.parquet")
        pq.write_table(_marked(links, mark), folder / "links.parquet", compression="zstd")
        head = {"format": _FORMAT, "version": _VERSION, "places": len(places), "links": len(weight)}
        write_json(folder / _MARKER, {**head, "provenance": dict(provenance)})


def read_parts(path: Path | str) -> tuple[pd.DataFrame, sparse.csr_array, dict[str, Any]]:
    """Read what `write_parts` wrote: place table, links above the diagonal, provenance."""
    folder = Path(path)
    hint = "Make one with `innovation-graph network` or `innovation-graph import`."
    try:
        head = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        got = next((what for name, what in _OTHERS.items() if (folder / name).is_file()), "")
        got = got or ("a folder without it" if folder.is_dir() else "nothing of that name")
        raise FormatError(folder, expected=f"a folder with {_MARKER}", got=got, hint=hint) from error
    except (OSError, ValueError) as error:
        raise FormatError(folder, expected=f"a folder with {_MARKER}", got=str(error), hint=hint) from error
    check_head(head, folder / _MARKER, _FORMAT, _VERSION, hint=hint)
    if not {"places", "links", "provenance"} <= set(head):
        got = f"{sorted(head)}"
        raise FormatError(folder / _MARKER, expected="counts and provenance", got=got, hint=hint)
    try:
        places = pq.read_table(folder / "places.parquet").to_pandas().set_index("place_id")
        links = pq.read_table(folder / "links.parquet")
        first, second, weight = (links[name].to_numpy() for name in ("source", "target", "weight"))
        upper = sparse.csr_array((weight, (first, second)), shape=(len(places),) * 2)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise FormatError(folder, expected="places.parquet and links.parquet", got=str(error), hint=hint) from error
    if len(places) != head["places"] or len(weight) != head["links"]:
        got = f"{len(places)} and {len(weight)}"
        raise FormatError(folder, expected=f"{head['places']} places and {head['links']} links", got=got, hint=hint)
    return places, upper, head["provenance"]


def _marked(table: pa.Table, mark: Mapping[str, str]) -> pa.Table:
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **mark})
