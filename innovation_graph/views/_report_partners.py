"""The chapters on openness, and on the ties between China and the United States."""

from typing import Any

import numpy as np
import pandas as pd

from innovation_graph import international
from innovation_graph.views._report_blocks import Bar, Block, Cell, Chapter, Column, Table, heading, note, text
from innovation_graph.views._report_input import Part, Run
from innovation_graph.views._report_networks import label
from innovation_graph.views._report_pictures import Pictures
from innovation_graph.views._report_places import TOP
from innovation_graph.views._report_words import NONE, Words

__all__ = ["BLOCS", "has_blocs", "openness", "sino_us"]

BLOCS = ("CN", "US")
"""The two countries of the chapter on the two."""

_PAIRS, _TIES, _BRIDGES = 15, 10, 8
_COLUMNS = ("domestic_share", "partner_countries", "effective_countries", "ei_index_weighted", "far_share", "mean_km")
_PERCENT = frozenset({"domestic_share", "far_share"})
_COUNTS = frozenset({"partner_countries", "mean_km"})


def openness(run: Run, say: Words, pictures: Pictures) -> Chapter | None:
    """Tell how international the places are."""
    blocks: list[Block | Table] = [note(say("openness.intro"))]
    brief = []
    for part in run.parts:
        places = part.measures.get("places")
        has = places is not None and "domestic_share" in places
        pairs = _pairs(part)
        if not part.network.n_links or (not has and pairs is None):
            continue
        blocks.append(heading(label(part, say)))
        if pairs is not None:
            known = (pairs["group_a"] != international.NO_GROUP) & (pairs["group_b"] != international.NO_GROUP)
            home, abroad = (known & (pairs["group_a"] == pairs["group_b"])), _abroad(pairs)
            fields = {
                "home": say.percent(pairs["share"][home].sum()),
                "abroad": say.percent(pairs["share"][abroad].sum()),
                "countries": say.number(len({*pairs["group_a"], *pairs["group_b"]} - {international.NO_GROUP})),
                "pairs": say.number(abroad.sum()),
            }
            brief.append((label(part, say), say("brief.openness", **fields)))
            blocks.append(text(say("openness.text", **fields)))
            if not known.all():
                blocks.append(text(say("openness.unknown_share", share=say.percent(pairs["share"][~known].sum()))))
        if has and places is not None:
            table = places.set_index("place_id")
            blocks.append(text(_extremes(part, table, say)))
            blocks.append(_open(part, table, say))
        if pairs is not None:
            blocks.append(_countries(part, pairs, say))
            drawn = pictures.chord(part, say("openness.figure", network=label(part, say)))
            blocks += [drawn] if drawn else []
    if len(blocks) == 1:
        return None
    return Chapter("openness", say("openness.title"), blocks, run.synthetic, brief)


def _pairs(part: Part) -> pd.DataFrame | None:
    """Return the table between countries, if the folder has one and any country is known."""
    table = part.measures.get("countries")
    known = table is not None and (table["group_a"] != international.NO_GROUP).any()
    return table if known else None


def _extremes(part: Part, table: pd.DataFrame, say: Words) -> Any:
    strong = table.sort_values("strength", ascending=False, kind="stable") if "strength" in table else table
    share = strong.head(TOP)["domestic_share"].dropna()
    if not len(share):
        return say("openness.unknown")
    if share.min() == share.max():
        return say("openness.alike", n=len(share), share=say.percent(share.max()))
    open_, closed = str(share.idxmin()), str(share.idxmax())
    return say(
        "openness.extremes",
        n=len(share),
        open=say.name(open_, part.network.places),
        low=say.percent(share[open_]),
        closed=say.name(closed, part.network.places),
        high=say.percent(share[closed]),
        median=say.percent(table["domestic_share"].median()),
    )


def _open(part: Part, table: pd.DataFrame, say: Words) -> Table:
    by = "strength" if "strength" in table else None
    top = (table.sort_values(by, ascending=False, kind="stable") if by else table).head(TOP)
    used = [name for name in _COLUMNS if name in top]
    rows = []
    for place, row in top.iterrows():
        cells = [Cell(say.name(place, part.network.places)), Cell(say.country(row["country"]))]
        for name in used:
            value = row[name]
            bar = Bar.scaled(value, 1.0) if name in _PERCENT and pd.notna(value) else None
            cells.append(Cell(_shown(name, value, say), None if pd.isna(value) else float(value), bar))
        rows.append(cells)
    columns = [
        Column(say("label.place")),
        Column(say("label.country")),
        *(Column(say(f"openness.{name}"), numeric=True) for name in used),
    ]
    fields = {"far": f"{international.FAR_KM:,.0f}"}
    caption = say("openness.caption", network=label(part, say), n=len(top))
    return Table(caption, columns, rows, part.network.synthetic, say("openness.caption_note", **fields))


def _shown(name: str, value: Any, say: Words) -> str:
    if name in _PERCENT:
        return say.percent(value)
    return f"{value:,.0f}" if name in _COUNTS and pd.notna(value) else say.digits(value, 2)


def _countries(part: Part, pairs: pd.DataFrame, say: Words) -> Table:
    abroad = pairs[_abroad(pairs)]
    top = abroad.sort_values("weight", ascending=False, kind="stable").head(_PAIRS)
    most = float(top["weight"].max()) if len(top) else 1.0
    rows = [
        [
            Cell(say.country(row["group_a"])),
            Cell(say.country(row["group_b"])),
            Cell(say.number(row["ties"]), row["ties"]),
            Cell(say.number(row["weight"]), row["weight"], Bar.scaled(row["weight"], most)),
            Cell(say.percent(row["share"]), row["share"]),
            Cell(say.digits(row["ratio"], 2), row["ratio"]),
        ]
        for _, row in top.iterrows()
    ]
    columns = [
        Column(say("label.country")),
        Column(say("label.country")),
        *(Column(say(f"label.{name}"), numeric=True) for name in ("ties", "weight", "share", "ratio")),
    ]
    caption = say("openness.pairs", network=label(part, say), n=len(top), all=say.number(len(abroad)))
    return Table(caption, columns, rows, part.network.synthetic, say("openness.pairs_note"))


def _abroad(pairs: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which pairs are of two countries that are known."""
    known = (pairs["group_a"] != international.NO_GROUP) & (pairs["group_b"] != international.NO_GROUP)
    return known & (pairs["group_a"] != pairs["group_b"])


def has_blocs(part: Part) -> bool:
    """Tell whether both countries have places in a network."""
    return set(BLOCS) <= set(part.network.places["country"].dropna())


def sino_us(run: Run, say: Words, pictures: Pictures) -> Chapter | None:
    """Tell who in China works with whom in the United States."""
    blocks: list[Block | Table] = []
    brief = []
    for part in run.parts:
        if not has_blocs(part):
            continue
        both = part.network.bloc(*BLOCS)
        fields = _summary(part, say)
        blocks.append(heading(label(part, say)))
        if not both.n_links:
            blocks.append(text(say("sino_us.none", **fields)))
            brief.append((label(part, say), say("brief.sino_us_none", **fields)))
            continue
        brief.append((label(part, say), say("brief.sino_us", **fields)))
        blocks.append(text(say("sino_us.text", **fields)))
        blocks.append(text(say("sino_us.chance" if fields["below"] else "sino_us.chance_above", **fields)))
        drawn = pictures.blocs(part, say("sino_us.figure", network=label(part, say)), *BLOCS)
        blocks += [drawn] if drawn else []
        blocks += [_ties(part, say), _bridges(part, say)]
    if not blocks:
        return None
    return Chapter("sino_us", say("sino_us.title"), blocks, run.synthetic, brief)


def _summary(part: Part, say: Words) -> dict[str, Any]:
    network = part.network
    both, pairs = network.bloc(*BLOCS), international.bilateral_table(network)
    abroad = pairs["weight"][_abroad(pairs)].sum()
    own = pairs[(pairs["group_a"] == BLOCS[0]) & (pairs["group_b"] == BLOCS[1])]
    ratio = float(own["ratio"].iloc[0]) if len(own) else 0.0
    sides = both.places["bloc"].value_counts()
    ordered = np.sort(both.pairs[2])[::-1]
    return {
        "ties": say.number(both.n_links),
        "weight": say.number(both.total_weight),
        "share": say.part(both.total_weight, network.total_weight),
        "abroad": say.part(both.total_weight, abroad),
        "china": say.number(sides["a"]),
        "us": say.number(sides["b"]),
        "possible": say.number(sides["a"] * sides["b"]),
        "linked": say.part(both.n_links, sides["a"] * sides["b"]),
        "top": min(_TIES, both.n_links),
        "top_share": say.part(ordered[:_TIES].sum(), both.total_weight),
        "ratio": say.digits(ratio, 2),
        "times": say.digits(1 / ratio, 1) if ratio else NONE,
        "expected": say.number(round(float(own["expected"].iloc[0]), 1)) if len(own) else NONE,
        "below": ratio < 1,
    }


def _ties(part: Part, say: Words) -> Table:
    both = part.network.bloc(*BLOCS)
    names, table = both.places, both.links()
    swapped = (names["bloc"].reindex(table["source"]) == "b").to_numpy()
    table = table.assign(
        china=np.where(swapped, table["target"], table["source"]),
        us=np.where(swapped, table["source"], table["target"]),
    ).sort_values("weight", ascending=False, kind="stable")
    top = table.head(_TIES)
    most = float(top["weight"].max())
    level = int((table["weight"] == top["weight"].iloc[-1]).sum() - (top["weight"] == top["weight"].iloc[-1]).sum())
    rows = [
        [
            Cell(str(at), float(at)),
            Cell(say.name(row["china"], names)),
            Cell(say.name(row["us"], names)),
            Cell(say.number(row["weight"]), row["weight"], Bar.scaled(row["weight"], most)),
            Cell(say.part(row["weight"], both.total_weight), row["weight"]),
        ]
        for at, (_, row) in enumerate(top.iterrows(), start=1)
    ]
    columns = [
        Column("#", numeric=True),
        Column(say("sino_us.china")),
        Column(say("sino_us.us")),
        Column(say("label.weight"), numeric=True),
        Column(say("sino_us.of_all"), numeric=True),
    ]
    caption = say("sino_us.caption_ties", network=label(part, say), n=len(top))
    more = say("sino_us.level", n=say.number(level)) if level else ""
    return Table(caption, columns, rows, part.network.synthetic, more)


def _bridges(part: Part, say: Words) -> Table:
    both = part.network.bloc(*BLOCS)
    adjacency = both.adjacency
    table = both.places.assign(
        partners=np.diff(adjacency.indptr),
        weight=adjacency.sum(axis=1),
        strength=pd.Series(part.network.adjacency.sum(axis=1), part.network.ids).reindex(both.ids),
    ).sort_values("weight", ascending=False, kind="stable")
    rows = []
    for side in ("a", "b"):
        top = table[(table["bloc"] == side) & (table["weight"] > 0)].head(_BRIDGES)
        for place, row in top.iterrows():
            share = row["weight"] / both.total_weight
            rows.append(
                [
                    Cell(say.country(row["country"])),
                    Cell(say.name(place, table)),
                    Cell(say.number(row["partners"]), row["partners"]),
                    Cell(say.number(row["weight"]), row["weight"], Bar.scaled(share, 1.0)),
                    Cell(say.percent(share), share),
                    Cell(say.percent(row["weight"] / row["strength"]), row["weight"] / row["strength"]),
                ]
            )
    columns = [
        Column(say("label.country")),
        Column(say("label.place")),
        Column(say("sino_us.partners"), numeric=True),
        Column(say("label.weight"), numeric=True),
        Column(say("sino_us.of_all"), numeric=True),
        Column(say("sino_us.of_own"), numeric=True),
    ]
    caption = say("sino_us.caption_bridges", network=label(part, say), n=_BRIDGES)
    return Table(caption, columns, rows, part.network.synthetic, say("sino_us.bridges_note"))
