"""From folders that the program wrote to the inputs of a figure."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from innovation_graph._csv import SYNTHETIC_COLUMN, as_written
from innovation_graph.errors import FormatError, RecipeError, UnknownNameError
from innovation_graph.views.figures._words import Lang

__all__ = ["ORIGINS", "inputs_of"]

ORIGINS: dict[str, tuple[str, ...]] = {
    "map": ("network",),
    "chord": ("network",),
    "matrix": ("network",),
    "distribution": ("network",),
    "intervals": ("uncertainty", "table"),
    "quartiles": ("scores", "measures", "table"),
    "profile": ("scores", "measures", "table"),
    "dendrogram": ("scores", "table"),
    "ternary": ("scores", "table"),
    "sensitivity": ("table",),
    "waterfall": ("scores", "table"),
    "bubble": ("copublication", "table"),
    "lines": ("change", "table"),
    "bump": ("scores", "table"),
    "alluvial": ("change", "table"),
    "rich-club": ("measures", "table"),
}
"""For each figure the inputs that it can be drawn from, the first one first."""

_PUBLISHED = "gihi2024"
_LEADING = 20
_INPUT_OF = {"intervals": "uncertainty", "dendrogram": "modes", "ternary": "values"}


def inputs_of(
    name: str,
    given: Mapping[str, Path],
    *,
    place: str | None = None,
    against: str | None = None,
    node: str | None = None,
    lang: Lang = "en",
) -> dict[str, Any]:
    """Read what a figure is drawn from.

    Parameters
    ----------
    name : str
        A name of `FIGURES`.
    given : mapping of str to Path
        Folders by kind: `network`, `uncertainty`, `change`, `measures`, `copublication`, `scores` (or the name
        gihi2024, for the published tables), and `table`, a CSV file with the columns that the function documents. A
        network may also come beside another input, for names and continents.
    place, against : str, optional
        The places that `profile` and `waterfall` compare, by id or name.
    node : str, optional
        Node of an index, by code; default: the root.
    lang : {"en", "zh"}
        Language of the names of indicators and nodes.

    Returns
    -------
    dict of str to object
        Keyword arguments of the function.

    Raises
    ------
    UnknownNameError
        If there is no such figure, place or node.
    RecipeError
        If nothing is given that the figure can be drawn from.
    FormatError
        If a folder or file is not what it should be.
    """
    if name not in ORIGINS:
        raise UnknownNameError("figure", name, ORIGINS)
    usable = [kind for kind in ORIGINS[name] if kind in given]
    if not usable:
        wanted = " or ".join(f"--{kind}" for kind in ORIGINS[name])
        raise RecipeError(f"figure {name} is drawn from {wanted}; give one")
    kind = usable[0]
    found = _READERS[kind](name, given[kind], node)
    if kind != "network" and "network" in given and "places" in _options(name):
        from innovation_graph.network import read_network  # noqa: PLC0415 - loaded when needed

        found["places"] = read_network(given["network"]).places
    if name == "quartiles":
        found["table"] = _with_groups(found["table"], given)
    if name == "profile":
        found["place"] = _id(found, place, "--place")
    if name == "waterfall":
        found |= _difference(found, _id(found, place, "--place"), _id(found, against, "--against"), node)
    if "spec" in found and "codes" in found:
        found["labels"] = [_called(found["spec"], code, lang) for code in found["codes"]]
    if "spec" in found and name == "waterfall":
        table = found["table"]
        found["table"] = table.assign(name=[_called(found["spec"], str(code), lang) for code in table.index])
    known = {"provenance", *_options(name)}
    return {key: value for key, value in found.items() if key in known}


def _options(name: str) -> set[str]:
    from inspect import signature  # noqa: PLC0415 - loaded when needed

    from innovation_graph.views.figures import FIGURES  # noqa: PLC0415 - they know of this module

    return set(signature(FIGURES[name].function).parameters)


def _network(name: str, path: Path, node: str | None) -> dict[str, Any]:  # noqa: ARG001 - all readers are called alike
    from innovation_graph.network import read_network  # noqa: PLC0415 - loaded when needed

    return {"network": read_network(path)}


def _uncertainty(name: str, path: Path, node: str | None) -> dict[str, Any]:  # noqa: ARG001 - as above
    from innovation_graph.uncertainty import read_uncertainty  # noqa: PLC0415 - loaded when needed

    return {"uncertainty": read_uncertainty(path)}


def _change(name: str, path: Path, node: str | None) -> dict[str, Any]:  # noqa: ARG001 - as above
    head = _head(path)
    timeline = _csv(path / "timeline.csv").set_index("time")
    first, last = str(timeline.index[0]), str(timeline.index[-1])
    provenance = {key: value for key, value in head.get("provenance", {}).items() if key not in ("time", "years")}
    provenance |= {"years": [first, last], "synthetic": head.get("synthetic", False)}
    if name == "lines":
        return {"table": timeline, "provenance": provenance}
    return {"table": _csv(path / "flows.csv"), "provenance": provenance}


def _measures(name: str, path: Path, node: str | None) -> dict[str, Any]:
    head = _head(path)
    provenance = {**head.get("provenance", {}), "synthetic": head.get("synthetic", False)}
    if name == "rich-club":
        if not (path / "rich_club.csv").is_file():
            hint = "Measure it with `innovation-graph measures NET --groups references`."
            raise FormatError(path, expected="rich_club.csv", got="none", hint=hint)
        return {"table": _csv(path / "rich_club.csv"), "provenance": provenance}
    table = _csv(path / "places.csv").set_index("place_id")
    if name == "quartiles":
        ranks = [column for column in map(str, table) if column.endswith("_rank")]
        rank = f"{node}_rank" if node else ranks[0]
        if rank not in table:
            raise UnknownNameError("measure", node, [column.removesuffix("_rank") for column in ranks])
        return {"table": table.assign(rank=table[rank]), "provenance": provenance}
    ranked = [column.removesuffix("_rank") for column in map(str, table) if column.endswith("_rank")]
    return {"table": table, "columns": ranked, "places": table, "provenance": provenance}


def _copublication(name: str, path: Path, node: str | None) -> dict[str, Any]:  # noqa: ARG001 - as above
    head = _head(path)
    if not (path / "growth.csv").is_file():
        raise FormatError(path, expected="growth.csv", got="none", hint="Count at least two years: --by year.")
    table = _csv(path / "growth.csv")
    years = [int(table["first_year"].iloc[0]), int(table["last_year"].iloc[0])] if len(table) else []
    provenance = {**head.get("provenance", {}), "years": years, "synthetic": head.get("synthetic", False)}
    provenance.pop("counting", None)  # that of the network; papers are counted whole
    return {"table": table, "places": _hubs(), "provenance": provenance}


def _table(name: str, path: Path, node: str | None) -> dict[str, Any]:  # noqa: ARG001 - as above
    table = _csv(path, keep_mark=True)
    provenance = {"source": path.name, "synthetic": SYNTHETIC_COLUMN in table}
    table = table.drop(columns=SYNTHETIC_COLUMN, errors="ignore")
    first = str(table.columns[0]) if len(table.columns) else ""
    if name in ("quartiles", "profile", "bump", "dendrogram", "ternary", "lines") and first:
        table = table.set_index(first)
    found: dict[str, Any] = {_INPUT_OF.get(name, "table"): table, "provenance": provenance}
    if name in ("bump", "dendrogram", "ternary"):
        found[_INPUT_OF.get(name, "table")] = table.select_dtypes("number")
        found["places"] = table
    if name == "dendrogram":
        from innovation_graph.index.modes import cluster  # noqa: PLC0415 - loaded when needed

        found["modes"] = cluster(found["modes"])
    return found


def _scores(name: str, path: Path, node: str | None) -> dict[str, Any]:
    if str(path) == _PUBLISHED and not path.exists():
        return _published(name, node)
    from innovation_graph.index.spec import read_spec  # noqa: PLC0415 - loaded when needed

    head = _json(path / "scores.json")
    spec = read_spec(path / "index.toml")
    table = _csv(path / "scores.csv").set_index("place_id")
    if spec.apart is not None and spec.apart in table and name != "waterfall":  # groups scored apart: the largest
        table = table[table[spec.apart] == table[spec.apart].value_counts().index[0]]
    root = spec.root if node is None else node
    if root not in table:
        raise UnknownNameError("node", root, spec.parts)
    provenance = {"source": f"own values, scored as {head.get('index')}", "synthetic": head.get("synthetic", False)}
    found: dict[str, Any] = {"places": table, "provenance": provenance}
    if name == "quartiles":
        return {**found, "table": table.assign(rank=table[f"{root}_rank"])}
    if name == "profile":
        codes = _profile_codes(spec.children, root, table.columns)
        return {**found, "table": table, "columns": codes, "codes": codes, "spec": spec}
    if name in ("dendrogram", "ternary"):
        codes = [code for code in spec.children[root] if code in table]
        sums = _csv(path / "step_aggregated.csv").set_index("place_id").loc[table.index, codes]
        common = (sums - sums.min().min()) / (sums.max().max() - sums.min().min()) * 100
        leading = table[root].sort_values(ascending=False, kind="stable").index[:_LEADING]
        return {**found, **_modes(common.loc[leading]), "codes": codes, "spec": spec}
    if name == "waterfall":
        return {**found, "spec": spec, "scores": _scored_again(path, spec, table)}
    raise RecipeError(f"figure {name} needs several editions; give their ranks with --table, or --scores {_PUBLISHED}")


def _published(name: str, node: str | None) -> dict[str, Any]:
    from innovation_graph.index import history, modes  # noqa: PLC0415 - loaded when needed
    from innovation_graph.index.audit import audit  # noqa: PLC0415
    from innovation_graph.index.published import gihi2024  # noqa: PLC0415

    report = gihi2024()
    spec = report.spec
    root = spec.root if node is None else node
    found: dict[str, Any] = {"places": report.places, "provenance": {"source": f"{spec.name}, published tables"}}
    if name == "quartiles":
        printed = [ranks[root] for ranks in report.ranks.values() if root in ranks]
        if not printed:
            raise UnknownNameError("node with ranks", root, {code for ranks in report.ranks.values() for code in ranks})
        return {**found, "table": report.places.join(printed[0].rename("rank"))}
    if name == "profile":
        values = pd.concat(report.scores.values(), axis=1)
        values = values.loc[:, ~values.columns.duplicated()]
        codes = _profile_codes(spec.children, root, values.columns)
        return {**found, "table": values, "columns": codes, "codes": codes, "spec": spec}
    if name == "bump":
        return {**found, "table": history.rank_history(report, node)}
    if name == "waterfall":
        raise RecipeError("the published tables do not show indicators; give scores of your own")
    values = modes.common_values(audit(report)).loc[report.modes.index]
    found |= _modes(values)
    found |= {"codes": list(map(str, values.columns)), "spec": spec}
    return {**found, "names": modes.agreement(found["modes"].labels, report.modes).names}


def _modes(values: pd.DataFrame) -> dict[str, Any]:
    from innovation_graph.index.modes import cluster  # noqa: PLC0415 - loaded when needed

    found = cluster(values, min(4, len(values)))
    return {"modes": found, "values": found}


def _profile_codes(children: Mapping[str, Any], root: str, known: "pd.Index[str]") -> list[str]:
    """Return the nodes two levels below, or one level below where there are too few or too many of them."""
    below = [code for code in children[root] if code in known]
    twice = [code for child in below for code in children.get(child, ()) if code in known]
    return twice if 3 <= len(twice) <= 16 else below


def _called(spec: Any, code: str, lang: Lang) -> str:
    part = spec.parts[code]
    return str(part.name_zh if lang == "zh" and part.name_zh else part.name)


def _scored_again(path: Path, spec: Any, printed: pd.DataFrame) -> Any:
    """Score the values of a folder again; refuse if the scores are not those of the folder."""
    from innovation_graph.index.scoring import score  # noqa: PLC0415 - loaded when needed

    raw = _csv(path / "step_raw.csv").set_index("place_id")
    beside = {name: path / f"input_{name}.csv" for name in ("places", "denominators", "anchors")}
    inputs: dict[str, Any] = {
        name: (table := _csv(file)).set_index(table.columns[0]) for name, file in beside.items() if file.is_file()
    }
    scores = score(spec, raw, **inputs)
    kept = printed[spec.root].reindex(scores.scores.index).to_numpy(dtype=np.float64)
    if not np.allclose(scores.scores[spec.root].to_numpy(dtype=np.float64), kept, equal_nan=True):
        hint = "Make the table with `index.explain.why` and give it with --table."
        raise FormatError(path, expected="scores that follow from its values alone", got="others", hint=hint)
    return scores


def _difference(found: dict[str, Any], first: str, second: str, node: str | None) -> dict[str, Any]:
    if "scores" not in found:
        return {"first": first, "second": second}
    from innovation_graph.index.explain import why  # noqa: PLC0415 - loaded when needed

    scores = found["scores"]
    start = float(scores.scores.loc[second, scores.spec.root if node is None else node])
    return {"table": why(scores, first, second, node), "first": first, "second": second, "start": start}


def _id(found: Mapping[str, Any], name: str | None, option: str) -> str:
    """Find a place by id or name among those that are drawn."""
    if name is None:
        raise RecipeError(f"say which place with {option}")
    ids = found["places"] if "places" in found else found["table"]
    if name in ids.index or ("places" not in found and "scores" not in found and "name_en" not in ids):
        return name
    for column in ("name_en", "name_zh"):
        if column in ids:
            hits = ids.index[ids[column].astype("str").str.casefold() == name.casefold()]
            if len(hits) == 1:
                return str(hits[0])
    raise UnknownNameError("place", name, ids.index)


def _with_groups(table: pd.DataFrame, given: Mapping[str, Path]) -> pd.DataFrame:
    if "continent" in table:
        return table
    if "network" in given:
        from innovation_graph.network import read_network  # noqa: PLC0415 - loaded when needed

        places = read_network(given["network"]).places
    else:
        places = _hubs()
    if not table.index.isin(places.index).any():
        return table
    return table.assign(continent=places["continent"].reindex(table.index))


def _hubs() -> pd.DataFrame:
    from innovation_graph.places import gihi2024  # noqa: PLC0415 - loaded when needed

    return gihi2024().table


def _head(path: Path) -> dict[str, Any]:
    return _json(path / "tables.json")


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FormatError(path, expected="the head of a folder made by this program", got=str(error)) from error


def _csv(path: Path, *, keep_mark: bool = False) -> pd.DataFrame:
    try:
        # Only empty cells are missing: NA is Namibia.
        table = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise FormatError(path, expected="a table as CSV", got=str(error)) from error
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].map(lambda cell: as_written(cell) if isinstance(cell, str) else cell)
    return table if keep_mark else table.drop(columns=SYNTHETIC_COLUMN, errors="ignore")


_READERS: dict[str, Callable[[str, Path, str | None], dict[str, Any]]] = {
    "network": _network,
    "uncertainty": _uncertainty,
    "change": _change,
    "measures": _measures,
    "copublication": _copublication,
    "scores": _scores,
    "table": _table,
}
