"""The chapters on scores of an index, on scenarios, and on published statements."""

from typing import Any

import pandas as pd
from markupsafe import Markup

from innovation_graph.views._report_blocks import Bar, Block, Cell, Chapter, Column, Table, heading, note, points, text
from innovation_graph.views._report_input import Bands, Part, Rated, Run, Scenario
from innovation_graph.views._report_networks import label
from innovation_graph.views._report_pictures import Pictures
from innovation_graph.views._report_places import LEVEL, TOP
from innovation_graph.views._report_words import Words

__all__ = ["scores", "validation", "whatif"]

_MOVERS = 10
_TOTALS = ("places", "isolates", "links", "density", "total_weight", "between_countries_links",
           "between_countries_weight", "cn_us_links", "cn_us_weight")  # fmt: skip
_VERDICTS = {"holds": "holds", "fails": "fails", "cannot be judged": "unjudged"}
_TOLD = ("PARTIAL:", "places were scored within")


def scores(given: Rated, say: Words, pictures: Pictures) -> Chapter:
    """Tell who leads an index, and by how much."""
    made = given.scores
    root = str(made.scores.columns[0])
    fields: dict[str, Any] = {
        "index": say.known("index", made.spec.name),
        "node": _node(given, root, say),
        "places": say.number(len(made.scores)),
    }
    blocks: list[Block | Table] = [note(say("scores.intro", **fields))]
    if made.partial:
        lacking = sorted({code for codes in made.partial.values() for code in codes})
        fields |= {"n": len(made.partial), "lacking": say.join(_node(given, code, say) for code in lacking[:10])}
        blocks.append(text(say("scores.partial" if len(lacking) <= 10 else "scores.partial_more", **fields)))
    if given.imputed:
        blocks.append(text(say("scores.imputed", n=say.number(given.imputed))))
    if len(made.left_out):
        blocks.append(text(say("scores.left_out", n=len(made.left_out))))
    others = [say.bdi(one) for one in made.notes if not one.startswith(_TOLD)]
    blocks += [points(others)] if others else []
    groups = _groups(given)
    brief: list[tuple[Markup, Markup]] = []
    blocks += [text(say("scores.apart"))] if len(groups) > 1 else []
    for group, ids in groups.items():
        band = next((band for band in given.bands if set(band.table.index) == set(ids)), None)
        named = say.known("group", group) if group else Markup("")
        if group:
            blocks.append(heading(named))
        blocks.append(text(_leading(given, root, ids, band, say)))
        blocks.append(_scores(given, root, ids, band, named, say))
        if band is not None:
            drawn_steps = say.join(say.bdi(step) for step in band.steps)
            key = "scores.covers_choices" if band.steps else "scores.covers"
            told_of = {"replicates": say.number(band.head["replicates"]), "level": LEVEL, "steps": drawn_steps}
            blocks.append(note(say(key, **told_of)))
            caption = say("scores.figure_group" if group else "scores.figure", group=named, level=LEVEL, **fields)
            about = {"source": made.spec.name, "synthetic": given.synthetic}
            drawn = pictures.intervals(band.table, given.names, caption, about)
            blocks += [drawn] if drawn else []
        if not brief:
            first = made.scores[root].reindex(ids).sort_values(ascending=False, kind="stable").index[:3]
            named_first = say.join(say.name(place, given.names) for place in first)
            brief.append((say("scores.title"), say("brief.scores", names=named_first, **fields)))
    return Chapter("scores", say("scores.title"), blocks, given.synthetic, brief)


def _groups(given: Rated) -> dict[str, list[str]]:
    """Return the places of each group that was scored apart, the largest group first."""
    made = given.scores
    places = made.inputs.get("places")
    column = made.spec.apart
    if column is None or places is None or column not in places:
        return {"": list(made.scores.index)}
    of = places[column].reindex(made.scores.index)
    return {str(name): list(of.index[of == name]) for name in of.value_counts(sort=True).index}


def _node(given: Rated, code: str, say: Words) -> Markup:
    part = given.scores.spec.parts.get(code)
    chinese = getattr(part, "name_zh", None)
    name = chinese if say.lang == "zh" and chinese else getattr(part, "name", code)
    return say.bdi(code) if part is None else say("scores.node", code=say.bdi(code), name=say.bdi(name))


def _leading(given: Rated, root: str, ids: list[str], band: Bands | None, say: Words) -> Markup:
    values = given.scores.scores[root].reindex(ids).sort_values(ascending=False, kind="stable")
    if len(values) < 2:
        return say("scores.one")
    fields = {
        "first": say.name(values.index[0], given.names),
        "second": say.name(values.index[1], given.names),
        "score": say.digits(values.iloc[0], 2),
        "next": say.digits(values.iloc[1], 2),
        "level": LEVEL,
    }
    told = say("scores.leading", **fields)
    if band is None or band.head["node"] != root:
        return told
    alike = band.table.index[band.table["tier"] == 1]
    if len(alike) == 1:
        return told + say.space + say("scores.alone", **fields)
    return told + say.space + say("scores.not_alone", n=len(alike) - 1, **fields)


def _scores(  # noqa: PLR0917 - one group of one index
    given: Rated, root: str, ids: list[str], band: Bands | None, group: object, say: Words
) -> Table:
    made = given.scores
    order = made.scores[root].reindex(ids).sort_values(ascending=False, kind="stable").index[:TOP]
    children = [code for code in made.spec.children.get(root, ()) if code in made.scores]
    bands = band.table if band is not None and band.head["node"] == root else None
    most = float(made.scores[root].reindex(ids).max())
    span = (0.0, most)
    if bands is not None:
        span = float(bands["score_low"].reindex(order).min()), float(bands["score_high"].reindex(order).max())
    rows = []
    for place in order:
        score = made.scores.loc[place, root]
        own = None if bands is None else bands.loc[place]
        bar = Bar.scaled(score, most)
        if own is not None:
            bar = Bar.interval(score, own["score_low"], own["score_high"], span=span)
        rank = made.ranks.loc[place, root]
        country = given.names["country"].get(place)
        cells = [
            Cell(say.number(rank), float(rank)),
            Cell(say.name(place, given.names)),
            Cell(say.country(country)),
            Cell(say.digits(score, 2), float(score), bar),
        ]
        if own is not None:
            cells += [
                Cell(say.between(own["score_low"], own["score_high"], digits=2), own["score_low"]),
                Cell(say.between(own["rank_low"], own["rank_high"]), own["rank_low"]),
                Cell(say.number(own["tier"]), own["tier"]),
            ]
        cells += [Cell(say.digits(made.scores.loc[place, code], 2), made.scores.loc[place, code]) for code in children]
        rows.append(cells)
    columns = [
        Column(say("label.rank"), numeric=True),
        Column(say("label.place")),
        Column(say("label.country")),
        Column(say("label.score"), numeric=True),
    ]
    if bands is not None:
        columns += [
            Column(say("label.interval", level=LEVEL), numeric=True),
            Column(say("label.ranks", level=LEVEL), numeric=True),
            Column(say("label.tier"), numeric=True),
        ]
    columns += [Column(_node(given, code, say), numeric=True) for code in children]
    fields = {
        "index": say.known("index", made.spec.name),
        "node": _node(given, root, say),
        "group": group,
        "n": len(rows),
    }
    return Table(say("scores.caption_group" if group else "scores.caption", **fields), columns, rows, given.synthetic)


def whatif(run: Run, say: Words) -> Chapter | None:
    """Tell what would change if."""
    blocks: list[Block | Table] = [note(say("whatif.intro"))]
    brief = []
    for part in run.parts:
        for scenario in part.scenarios:
            blocks.append(heading(say("whatif.heading", title=_title(scenario, say), network=label(part, say))))
            told = _told(scenario, say)
            brief.append((label(part, say), say("brief.whatif", title=_title(scenario, say), told=told)))
            blocks += [text(told), _steps(part, scenario, say), _totals(part, scenario, say)]
            moved = _movers(part, scenario, say)
            blocks += [moved] if moved else [text(say("whatif.nobody"))]
    if len(blocks) == 1:
        return None
    return Chapter("whatif", say("whatif.title"), blocks, run.synthetic, brief)


def _title(scenario: Scenario, say: Words) -> Markup:
    """Return the title of a scenario; packaged ones have a Chinese one."""
    title = scenario.head.get("title") or scenario.name
    key = f"scenario.{scenario.name}"
    packaged = say.has(key) and Words("en")(key) == title
    return say(key) if packaged else say.bdi(title)


def _told(scenario: Scenario, say: Words) -> Markup:
    totals = scenario.totals
    weight, links = totals.loc["total_weight"], totals.loc["links"]
    fields: dict[str, Any] = {
        "weight": say.signed(weight["change"]),
        "percent": say.percent(weight["change_percent"] / 100),
        "links": say.signed(links["change"]),
        "moved": 0,
    }
    rank = "eigenvector_rank_change" if "eigenvector_rank_change" in scenario.places else "strength_rank_change"
    if rank not in scenario.places:
        return say("whatif.text_plain", **fields)
    moved = _moved(scenario, rank)
    fields["moved"] = say.number(len(moved))
    fields["places"] = say.number(len(scenario.places))
    fields["measure"] = say(f"measure.{rank.removesuffix('_rank_change')}")
    if not len(moved):
        return say("whatif.text_still", **fields)
    row = scenario.places.loc[moved[0]]
    fields |= {
        "name": say.name(moved[0], scenario.places),
        "before": say.number(row[rank.replace("_change", "_before")]),
        "after": say.number(row[rank.replace("_change", "_after")]),
    }
    return say("whatif.text", **fields)


def _moved(scenario: Scenario, rank: str) -> list[Any]:
    """Return the places that change their rank, the largest change first; those removed or merged do not count."""
    table = scenario.places
    there = table[(table[rank].fillna(0) != 0) & table["reason"].isna()]
    size = pd.DataFrame({"rank": -there[rank].abs(), "value": -there[rank.replace("_rank", "")].abs()})
    return list(size.sort_values(["rank", "value"], kind="stable").index)


def _steps(part: Part, scenario: Scenario, say: Words) -> Table:
    rows = [
        [
            Cell(say.number(row["step"]), float(row["step"])),
            Cell(Markup("<code>{}</code>").format(say.bdi(row["action"]))),
            *(Cell(say.number(row[name])) for name in ("ties", "ties_lost", "weight_before", "weight_after")),
            Cell(say.number(row["total_weight"])),
        ]
        for _, row in scenario.steps.iterrows()
    ]
    names = ("ties", "ties_lost", "weight_before", "weight_after", "total_weight")
    columns = [Column("#", numeric=True), Column(say("whatif.action"))]
    columns += [Column(say(f"whatif.{name}"), numeric=True) for name in names]
    caption = say("whatif.caption_steps", title=_title(scenario, say))
    return Table(caption, columns, rows, part.network.synthetic, say("whatif.steps_note"))


def _totals(part: Part, scenario: Scenario, say: Words) -> Table:
    rows = []
    for name in _TOTALS:
        if name not in scenario.totals.index:
            continue
        row = scenario.totals.loc[name]
        shown = say.percent if name == "density" else say.number
        change = row["change"]
        signed = say.digits(change, 4) if name == "density" else say.signed(change)
        rows.append(
            [
                Cell(say(f"total.{name}")),
                Cell(shown(row["before"])),
                Cell(shown(row["after"])),
                Cell(signed),
                Cell(say.percent(row["change_percent"] / 100)),
            ]
        )
    columns = [Column(say("whatif.quantity"))]
    columns += [Column(say(f"whatif.{name}"), numeric=True) for name in ("before", "after", "change", "change_percent")]
    return Table(say("whatif.caption_totals", title=_title(scenario, say)), columns, rows, part.network.synthetic)


def _movers(part: Part, scenario: Scenario, say: Words) -> Table | None:
    found = [name for name in ("eigenvector", "strength") if f"{name}_rank_change" in scenario.places]
    if not found:
        return None
    measure = found[0]
    moved = _moved(scenario, f"{measure}_rank_change")[:_MOVERS]
    if not moved:
        return None
    digits = 4 if measure == "eigenvector" else 1
    rows = []
    for place in moved:
        row = scenario.places.loc[place]
        rows.append(
            [
                Cell(say.name(place, scenario.places)),
                Cell(say.country(row["country"])),
                *(
                    Cell(say.digits(row[f"{measure}_{side}"], digits), row[f"{measure}_{side}"])
                    for side in ("before", "after")
                ),
                *(
                    Cell(say.number(row[f"{measure}_rank_{side}"]), row[f"{measure}_rank_{side}"])
                    for side in ("before", "after")
                ),
                Cell(say.signed(row[f"{measure}_rank_change"]), row[f"{measure}_rank_change"]),
            ]
        )
    columns = [Column(say("label.place")), Column(say("label.country"))]
    names = ("before", "after", "rank_before", "rank_after", "rank_change")
    columns += [Column(say(f"whatif.{name}"), numeric=True) for name in names]
    fields = {"title": _title(scenario, say), "measure": say(f"measure.{measure}"), "n": len(rows)}
    return Table(
        say("whatif.caption_movers", **fields), columns, rows, part.network.synthetic, say("whatif.movers_note")
    )


def validation(run: Run, say: Words) -> Chapter | None:
    """Tell which published statements hold on the networks of this run."""
    judged = [part for part in run.parts if part.verdicts is not None]
    if not judged:
        return None
    blocks: list[Block | Table] = [note(say("validation.intro"))]
    brief = []
    for part in judged:
        table: pd.DataFrame = part.verdicts  # type: ignore[assignment]  # chosen above
        counts = table["verdict"].value_counts()
        fields = {
            "network": label(part, say),
            "all": len(table),
            "report": say.known("report", part.plan.get("validate", "")),
            **{key: int(counts.get(verdict, 0)) for verdict, key in _VERDICTS.items()},
        }
        brief.append((label(part, say), say("brief.validation", **fields)))
        blocks += [heading(label(part, say)), text(say("validation.text", **fields))]
        rows = [
            [
                Cell(say.bdi(row["id"])),
                Cell(_statement(part, row, say)),
                Cell(
                    Markup('<span class="verdict {}">{}</span>').format(
                        _VERDICTS.get(row["verdict"], "unjudged"), say.known("verdict", _VERDICTS.get(row["verdict"]))
                    )
                ),
                Cell(say.bdi(row["found"])),
                Cell(say.bdi(row["asked"])),
            ]
            for _, row in table.iterrows()
        ]
        columns = [Column(say(f"validation.{name}")) for name in ("id", "statement", "verdict", "found", "asked")]
        caption = say("validation.caption", **fields)
        blocks.append(Table(caption, columns, rows, part.network.synthetic, say("validation.note")))
    return Chapter("validation", say("validation.title"), blocks, run.synthetic, brief)


def _statement(part: Part, row: pd.Series, say: Words) -> Markup:
    """Return a statement with its subject; of another report than ours as it is."""
    key = f"{part.plan.get('validate')}.{row['id']}"
    return say(key) if say.has(key) else say.bdi(row["statement"])
