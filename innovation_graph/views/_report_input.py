"""What a report is made of: the folder that a run wrote, and folders of scores, their intervals and change."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from innovation_graph._csv import SYNTHETIC_COLUMN, as_written
from innovation_graph._files import check_head
from innovation_graph.errors import FormatError
from innovation_graph.index.scores import Scores
from innovation_graph.network import Network, read_network
from innovation_graph.partition import Partition, read_partition

__all__ = ["Bands", "Change", "Part", "Rated", "Run", "Scenario", "read_bands", "read_change", "read_rated", "read_run"]

_HINT = "Make one with `innovation-graph run RECIPE --out FOLDER`."
_IDS = ("place_id", "place", "partner", "source", "target", "group_a", "group_b", "leader", "time")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A scenario that was played through: its name, head and tables."""

    name: str
    head: Mapping[str, Any]
    totals: pd.DataFrame
    places: pd.DataFrame
    steps: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Part:
    """One network of a run and what was asked of it; None or empty for what was not asked.

    `alone` tells whether no other network of the run has the same kind of works and years.
    """

    name: str
    summary: Mapping[str, Any]
    plan: Mapping[str, Any]
    network: Network
    centrality: pd.DataFrame
    partition: Partition
    unlocated: pd.DataFrame
    measures: Mapping[str, pd.DataFrame]
    intervals: pd.DataFrame | None
    replicates: int
    scenarios: tuple[Scenario, ...]
    verdicts: pd.DataFrame | None
    pages: tuple[Path, ...]
    alone: bool = True


@dataclass(frozen=True, eq=False)
class Run:
    """A folder of results."""

    folder: Path
    summary: Mapping[str, Any]
    parts: tuple[Part, ...]
    recipe: str
    fingerprint: str

    @property
    def synthetic(self) -> bool:
        """Whether a network was made from synthetic records."""
        return bool(self.summary["synthetic"])


@dataclass(frozen=True, eq=False)
class Bands:
    """Intervals of scores and ranks of one group of places; the steps of the index that were drawn, if any."""

    folder: Path
    head: Mapping[str, Any]
    table: pd.DataFrame
    steps: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Rated:
    """Scores of an index, their intervals if there are any, and whether a value was synthetic."""

    scores: Scores
    names: pd.DataFrame
    bands: tuple[Bands, ...]
    synthetic: bool
    imputed: int


@dataclass(frozen=True, eq=False)
class Change:
    """Tables of change between times."""

    tables: Mapping[str, pd.DataFrame]
    provenance: Mapping[str, Any]
    synthetic: bool
    names: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_run(folder: Path | str) -> Run:
    """Read a folder that `pipeline.run` wrote.

    Parameters
    ----------
    folder : str or Path
        The folder.

    Returns
    -------
    Run
        All that the report tells; files that the run was not asked for are None or empty.

    Raises
    ------
    FormatError
        If the folder is none of a run, or a file of it is missing or damaged.
    """
    folder = Path(folder)
    text = _text(folder / "run.json")
    try:
        summary = json.loads(text)
        names, recipe = list(summary["networks"]), summary["recipe"]["networks"]
        known = {"title", "synthetic", "seed", "versions", "files"} <= set(summary) and set(names) <= set(recipe)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(folder / "run.json", expected="the summary of a run", got=str(error), hint=_HINT) from error
    if not known:
        raise FormatError(folder / "run.json", expected="the summary of a run", got=f"{list(summary)}", hint=_HINT)
    written = _text(folder / "recipe.toml")
    # The summary sorts its keys; the recipe keeps the order in which networks were asked for.
    order = list(tomllib.loads(written).get("networks", ()))
    names.sort(key=lambda name: order.index(name) if name in order else len(order))
    facts = summary["networks"]
    called = [(facts[name].get("kind"), facts[name].get("years")) for name in names]
    parts = tuple(
        _part(folder, name, facts[name], recipe[name], summary["files"], alone=called.count(call) == 1)
        for name, call in zip(names, called, strict=True)
    )
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return Run(folder, summary, parts, written, fingerprint)


def read_rated(folder: Path | str, intervals: Sequence[Path | str] = ()) -> Rated:
    """Read a folder of scores and the folders of their intervals.

    Parameters
    ----------
    folder : str or Path
        What `innovation-graph score` wrote.
    intervals : sequence of str or Path
        What it wrote beside it, one folder a group of places.

    Returns
    -------
    Rated
        Scores as `scoring.read_scores` gives them.

    Raises
    ------
    FormatError
        If a folder is not what it should be, or intervals are those of another index or of other places.
    """
    from innovation_graph.index.scoring import read_scores  # noqa: PLC0415 - loaded when asked for

    folder = Path(folder)
    scores = read_scores(folder)
    head = _head(folder / "scores.json")
    table = read_table(folder / "scores.csv").set_index("place_id")
    names = table.reindex(columns=["name_en", "name_zh", "country"])
    bands = tuple(map(read_bands, intervals))
    for band in bands:
        fits = band.head["index"] == scores.spec.name and set(band.table.index) <= set(scores.scores.index)
        if not fits or band.head["node"] not in scores.scores:
            expected = f"intervals of {scores.spec.name!r} in {folder}"
            got = f"those of {band.head['index']!r}, node {band.head['node']!r}, {len(band.table)} places"
            raise FormatError(
                band.folder, expected=expected, got=got, hint="Give the folder that `score` wrote beside it."
            )
    synthetic = bool(head["synthetic"]) or any(band.head["synthetic"] for band in bands)
    return Rated(scores, names, bands, synthetic, int(head["imputed"]))


def read_bands(folder: Path | str) -> Bands:
    """Read one folder of intervals of scores."""
    folder = Path(folder)
    head = _head(folder / "bands.json")
    hint = "Make one with `innovation-graph score ... --papers-errors ERRORS`."
    keys = ("index", "node", "synthetic", "replicates", "seed")
    check_head(head, folder / "bands.json", "innovation-graph bands", 1, keys=keys, hint=hint)
    steps = read_table(folder / "by_choice.csv")["step"]
    return Bands(folder, head, read_table(folder / "bands.csv").set_index("place_id"), tuple(dict.fromkeys(steps)))


def read_change(folder: Path | str) -> Change:
    """Read a folder that `innovation-graph change` wrote."""
    folder = Path(folder)
    head = _head(folder / "tables.json")
    hint = "Make one with `innovation-graph change`."
    keys = ("what", "synthetic", "files")
    check_head(head, folder / "tables.json", "innovation-graph tables", 1, keys=keys, hint=hint)
    if head["what"] != "change":
        raise FormatError(folder, expected="tables of change", got=f"tables of {head['what']}", hint=hint)
    tables = {name: read_table(folder / f"{name}.csv") for name in ("timeline", "growth", "emerging", "declining")}
    return Change(tables, head.get("provenance", {}), bool(head["synthetic"]))


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that this program wrote: texts as they were given to it, only empty cells missing."""
    try:
        table = pd.read_csv(
            path, encoding="utf-8-sig", keep_default_na=False, na_values=[""], dtype=dict.fromkeys(_IDS, "str")
        )
    except (OSError, ValueError) as error:
        raise FormatError(path, expected="a table as CSV", got=str(error), hint=_HINT) from error
    table = table.rename(columns=as_written)
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column]):
            # A column of yes, no and missing is neither numbers nor text.
            table[column] = table[column].map(lambda cell: as_written(cell) if isinstance(cell, str) else cell)
    return table.drop(columns=SYNTHETIC_COLUMN, errors="ignore")


def _part(
    folder: Path, name: str, summary: Mapping[str, Any], plan: Mapping[str, Any], files: Sequence[str], *, alone: bool
) -> Part:
    own = folder / name
    there = {file.removeprefix(f"{name}/") for file in files if file.startswith(f"{name}/")}
    measures = {file[9:-4]: own / file for file in there if file.startswith("measures/") and file.endswith(".csv")}
    intervals = read_table(own / "uncertainty/summary.csv") if "uncertainty/summary.csv" in there else None
    drawn = 0 if intervals is None else int(_head(own / "uncertainty/uncertainty.json")["replicates"])
    scenarios = sorted(
        file.split("/")[1] for file in there if file.startswith("whatif/") and file.endswith("/whatif.json")
    )
    pages = [str(page) for page in plan.get("maps", {"map": {}}) if f"{page}.html" in there]
    network = read_network(own / "network")
    partition = read_partition(own / "communities.csv")
    if list(partition.labels.index) != list(network.ids):
        raise FormatError(own / "communities.csv", expected="the places of the network", got="others", hint=_HINT)
    return Part(
        name=name,
        summary=summary,
        plan=plan,
        network=network,
        centrality=read_table(own / "centrality.csv").set_index("place_id"),
        partition=partition,
        unlocated=read_table(own / "network/unlocated.csv"),
        measures={key: read_table(measures[key]) for key in sorted(measures)},
        intervals=intervals,
        replicates=drawn,
        scenarios=tuple(_scenario(own / "whatif" / scenario) for scenario in scenarios),
        verdicts=read_table(own / "validation.csv") if "validation.csv" in there else None,
        pages=tuple(own / f"{page}.html" for page in pages),
        alone=alone,
    )


def _scenario(folder: Path) -> Scenario:
    head = _head(folder / "whatif.json")
    totals, places, steps = (read_table(folder / f"{name}.csv") for name in ("totals", "places", "steps"))
    return Scenario(folder.name, head, totals.set_index("quantity"), places.set_index("place_id"), steps)


def _head(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(_text(path)))
    except (ValueError, TypeError) as error:
        raise FormatError(path, expected="JSON", got=str(error)) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(path, expected="a file of results", got=str(error), hint=_HINT) from error
