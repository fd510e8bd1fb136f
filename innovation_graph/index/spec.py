"""Index definitions: the tree, its indicators and the method of every step, as data (TOML)."""

import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from innovation_graph._data import data_path
from innovation_graph._toml import to_toml
from innovation_graph.errors import ScoringError, UnknownNameError

__all__ = [
    "Aggregation",
    "Imputation",
    "IndexSpec",
    "Indicator",
    "Node",
    "Normalisation",
    "Ranking",
    "Rescaling",
    "Screening",
    "Treatment",
    "Weighting",
    "checked",
    "names",
    "read_spec",
]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a definition: unknown entries are refused, defaults are not written."""

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        return None


class Screening(_Part, frozen=True):
    """Which places take part: those with at least this share of all indicators (0 to 1)."""

    minimum: float = 0.0

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        return None if 0 <= self.minimum <= 1 else f"a minimum from 0 to 1, got {self.minimum:g}"


class Imputation(_Part, frozen=True):
    """How missing values are filled; see `imputation.METHODS`. `group` is a column of the place table."""

    method: str = "none"
    group: str | None = None
    neighbours: int = 3

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        return None if self.neighbours >= 1 else f"1 or more neighbours, got {self.neighbours}"


class Treatment(_Part, frozen=True):
    """How outliers are treated; see `treatment.METHODS`. Only indicators beyond both limits are."""

    method: str = "none"
    max_skew: float = 2.0
    max_kurtosis: float = 3.5
    max_points: int = 5

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        return None if self.max_points >= 0 else f"max_points from 0 on, got {self.max_points}"


class Normalisation(_Part, frozen=True):
    """How indicators are made comparable; see `normalisation.METHODS`.

    `ddof` (0 or 1), `centre` and `spread` are for z, which then has that mean and standard deviation (100 and 10,
    say); `low` and `high` bound what min-max and its like give.
    """

    method: str = "z"
    ddof: int = 0
    centre: float = 0.0
    spread: float = 1.0
    low: float = 0.0
    high: float = 1.0

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        if not self.low < self.high:
            return f"low below high, got {self.low:g} and {self.high:g}"
        if self.ddof not in (0, 1) or not self.spread > 0:
            return f"ddof 0 or 1 and a spread above 0, got {self.ddof} and {self.spread:g}"
        return None


class Weighting(_Part, frozen=True):
    """Where the weights of the indicators inside a node come from; see `weighting.METHODS`."""

    method: str = "given"


class Aggregation(_Part, frozen=True):
    """How children become a node; see `aggregation.METHODS`.

    A node of a place needs children with at least `availability` of the weight, or, with `count`, of their
    number; the weights of those that are there are scaled up, otherwise the node is missing. The default wants
    all of them; 0 is content with one.
    """

    method: str = "arithmetic"
    availability: float = 1.0
    count: bool = False
    power: float = 2.0
    owa: tuple[float, ...] = ()

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        if not 0 <= self.availability <= 1:
            return f"an availability from 0 to 1, got {self.availability:g}"
        if self.power == 0:
            return "a power other than 0, whose limit is the geometric mean: use geometric"
        if self.owa and not (min(self.owa) >= 0 and 0 < sum(self.owa) < np.inf):
            return f"owa weights from 0 on that are not all 0, got {list(self.owa)}"
        return None


class Rescaling(_Part, frozen=True):
    """Min-max of finished scores onto a range, raw scores are kept; `levels` counts from the top, 0 first."""

    low: float
    high: float
    levels: tuple[int, ...] = (0,)

    def wrong(self) -> str | None:
        """Say what was expected and what came, if a parameter is out of its range."""
        return None if self.low < self.high else f"low below high, got {self.low:g} and {self.high:g}"


class Ranking(_Part, frozen=True):
    """What equal scores get: `min`, the best rank of the tie; `max`; `average`; or `dense`."""

    ties: str = "min"


class Node(_Part, frozen=True):
    """A node above the indicators; the root has no parent. Its aggregation may differ from the rest."""

    code: str
    name: str
    parent: str | None = None
    weight: float = 1.0
    name_zh: str | None = None
    aggregation: Aggregation | None = None


class Indicator(_Part, frozen=True):
    """An indicator: `direction` 1 means more is better, -1 less is better; `definition` says exactly what is counted.

    `goalposts` are the values that become `low` and `high` with the method "goalposts"; `target` is for
    "target"; `denominator` names a column of the table of denominators; `network` names a network and a measure
    that can fill the indicator: ["papers", "eigenvector"].
    """

    code: str
    name: str
    parent: str
    weight: float = 1.0
    direction: int = 1
    unit: str | None = None
    year: str | None = None
    source: str | None = None
    name_zh: str | None = None
    definition: str | None = None
    denominator: str | None = None
    goalposts: tuple[float, float] | None = None
    target: float | None = None
    network: tuple[str, str] | None = None
    normalisation: Normalisation | None = None


class IndexSpec(_Part, frozen=True, dict=True):
    """An index as data: tree, indicators, and the method of every step in the order they are taken.

    `apart` names a column of the place table: places are scored within its groups, each on its own. `places` is
    "gihi2024" for an index of its 120 hubs; without it the places are those of the values.
    """

    name: str
    nodes: tuple[Node, ...]
    indicators: tuple[Indicator, ...]
    edition: str | None = None
    source: str | None = None
    notes: tuple[str, ...] = ()
    apart: str | None = None
    places: str | None = None
    screening: Screening = Screening()
    imputation: Imputation = Imputation()
    treatment: Treatment = Treatment()
    normalisation: Normalisation = Normalisation()
    weighting: Weighting = Weighting()
    aggregation: Aggregation = Aggregation()
    rescaling: Rescaling | None = None
    ranking: Ranking = Ranking()

    @property
    def codes(self) -> list[str]:
        """Codes of the indicators, in order."""
        return [indicator.code for indicator in self.indicators]

    @property
    def members(self) -> list[Node | Indicator]:
        """Nodes, then indicators."""
        return [*self.nodes, *self.indicators]

    @cached_property
    def root(self) -> str:
        """Code of the node without a parent."""
        return next(node.code for node in self.nodes if node.parent is None)

    @cached_property
    def children(self) -> Mapping[str, list[str]]:
        """Codes below each node, in order; nodes come before their parents, the root last."""
        below: dict[str, list[str]] = {node.code: [] for node in self.nodes}
        for part in self.members:
            if part.parent is not None:
                below[part.parent].append(part.code)
        return {code: below[code] for code in sorted(below, key=lambda code: -self.depth[code])}

    @cached_property
    def depth(self) -> Mapping[str, int]:
        """Steps from the root, of every node and indicator; the root has 0."""
        parent = {part.code: part.parent for part in self.members}

        def steps(code: str) -> int:
            above = parent[code]
            return 0 if above is None else 1 + steps(above)

        return {code: steps(code) for code in parent}

    @cached_property
    def parts(self) -> Mapping[str, Node | Indicator]:
        """Nodes and indicators by code."""
        return {part.code: part for part in self.members}

    def how(self, code: str) -> Aggregation:
        """Return how the children of a node are aggregated."""
        node = self.parts[code]
        return (node.aggregation if isinstance(node, Node) else None) or self.aggregation

    def effective_weights(self) -> dict[str, float]:
        """Share of each indicator in the root, if all is arithmetic: the product of the weights above it."""
        share = {self.root: 1.0}
        for code in reversed(list(self.children)):
            below = self.children[code]
            weights = np.array([self.parts[child].weight for child in below])
            share |= dict(zip(below, (share[code] * weights / weights.sum()).tolist(), strict=True))
        return {code: share[code] for code in self.codes}

    def to_toml(self) -> str:
        """Return the definition as TOML that `read_spec` reads again."""
        return to_toml(msgspec.to_builtins(self))

    def replace(self, **changes: Any) -> "IndexSpec":
        """Return the definition with some parts changed, checked."""
        return checked(msgspec.structs.replace(self, **changes), self.name)


def names() -> list[str]:
    """Return the names of the packaged definitions."""
    return sorted(path.stem for path in data_path("indices").glob("*.toml"))


def read_spec(name_or_path: Path | str) -> IndexSpec:
    """Read a definition, packaged or your own.

    Parameters
    ----------
    name_or_path : str or Path
        A name of `names()`, or a TOML file.

    Returns
    -------
    IndexSpec
        Checked, see `checked`.

    Raises
    ------
    UnknownNameError
        If it is neither a packaged name nor a file.
    ScoringError
        If it is no TOML, an entry is unknown, missing or of a wrong type, or the tree is broken.

    Examples
    --------
    >>> read_spec("gihi2024").root
    'GIHI'
    """
    path = Path(name_or_path)
    packaged = data_path("indices") / f"{name_or_path}.toml"
    if path.suffix != ".toml" and packaged.is_file():
        path = packaged
    elif not path.is_file():
        raise UnknownNameError("index (nor is it a TOML file)", str(name_or_path), names())
    try:
        spec = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), IndexSpec)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScoringError(f"{path}: {error}") from error
    return checked(spec, path)


def checked(spec: IndexSpec, where: Path | str) -> IndexSpec:
    """Refuse a definition that makes no sense, whatever the values.

    Parameters
    ----------
    spec : IndexSpec
        One root, known parents, no code twice, no node without children, weights above 0, parameters of methods
        inside their ranges.
    where : str or Path
        What to call it in messages.

    Returns
    -------
    IndexSpec
        The same.

    Raises
    ------
    ScoringError
        If it is otherwise.
    """
    codes = [part.code for part in spec.members]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ScoringError(f"{where}: codes used twice: {', '.join(twice)}")
    known = {node.code for node in spec.nodes}
    for part in spec.members:
        if part.parent is not None and part.parent not in known:
            raise ScoringError(
                f"{where}: {part.code} has the parent {part.parent!r}, which is no node; known: {sorted(known)}"
            )
        if not 0 < part.weight < np.inf:
            raise ScoringError(f"{where}: {part.code} has the weight {part.weight}; expected a number above 0")
    roots = [node.code for node in spec.nodes if node.parent is None]
    if len(roots) != 1:
        raise ScoringError(
            f"{where}: expected one node without a parent, got {len(roots)}: {', '.join(roots) or 'none'}"
        )
    below = {part.parent for part in spec.members}
    childless = [code for code in known if code not in below]
    if childless:
        raise ScoringError(f"{where}: nodes without anything below them: {', '.join(sorted(childless))}")
    _check_circles(spec, where)
    for indicator in spec.indicators:
        if indicator.direction not in (1, -1):
            raise ScoringError(f"{where}: {indicator.code} has the direction {indicator.direction}; expected 1 or -1")
    _check_parameters(spec, where)
    return spec


def _check_parameters(spec: IndexSpec, where: Path | str) -> None:
    steps = ("screening", "imputation", "treatment", "normalisation", "aggregation", "rescaling")
    parts: list[tuple[str, _Part | None]] = [(step, getattr(spec, step)) for step in steps]
    parts += [(indicator.code, indicator.normalisation) for indicator in spec.indicators]
    parts += [(node.code, node.aggregation) for node in spec.nodes]
    for name, part_of in parts:
        if part_of is not None and (wrong := part_of.wrong()):
            raise ScoringError(f"{where}: {name}: expected {wrong}")


def _check_circles(spec: IndexSpec, where: Path | str) -> None:
    parent = {node.code: node.parent for node in spec.nodes}
    for code, first in parent.items():
        above, seen = first, {code}
        while above is not None:
            if above in seen:
                raise ScoringError(f"{where}: {code} lies above itself: {' > '.join(sorted(seen))}")
            seen.add(above)
            above = parent[above]
