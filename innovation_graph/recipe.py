"""Recipes: the whole chain as data."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from innovation_graph._toml import to_toml
from innovation_graph.centrality import MEASURES
from innovation_graph.errors import RecipeError
from innovation_graph.places import SETS, Places, get
from innovation_graph.places.resolver import THRESHOLD
from innovation_graph.projection import COUNTING
from innovation_graph.scenario import read_scenario
from innovation_graph.selection import KINDS, Selection
from innovation_graph.sources.adapters import SOURCES
from innovation_graph.studies import GROUPS
from innovation_graph.validation import REPORTS
from innovation_graph.views import VIEWS

__all__ = [
    "MapPlan",
    "NetworkPlan",
    "PlacesPlan",
    "Recipe",
    "RecordsPlan",
    "as_data",
    "as_toml",
    "check",
    "read_recipe",
    "sample_recipe",
]

_SOURCES = ("openalex", *SOURCES)
_FIELDS = ("gihi2024", "none")
_NOT_OPENALEX = ("fields", "breadth", "keywords", "encoding", "columns")
_PATHS = ("path", "institutions", "resolver_cache", "keywords")
_RESERVED = frozenset({"records", "indicators.csv", "recipe.toml", "run.json"})


class RecordsPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the records come from: a folder of records, or files of a source to ingest, or the packaged sample."""

    path: str | None = None
    source: str | None = None
    files: tuple[str, ...] = ()
    institutions: str | None = None
    resolve: bool | None = None
    parents: bool = False
    threshold: float = THRESHOLD
    resolver_cache: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    keep_retracted: bool = False
    keep_actors: bool = False
    fields: str = "gihi2024"
    breadth: str = "broad"
    keywords: str | None = None
    encoding: str | None = None
    columns: str | None = None


class PlacesPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which places: `gihi2024`, `country`, `city`, `organisation`, `author`, `clusters` or a CSV, and their reach."""

    set: str = "gihi2024"
    catchment_km: float | None = None
    radius_km: float | None = None
    min_weight: int | None = None
    merge_km: float | None = None

    def places(self) -> Places:
        """Return the set of places."""
        rest = {name: getattr(self, name) for name in ("catchment_km", "radius_km", "min_weight", "merge_km")}
        return get(self.set, **rest)


class MapPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One page: all places, those of some countries, or the links between two blocs.

    `layers` are other networks of the recipe that the page shows too; `boundaries` is a GeoJSON for its map.
    """

    title: str | None = None
    countries: tuple[str, ...] = ()
    blocs: tuple[tuple[str, ...], ...] = ()
    size_by: str | None = None
    colour_by: str = "community"
    view: str | None = None
    centre: str | None = None
    boundaries: str | None = None
    layers: tuple[str, ...] = ()
    lang: str = "en"


class NetworkPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One network: which works, whose sites, how to count, what to ask of it, which GIHI indicator it feeds (17, 18).

    `records` are its own, instead of those of the recipe. `groups` are those of `studies.GROUPS`; `bootstrap` is the
    number of replicates; `scenarios` are packaged ones or files; `validate` names a report.
    """

    records: RecordsPlan | None = None
    kind: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    population: Mapping[str, tuple[int, int]] | None = None
    one_per: str | None = None
    fields: tuple[str, ...] | None = None
    min_actors: int | None = None
    max_actors: int | None = None
    actors: str = "default"
    drop_retracted: bool = False
    counting: str = "whole"
    measures: tuple[str, ...] | None = None
    groups: tuple[str, ...] = ()
    resolution: float = 1.0
    bootstrap: int = 0
    scenarios: tuple[str, ...] = ()
    validate: str | None = None
    indicator: int | None = None
    maps: Mapping[str, MapPlan] = msgspec.field(default_factory=lambda: {"map": MapPlan()})

    def selection(self) -> Selection:
        """Return the part that selects works and sites."""
        return Selection(**{name: getattr(self, name) for name in Selection.__dataclass_fields__})


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole chain as data; read it from TOML with `read_recipe`."""

    networks: Mapping[str, NetworkPlan]
    title: str = "City collaboration networks"
    seed: int = 0
    records: RecordsPlan = RecordsPlan()
    places: PlacesPlan = PlacesPlan()


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

    def map_of(name: str | None) -> str | None:
        return name if name is None or not Path(name).suffix else absolute(name)  # a bare name is a packaged map

    def scenario_of(name: str) -> str:
        return name if not Path(name).suffix else str(absolute(name))  # a bare name is a packaged scenario

    def settled(plan: RecordsPlan) -> RecordsPlan:
        return msgspec.structs.replace(
            plan,
            files=tuple(str(absolute(name)) for name in plan.files),
            fields=plan.fields if plan.fields in _FIELDS else str(absolute(plan.fields)),
            columns=map_of(plan.columns),
            **{name: absolute(getattr(plan, name)) for name in _PATHS},
        )

    networks = {
        name: msgspec.structs.replace(
            plan,
            records=None if plan.records is None else settled(plan.records),
            scenarios=tuple(map(scenario_of, plan.scenarios)),
            maps={
                name: msgspec.structs.replace(drawing, boundaries=absolute(drawing.boundaries))
                for name, drawing in plan.maps.items()
            },
        )
        for name, plan in recipe.networks.items()
    }
    plan = recipe.places
    if plan.set not in SETS:
        plan = msgspec.structs.replace(plan, set=str(absolute(plan.set)))
    return msgspec.structs.replace(recipe, records=settled(recipe.records), networks=networks, places=plan)


def sample_recipe() -> Recipe:
    """Return the recipe of the packaged sample: papers and patents of 2023 as the GIHI 2024 defines them."""
    two_sides = MapPlan(blocs=(("CN",), ("US",)))
    fields = ("artificial_intelligence", "biopharma", "renewable_energy", "smart_chips")
    return Recipe(
        title="Sample of city collaboration 2023",
        networks={
            "papers": NetworkPlan(
                kind="paper",
                years=(2023, 2023),
                drop_retracted=True,
                indicator=17,
                maps={"map": MapPlan(layers=("patents",)), "map_cn_us": two_sides},
            ),
            "patents": NetworkPlan(
                kind="patent",
                years=(2023, 2023),
                fields=fields,
                actors="applicants",
                min_actors=2,
                indicator=18,
                maps={"map": MapPlan(), "map_cn_us": two_sides},
            ),
        },
    )


def as_data(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as plain values, without what is left at its default."""
    return {key: value for key, value in msgspec.to_builtins(recipe).items() if value != {}}


def as_toml(recipe: Recipe) -> str:
    """Return a recipe as TOML that `read_recipe` reads again."""
    return to_toml(as_data(recipe))


def check(recipe: Recipe, out: Path) -> None:
    """Refuse what cannot be carried out into a folder, before anything is read.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    out : Path
        The folder for the results.

    Raises
    ------
    RecipeError
        If a name cannot be that of a file, two networks feed one indicator, options do not go together, or an
        input lies in the folder that would be replaced.
    """
    for kind, names in (("network", recipe.networks), *(("map", plan.maps) for plan in recipe.networks.values())):
        for name in names:
            if name in _RESERVED or name.startswith(".") or set(name) & set('/\\:*?"<>|') or not name.strip():
                raise RecipeError(f"{kind} name {name!r} cannot be the name of a folder or file; choose another")
    for name, drawn in recipe.networks.items():
        _check_plan(name, drawn)
        layers = {layer for drawing in drawn.maps.values() for layer in drawing.layers}
        absent = layers - (set(recipe.networks) - {name})
        if absent:
            raise RecipeError(f"network {name!r}: layers {sorted(absent)} are no other networks of the recipe")
    recipe.places.places()
    _check_indicators(recipe)
    inputs = [recipe.places.set]
    for plan in {recipe.records, *(plan.records for plan in recipe.networks.values() if plan.records)}:
        _check_records(plan)
        inputs += [*plan.files, plan.fields, *filter(None, (plan.path, plan.institutions, plan.keywords, plan.columns))]
    for source in inputs:
        if out.resolve() in Path(source).resolve().parents:
            raise RecipeError(f"{source} lies inside the results folder {out}, which would be replaced; use another")


def _check_indicators(recipe: Recipe) -> None:
    indicators = [plan.indicator for plan in recipe.networks.values() if plan.indicator is not None]
    if not set(indicators) <= {17, 18}:
        raise RecipeError(f"indicator = {indicators}: networks feed GIHI indicators 17 (papers) and 18 (patents)")
    if len(set(indicators)) < len(indicators):
        raise RecipeError(f"indicator = {max(indicators, key=indicators.count)} is asked of more than one network")
    if indicators and recipe.places.set in SETS and recipe.places.set != "gihi2024":
        raise RecipeError(
            f"indicator = {indicators}: GIHI scores the same hubs every time, not places {recipe.places.set!r}"
        )


def _check_records(plan: RecordsPlan) -> None:
    if plan.path is not None and plan != RecordsPlan(path=plan.path):
        raise RecipeError(
            "records: `path` is a folder of records as they are; source, files and the rest do not go with it"
        )
    if plan.source is None and plan.path is None and plan != RecordsPlan():
        raise RecipeError(f"records: say which source the files come from: source = {' | '.join(_SOURCES)}")
    if plan.source is not None and plan.source not in _SOURCES:
        raise RecipeError(f"records: source = {plan.source!r}; known: {', '.join(_SOURCES)}")
    if plan.source is not None and not plan.files:
        raise RecipeError("records: files = [...] is missing; paths are relative to the recipe")
    foreign = [name for name in _NOT_OPENALEX if getattr(plan, name) != getattr(RecordsPlan(), name)]
    if plan.source == "openalex" and foreign:
        raise RecipeError(f"records: {', '.join(foreign)} cannot be used with the source openalex")


def _check_studies(where: str, plan: NetworkPlan) -> None:
    foreign = [group for group in plan.groups if group not in GROUPS]
    if foreign:
        raise RecipeError(f"{where}groups = {list(plan.groups)}; known: {', '.join(GROUPS)}")
    if plan.bootstrap and plan.bootstrap < 2:
        raise RecipeError(f"{where}bootstrap = {plan.bootstrap}; expected a number of replicates, 2 or more")
    if plan.validate is not None and plan.validate not in REPORTS:
        raise RecipeError(f"{where}validate = {plan.validate!r}; known: {', '.join(REPORTS)}")
    for scenario in plan.scenarios:
        read_scenario(scenario)


def _check_plan(name: str, plan: NetworkPlan) -> None:
    where = f"network {name!r}: "
    selection = plan.selection()
    if selection.kind not in (None, *KINDS):
        raise RecipeError(f"{where}kind = {selection.kind!r}; known: {', '.join(KINDS)}")
    if plan.counting not in COUNTING:
        raise RecipeError(f"{where}counting = {plan.counting!r}; known: {', '.join(COUNTING)}")
    measures = tuple(MEASURES) if plan.measures is None else plan.measures
    unknown = [measure for measure in measures if measure not in MEASURES]
    if unknown or not measures:
        raise RecipeError(f"{where}measures = {list(measures)}; known: {', '.join(MEASURES)}")
    _check_studies(where, plan)
    for drawing in plan.maps.values():
        if drawing.lang not in ("en", "zh"):
            raise RecipeError(f"{where}lang = {drawing.lang!r}; known: en, zh")
        if drawing.size_by is not None and drawing.size_by not in MEASURES:
            raise RecipeError(f"{where}size_by = {drawing.size_by!r}; known: {', '.join(MEASURES)}")
        if drawing.view not in (None, *VIEWS):
            raise RecipeError(f"{where}view = {drawing.view!r}; known: {', '.join(VIEWS)}")
        if drawing.centre not in (None, "atlantic", "pacific"):
            raise RecipeError(f"{where}centre = {drawing.centre!r}; known: atlantic, pacific")
        if drawing.blocs and (len(drawing.blocs) != 2 or drawing.countries):
            raise RecipeError(f"{where}a map shows either two blocs or some countries, not both")
