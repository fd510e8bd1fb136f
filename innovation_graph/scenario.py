"""Scenarios: what if ties were cut, hubs gone or merged, or works counted otherwise; as data.

A scenario is a title and a list of steps, carried out one after the other, written as TOML:

.. code-block:: toml

    title = "Sino-US ties halved, Beijing gone"

    [[steps]]
    scale = 0.5
    between = ["CN", "US"]

    [[steps]]
    remove = ["Beijing"]

Each step says one of these. A group is a country (code or name), a place (id, English or Chinese name), or a list of
such.

====================  ============================================================================================
`scale = 0.5`         multiply the weights of some ties: those `between = [group, group]` (two groups that share no
                      place), `within = group` (both ends in it), or `of = group` (at least one end in it). With
                      `minimum`, ties of the step that end below it are dropped.
`cut = true`          the same as `scale = 0`
`remove = group`      the places lose all ties and stay as isolates, so that a score over all hubs still has
                      them (0); with `drop = true` they leave the network
`merge`               `{ into = "Jing-Jin-Ji", places = ["Beijing", "Tianjin"] }`: the places become one
`counting`            another counting rule, see `projection`
`catchment_km`        another reach of the places
`max_actors`          without works of more authors (applicants) than that
====================  ============================================================================================

**What a cut means.** Ties are cut, not works: without Beijing-Boston, a paper of Beijing, Boston and Berlin still ties
Beijing and Boston to Berlin. `works`, `solo_works` and `fractional_works` of the place table stay those observed.
Weights are what is expected and are not rounded: half of one joint paper is 0.5. So scaling alone never changes
`degree` or indicator 18; `minimum = 1` drops the ties for which less than one joint work is expected.

**Substitution.** Nothing is redirected unless a step with `between` says `substitute`. Every place then keeps its total
(strength): the ties that may take up what was lost, w_ij, become w_ij r_i r_j with the factors r > 0 for which all
totals are as before (iterative proportional fitting, the symmetric form). Of all networks with these totals on the same
ties this is the closest to the observed one in relative entropy. `"domestic"` lets the ties inside each of the two
groups take up the loss, `"any"` all ties but those of the step; then third places too shift between partners. New ties
never arise. This is one extreme, no substitution the other. Where no such factors exist (a
place without domestic ties, say), the step is refused.

**Merging.** Weights to a common partner add up and ties inside are dropped. A work with both places and the partner
then counts twice, and a work of the two alone should become a solo work: from a network that cannot be told, so that
the numbers of works of the new place are NA, and its weights an upper bound with whole counting. Exact ones need the
records, with the merged hub in the places table. The new place stands where the first one stood; it has what its places
share (country, ...), and as coordinates the mean point, weighted by works where all are known. `into` may be one of the
places, which then keeps its id.

**Reading the result.** Strength moves only where ties do. The eigenvector is global: in a network of two strong blocs
that hang together by few ties, cutting those moves most of it into the stronger bloc, so that all places of the other
fall, whether they had such ties or not. Look at strength and PageRank beside it.

**Steps that need the records** (`counting`, `catchment_km`, `max_actors`) come first; together they are one call of
`rebuild`.

References
----------
Deming and Stephan (1940), On a least squares adjustment of a sampled frequency table; Knight, Ruiz and Ucar (2014), A
symmetry preserving algorithm for matrix scaling.
"""

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from innovation_graph import _scenario_steps as work
from innovation_graph._data import data_path
from innovation_graph._scenario_outcome import Outcome, outcome
from innovation_graph._scenario_steps import REBUILDING, Merge, Step
from innovation_graph._toml import to_inline, to_toml
from innovation_graph.errors import InnovationGraphError, RecipeError
from innovation_graph.network import Network

__all__ = [
    "Merge",
    "Outcome",
    "Rebuild",
    "Scenario",
    "Step",
    "apply",
    "as_data",
    "as_toml",
    "compare",
    "packaged",
    "read_scenario",
    "whatif",
]

_FOLDER = "scenarios"


class Rebuild(Protocol):
    """Make the network from the records again; None means as it was."""

    def __call__(self, *, counting: str | None, catchment_km: float | None, max_actors: int | None) -> Network:
        """Return the network."""


@dataclass(frozen=True)
class Scenario:
    """A title and steps; read it from TOML with `read_scenario`.

    Parameters
    ----------
    title : str
        What it is about.
    steps : tuple of Step
        At least one, carried out in this order.
    path : str, optional
        The file it was read from, for messages.

    Raises
    ------
    RecipeError
        If there is no title or no step, a step does not say exactly one thing that can be done, or a step that needs
        the records comes twice or after one that does not.

    Examples
    --------
    >>> Scenario("Halved", (Step(scale=0.5, between=("CN", "US")),)).steps[0].scale
    0.5
    """

    title: str
    steps: tuple[Step, ...]
    path: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what could not be carried out on any network."""
        object.__setattr__(self, "steps", tuple(self.steps))
        if not self.title.strip():
            raise RecipeError(f"{self.path or 'scenario'}: title must not be empty")
        if not self.steps:
            raise RecipeError(f"{self.where}: expected at least one step, [[steps]]")
        seen: set[str] = set()
        for number, step in enumerate(self.steps, 1):
            with _at(self, number):
                work.check(step)
                need = set(work.described(step)) & set(REBUILDING)
                if need and len(seen) < number - 1:
                    raise RecipeError(f"{', '.join(need)} needs the records; put it before the steps that do not")
                if need & seen:
                    raise RecipeError(f"{', '.join(need)} was said before; say it once")
                seen |= need

    @property
    def where(self) -> str:
        """The file, or else the title, as messages name it."""
        return self.path or f"scenario {self.title!r}"


@contextmanager
def _at(scenario: Scenario, number: int) -> Iterator[None]:
    """Name file and step in what goes wrong."""
    try:
        yield
    except InnovationGraphError as error:
        raise RecipeError(f"{scenario.where}, step {number}: {error}") from error


def packaged() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the package, sorted."""
    return tuple(sorted(path.stem for path in data_path(_FOLDER).glob("*.toml")))


def read_scenario(path: Path | str) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    path : str or Path
        A TOML file, or the name of a packaged scenario such as "sino_us_half" (see `packaged`).

    Returns
    -------
    Scenario
        Checked as far as that is possible without a network.

    Raises
    ------
    RecipeError
        If there is no such file, it is no TOML, or an entry is unknown, missing or of a wrong type.

    Examples
    --------
    >>> read_scenario("sino_us_half").title
    'Sino-US ties halved'
    """
    file = Path(path)
    if not file.suffix and file.name == str(path):
        if str(path) not in packaged():
            raise RecipeError(f"there is no packaged scenario {str(path)!r}; known: {', '.join(packaged())}")
        file = data_path(_FOLDER) / f"{path}.toml"
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{file}: {error}") from error
    return _scenario(raw, str(file))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    steps: tuple[dict[str, Any], ...]


def _scenario(raw: Any, path: str | None) -> Scenario:
    where = path or "scenario"
    try:
        parts = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{where}: {error}; a scenario is a title and [[steps]]") from error
    steps = []
    for number, entry in enumerate(parts.steps, 1):
        try:
            steps.append(msgspec.convert(entry, Step))
        except msgspec.ValidationError as error:
            raise RecipeError(f"{where}, step {number}: {error}; it says {to_inline(work.plain(entry))}") from error
    return Scenario(parts.title, tuple(steps), path)


def as_data(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain values, without what is left at its default."""
    return {"title": scenario.title, "steps": [work.described(step) for step in scenario.steps]}


def as_toml(scenario: Scenario) -> str:
    """Return a scenario as TOML that `read_scenario` reads again."""
    return to_toml(as_data(scenario))


def apply(scenario: Scenario, network: Network, *, rebuild: Rebuild | None = None) -> Network:
    """Carry a scenario out.

    Parameters
    ----------
    scenario : Scenario
        What to do; the module tells what each step means.
    network : Network
        The observed network. If the scenario rebuilds it, this is only what the result will be compared with.
    rebuild : callable, optional
        `rebuild(counting=..., catchment_km=..., max_actors=...)` makes the network from the records; None stands for
        what the scenario does not say, which is to stay as it was. Needed only for such steps.

    Returns
    -------
    Network
        Provenance as before, and `scenario`: `title`, `steps`, and what came of them: `effects` (a step each; the
        steps that rebuild have none but the total weight), `merged` (old id: new id) and `removed` (ids).

    Raises
    ------
    RecipeError
        If a name is neither a country nor a place, two groups share places, totals cannot be kept, records are needed
        and `rebuild` is missing; with file and number of the step.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> network = Network.from_matrix([[0, 4, 2], [4, 0, 0], [2, 0, 0]], ["beijing", "boston", "paris"])
    >>> apply(Scenario("Halved", (Step(scale=0.5, between=("beijing", "boston")),)), network)
    <Network: 3 places, 2 links, total weight 4, 0 isolates>
    """
    effects: list[dict[str, Any]] = []
    merged: dict[str, str] = {}
    removed: list[str] = []
    asked = {
        name: getattr(step, name) for step in scenario.steps for name in REBUILDING if name in work.described(step)
    }
    now = network
    if asked:
        with _at(scenario, 1):
            if rebuild is None:
                raise RecipeError(
                    f"{', '.join(asked)} needs the records, and a network alone has none; "
                    "give `rebuild`, which makes the network from them"
                )
            now = rebuild(**{name: asked.get(name) for name in REBUILDING})
    base = dict(now.provenance)
    for number, step in enumerate(scenario.steps, 1):
        effect: dict[str, Any] = {}
        with _at(scenario, number):
            if step.remove is not None:
                now, effect, gone = work.removed(now, step)
                removed += gone
            elif step.merge is not None:
                now, effect, joined = work.merged(now, step.merge)
                merged = {old: joined.get(new, new) for old, new in merged.items()} | joined
            elif step.scale is not None or step.cut:
                now, effect = work.scaled(now, step)
        effects.append({**effect, "total_weight": now.total_weight})
    note = {**as_data(scenario), "effects": effects, "merged": merged, "removed": removed}
    if "scenario" in base:
        note["earlier"] = base["scenario"]
    return Network(now.places, now.upper, {**base, "scenario": note})


def compare(
    before: Network,
    after: Network,
    measures: Sequence[str] | None = None,
    hubs: Sequence[str] | None = None,
    *,
    indicator: int | None = None,
) -> Outcome:
    """Measure two networks and set them side by side.

    Parameters
    ----------
    before, after : Network
        As observed, and as `apply` made it; any two networks will do.
    measures : sequence of str, optional
        Names in `centrality.MEASURES`; default: all.
    hubs : sequence of str, optional
        Place ids of all hubs of the index; default: all places of `before`.
    indicator : {17, 18}, optional
        Which GIHI indicator the network feeds; default: 17 for papers, 18 for patents (`kind` in the provenance of
        `before`), both where that is unknown.

    Returns
    -------
    Outcome
        Tables of places, totals, indicators and steps.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    RecipeError
        If there is no such indicator.
    NetworkError
        If a hub is named twice, or none is in the network before.
    """
    found = after.provenance.get("scenario")
    scenario = _scenario({key: found.get(key) for key in ("title", "steps")}, None) if found else None
    text = None if scenario is None else as_toml(scenario)
    return outcome(before, after, measures=measures, hubs=hubs, indicator=indicator, scenario=text)


def whatif(
    scenario: Scenario,
    network: Network,
    *,
    rebuild: Rebuild | None = None,
    measures: Sequence[str] | None = None,
    hubs: Sequence[str] | None = None,
    indicator: int | None = None,
) -> Outcome:
    """Carry a scenario out and compare the network with what it was.

    Parameters
    ----------
    scenario : Scenario
        What to do.
    network : Network
        The observed network.
    rebuild : callable, optional
        As for `apply`.
    measures, hubs, indicator : optional
        As for `compare`.

    Returns
    -------
    Outcome
        Tables of places, totals, indicators and steps.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> network = Network.from_matrix([[0, 4, 2], [4, 0, 0], [2, 0, 0]], ["beijing", "boston", "paris"])
    >>> cut = Scenario("Cut", (Step(cut=True, between=("beijing", "boston")),))
    >>> found = whatif(cut, network, measures=["strength"])
    >>> found.table[["strength_before", "strength_after", "strength_rank_change"]]
              strength_before  strength_after  strength_rank_change
    place_id
    beijing               6.0             2.0                     0
    boston                4.0             0.0                    -1
    paris                 2.0             2.0                     2
    """
    after = apply(scenario, network, rebuild=rebuild)
    return compare(network, after, measures, hubs, indicator=indicator)
