"""Scores: the result of an index, with every step that led to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from innovation_graph._csv import SYNTHETIC_COLUMN, as_written, write_csv
from innovation_graph._files import check_head, new_folder, write_json
from innovation_graph.errors import FormatError, InnovationGraphError
from innovation_graph.index.spec import IndexSpec, read_spec

__all__ = ["INPUTS", "Scores", "read_parts"]

INPUTS: tuple[str, ...] = ("places", "denominators", "anchors")
"""What scoring takes beside definition and values."""

_MARKER = "scores.json"
_FORMAT, _VERSION = "innovation-graph scores", 1


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores and ranks of places, and every table on the way.

    Parameters
    ----------
    spec : IndexSpec
        The definition they were made with: scoring the raw values with it again gives equal scores.
    steps : mapping of str to pandas.DataFrame
        In order: `raw`, `denominated`, `imputed`, `treated`, `normalised` (place x indicator), and `aggregated`
        (place x node, before rescaling).
    scores : pandas.DataFrame
        Place x node, the root first: rescaled where the definition says so, else as aggregated.
    ranks : pandas.DataFrame
        Same shape, 1 is the best; of the unrounded scores.
    imputed : pandas.DataFrame of bool
        Place x indicator: True where a value was filled.
    weights : mapping of str to pandas.Series
        Weights of the children of each node, sum 1; with "bod" the mean over the places. Where groups are scored
        apart and have weights of their own (read from the data), the key is "node (group)".
    treatment : pandas.DataFrame
        What was done to outliers, by indicator (and group, if there are several).
    partial : mapping of str to list of str
        Indicators that are missing below each node that could be scored all the same.
    left_out : pandas.Series
        Availability of the places that were screened out.
    inputs : mapping of str to pandas.DataFrame
        What was given beside the values: `places`, `denominators`, `anchors`.
    notes : tuple of str
        What a reader has to know.
    """

    spec: IndexSpec
    steps: Mapping[str, pd.DataFrame]
    scores: pd.DataFrame
    ranks: pd.DataFrame
    imputed: pd.DataFrame
    weights: Mapping[str, pd.Series]
    treatment: pd.DataFrame
    partial: Mapping[str, list[str]] = field(default_factory=dict)
    left_out: pd.Series = field(default_factory=lambda: pd.Series(dtype="float64"))
    inputs: Mapping[str, pd.DataFrame | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Close the mappings to writing."""
        for name in ("steps", "weights", "partial", "inputs"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __repr__(self) -> str:
        """Say what was scored."""
        partial = f", partial: {len(self.partial)} nodes" if self.partial else ""
        return f"<Scores: {self.spec.name}, {len(self.scores):,} places, {len(self.scores.columns)} nodes{partial}>"

    def table(self) -> pd.DataFrame:
        """Return scores and ranks side by side, the best place of the root first.

        Returns
        -------
        pandas.DataFrame
            `<code>` and `<code>_rank` for each node, `imputed`: number of filled values.
        """
        both = self.scores.join(self.ranks.add_suffix("_rank"))
        order = [name for code in self.scores.columns for name in (code, f"{code}_rank")]
        table = both[order].assign(imputed=self.imputed.sum(axis=1))
        return table.sort_values(str(self.scores.columns[0]), ascending=False, kind="stable")

    def write(self, path: Path | str, *, names: pd.DataFrame | None = None, synthetic: bool = False) -> None:
        """Write all tables as CSV, the definition as TOML, and `scores.json`.

        Parameters
        ----------
        path : str or Path
            The folder; it appears only when everything is written.
        names : pandas.DataFrame, optional
            Columns about the places to put before the scores (`name_en`, `name_zh`, `country`).
        synthetic : bool
            Whether a value was made from synthetic data: every table is then marked.
        """
        tables = {"scores": self.table(), **{f"step_{name}": table for name, table in self.steps.items()}}
        tables |= {"imputed": self.imputed.astype("int64"), "treatment": self.treatment}
        tables |= {f"input_{name}": table for name, table in self.inputs.items() if table is not None}
        known = [_MARKER, "index.toml", "scores.xlsx", *(f"{name}.csv" for name in tables)]
        with new_folder(path, marker=_MARKER, known=known) as folder:
            for name, table in tables.items():
                about = names is not None and name == "scores"
                shown = names.reindex(table.index).join(table) if about and names is not None else table
                write_csv(shown, folder / f"{name}.csv", synthetic=synthetic)
            (folder / "index.toml").write_text(self.spec.to_toml(), encoding="utf-8")
            write_json(folder / _MARKER, self._head(synthetic=synthetic))

    def _head(self, *, synthetic: bool) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "index": self.spec.name,
            "synthetic": synthetic,
            "places": len(self.scores),
            "imputed": int(self.imputed.to_numpy().sum()),
            "partial": dict(self.partial),
            "left_out": json.loads(self.left_out.to_json()),
            "weights": {code: weights.to_dict() for code, weights in self.weights.items()},
            "notes": list(self.notes),
        }


def read_parts(folder: Path) -> tuple[IndexSpec, dict[str, pd.DataFrame], dict[str, Any]]:
    """Read what scores were made from: definition, values and what was given beside them, and the head."""
    hint = "Make one with `innovation-graph score`."
    try:
        head = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        spec = read_spec(folder / "index.toml")
        tables = {"raw": _read(folder / "step_raw.csv")}
        tables |= {name: _read(path) for name in INPUTS if (path := folder / f"input_{name}.csv").is_file()}
    except (OSError, ValueError, KeyError, InnovationGraphError) as error:
        got = str(error)
        raise FormatError(folder, expected=f"a folder of scores with {_MARKER}", got=got, hint=hint) from error
    check_head(head, folder / _MARKER, _FORMAT, _VERSION, keys=("partial", "notes"), hint=hint)
    return spec, tables, head


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""], dtype={0: "str"})
    table = table.drop(columns=SYNTHETIC_COLUMN, errors="ignore").rename(columns=as_written)
    index = pd.Index(table.iloc[:, 0].map(as_written), name=table.columns[0], dtype="str")
    return table.iloc[:, 1:].set_axis(index, axis=0)
