"""One recipe, the whole chain: records, places, networks, tables, maps."""

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from innovation_graph import centrality, communities, hub_indicators, places, scenario, studies, uncertainty, validation
from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder, write_json
from innovation_graph._tables import write_tables
from innovation_graph._version import __version__
from innovation_graph.errors import RecipeError
from innovation_graph.network import Network
from innovation_graph.origin import Origin
from innovation_graph.recipe import MapPlan, NetworkPlan, Recipe, RecordsPlan, as_data, as_toml, check
from innovation_graph.records import Records, read_records
from innovation_graph.samples import sample_records
from innovation_graph.sources import ingesting, openalex
from innovation_graph.views import explorer, layout

__all__ = ["Result", "draw", "run", "write_network"]

_MARKER = "run.json"
_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "igraph", "networkx", "pyvis")

Report = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Result:
    """What a run made; everything is in its folder too.

    Parameters
    ----------
    folder : Path
        Where the files are.
    summary : mapping
        What `run.json` holds: recipe, versions, seed, row counts and the leading places.
    networks : mapping of str to Network
        By their names in the recipe.
    centralities : mapping of str to pandas.DataFrame
        Measures of each network, by place.
    """

    folder: Path
    summary: Mapping[str, Any]
    networks: Mapping[str, Network]
    centralities: Mapping[str, pd.DataFrame]


def run(recipe: Recipe, out: Path | str, *, report: Report = lambda _: None) -> Result:
    """Carry a recipe out and write every result into one folder.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    out : str or Path
        The folder; it appears only when everything is written. A folder of an earlier run is replaced.
    report : callable
        Called with a line of text at each stage.

    Returns
    -------
    Result
        The networks, tables and row counts. The same recipe gives equal files.

    Raises
    ------
    InnovationGraphError
        If the recipe, a source or a selection is at fault.
    """
    out = Path(out)
    check(recipe, out)
    with new_folder(out, marker=_MARKER, known=_own_files(out)) as folder:
        networks, tables, summaries, indicators = {}, {}, {}, {}
        read: dict[RecordsPlan, tuple[Records, places.Located]] = {}
        for name, plan in recipe.networks.items():
            source = plan.records or recipe.records
            if source not in read:
                made = _records(
                    source, folder / "records" if plan.records is None else folder / name / "records", report
                )
                report(f"Records: {made!r}")
                read[source] = made, places.locate(made, recipe.places.places())
                report(f"Places: {read[source][1]!r}")
            records, located = read[source]
            origin = Origin(records, recipe.places, located, plan)
            networks[name] = network = origin.network()
            report(f"Network {name}: {network!r}")
            write_network(network, origin, folder / name / "network")
            tables[name], summaries[name] = _measure(network, plan, recipe, folder / name)
            _study(network, origin, recipe.seed, folder / name, report, papers=_papers(networks))
            summaries[name] |= {"records": dict(records.info), "addresses_located": located.reasons}
            if plan.indicator is not None:
                indicators[f"indicator_{plan.indicator}"] = _indicator(network, plan.indicator)
        _draw_all(recipe, networks, tables, folder, report)
        synthetic = any(network.synthetic for network in networks.values())
        if indicators:
            names = next(iter(networks.values())).places[["name_en", "name_zh", "country"]]
            table = names.join(pd.DataFrame(indicators))
            write_csv(table, folder / "indicators.csv", synthetic=synthetic)
        (folder / "recipe.toml").write_text(as_toml(recipe), encoding="utf-8")
        summary = {
            "title": recipe.title,
            "synthetic": synthetic,
            "recipe": as_data(recipe),
            "seed": recipe.seed,
            "versions": {
                "innovation-graph": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in _LIBRARIES},
            },
            "networks": summaries,
        }
        summary["files"] = sorted([*_files(folder), _MARKER])
        write_json(folder / _MARKER, summary)
    return Result(out, summary, networks, tables)


def write_network(network: Network, origin: Origin, folder: Path) -> int:
    """Write a network and, beside it, its recipe, what lies in its places and what in none.

    Parameters
    ----------
    network : Network
        What was projected.
    origin : Origin
        What it was projected from.
    folder : Path
        Network folder to write; `recipe.toml` and `unlocated.csv` go into it, and `located.csv` (which cities
        were counted to which place) where places are more than cities: hubs, clusters, tables of your own.

    Returns
    -------
    int
        Number of texts without a place.
    """
    network.write(folder)
    origin.write(folder)
    stream = origin.stream
    if stream.located.catchment_km is not None or stream.located.rule is not None:
        cities = stream.cities_of_places()
        write_csv(cities, folder / "located.csv", synthetic=network.synthetic, index=False)
    left_out = stream.unlocated()
    write_csv(left_out, folder / "unlocated.csv", synthetic=network.synthetic, index=False)
    return len(left_out)


def _own_files(out: Path) -> list[str] | None:
    try:
        return list(json.loads((out / _MARKER).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def _records(plan: RecordsPlan, out: Path, report: Report) -> Records:
    if plan.path is not None:
        return read_records(plan.path)
    if plan.source is None:
        return sample_records()
    names = (
        "institutions",
        "years",
        "types",
        "keep_retracted",
        "keep_actors",
        "parents",
        "threshold",
        "resolver_cache",
    )
    common: dict[str, Any] = {name: getattr(plan, name) for name in names}
    summary: openalex.IngestSummary | ingesting.Summary
    if plan.source == "openalex":
        summary = openalex.ingest(plan.files, out, resolve=bool(plan.resolve), **common)
    else:
        common |= {name: getattr(plan, name) for name in ("breadth", "keywords", "encoding", "columns")}
        common |= {"fields": None if plan.fields == "none" else plan.fields, "resolve": plan.resolve is not False}
        summary = ingesting.ingest(plan.source, plan.files, out, **common)
    said = f", {summary.rejects:,} rejected: see rejects.jsonl beside the records" if summary.rejects else ""
    report(f"Ingested: {summary.works:,} works of {summary.lines:,} records{said}")
    return read_records(out)


def _measure(network: Network, plan: NetworkPlan, recipe: Recipe, folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    values = centrality.table(network, plan.measures)
    partition = communities.leiden(network, resolution=plan.resolution, seed=recipe.seed)
    write_csv(studies.ranked(network, values), folder / "centrality.csv", synthetic=network.synthetic)
    partition.write(folder / "communities.csv")
    community_names = communities.names(partition, network)
    lead = values[values.columns[0] if "strength" not in values else "strength"]
    top = lead.sort_values(ascending=False, kind="stable").head(10)
    return values, {
        **dict(network.provenance),
        "places_in_set": network.n_places,
        "places_with_links": int((network.adjacency.indptr[1:] > network.adjacency.indptr[:-1]).sum()),
        "links": network.n_links,
        "total_weight": network.total_weight,
        "communities": community_names.tolist(),
        "top_by": str(lead.name),
        "top": [{"place": str(network.names.loc[str(place)]), str(lead.name): value} for place, value in top.items()],
    }


def _draw_all(
    recipe: Recipe, networks: Mapping[str, Network], tables: Mapping[str, pd.DataFrame], folder: Path, report: Report
) -> None:
    for name, network in networks.items():
        plan = recipe.networks[name]
        if plan.maps and network.n_places > layout.MOST_PLACES:
            report(f"No maps of {name}: {network.n_places:,} places are more than the {layout.MOST_PLACES:,} to draw")
            continue
        partition = communities.read_partition(folder / name / "communities.csv") if plan.maps else None
        for title, drawing in plan.maps.items():
            extras = {"layers": {layer: networks[layer] for layer in drawing.layers}} if drawing.layers else {}
            path = folder / name / f"{title}.html"
            draw(network, drawing, path, seed=recipe.seed, values=tables[name], partition=partition, **extras)


def _papers(networks: Mapping[str, Network]) -> Network | None:
    """Return the network of papers among those that stand before in the recipe."""
    return next((made for made in networks.values() if made.provenance.get("kind") == "paper"), None)


def _study(
    network: Network, origin: Origin, seed: int, folder: Path, report: Report, *, papers: Network | None
) -> None:
    """Write what a plan asks for beside the usual: groups of measures, error bars, scenarios, verdicts."""
    plan, mark = origin.plan, network.synthetic
    if plan.groups:
        tables = studies.measure(network, plan.groups, seed=seed)
        write_tables(folder / "measures", tables, what="measures", synthetic=mark)
    if plan.bootstrap:
        report(f"Bootstrap of {folder.name}: {plan.bootstrap:,} replicates")
        found = uncertainty.bootstrap(origin.stream, counting=plan.counting, replicates=plan.bootstrap, seed=seed)
        found.write(folder / "uncertainty")
    for name in plan.scenarios:
        chosen = scenario.read_scenario(name)
        report(f"What if, {folder.name}: {chosen.title}")
        outcome = scenario.whatif(chosen, network, rebuild=lambda **changes: origin.changed(**changes).network())
        outcome.write(folder / "whatif" / Path(name).stem)
    if plan.validate is not None:
        kind: Any = "patents" if network.provenance.get("kind") == "patent" else "papers"
        beside = papers if kind == "patents" else None
        table = validation.validate(network, plan.validate, kind, seed, papers=beside)
        write_csv(table, folder / "validation.csv", synthetic=mark, index=False)


def draw(
    network: Network,
    plan: MapPlan,
    path: Path | str,
    *,
    seed: int,
    values: pd.DataFrame | None = None,
    partition: communities.Partition | None = None,
    **extras: Any,
) -> None:
    """Write one page.

    Parameters
    ----------
    network : Network
        The whole network.
    plan : MapPlan
        What of it to show, and how.
    path : str or Path
        The HTML file.
    seed : int
        For the layout, and for communities that are not given.
    values, partition : optional
        Measures and communities of the whole network. A page of two blocs or of some countries shows a network of
        its own: it measures the links that are on it.
    **extras : object
        What else `explorer.render` takes: layers, periods, uncertainty, scores, works.
    """
    names = ("title", "size_by", "colour_by", "view", "centre", "boundaries", "lang")
    look: dict[str, Any] = {**{name: getattr(plan, name) for name in names}, "seed": seed, **extras}
    if plan.blocs:
        if len(plan.blocs) != 2 or plan.countries:
            raise RecipeError("a map shows either two blocs (CN:US) or some countries, not both")
        explorer.write(network, path, blocs=(plan.blocs[0], plan.blocs[1]), **look)
    elif plan.countries:
        explorer.write(network.subset(plan.countries), path, **look)
    else:
        explorer.write(network, path, metrics=values, partition=partition, **look)


def _indicator(network: Network, number: int) -> pd.Series:
    return hub_indicators.indicator_17(network) if number == 17 else hub_indicators.indicator_18(network)
