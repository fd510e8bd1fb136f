"""Steps of a scenario: what one may say, and what each does to a network."""

import math
from typing import Any, Literal

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph import _links
from innovation_graph._toml import to_inline
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import PLACE_COLUMNS, Network
from innovation_graph.places import countries
from innovation_graph.places.sphere import unit_vectors
from innovation_graph.places.text import slug
from innovation_graph.projection import COUNTING

__all__ = ["REBUILDING", "Merge", "Step", "check", "described", "merged", "plain", "removed", "scaled"]

Group = str | tuple[str, ...]
"""A country (code or name), a place (id, English or Chinese name), or several of them."""

REBUILDING = ("counting", "catchment_km", "max_actors")
"""Steps that need the records."""

_ACTIONS = ("scale", "cut", "remove", "merge", *REBUILDING)
_TIES = ("between", "within", "of")
_GOES_WITH = {
    **dict.fromkeys((*_TIES, "substitute"), ("scale", "cut")),
    "minimum": ("scale",),
    "drop": ("remove",),
}
_WORKS = ("works", "solo_works", "fractional_works")
_ROUNDS = 2000
# Totals nearer than what `centrality.ranks` takes as equal; beyond the second they are not kept.
_CLOSE, _NOT_KEPT = 1e-13, 1e-10


class Merge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which places become one, and what it is called."""

    into: str
    places: Group


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step: one action, and what goes with it; `scenario` tells what each does."""

    scale: float | None = None
    cut: bool = False
    between: tuple[Group, Group] | None = None
    within: Group | None = None
    of: Group | None = None
    minimum: float | None = None
    substitute: Literal["domestic", "any"] | None = None
    remove: Group | None = None
    drop: bool = False
    merge: Merge | None = None
    counting: str | None = None
    catchment_km: float | None = None
    max_actors: int | None = None


def check(step: Step) -> None:
    """Refuse a step that does not say exactly one thing that can be done."""
    said = described(step)
    actions = [name for name in _ACTIONS if name in said]
    if len(actions) != 1:
        got = f"got {' and '.join(actions) or 'none'}" + ("; make them steps of their own" if actions else "")
        raise RecipeError(f"expected one of {', '.join(_ACTIONS)}, {got}")
    action = actions[0]
    for name in said:
        if name not in _ACTIONS and action not in _GOES_WITH[name]:
            raise RecipeError(f"{name} does not go with {action}, only with {' or '.join(_GOES_WITH[name])}")
    ties = [name for name in _TIES if name in said]
    if action in ("scale", "cut") and len(ties) != 1:
        raise RecipeError(
            f"{action} needs one of {', '.join(_TIES)} to say which ties; got {' and '.join(ties) or 'none'}"
        )
    if step.substitute is not None and step.between is None:
        raise RecipeError("substitute goes with between, not with within or of")
    _check_values(step)


def _check_values(step: Step) -> None:
    for name in ("scale", "minimum", "catchment_km"):
        value = getattr(step, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise RecipeError(f"{name} must be a finite number of at least 0, not {value}")
    if step.counting is not None and step.counting not in COUNTING:
        raise RecipeError(f"counting = {step.counting!r} is unknown; known: {', '.join(COUNTING)}")
    if step.max_actors is not None and step.max_actors < 1:
        raise RecipeError(f"max_actors must be at least 1, not {step.max_actors}")
    for name, group in _groups(step):
        if not group or not all(text.strip() for text in _names(group)):
            raise RecipeError(f"{name} must name at least one country or place, not {to_inline(group)}")
    if step.merge is not None and not step.merge.into.strip():
        raise RecipeError("merge: into must name the new place")


def _groups(step: Step) -> list[tuple[str, Group]]:
    found = [("between", group) for group in step.between or ()]
    found += [(name, getattr(step, name)) for name in ("within", "of", "remove") if getattr(step, name) is not None]
    return found + ([("merge: places", step.merge.places)] if step.merge is not None else [])


def _names(group: Group) -> tuple[str, ...]:
    return (group,) if isinstance(group, str) else group


def plain(value: Any) -> Any:
    """Return plain lists, dictionaries and numbers."""
    return msgspec.json.decode(msgspec.json.encode(value))


def described(step: Step) -> dict[str, Any]:
    """Return what a step says, as plain values."""
    return dict(plain(step))


def selected(network: Network, group: Group) -> NDArray[np.bool_]:
    """Return a mask of the places of a group; names of countries stand for their codes."""
    mask = np.zeros(network.n_places, dtype=bool)
    codes = set(network.places["country"].dropna())
    for name in _names(group):
        try:
            mask |= network.select(name)
        except UnknownNameError:
            code = countries.code_or_name(name)
            if code is None or code not in codes:
                raise
            mask |= network.select(code)
    return mask


def scaled(network: Network, step: Step) -> tuple[Network, dict[str, Any]]:
    """Scale or cut ties."""
    weight = network.pairs[2]
    touched, domestic = _touched(network, step)
    new = weight.copy()
    with np.errstate(over="ignore"):  # the network refuses what is not finite
        new[touched] *= step.scale or 0.0
    # 0.29 x 100 is a bit below 29.
    dropped = touched & (new > 0) & (new < (step.minimum or 0) * (1 - 1e-12))
    new[dropped] = 0
    after = new[touched].sum()
    if step.substitute is not None:
        may = domestic if step.substitute == "domestic" else ~touched
        lost = _ends_sum(network, np.where(touched, weight - new, 0))
        new[may] = _substituted(network, may, lost, step.substitute)[may]
    effect = {
        "ties": int(touched.sum()),
        "ties_lost": int((new == 0).sum()),
        "weight_before": float(weight[touched].sum()),
        "weight_after": float(after),
        "weight_substituted": float(new[~touched].sum() - weight[~touched].sum()) if step.substitute else 0.0,
    }
    upper = network.upper
    links = sparse.csr_array((new, upper.indices, upper.indptr), shape=upper.shape)
    return Network(network.places, _links.kept(links, new > 0), network.provenance), effect


def _touched(network: Network, step: Step) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which ties a step is about, and which lie inside one of its two blocs."""
    first, second, _ = network.pairs
    if step.between is not None:
        a, b = (selected(network, group) for group in step.between)
        if np.any(a & b):
            shared = network.ids[a & b].tolist()
            raise NetworkError(f"the two blocs of between share {len(shared)} places: {', '.join(shared[:5])}")
        inside = (a[first] & a[second]) | (b[first] & b[second])
        return (a[first] & b[second]) | (b[first] & a[second]), inside
    none = np.zeros(len(first), dtype=bool)
    if step.within is not None:
        mask = selected(network, step.within)
        return mask[first] & mask[second], none
    mask = selected(network, step.of or ())
    return mask[first] | mask[second], none


def _ends_sum(network: Network, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up a value of each tie at both of its ends."""
    first, second, _ = network.pairs
    n = network.n_places
    total = np.bincount(first, values, minlength=n) + np.bincount(second, values, minlength=n)
    return np.asarray(total, dtype=np.float64)


def _substituted(network: Network, may: NDArray[np.bool_], lost: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Return weights w_ij r_i r_j of the ties that may take up what each place lost, so that it keeps its total."""
    first, second, weight = network.pairs
    n = network.n_places
    open_weight = np.where(may, weight, 0)
    target = _ends_sum(network, open_weight) + lost
    advice = f"; leave substitute = {what!r} out" + (', or say "any"' if what == "domestic" else "")
    has = _ends_sum(network, may.astype(np.float64)) > 0
    for stuck, why in (
        (~has & (lost != 0), "no tie could take up what these places lose"),
        (has & (target <= 0), "these places would have to give up more than their other ties hold"),
    ):
        if stuck.any():
            raise NetworkError(f"{why}: {_some(network, stuck)}{advice}")
    ties = sparse.coo_array((open_weight[may], (first[may], second[may])), shape=(n, n)).tocsr()
    ties = ties + ties.T
    factor = np.ones(n)
    off = np.zeros(n)
    with np.errstate(all="ignore"):
        for _ in range(_ROUNDS):
            now = factor * (ties @ factor)
            off = np.where(has, np.abs(now - target) / target, 0)
            if not off.max(initial=0) > _CLOSE:
                break
            # The square root keeps both ends equal: no side goes first, the result is symmetric.
            factor = np.where(has, factor * np.sqrt(target / now), factor)
    if not np.all(off <= _NOT_KEPT):
        worst = ~(off <= np.nanmax(off) / 2)
        raise NetworkError(
            f"these places cannot keep their totals with the ties they have: {_some(network, worst)}{advice}"
        )
    return np.asarray(weight * factor[first] * factor[second])


def _some(network: Network, mask: NDArray[np.bool_]) -> str:
    ids = network.ids[mask].tolist()
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")


def removed(network: Network, step: Step) -> tuple[Network, dict[str, Any], list[str]]:
    """Take places out, or leave them without ties."""
    first, second, weight = network.pairs
    gone = selected(network, step.remove or ())
    lost = gone[first] | gone[second]
    after = network.keep_links(~lost)
    if step.drop:
        rows = np.flatnonzero(~gone)
        after = Network(network.places[~gone], _links.sealed(after.upper[rows][:, rows]), network.provenance)
    return after, _lost(lost, weight), network.ids[gone].tolist()


def merged(network: Network, step: Merge) -> tuple[Network, dict[str, Any], dict[str, str]]:
    """Make places one, where the first of them stood."""
    inside = selected(network, step.places)
    if inside.sum() < 2:
        said = to_inline(plain(step.places))
        raise NetworkError(f"merge needs at least two places, {said} is {_some(network, inside)}")
    row, at = _merged_row(network, step.into, inside), int(np.flatnonzero(inside)[0])
    keep = ~inside
    keep[at] = True
    table = network.places
    table = pd.concat([table.iloc[:at], row, table.iloc[at + 1 :]])[keep]
    groups = np.where(inside, row.index[0], network.ids)
    first, second, weight = network.pairs
    lost = inside[first] & inside[second]
    after = network.aggregate(table, groups.tolist())
    return after, _lost(lost, weight), dict.fromkeys(network.ids[inside].tolist(), str(row.index[0]))


def _lost(lost: NDArray[np.bool_], weight: NDArray[np.float64]) -> dict[str, Any]:
    counts = {"ties": int(lost.sum()), "ties_lost": int(lost.sum()), "weight_before": float(weight[lost].sum())}
    return {**counts, "weight_after": 0.0, "weight_substituted": 0.0}


def _merged_row(network: Network, into: str, inside: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the row of the new place."""
    parts = network.places[inside]
    try:
        own = network.position(into)
    except UnknownNameError:
        place, names = slug(into) or "place", (into, None)
        if place in network.ids:
            raise NetworkError(f"into = {into!r} would get the id {place!r}, which another place has") from None
    else:
        if not inside[own]:
            raise NetworkError(f"into = {into!r} is a place that is not among those merged; add it to places")
        place, names = str(network.ids[own]), tuple(network.places[["name_en", "name_zh"]].iloc[own])
    shared = {
        name: column.iloc[0]
        for name, column in parts.items()
        if column.notna().all() and (column == column.iloc[0]).all()
    }
    lat, lon = _mean_point(parts)
    known: dict[Any, Any] = {"name_en": names[0], "name_zh": names[1], "lat": lat, "lon": lon}
    about = {**shared, **dict.fromkeys(_WORKS), **known}
    row = pd.DataFrame({name: [about.get(name)] for name in parts.columns})
    row.index = pd.Index([place], dtype="str", name="place_id")
    # Typed as before, so that joining the tables changes no other row.
    return row.astype({name: parts[name].dtype for name in PLACE_COLUMNS})


def _mean_point(parts: pd.DataFrame) -> tuple[float, float]:
    """Return the mean point, weighted by works where all are known; NaN if a place has no coordinates."""
    if parts[["lat", "lon"]].isna().any(axis=None):
        return math.nan, math.nan
    works = parts["works"].to_numpy()
    share = works if np.all(works >= 0) and works.sum() > 0 else np.ones(len(parts))
    x, y, z = share @ unit_vectors(parts["lat"], parts["lon"])
    return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))
