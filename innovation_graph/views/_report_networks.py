"""The chapters on the data, and on the networks as a whole."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from markupsafe import Markup

from innovation_graph.network import Network
from innovation_graph.views._report_blocks import Bar, Block, Cell, Chapter, Column, Table, heading, note, text
from innovation_graph.views._report_input import Part, Run
from innovation_graph.views._report_pictures import Pictures
from innovation_graph.views._report_words import NONE, Words

__all__ = ["data", "label", "networks"]

_STAGES = ("works_read", "works_selected", "works_located", "works_linking")
_TEXTS = 10
_WHOLE = (
    "components", "largest_component_share", "mean_path_length", "diameter", "transitivity", "mean_clustering",
    "assortativity_degree", "assortativity_country_weighted", "centralisation_degree", "gini_strength",
    "top_10_strength_share", "top_10_reciprocity",
)  # fmt: skip
_SHARES = frozenset({"largest_component_share", "top_10_strength_share", "top_10_reciprocity"})
_COUNTS = frozenset({"components", "diameter"})


def label(part: Part, say: Words) -> Markup:
    """Return what a network is called: its kind and years, and its name where there are others like it."""
    kind, years = part.summary.get("kind"), part.summary.get("years")
    known = say.known("kind", kind if isinstance(kind, str) else "any")
    fields = {"kind": known, "years": say.years(years), "name": say.bdi(part.name)}
    return say("label.network" if part.alone else "label.network_named", **fields)


def data(run: Run, say: Words) -> Chapter:
    """Tell what was read and what was lost on the way."""
    blocks: list[Block | Table] = [note(say("data.intro"))]
    brief, told = [], None
    for part in run.parts:
        facts = part.summary
        blocks.append(heading(label(part, say)))
        blocks.append(text(_reading(part, say)))
        if all(stage in facts for stage in _STAGES):
            blocks.append(_stages(part, say))
            told_of = {
                "read": say.number(facts["works_read"]),
                "linking": say.number(facts["works_linking"]),
                "share": say.part(facts["sites_located"], facts["sites_selected"]),
            }
            known = "brief.data" if facts["works_selected"] else "brief.data_none"
            brief.append((label(part, say), say(known, **told_of)))
            blocks.append(text(_sites(part, say)))
        if len(part.unlocated):
            blocks.append(_unlocated(part, say))
        reasons = facts.get("addresses_located")
        if reasons and reasons != told:
            told = reasons
            blocks.append(text(_located(reasons, say)))
    return Chapter("data", say("data.title"), blocks, run.synthetic, brief)


def networks(run: Run, say: Words, pictures: Pictures, target: Path) -> Chapter:
    """Describe each network as a whole."""
    blocks: list[Block | Table] = [_whole(run, say)]
    brief = []
    for part in run.parts:
        network = part.network
        fields = {
            "places": say.number(network.n_places),
            "linked": say.number(_linked(network)),
            "links": say.number(network.n_links),
            "weight": say.number(network.total_weight),
            "density": say.percent(density(network)),
        }
        brief.append((label(part, say), say("brief.networks", **fields)))
        blocks += [heading(label(part, say)), text(say("networks.text", **fields))]
        isolates = network.n_places - _linked(network)
        if isolates:
            lonely = network.ids[np.diff(network.adjacency.indptr) == 0][:10]
            named = say.join(say.name(place, network.places) for place in lonely)
            key = "networks.isolates" if isolates <= len(lonely) else "networks.isolates_more"
            blocks.append(text(say(key, n=say.number(isolates), names=named)))
        drawn = pictures.map(part, say("networks.map", network=label(part, say)))
        blocks += [drawn] if drawn else []
        if part.pages:
            links = [
                Markup('<a href="{}">{}</a>').format(_address(page, target.parent), page.stem) for page in part.pages
            ]
            blocks.append(text(say("networks.pages", links=say.join(links))))
    return Chapter("networks", say("networks.title"), blocks, run.synthetic, brief)


def _address(page: Path, start: Path) -> str:
    """Return the relative address of a page: signs that mean something in addresses are written as codes."""
    return quote(Path(os.path.relpath(page, start)).as_posix())


def density(network: Network) -> float:
    """Return links over pairs of places."""
    pairs = network.n_places * (network.n_places - 1) / 2
    return network.n_links / pairs if pairs else np.nan


def _linked(network: Network) -> int:
    return int((np.diff(network.adjacency.indptr) > 0).sum())


def _reading(part: Part, say: Words) -> Markup:
    """Say which works were taken, whose sites, and how they are counted."""
    facts, plan = part.summary, part.plan
    terms: list[Markup] = [say("data.term_counting", value=say.known("counting", facts.get("counting", "whole")))]
    if plan.get("types"):
        terms.append(say("data.term_types", value=say.join(say.bdi(one) for one in plan["types"])))
    if plan.get("fields"):
        terms.append(say("data.term_fields", value=say.join(say.known("field", one) for one in plan["fields"])))
    limits = [key for key in ("min_actors", "max_actors") if plan.get(key)]
    terms += [say(f"data.term_{key}", value=plan[key]) for key in limits]
    if plan.get("drop_retracted"):
        terms.append(say("data.term_retracted"))
    if plan.get("one_per"):
        terms.append(say("data.term_family"))
    if facts.get("catchment_km"):
        terms.append(say("data.term_catchment", value=f"{facts['catchment_km']:g}"))
    return say(
        "data.reading",
        source=say.bdi(facts.get("source", "?")),
        places=say.known("places", facts.get("places", "?")),
        terms=say.join(terms),
    )


def _sites(part: Part, say: Words) -> Markup:
    """Say how many sites lie in a place."""
    facts = part.summary
    lost = facts["sites_selected"] - facts["sites_located"]
    key = "sites_none" if not facts["sites_selected"] else "sites" if lost else "sites_all"
    return say(
        f"data.{key}",
        sites=say.number(facts["sites_selected"]),
        located=say.number(facts["sites_located"]),
        share=say.part(facts["sites_located"], facts["sites_selected"]),
        lost=say.number(lost),
        texts=say.number(len(part.unlocated)),
    )


def _stages(part: Part, say: Words) -> Table:
    facts, rows, before = part.summary, [], None
    for stage in _STAGES:
        count = facts[stage]
        rows.append(
            [
                Cell(say(f"data.{stage}")),
                Cell(say.number(count), count, Bar.scaled(count, facts["works_read"])),
                Cell(
                    say.number(before - count) if before is not None else NONE,
                    None if before is None else before - count,
                ),
                Cell(say.part(count, before) if before is not None else NONE),
            ]
        )
        before = count
    columns = [
        Column(say("data.stage")),
        Column(say("data.works"), numeric=True),
        Column(say("data.lost"), numeric=True),
        Column(say("data.kept"), numeric=True),
    ]
    caption = say("data.stages", network=label(part, say))
    return Table(caption, columns, rows, part.network.synthetic, say("data.stages_note"))


def _unlocated(part: Part, say: Words) -> Table:
    top = part.unlocated.head(_TEXTS)
    most = float(top["works"].max())
    rows = [
        [
            Cell(say.bdi(row["text"]) if isinstance(row["text"], str) else NONE),
            Cell(say.bdi(row["city"]) if isinstance(row["city"], str) else NONE),
            Cell(say.country(row["country"])),
            Cell(say.number(row["sites"]), row["sites"]),
            Cell(say.number(row["works"]), row["works"], Bar.scaled(row["works"], most)),
        ]
        for _, row in top.iterrows()
    ]
    columns = [
        Column(say("data.text")),
        Column(say("label.city")),
        Column(say("label.country")),
        Column(say("data.sites_column"), numeric=True),
        Column(say("data.works"), numeric=True),
    ]
    caption = say("data.unlocated", network=label(part, say), shown=len(top), all=say.number(len(part.unlocated)))
    return Table(caption, columns, rows, part.network.synthetic, say("data.unlocated_note"))


def _located(reasons: Mapping[str, Any], say: Words) -> Markup:
    total = sum(reasons.values())
    ways = [
        say("data.way", way=say.known("way", way), n=say.number(count), share=say.part(count, total))
        for way, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        if count
    ]
    return say("data.ways", total=say.number(total), ways=say.join(ways))


def _whole(run: Run, say: Words) -> Table:
    parts = run.parts
    rows = [
        _row("places", [(say.number(p.network.n_places), p.network.n_places) for p in parts], say),
        _row("linked", [(say.number(_linked(p.network)), _linked(p.network)) for p in parts], say),
        _row("links", [(say.number(p.network.n_links), p.network.n_links) for p in parts], say),
        _row("weight", [(say.number(p.network.total_weight), p.network.total_weight) for p in parts], say),
        _row("density", [(say.percent(density(p.network)), density(p.network)) for p in parts], say),
    ]
    means = [
        (2 * p.network.n_links / p.network.n_places, 2 * p.network.total_weight / p.network.n_places) for p in parts
    ]
    rows.append(_row("mean_degree", [(say.digits(one, 1), one) for one, _ in means], say))
    rows.append(_row("mean_strength", [(say.digits(one, 1), one) for _, one in means], say))
    tables = [p.measures["network"].set_index("measure")["value"] if "network" in p.measures else None for p in parts]
    for name in _WHOLE:
        values = [None if table is None else table.get(name) for table in tables]
        if any(value is not None for value in values):
            rows.append(_row(name, [(_shown(name, value, say), None) for value in values], say))
    columns = [Column(say("networks.measure")), *(Column(label(part, say), numeric=True) for part in parts)]
    synthetic = any(part.network.synthetic for part in parts)
    return Table(say("networks.caption"), columns, rows, synthetic, say("networks.caption_note"))


def _row(name: str, values: list[tuple[str, float | None]], say: Words) -> list[Cell]:
    return [Cell(say(f"network.{name}")), *(Cell(shown, sort) for shown, sort in values)]


def _shown(name: str, value: Any, say: Words) -> str:
    if name in _SHARES:
        return say.percent(value)
    return say.number(value) if name in _COUNTS else say.digits(value, 3)
