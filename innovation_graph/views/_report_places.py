"""The chapters on positions and on communities."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from innovation_graph import stability
from innovation_graph.communities import names as community_names
from innovation_graph.views._report_blocks import Bar, Block, Cell, Chapter, Column, Table, heading, note, text
from innovation_graph.views._report_input import Part, Run
from innovation_graph.views._report_networks import label
from innovation_graph.views._report_pictures import Pictures
from innovation_graph.views._report_words import Words

__all__ = ["LEVEL", "MEASURES", "TOP", "communities", "positions", "stable"]

TOP = 20
"""Places in a table."""

LEVEL = "95%"
"""Level of the intervals that a run writes."""

MEASURES = ("strength", "eigenvector")
_DIGITS = {"eigenvector": 4}
_RUNS, _SURE, _MOST_PLACES = 50, 0.9, 2000
_DOUBTFUL, _COUNTRIES, _FEW = 10, 3, 500


def positions(run: Run, say: Words, pictures: Pictures) -> Chapter | None:
    """Tell who stands where, and how sure that is."""
    blocks: list[Block | Table] = [note(say("positions.intro"))]
    brief = []
    for part in run.parts:
        measures = [name for name in MEASURES if name in part.centrality]
        if not measures or not part.network.n_links:
            continue
        blocks.append(heading(label(part, say)))
        for measure in measures:
            table = _position(part, measure)
            blocks.append(text(_leading(part, measure, table, say)))
            blocks.append(_positions(part, measure, table, say))
            if measure == measures[0]:
                brief.append((label(part, say), _first_three(part, measure, table, say)))
        apart = _apart(part, say)
        blocks += [text(apart)] if apart else []
        if part.intervals is not None:
            blocks.append(note(say("positions.covers", replicates=say.number(part.replicates), level=LEVEL)))
            if part.replicates < _FEW:
                blocks.append(note(say("positions.few", replicates=say.number(part.replicates))))
            drawn = _ranks(part, measures[-1], say, pictures)
            blocks += [drawn] if drawn else []
    if len(blocks) == 1:
        return None
    return Chapter("positions", say("positions.title"), blocks, run.synthetic, brief)


def _position(part: Part, measure: str) -> pd.DataFrame:
    """Return the leading places by a measure, with their intervals if there are any."""
    ranked = part.centrality.sort_values(f"{measure}_rank", kind="stable")
    table = ranked.assign(value=ranked[measure], position=ranked[f"{measure}_rank"]).head(TOP)
    if part.intervals is not None:
        own = part.intervals[part.intervals["measure"] == measure].set_index("place_id")
        columns = ["low", "high", "rank_low", "rank_high", "tier"]
        if len(own):
            table = table.join(own[columns])
    return table


def _leading(part: Part, measure: str, table: pd.DataFrame, say: Words) -> Markup:
    names = part.network.places
    first = table.iloc[0]
    fields: dict[str, Any] = {
        "measure": say(f"measure.{measure}"),
        "first": say.name(table.index[0], names),
        "value": _value(measure, first["value"], say),
        "share": say.percent(table["value"].head(10).sum() / part.centrality[measure].sum()),
        "ten": min(10, len(part.centrality)),
    }
    told = say("positions.leading", **fields)
    if "tier" not in table:
        return told
    alike = part.intervals[(part.intervals["measure"] == measure) & (part.intervals["tier"] == 1)]  # type: ignore[index]
    fields |= {
        "interval": say.between(first["low"], first["high"], digits=_DIGITS.get(measure)),
        "n": len(alike) - 1,
        "names": say.join(
            say.name(place, names) for place in alike.sort_values("rank", kind="stable")["place_id"][1:11]
        ),
        "level": LEVEL,
    }
    key = "positions.alone" if len(alike) == 1 else "positions.not_alone"
    return told + say.space + say(key, **fields)


def _first_three(part: Part, measure: str, table: pd.DataFrame, say: Words) -> Markup:
    top = [
        say("brief.place", name=say.name(place, part.network.places), value=_value(measure, value, say))
        for place, value in table["value"].head(3).items()
    ]
    return say("brief.positions", measure=say(f"measure.{measure}"), names=say.join(top))


def _positions(part: Part, measure: str, table: pd.DataFrame, say: Words) -> Table:
    bands = "low" in table
    most, least = float(table["high" if bands else "value"].max()), float(table["low"].min()) if bands else 0.0
    columns = [
        Column(say("label.rank"), numeric=True),
        Column(say("label.place")),
        Column(say("label.country")),
        Column(say("label.works"), numeric=True),
    ]
    columns += [Column(say("measure.degree"), numeric=True)] if "degree" in table else []
    columns.append(Column(say(f"measure.{measure}"), numeric=True))
    if bands:
        columns += [
            Column(say("label.interval", level=LEVEL), numeric=True),
            Column(say("label.ranks", level=LEVEL), numeric=True),
            Column(say("label.tier"), numeric=True),
        ]
    rows = []
    for place, row in table.iterrows():
        cells = [
            Cell(say.number(row["position"]), row["position"]),
            Cell(say.name(place, part.network.places)),
            Cell(say.country(row["country"])),
            Cell(say.number(row["works"]), row["works"]),
        ]
        cells += [Cell(say.number(row["degree"]), row["degree"])] if "degree" in table else []
        ends = (row["value"], row["low"], row["high"]) if bands else ()
        bar = Bar.interval(*ends, span=(least, most)) if ends else Bar.scaled(row["value"], most)
        cells.append(Cell(_value(measure, row["value"], say), row["value"], bar))
        if bands:
            cells += [
                Cell(say.between(row["low"], row["high"], digits=_DIGITS.get(measure)), row["low"]),
                Cell(say.between(row["rank_low"], row["rank_high"]), row["rank_low"]),
                Cell(say.number(row["tier"]), row["tier"]),
            ]
        rows.append(cells)
    fields = {"network": label(part, say), "n": len(table), "measure": say(f"measure.{measure}")}
    return Table(
        say("positions.caption", **fields), columns, rows, part.network.synthetic, say(f"positions.note_{measure}")
    )


def _apart(part: Part, say: Words) -> Markup | None:
    """Name the leading place whose two ranks differ most."""
    if not all(f"{name}_rank" in part.centrality for name in MEASURES):
        return None
    top = part.centrality.sort_values("strength_rank", kind="stable").head(TOP)
    gap = (top["eigenvector_rank"] - top["strength_rank"]).abs()
    if not gap.max():
        return None
    place = str(gap.idxmax())
    row = top.loc[place]
    return say(
        "positions.lower" if row["eigenvector_rank"] > row["strength_rank"] else "positions.higher",
        n=len(top),
        name=say.name(place, part.network.places),
        strength=say.number(row["strength_rank"]),
        eigenvector=say.number(row["eigenvector_rank"]),
    )


def _ranks(part: Part, measure: str, say: Words, pictures: Pictures) -> Block | None:
    own = part.intervals[part.intervals["measure"] == measure].set_index("place_id")  # type: ignore[index]
    if not len(own):
        return None
    caption = say("positions.figure", network=label(part, say), measure=say(f"measure.{measure}"), level=LEVEL)
    return pictures.intervals(own, part.network.places, caption, part.network.provenance)


def _value(measure: str, value: Any, say: Words) -> str:
    return say.digits(value, _DIGITS[measure]) if measure in _DIGITS else say.number(value)


@dataclass(frozen=True, eq=False)
class _Stability:
    """How often places are in their community, over many runs."""

    runs: int
    table: pd.DataFrame
    nmi: float


def stable(part: Part) -> _Stability | None:
    """Repeat the search for communities with other seeds; None where nothing is drawn or the network is too large."""
    parameters = dict(part.partition.parameters)
    algorithm = parameters.pop("algorithm", None)
    parameters.pop("runs", None)
    drawn = algorithm in ("leiden", "louvain", "infomap", "label_propagation")
    if not drawn or not part.network.n_links or part.network.n_places > _MOST_PLACES:
        return None
    many = stability.ensemble(
        part.network, runs=_RUNS, algorithm=str(algorithm), seed=part.partition.seed, **parameters
    )
    agreed = float(stability.agreement(many)["nmi"])
    return _Stability(_RUNS, stability.place_stability(part.partition, many), agreed)


def communities(run: Run, say: Words, pictures: Pictures) -> Chapter | None:
    """Tell which places belong together, and how sure that is."""
    blocks: list[Block | Table] = [note(say("communities.intro"))]
    brief = []
    for part in run.parts:
        if not part.network.n_links:
            continue
        blocks.append(heading(label(part, say)))
        sure = stable(part)
        quality = part.partition.quality.get("modularity")
        sizes = part.partition.sizes
        fields = {
            "n": say.number(part.partition.n_communities),
            "modularity": say.digits(quality),
            "resolution": f"{part.partition.parameters.get('resolution', 1.0):g}",
            "largest": say.number(sizes.iloc[0]) if len(sizes) else "0",
            "places": say.number(part.network.n_places),
        }
        blocks.append(text(say("communities.text", **fields)))
        blocks.append(_communities(part, sure, say))
        named = say.series(list(_named(part, 2, say, more="").values())[:3])
        brief.append((label(part, say), say("brief.communities", **fields, names=named)))
        if sure is not None:
            blocks.append(text(_sure(part, sure, say)))
        drawn = pictures.matrix(part, say("communities.figure", network=label(part, say)))
        blocks += [drawn] if drawn else []
    if len(blocks) == 1:
        return None
    return Chapter("communities", say("communities.title"), blocks, run.synthetic, brief)


def _communities(part: Part, sure: _Stability | None, say: Words) -> Table:
    network, labels = part.network, part.partition.labels.to_numpy()
    named = _named(part, 3, say)
    first, second, weight = network.pairs
    strength = network.adjacency.sum(axis=1)
    rows = []
    for number, size in part.partition.sizes.items():
        members = labels == number
        inside = weight[members[first] & members[second]].sum()
        whole = strength[members].sum()
        countries = (
            network.places["country"][members].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        )
        shown = [
            say("communities.country", name=say.country(code), n=n) for code, n in countries.head(_COUNTRIES).items()
        ]
        more = len(countries) - len(shown)
        shown += [say("communities.more", n=more)] if more > 0 else []
        share = 2 * inside / whole if whole else np.nan
        cells = [
            Cell(say.number(number), float(str(number))),
            Cell(named[int(str(number))]),
            Cell(say.number(size), float(size)),
            Cell(say.join(shown)),
            Cell(say.percent(whole / strength.sum() if strength.sum() else np.nan), whole),
            Cell(say.percent(share), share, Bar.scaled(share, 1.0) if whole else None),
        ]
        if sure is not None:
            mean = float(sure.table["in_community"].to_numpy()[members].mean())
            cells.append(Cell(say.percent(mean), mean))
        rows.append(cells)
    columns = [
        Column(say("communities.number"), numeric=True),
        Column(say("communities.name")),
        Column(say("communities.places"), numeric=True),
        Column(say("communities.countries")),
        Column(say("communities.share"), numeric=True),
        Column(say("communities.inside"), numeric=True),
    ]
    columns += [Column(say("communities.stability"), numeric=True)] if sure is not None else []
    caption = say("communities.caption", network=label(part, say))
    return Table(caption, columns, rows, network.synthetic, say("communities.caption_note"))


def _named(part: Part, n: int, say: Words, *, more: str = " ...") -> dict[int, Markup]:
    """Return the names of the communities, without the number of their places; `more` stands for further ones."""
    column: Any = "name_zh" if say.lang == "zh" else "name_en"
    named = community_names(part.partition, part.network, n=n, column=column)
    return {int(str(number)): say.bdi(name.rsplit(" (", 1)[0].replace(" ...", more)) for number, name in named.items()}


def _sure(part: Part, sure: _Stability, say: Words) -> Markup:
    share = sure.table["in_community"]
    doubtful = share[share < _SURE].sort_values(kind="stable")
    fields = {
        "runs": sure.runs,
        "mean": say.percent(share.mean()),
        "nmi": say.digits(sure.nmi),
        "n": say.number(len(doubtful)),
        "limit": say.percent(_SURE, 0),
        "names": say.join(
            say("communities.doubtful", name=say.name(place, part.network.places), share=say.percent(value, 0))
            for place, value in doubtful.head(_DOUBTFUL).items()
        ),
    }
    key = "sure" if not len(doubtful) else "unsure" if len(doubtful) <= _DOUBTFUL else "unsure_more"
    return say(f"communities.{key}", **fields)
