"""Replicates on disk: a folder of CSV and Parquet tables with a JSON head."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from innovation_graph._csv import write_csv
from innovation_graph._files import check_head, new_folder, write_json
from innovation_graph.errors import FormatError

__all__ = ["read_parts", "write_parts"]

_FORMAT = "innovation-graph uncertainty"
_VERSION = 1
_MARKER = "uncertainty.json"
_KNOWN = (_MARKER, "summary.csv", "estimates.parquet", "replicates.parquet")


def write_parts(  # noqa: PLR0917 - the parts in the order of the noun
    path: Path | str,
    summary: pd.DataFrame,
    estimate: pd.DataFrame,
    names: pd.Series,
    replicates: Mapping[str, NDArray[np.float64]],
    head: Mapping[str, Any],
) -> None:
    """Write the parts; the folder appears only when everything is written."""
    ids = pa.array(estimate.index.tolist(), pa.string())
    n_replicates, n_places = len(next(iter(replicates.values()))), len(ids)
    counts = {"replicates": n_replicates, "places": n_places, "measures": list(replicates)}
    synthetic = bool(head["provenance"].get("synthetic"))
    mark = {"innovation_graph.synthetic": "true"} if synthetic else None
    columns = {f"estimate of {name}": estimate[name].to_numpy() for name in estimate.columns}
    named = pa.array(names.tolist(), pa.string())
    estimates = pa.table({"place_id": ids, "name": named, **columns})
    numbers = np.repeat(np.arange(n_replicates, dtype=np.int32), n_places)
    places = np.tile(np.arange(n_places, dtype=np.int32), n_replicates)
    values = {name: array.ravel() for name, array in replicates.items()}
    drawn = pa.table({"replicate": numbers, "place_id": pa.DictionaryArray.from_arrays(places, ids), **values})
    with new_folder(path, marker=_MARKER, known=_KNOWN) as folder:
        write_csv(summary, folder / "summary.csv", synthetic=synthetic, index=False)
        pq.write_table(estimates.replace_schema_metadata(mark), folder / "estimates.parquet")
        pq.write_table(drawn.replace_schema_metadata(mark), folder / "replicates.parquet", compression="zstd")
        write_json(folder / _MARKER, {"format": _FORMAT, "version": _VERSION, **counts, **head})


def read_parts(
    path: Path | str,
) -> tuple[pd.DataFrame, pd.Series, dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Read what `write_parts` wrote: estimates, names, replicates and head."""
    folder = Path(path)
    expected = ", ".join(_KNOWN)
    try:
        head = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        check_head(head, folder / _MARKER, _FORMAT, _VERSION, keys=("replicates", "places", "measures", "provenance"))
        table = pq.read_table(folder / "estimates.parquet")
        measures, shape = head["measures"], (head["replicates"], head["places"])
        ids = pd.Index(table["place_id"].to_pylist(), dtype="str", name="place_id")
        estimate = pd.DataFrame({name: table[f"estimate of {name}"].to_numpy() for name in measures}, index=ids)
        names = pd.Series(table["name"].to_pylist(), index=ids, name="name", dtype="str")
        drawn = pq.read_table(folder / "replicates.parquet", columns=measures)
        replicates = {name: drawn[name].to_numpy().reshape(shape) for name in measures}
    except FormatError:
        raise
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise FormatError(folder, expected=expected, got=str(error)) from error
    if len(ids) != shape[1]:
        raise FormatError(folder, expected=f"{shape[1]} places", got=f"{len(ids)}")
    return estimate, names, replicates, head
