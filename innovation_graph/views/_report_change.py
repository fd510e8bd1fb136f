"""The chapter on change: between networks of several years, or from a folder of change."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from innovation_graph import studies
from innovation_graph.views._report_blocks import Bar, Block, Cell, Chapter, Column, Table, heading, note, text
from innovation_graph.views._report_input import Change, Part, Run
from innovation_graph.views._report_pictures import Pictures
from innovation_graph.views._report_words import Words

if TYPE_CHECKING:
    from innovation_graph.network import Network

__all__ = ["change", "over_time"]

_RISERS, _TIES = 12, 10
_NOT_ALIKE = frozenset({"years", "indicator", "maps", "groups", "bootstrap", "scenarios", "validate", "measures"})


def over_time(run: Run) -> list[Change]:
    """Find networks of a run that differ in their years only, and tell what changed between them.

    Parameters
    ----------
    run : Run
        A folder of results.

    Returns
    -------
    list of Change
        One a kind of network of which there are several years.
    """
    groups: dict[str, list[Part]] = {}
    for part in run.parts:
        years = part.summary.get("years")
        if years:
            alike = sorted((key, repr(value)) for key, value in part.plan.items() if key not in _NOT_ALIKE)
            groups.setdefault(repr(alike), []).append(part)
    found = []
    for parts in groups.values():
        by_time = {_time(*part.summary["years"]): part for part in parts}
        spans = sorted(tuple(part.summary["years"]) for part in parts)
        apart = all(one[1] < other[0] for one, other in pairwise(spans))
        same = len({tuple(part.network.ids) for part in parts}) == 1
        if len(by_time) < 2 or not apart or not same or not all(part.network.n_links for part in parts):
            continue
        networks: Mapping[str, Network] = {time: by_time[time].network for time in sorted(by_time)}
        tables = studies.changes(networks, seed=int(run.summary["seed"]))
        last = list(networks.values())[-1]
        tables["timeline"] = tables["timeline"].reset_index()
        provenance = {**dict(last.provenance), "of": [part.name for part in parts]}
        found.append(Change(tables, provenance, any(one.synthetic for one in networks.values()), last.places))
    return found


def change(given: list[Change], run: Run, say: Words, pictures: Pictures) -> Chapter | None:
    """Tell what changed."""
    if not given:
        return None
    names = pd.concat([part.network.places[["name_en", "name_zh", "country"]] for part in run.parts])
    names = names[~names.index.duplicated()]
    blocks: list[Block | Table] = [note(say("change.intro"))]
    brief = []
    for one in given:
        timeline, kind = one.tables["timeline"], one.provenance.get("kind")
        first, last = timeline.iloc[0], timeline.iloc[-1]
        fields: dict[str, Any] = {
            "kind": say.known("kind", kind if isinstance(kind, str) else "any"),
            "first": say.bdi(first["time"]),
            "last": say.bdi(last["time"]),
            "ties_first": say.number(first["ties"]),
            "ties_last": say.number(last["ties"]),
            "weight_first": say.number(first["weight"]),
            "weight_last": say.number(last["weight"]),
            "growth": say.percent((last["weight"] - first["weight"]) / first["weight"] if first["weight"] else None),
            "kept": say.percent(last["jaccard"]),
            "before": say.bdi(timeline["time"].iloc[-2]),
        }
        brief.append((say("change.title"), say("brief.change", **fields)))
        blocks += [heading(say("change.heading", **fields)), text(say("change.text", **fields))]
        blocks.append(_timeline(one, fields, say))
        caption = say("change.figure", **fields)
        lines = pd.DataFrame(timeline.set_index("time")[["ties", "weight"]])
        known = {key: value for key, value in one.provenance.items() if key not in ("years", "time")}
        drawn = pictures.lines(lines, caption, {**known, "synthetic": one.synthetic})
        blocks += [drawn] if drawn else []
        blocks += [_growth(one, names, fields, say), *_ties(one, names, fields, say)]
    return Chapter("change", say("change.title"), blocks, any(one.synthetic for one in given), brief)


def _timeline(given: Change, fields: Mapping[str, Any], say: Words) -> Table:
    table = given.tables["timeline"]
    rows = [
        [
            Cell(say.bdi(row["time"])),
            *(Cell(say.number(row[name]), _sort(row[name])) for name in ("places", "ties", "weight")),
            Cell(say.percent(row["density"]), _sort(row["density"])),
            *(Cell(say.number(row[name]), _sort(row[name])) for name in ("new", "lost")),
            Cell(say.percent(row["jaccard"]), _sort(row["jaccard"])),
            Cell(say.percent(row["weight_growth"]), _sort(row["weight_growth"])),
        ]
        for _, row in table.iterrows()
    ]
    names = ("places", "ties", "weight", "density", "new", "lost", "jaccard", "weight_growth")
    columns = [Column(say("change.time")), *(Column(say(f"change.{name}"), numeric=True) for name in names)]
    caption = say("change.caption_timeline", **fields)
    return Table(caption, columns, rows, given.synthetic, say("change.timeline_note"))


def _growth(given: Change, names: pd.DataFrame, fields: Mapping[str, Any], say: Words) -> Table:
    growth = given.tables["growth"]
    table = growth[growth["measure"] == "strength"].set_index("place_id")
    order = table["change"].abs().sort_values(ascending=False, kind="stable").index[:_RISERS]
    rows = [
        [
            Cell(say.name(place, names)),
            Cell(say.number(row["first"]), row["first"]),
            Cell(say.number(row["last"]), row["last"]),
            Cell(say.signed(row["change"]), row["change"]),
            Cell(say.percent(row["growth"]), _sort(row["growth"])),
            Cell(
                say("change.ranks", first=say.number(row["rank_first"]), last=say.number(row["rank_last"])),
                row["rank_last"],
            ),
        ]
        for place, row in table.loc[order].iterrows()
    ]
    columns = [
        Column(say("label.place")),
        *(Column(fields[name], numeric=True) for name in ("first", "last")),
        *(Column(say(f"change.{name}"), numeric=True) for name in ("change", "growth", "rank")),
    ]
    return Table(say("change.caption_growth", n=len(rows), **fields), columns, rows, given.synthetic)


def _ties(given: Change, names: pd.DataFrame, fields: Mapping[str, Any], say: Words) -> list[Table]:
    found = []
    for kind in ("emerging", "declining"):
        table = given.tables[kind].head(_TIES)
        if not len(table):
            continue
        most = float(table["score"].abs().max())
        rows = [
            [
                Cell(say.name(row["source"], names)),
                Cell(say.name(row["target"], names)),
                *(Cell(say.number(row[name]), row[name]) for name in ("earlier", "recent", "expected")),
                Cell(say.digits(row["score"], 2), row["score"], Bar.scaled(abs(row["score"]), most)),
                Cell(say.digits(row["q_value"], 3), _sort(row["q_value"])),
            ]
            for _, row in table.iterrows()
        ]
        columns = [
            Column(say("label.place")),
            Column(say("label.place")),
            *(
                Column(say(f"change.{name}"), numeric=True)
                for name in ("earlier", "recent", "expected", "score", "q_value")
            ),
        ]
        sure = int((table["q_value"] <= 0.05).sum())
        told = say("change.ties_note", n=sure, all=len(table))
        found.append(Table(say(f"change.caption_{kind}", n=len(rows), **fields), columns, rows, given.synthetic, told))
    return found


def _time(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _sort(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
