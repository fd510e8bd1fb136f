"""Networks of several times over the same places: from lists of links with a time, folders and archives of files."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._files import new_folder, write_json
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.sources._archives import network_files, one_file
from innovation_graph.sources._cells import shown
from innovation_graph.sources._parsed import Parsed, built, place_table, without
from innovation_graph.sources._streams import Member
from innovation_graph.sources._times import in_order, time_in_name
from innovation_graph.sources.edges import parse_edges
from innovation_graph.sources.graphs import parse_gexf, parse_graphml
from innovation_graph.sources.matrices import parse_matrix, parse_matrixmarket, parse_npz
from innovation_graph.sources.pajek import parse_pajek
from innovation_graph.sources.vosviewer import parse_vosviewer

__all__ = ["read_slices", "write_slices"]

_PARSERS: dict[str, Callable[..., Parsed]] = {
    "matrix": parse_matrix,
    "edges": lambda path, **options: parse_edges(path, **options)[""],
    "vosviewer": parse_vosviewer,
    "pajek": parse_pajek,
    "graphml": parse_graphml,
    "gexf": parse_gexf,
    "npz": parse_npz,
    "matrixmarket": parse_matrixmarket,
}
_FORMAT, _VERSION, _MARKER = "innovation-graph slices", 1, "slices.json"
_IDS = "\0ids"  # no file can have a column of this name
_FILES = ("network.json", "places.parquet", "links.parquet")


def read_slices(
    form: str,
    path: Path | str,
    *,
    time: str | None = None,
    directed: str | None = None,
    drop: Sequence[str] = (),
    **options: Any,
) -> dict[str, Network]:
    """Read networks of several times, all over the same place table.

    A list of links with columns of time is cut by them. In any other case the path is a folder or a zip archive
    with one file a time, and the last year in the name of a file, with what follows it of a quarter, a month, a
    day or a last year, is its time: `WrldCo1990.net`, `net_2020-Q3.csv`, `2015-2019.gexf`. Files of other
    formats, and files without a year where others have one (totals, often), are left out;
    `provenance["left_out"]` names the latter. A single file needs no year, its name is its time.

    Parameters
    ----------
    form : str
        Name of a format, as in `FORMATS`.
    path : str or Path
        The list of links, the folder or the archive.
    time : str, optional
        Lists of links: column of the time, or several parted by commas, the longest unit first.
        "year,quarter" gives "2020-Q1", "year,month" gives "2020-01".
    directed, drop
        As for the reader of the format; the rule is the same at all times, a place to leave out must occur at
        one of them.
    **options : object
        Further options of the reader.

    Returns
    -------
    dict of str to Network
        By time, in order. Every network has the same places: those of all times, those of the first time first.
        Columns of the place table are kept if no place has different values at different times;
        `provenance["changing_columns"]` names the others, `provenance["time"]` is the time.

    Raises
    ------
    FormatError
        If a file is malformed, two files are of the same time, or places cannot be told apart by their labels.
    RecipeError
        If the format has no such option.
    UnknownNameError
        If there is no such format, or a place to leave out does not occur.
    """
    if form not in _PARSERS:
        raise UnknownNameError("format", form, _PARSERS)
    path = Path(path)
    notes: dict[str, Any] = {}
    if time is not None:
        if form != "edges":
            raise RecipeError(f"columns of time are for edges; {form!r} takes one file a time, in a folder or archive")
        file = one_file(path, form)
        parsed = parse_edges(file, time=time, directed=directed, **options)
        files = dict.fromkeys(parsed, file)
    else:
        files, left_out = _by_time(path, form)
        parsed = {}
        rule = {"directed": directed} if form == "edges" else {}
        for moment, file in files.items():
            parsed[moment] = _PARSERS[form](file, **rule, **options)
        notes = {"left_out": left_out} if left_out else {}
    parsed, changing = _over_same_places(path, parsed)
    if changing:
        notes["changing_columns"] = changing
    slices: dict[str, Network] = {}
    places: pd.DataFrame | None = None
    for moment, part in parsed.items():
        kept = without(replace(part, notes={**part.notes, **notes, "time": moment}), drop)
        places = place_table(kept, Member(path), form) if places is None else places
        source = path.name if time is not None else f"{path.name}/{files[moment].file_name}"
        slices[moment] = built(kept, files[moment], form, directed=directed, places=places, source=source)
    return slices


def _by_time(path: Path, form: str) -> tuple[dict[str, Member], list[str]]:
    """Find the files of each time, and those of the format that have none."""
    files = network_files(path, form)
    if len(files) == 1:
        stem = files[0].stem
        return {time_in_name(stem) or stem: files[0]}, []
    named = [(time_in_name(file.stem), file) for file in files]
    times: dict[str, Member] = {}
    for moment, file in named:
        if moment in times:
            got = f"{shown(times[moment].file_name)} and {shown(file.file_name)}"
            raise FormatError(path, expected="one file a time", got=f"{got} for {moment}")
        if moment is not None:
            times[moment] = file
    if not times:
        expected = "a year in the names of the files, such as papers_2020.net"
        raise FormatError(path, expected=expected, got=f"{len(files)} files like {shown(files[0].file_name)}")
    timeless = [file.file_name for moment, file in named if moment is None]
    return {moment: times[moment] for moment in in_order(times)}, timeless


def _over_same_places(path: Path, parts: dict[str, Parsed]) -> tuple[dict[str, Parsed], list[str]]:
    """Give the places of all times the same numbers; also name the columns that change with time."""
    lists = [part.labels for part in parts.values()]
    labels = lists[0]
    at = [np.arange(len(labels))] * len(lists)
    if any(one != labels for one in lists):
        for moment, one in zip(parts, lists, strict=True):
            if len(set(one)) < len(one):
                twice = next(label for label, n in Counter(one).items() if n > 1)
                expected = "each label once, to follow places over time"
                raise FormatError(path, expected=expected, got=f"{shown(twice)} more than once in {moment}")
        labels = list(dict.fromkeys(label for one in lists for label in one))
        position = {label: i for i, label in enumerate(labels)}
        at = [np.array([position[label] for label in one]) for one in lists]
    columns, changing = _steady_columns(list(parts.values()), at, len(labels))
    ids = columns.pop(_IDS).tolist() if _IDS in columns and columns[_IDS].notna().all() else None
    moved = {
        moment: replace(part, labels=labels, first=to[part.first], second=to[part.second], columns=columns, ids=ids)
        for (moment, part), to in zip(parts.items(), at, strict=True)
    }
    return moved, [name for name in changing if name != _IDS]


def _steady_columns(parts: list[Parsed], at: list[NDArray[np.int64]], n: int) -> tuple[pd.DataFrame, list[str]]:
    tables = []
    for part, to in zip(parts, at, strict=True):
        table = part.columns.set_axis(to, axis=0) if len(part.columns.columns) else pd.DataFrame(index=to)
        tables.append(table if part.ids is None else table.assign(**{_IDS: part.ids}))
    every = pd.concat(tables)
    kept, changing = {}, []
    for name in every.columns:
        column = every[name] if pd.api.types.is_numeric_dtype(every[name]) else every[name].astype("str")
        column = column.dropna()
        values = column.groupby(column.index)
        if (values.min() != values.max()).any():
            changing.append(str(name))
        else:
            kept[name] = values.first().reindex(range(n))
    return pd.DataFrame(kept), sorted(changing)


def write_slices(slices: Mapping[str, Network], path: Path | str) -> None:
    """Write networks of several times: a folder with a network folder a time, and `slices.json` with their order.

    Parameters
    ----------
    slices : mapping of str to Network
        As from `read_slices`.
    path : str or Path
        Name of the folder; it appears only when everything is written. One that stands there is replaced if it
        holds nothing but networks written by this function.

    Raises
    ------
    FileExistsError
        If the folder holds something else.
    NetworkError
        If there is no network.
    """
    if not slices:
        raise NetworkError("there is no network to write")
    times = [*slices, *_written_times(Path(path))]
    known = {_MARKER, *(f"{time}/{name}" for time in times for name in _FILES)}
    with new_folder(path, marker=_MARKER, known=known) as folder:
        for time, network in slices.items():
            network.write(folder / time)
        write_json(folder / _MARKER, {"format": _FORMAT, "version": _VERSION, "times": list(slices)})


def _written_times(folder: Path) -> list[str]:
    try:
        head = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return [str(time) for time in head["times"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
