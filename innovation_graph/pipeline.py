"""One recipe, the whole chain: records, places, networks, tables, maps."""

import json
import platform
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from innovation_graph import centrality, communities, incidence, places, projection
from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder, write_json
from innovation_graph._version import __version__
from innovation_graph.errors import RecipeError
from innovation_graph.incidence import Selection
from innovation_graph.network import Network
from innovation_graph.records import Records, read_records
from innovation_graph.samples import sample_records
from innovation_graph.sources import openalex
from innovation_graph.views import explorer

__all__ = ["MapPlan", "NetworkPlan", "Recipe", "Result", "read_recipe", "run", "sample_recipe"]

_MARKER = "run.json"
_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "igraph", "networkx", "pyvis")

Report = Callable[[str], None]


class RecordsPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the records come from: a folder of records, or OpenAlex files to ingest, or the packaged sample."""

    path: str | None = None
    openalex: tuple[str, ...] = ()
    institutions: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    keep_retracted: bool = False
    keep_authors: bool = False


class PlacesPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which places: `gihi2024`, `country`, `city`, `organisation`, `author` or a CSV; km around a district."""

    set: str = "gihi2024"
    catchment_km: float | None = None


class MapPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One page: all places, those of some countries, or the links between two blocs."""

    title: str | None = None
    countries: tuple[str, ...] = ()
    blocs: tuple[tuple[str, ...], ...] = ()
    size_by: str = "strength"
    lang: str = "en"


class NetworkPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One network: which works, whose sites, how to count, what to draw, which GIHI indicator it feeds (17, 18)."""

    kind: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    min_actors: int | None = None
    max_actors: int | None = None
    actors: str = "default"
    counting: str = "whole"
    measures: tuple[str, ...] | None = None
    resolution: float = 1.0
    indicator: int | None = None
    maps: Mapping[str, MapPlan] = msgspec.field(default_factory=lambda: {"map": MapPlan()})

    def selection(self) -> Selection:
        """Return the part that selects works and sites."""
        return Selection(**{name: getattr(self, name) for name in Selection.__dataclass_fields__})


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole chain as data; read it from TOML with `read_recipe`."""

    networks: Mapping[str, NetworkPlan]
    title: str = "City collaboration networks"
    seed: int = 1
    records: RecordsPlan = RecordsPlan()
    places: PlacesPlan = PlacesPlan()


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


def read_recipe(path: Path | str) -> Recipe:
    """Read a recipe; paths in it are relative to its folder.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    Recipe
        With absolute paths.

    Raises
    ------
    RecipeError
        If it is no TOML, or an entry is unknown, missing or of a wrong type.
    """
    path = Path(path)
    try:
        recipe = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Recipe)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RecipeError(f"{path}: {error} (see the recipes in README.md)") from error
    base = path.resolve().parent

    def absolute(name: str | None) -> str | None:
        return None if name is None else str((base / Path(name).expanduser()).resolve())

    records = msgspec.structs.replace(
        recipe.records,
        path=absolute(recipe.records.path),
        openalex=tuple(str(absolute(name)) for name in recipe.records.openalex),
        institutions=absolute(recipe.records.institutions),
    )
    plan = recipe.places
    if plan.set.endswith(".csv"):
        plan = msgspec.structs.replace(plan, set=absolute(plan.set))
    return msgspec.structs.replace(recipe, records=records, places=plan)


def sample_recipe() -> Recipe:
    """Return the recipe of the packaged sample: papers and patents of 2023 as the GIHI 2024 defines them."""
    maps = {"map": MapPlan(), "map_cn_us": MapPlan(blocs=(("CN",), ("US",)))}
    fields = ("artificial_intelligence", "biopharma", "renewable_energy", "smart_chips")
    return Recipe(
        title="Sample of city collaboration 2023",
        networks={
            "papers": NetworkPlan(kind="paper", years=(2023, 2023), indicator=17, maps=maps),
            "patents": NetworkPlan(
                kind="patent",
                years=(2023, 2023),
                fields=fields,
                actors="applicants",
                min_actors=2,
                indicator=18,
                maps=maps,
            ),
        },
    )


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
    with new_folder(out, marker=_MARKER) as folder:
        records = _records(recipe.records, folder, report)
        report(f"Records: {records!r}")
        located = places.locate(records, places.get(recipe.places.set, recipe.places.catchment_km))
        report(f"Places: {located!r}")
        left_out = places.unlocated(records, located)
        write_csv(left_out, folder / "unlocated.csv", synthetic=records.synthetic, index=False)
        networks, tables, summaries, indicators = {}, {}, {}, {}
        for name, plan in recipe.networks.items():
            stream = incidence.stream(records, located, plan.selection(), shares=plan.counting == "share")
            network = projection.project(stream, counting=plan.counting)
            report(f"Network {name}: {network!r}")
            networks[name] = network
            tables[name], summaries[name] = _measure(network, plan, recipe, folder / name)
            if plan.indicator is not None:
                indicators[f"indicator_{plan.indicator}"] = _indicator(network, plan.indicator)
        if indicators:
            names = next(iter(networks.values())).places[["name_en", "name_zh", "country"]]
            synthetic = records.synthetic
            write_csv(names.join(pd.DataFrame(indicators)), folder / "indicators.csv", synthetic=synthetic)
        plain = {key: value for key, value in msgspec.to_builtins(recipe).items() if value != {}}
        summary = {
            "title": recipe.title,
            "synthetic": records.synthetic,
            "recipe": plain,
            "seed": recipe.seed,
            "versions": {
                "innovation-graph": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in _LIBRARIES},
            },
            "records": dict(records.info),
            "addresses_located": located.reasons,
            "networks": summaries,
        }
        write_json(folder / _MARKER, summary)
        (folder / "recipe.toml").write_text(_as_toml(plain), encoding="utf-8")
    return Result(Path(out), summary, networks, tables)


def _records(plan: RecordsPlan, folder: Path, report: Report) -> Records:
    if plan.path is not None and plan.openalex:
        raise RecipeError("records: give either `path` or `openalex`, not both")
    if plan.path is not None:
        return read_records(plan.path)
    if not plan.openalex:
        return sample_records()
    summary = openalex.ingest(
        plan.openalex,
        folder / "records",
        institutions=plan.institutions,
        years=plan.years,
        types=plan.types,
        keep_retracted=plan.keep_retracted,
        keep_authors=plan.keep_authors,
    )
    report(str(summary))
    return read_records(folder / "records")


def _measure(network: Network, plan: NetworkPlan, recipe: Recipe, folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    values = centrality.table(network, plan.measures)
    partition = communities.leiden(network, resolution=plan.resolution, seed=recipe.seed)
    network.write(folder / "network")
    write_csv(ranked(network, values), folder / "centrality.csv", synthetic=network.synthetic)
    partition.write(folder / "communities.csv")
    for name, drawing in plan.maps.items():
        draw(network, drawing, folder / f"{name}.html", seed=recipe.seed, values=values, partition=partition)
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


def ranked(network: Network, values: pd.DataFrame) -> pd.DataFrame:
    """Join names, values and ranks into one table, the strongest place first.

    Parameters
    ----------
    network : Network
        The network that was measured.
    values : pandas.DataFrame
        What `centrality.table` gave.

    Returns
    -------
    pandas.DataFrame
        Names and totals of the places, each measure and its rank (`<measure>_rank`).
    """
    about = network.places[["name_en", "name_zh", "country", "works", "solo_works", "fractional_works"]]
    both = about.join(values).join(centrality.ranks(values).add_suffix("_rank"))
    order = [name for measure in values.columns for name in (measure, f"{measure}_rank")]
    by = "strength" if "strength" in values else values.columns[0]
    return both[[*about.columns, *order]].sort_values(by, ascending=False, kind="stable")


def draw(
    network: Network,
    plan: MapPlan,
    path: Path | str,
    *,
    seed: int,
    values: pd.DataFrame | None = None,
    partition: communities.Partition | None = None,
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
        Measures and communities of the whole network. A page of two blocs measures its own links instead.
    """
    look: dict[str, Any] = {"title": plan.title, "size_by": plan.size_by, "lang": plan.lang, "seed": seed}
    if plan.blocs:
        if len(plan.blocs) != 2 or plan.countries:
            raise RecipeError("a map shows either two blocs, or countries, not both and no other number of blocs")
        explorer.write(network, path, blocs=(plan.blocs[0], plan.blocs[1]), **look)
    else:
        shown = network.subset(plan.countries) if plan.countries else network
        explorer.write(shown, path, metrics=values, partition=partition, **look)


def _indicator(network: Network, number: int) -> pd.Series:
    if number == 17:
        return centrality.indicator_17(network)
    if number == 18:
        return centrality.indicator_18(network)
    raise RecipeError(f"indicator = {number}: the networks feed GIHI indicators 17 (papers) and 18 (patents)")


def _as_toml(value: Mapping[str, Any], prefix: str = "") -> str:
    """Write nested tables of plain values; JSON's strings, numbers, booleans and lists are TOML's."""
    plain = {key: item for key, item in value.items() if not isinstance(item, Mapping)}
    tables = {key: item for key, item in value.items() if isinstance(item, Mapping)}
    lines = [f"{key} = {json.dumps(item, ensure_ascii=False)}\n" for key, item in plain.items() if item is not None]
    head = f"[{prefix}]\n" if prefix and (lines or not tables) else ""
    parts = [head + "".join(lines)] if head or lines else []
    parts += [_as_toml(item, f"{prefix}.{key}" if prefix else key) for key, item in tables.items()]
    return "\n".join(parts)
