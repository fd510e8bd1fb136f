"""The chapters on methods, on where everything comes from, and on what is not in the report."""

import tomllib
from collections.abc import Sequence
from functools import cache

from markupsafe import Markup

from innovation_graph._version import __version__
from innovation_graph.views._page import source
from innovation_graph.views._report_blocks import Block, Cell, Chapter, Column, Table, heading, note, points, text
from innovation_graph.views._report_input import Change, Part, Rated, Run
from innovation_graph.views._report_networks import label
from innovation_graph.views._report_partners import has_blocs
from innovation_graph.views._report_places import LEVEL, MEASURES
from innovation_graph.views._report_words import Words

__all__ = ["formulas", "methods", "missing", "provenance"]

_COUNTING = frozenset({"whole", "fractional", "whole_normalised", "share"})
_COUNTS = (
    "works_read",
    "works_selected",
    "works_located",
    "works_linking",
    "sites_read",
    "sites_selected",
    "sites_located",
)


@cache
def formulas() -> dict[str, str]:
    """Return the formulas of the chapter on methods, in MathML, by key."""
    return dict(tomllib.loads(source("report_formulas.toml")))


def methods(run: Run, rated: Rated | None, changed: Sequence[Change], say: Words) -> Chapter:
    """Say how everything in this report was computed, with formulas and references."""
    blocks: list[Block | Table] = []
    cited: set[str] = set()
    for key, sources in _wanted(run, rated, changed):
        blocks.append(heading(say(f"method.{key}_title")))
        blocks.append(text(say(f"method.{key}", level=LEVEL)))
        if key in formulas():
            # The formulas are part of this package.
            blocks.append(Block("formula", Markup(formulas()[key])))  # noqa: S704
        cited |= set(sources)
    blocks.append(heading(say("method.references")))
    blocks.append(points([say(f"reference.{key}") for key in sorted(cited)]))
    return Chapter("methods", say("method.title"), blocks, run.synthetic)


def _wanted(run: Run, rated: Rated | None, changed: Sequence[Change]) -> list[tuple[str, tuple[str, ...]]]:
    counting = {str(part.summary.get("counting", "whole")) for part in run.parts}
    shown = {name for part in run.parts for name in part.centrality}
    found: list[tuple[str, tuple[str, ...]]]
    found = [(name, ("perianes",)) for name in ("whole", "fractional", "whole_normalised", "share") if name in counting]
    found += [("strength", ("barrat",))] if "strength" in shown else []
    found += [("eigenvector", ("bonacich",))] if "eigenvector" in shown else []
    found += [("communities", ("traag", "newman")), ("stability", ("vinh",))]
    if any("places" in part.measures for part in run.parts):
        found.append(("openness", ("krackhardt", "jost")))
    found += [("expected", ("eck",))] if any(part.network.places["country"].notna().any() for part in run.parts) else []
    if any(part.intervals is not None for part in run.parts):
        found += [("bootstrap", ("hanley", "davison")), ("tiers", ())]
    found += [("scores", ("oecd",))] if rated is not None else []
    found += [("change", ("benjamini",))] if changed else []
    found += [("whatif", ())] if any(part.scenarios for part in run.parts) else []
    found += [("validation", ("wilson", "gihi"))] if any(part.verdicts is not None for part in run.parts) else []
    return found


def provenance(run: Run, rated: Rated | None, say: Words) -> Chapter:
    """Say from what this report can be made again."""
    blocks: list[Block | Table] = [
        text(say("provenance.text", seed=say.number(run.summary["seed"]), version=__version__, sum=run.fingerprint))
    ]
    rows = [[Cell(say.bdi(name)), Cell(say.bdi(number))] for name, number in sorted(run.summary["versions"].items())]
    columns = [Column(say("provenance.program")), Column(say("provenance.version"))]
    blocks.append(Table(say("provenance.versions"), columns, rows, run.synthetic))
    rows = [
        [
            Cell(say(f"provenance.{name}")),
            *(Cell(say.number(part.summary.get(name)), part.summary.get(name)) for part in run.parts),
        ]
        for name in _COUNTS
    ]
    columns = [Column(say("provenance.stage")), *(Column(label(part, say), numeric=True) for part in run.parts)]
    blocks.append(Table(say("provenance.rows"), columns, rows, run.synthetic))
    seeds = [
        say("provenance.seed_communities", network=label(part, say), seed=part.partition.seed) for part in run.parts
    ]
    bands = () if rated is None else rated.bands
    seeds += [say("provenance.seed_scores", name=say.bdi(band.folder.name), seed=band.head["seed"]) for band in bands]
    blocks.append(points(seeds))
    blocks += [heading(say("provenance.recipe")), note(say("provenance.recipe_note")), Block("code", run.recipe)]
    if rated is not None:
        blocks += [heading(say("provenance.index")), Block("code", rated.scores.spec.to_toml())]
    return Chapter("provenance", say("provenance.title"), blocks, run.synthetic)


def missing(run: Run, rated: Rated | None, changed: Sequence[Change], pictures: bool, say: Words) -> Chapter:
    """Name what is not in this report, why, and how it comes in."""
    lacking: dict[tuple[str, tuple[str, ...]], list[Part]] = {}
    for part in run.parts:
        for reason in _lacking(part):
            lacking.setdefault(reason, []).append(part)
    found = [
        say(
            f"missing.{key}",
            network=say.series(label(part, say) for part in parts),
            name=say.join(say.bdi(part.name) for part in parts),
            names=say.join(say(f"measure.{name}") for name in measures),
        )
        for (key, measures), parts in lacking.items()
    ]
    found += [] if changed else [say("missing.change")]
    if rated is None:
        found.append(say("missing.scores"))
    elif not rated.bands:
        found.append(say("missing.intervals"))
    found += [] if pictures else [say("missing.pictures")]
    blocks: list[Block | Table] = [points(found)] if found else [text(say("missing.nothing"))]
    blocks.append(note(say("missing.never")))
    return Chapter("missing", say("missing.title"), blocks, synthetic=run.synthetic)


def _lacking(part: Part) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a network lacks, and of which measures."""
    there = tuple(name for name in MEASURES if name in part.centrality)
    drawn = set() if part.intervals is None else set(part.intervals["measure"])
    unmeasured = tuple(name for name in MEASURES if name not in there)
    unsure = tuple(name for name in there if name not in drawn)
    found = [("measures", unmeasured)] if unmeasured else []
    found += [("bootstrap_of", unsure)] if part.intervals is not None and unsure else []
    tests = {
        "links": not part.network.n_links,
        "bootstrap": part.intervals is None,
        "network": "network" not in part.measures,
        "openness": "domestic_share" not in part.measures.get("places", ()),
        "partners": "countries" not in part.measures,
        "sino_us": not has_blocs(part),
        "whatif": not part.scenarios,
        "validation": part.verdicts is None,
        "pages": not part.pages,
    }
    return [*found, *((key, ()) for key, lacks in tests.items() if lacks)]
