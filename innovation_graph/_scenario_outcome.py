"""Two networks side by side: places, totals, indicators, steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from innovation_graph import centrality, hub_indicators
from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder, write_json
from innovation_graph._toml import to_inline
from innovation_graph.errors import RecipeError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["Outcome", "outcome"]

_FORMAT = "innovation-graph what-if"
_VERSION = 1
_MARKER = "whatif.json"
_TABLES = {"table": "places.csv", "totals": "totals.csv", "indicators": "indicators.csv", "steps": "steps.csv"}
_NETWORK = ("places.parquet", "links.parquet", "network.json")
_KNOWN = (_MARKER, "scenario.toml", *_TABLES.values(), *(f"network/{name}" for name in _NETWORK))
_INDICATORS = {17: hub_indicators.indicator_17, 18: hub_indicators.indicator_18}
_OF_KIND = {"paper": (17,), "patent": (18,)}
_EFFECTS = ("ties", "ties_lost", "weight_before", "weight_after", "weight_substituted", "total_weight")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a scenario changes.

    Parameters
    ----------
    before, after : Network
        The networks that were compared.
    table : pandas.DataFrame
        One row a place: those of `before`, then new ones. `name_en`, `name_zh`, `country`, `reason` (why a place
        is on one side only, merged, or without ties; else NA), and for each measure m `m_before`, `m_after`,
        `m_change` (after - before), `m_change_percent` (100 change / before; NA where before is 0),
        `m_rank_before`, `m_rank_after` (1 is the largest value; among the places of that network, so that those below a
        place that left climb by one) and `m_rank_change` (positive: climbs). NA on the side where a place is not.
    totals : pandas.DataFrame
        `before`, `after`, `change`, `change_percent` of `places`, `isolates`, `largest_component` (places), `links`,
        `density` (links of all pairs), `total_weight` (each link once), links and weight between countries and
        between China and the US (`country` CN, US); the last four count ties of places whose country is known, and
        are NA where no country is.
    indicators : pandas.DataFrame
        One row a hub: `indicator_17_before`, `indicator_17_after`, `indicator_17_change`, or 18. Each side as
        `hub_indicators.indicator_17` gives it over its hubs: 0 for isolates, NA for a hub that was merged or
        dropped, or is new on the other side. A merged place is a hub if one of its places was.
    steps : pandas.DataFrame
        One row a step: `action`, `ties` it was about (of a merge: those inside the new place), `ties_lost`, their
        `weight_before` and `weight_after`, `weight_substituted` (gained by other ties), and the `total_weight` of the
        network after it.
    scenario : str or None
        The scenario as TOML; None if `after` does not come from one.
    """

    before: Network
    after: Network
    table: pd.DataFrame
    totals: pd.DataFrame
    indicators: pd.DataFrame
    steps: pd.DataFrame
    scenario: str | None = None

    @property
    def title(self) -> str | None:
        """Title of the scenario."""
        note = self.after.provenance.get("scenario")
        return None if note is None else str(note["title"])

    @property
    def synthetic(self) -> bool:
        """Whether one of the networks was made from synthetic records."""
        return self.before.synthetic or self.after.synthetic

    def __repr__(self) -> str:
        """Say what the scenario does to links and weight."""
        (l0, l1), (w0, w1) = (self.totals.loc[name, ["before", "after"]] for name in ("links", "total_weight"))
        mark = ", synthetic" if self.synthetic else ""
        return f"<Outcome: {self.title!r}, links {l0:,.0f} to {l1:,.0f}, weight {w0:,.6g} to {w1:,.6g}{mark}>"

    def movers(self, measure: str, n: int = 10) -> pd.DataFrame:
        """Return the places whose rank changes most.

        Parameters
        ----------
        measure : str
            One of the measures compared.
        n : int
            At most so many.

        Returns
        -------
        pandas.DataFrame
            `name_en`, `country` and the columns of the measure; the largest change of rank first, up or down, of
            equal ones the largest change of the value, then network order. Without places that keep their rank and
            those that have a `reason`: what was removed or merged has not moved.

        Raises
        ------
        UnknownNameError
            If the measure was not compared.
        """
        rank = f"{measure}_rank_change"
        if rank not in self.table:
            known = self.table.filter(regex="_rank_change$").columns.str.removesuffix("_rank_change")
            raise UnknownNameError("measure", measure, known)
        moved = self.table[(self.table[rank].fillna(0) != 0) & self.table["reason"].isna()]
        size = pd.DataFrame({"rank": -moved[rank].abs(), "value": -moved[f"{measure}_change"].abs()})
        order = size.sort_values(["rank", "value"], kind="stable").index[:n]
        return moved.loc[order, ["name_en", "country", *_columns(measure)]]

    def write(self, folder: Path | str) -> None:
        """Write tables, scenario and the network after it into a folder.

        Parameters
        ----------
        folder : str or Path
            It appears only when everything is written; a folder of an earlier what-if is replaced. It holds
            `places.csv`, `totals.csv`, `indicators.csv`, `steps.csv` (marked where the network is synthetic),
            `scenario.toml`, the folder `network` (after) and `whatif.json`, the head with totals and provenance.
        """
        with new_folder(folder, marker=_MARKER, known=_KNOWN) as aside:
            for name, file in _TABLES.items():
                write_csv(getattr(self, name), aside / file, synthetic=self.synthetic)
            if self.scenario is not None:
                (aside / "scenario.toml").write_text(self.scenario, encoding="utf-8")
            self.after.write(aside / "network")
            pairs = self.totals[["before", "after"]]
            head = {"format": _FORMAT, "version": _VERSION, "title": self.title, "synthetic": self.synthetic}
            head["totals"] = {name: [_number(value) for value in row] for name, *row in pairs.itertuples()}
            write_json(aside / _MARKER, {**head, "provenance": dict(self.after.provenance)})


def outcome(
    before: Network,
    after: Network,
    *,
    measures: Sequence[str] | None,
    hubs: Sequence[str] | None,
    indicator: int | None,
    scenario: str | None,
) -> Outcome:
    """Set two networks side by side; see `scenario.compare`."""
    note: Mapping[str, Any] = after.provenance.get("scenario") or {}
    return Outcome(
        before,
        after,
        _table(before, after, measures, note),
        _totals(before, after),
        _indicators(before, after, hubs, indicator, note.get("merged", {})),
        _steps(note),
        scenario,
    )


def _columns(measure: str) -> list[str]:
    parts = ("before", "after", "change", "change_percent", "rank_before", "rank_after", "rank_change")
    return [f"{measure}_{part}" for part in parts]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _percent(change: pd.Series, before: pd.Series) -> pd.Series:
    base = before.astype("float64")
    return 100 * change.astype("float64") / base.where(base != 0)


def _table(before: Network, after: Network, measures: Sequence[str] | None, note: Mapping[str, Any]) -> pd.DataFrame:
    new = after.ids[~after.ids.isin(before.ids)]
    ids = pd.Index([*before.ids, *new], dtype="str", name="place_id")
    about = pd.concat([before.places, after.places.loc[new]])[["name_en", "name_zh", "country"]]
    reasons = pd.Series(_reasons(ids, before, after, note), index=ids, dtype="str")
    columns = {**about, "reason": reasons}
    sides = [centrality.table(network, measures) for network in (before, after)]
    places = [centrality.ranks(side) for side in sides]
    for name in sides[0]:
        old, now = (_aligned(side[name], ids) for side in sides)
        first, second = (_aligned(side[name], ids) for side in places)
        change = now - old
        values = (old, now, change, _percent(change, old), first, second, first - second)
        columns |= dict(zip(_columns(str(name)), values, strict=True))
    return pd.DataFrame(columns, index=ids)


def _aligned(values: pd.Series, ids: "pd.Index[str]") -> pd.Series:
    """Return values for all places; whole numbers stay whole beside NA."""
    return (values.astype("Int64") if pd.api.types.is_integer_dtype(values) else values).reindex(ids)


def _reasons(ids: "pd.Index[str]", before: Network, after: Network, note: Mapping[str, Any]) -> list[str | None]:
    merged: Mapping[str, str] = note.get("merged", {})
    gone = set(note.get("removed", ()))
    parts: dict[str, list[str]] = {}
    for place, into in merged.items():
        parts.setdefault(into, []).extend([place] if place in before.ids else [])
    found: list[str | None] = []
    for place, old, new in zip(ids, ids.isin(before.ids), ids.isin(after.ids), strict=True):
        if new and place in parts:
            found.append(f"merged from {', '.join(parts[place])}")
        elif not new and place in merged:
            found.append(f"merged into {merged[place]}")
        elif place in gone:
            found.append("removed, kept without ties" if new else "removed")
        else:
            found.append(None if old and new else f"not in the network {'after' if old else 'before'}")
    return found


def _totals(before: Network, after: Network) -> pd.DataFrame:
    sides = pd.DataFrame({"before": _of_network(before), "after": _of_network(after)})
    change = sides["after"] - sides["before"]
    return sides.assign(change=change, change_percent=_percent(change, sides["before"])).rename_axis("quantity")


def _of_network(network: Network) -> dict[str, float]:
    n = network.n_places
    first, second, weight = network.pairs
    _, component = connected_components(network.adjacency, directed=False)
    land = network.places["country"]
    known = land.notna().to_numpy()
    country = land.fillna("").to_numpy(dtype=object)
    a, b = country[first], country[second]
    abroad = known[first] & known[second] & (a != b)
    sino_us = ((a == "CN") & (b == "US")) | ((a == "US") & (b == "CN"))
    found = {
        "places": n,
        "isolates": int((np.diff(network.adjacency.indptr) == 0).sum()),
        "largest_component": int(np.bincount(component).max(initial=0)),
        "links": network.n_links,
        "density": network.n_links / (n * (n - 1) / 2) if n > 1 else np.nan,
        "total_weight": network.total_weight,
    }
    for name, mask in (("between_countries", abroad), ("cn_us", sino_us)):
        found[f"{name}_links"] = int(mask.sum()) if known.any() else np.nan
        found[f"{name}_weight"] = float(weight[mask].sum()) if known.any() else np.nan
    return found


def _indicators(
    before: Network, after: Network, hubs: Sequence[str] | None, indicator: int | None, merged: Mapping[str, str]
) -> pd.DataFrame:
    if indicator not in (None, *_INDICATORS):
        raise RecipeError(f"indicator = {indicator}: networks feed GIHI indicators 17 (papers) and 18 (patents)")
    old = list(before.ids) if hubs is None else [str(hub) for hub in hubs]
    # A hub that no network has is one that scores 0; one that left with the scenario is none any more.
    left = ({*before.ids, *merged.values()}) - set(after.ids)
    new = list(dict.fromkeys(place for hub in old if (place := merged.get(hub, hub)) not in left))
    ids = pd.Index(list(dict.fromkeys([*old, *new])), dtype="str", name="place_id")
    kind = str(before.provenance.get("kind"))
    numbers = (indicator,) if indicator is not None else _OF_KIND.get(kind, tuple(_INDICATORS))
    columns: dict[str, pd.Series] = {}
    for number in numbers:
        measure, name = _INDICATORS[number], f"indicator_{number}"
        first = _aligned(measure(before, old), ids)
        some = after.ids.isin(new).any()
        second = _aligned(measure(after, new) if some else pd.Series(0, pd.Index(new), dtype=first.dtype), ids)
        columns |= {f"{name}_before": first, f"{name}_after": second, f"{name}_change": second - first}
    return pd.DataFrame(columns, index=ids)


def _steps(note: Mapping[str, Any]) -> pd.DataFrame:
    said = [", ".join(f"{key} = {to_inline(value)}" for key, value in step.items()) for step in note.get("steps", ())]
    effects = pd.DataFrame(list(note.get("effects", ())), columns=list(_EFFECTS)).astype("float64")
    effects[["ties", "ties_lost"]] = effects[["ties", "ties_lost"]].astype("Int64")
    index = pd.RangeIndex(1, len(said) + 1, name="step")
    return pd.DataFrame({"action": said}, index=index, dtype="str").join(effects.set_axis(index))
