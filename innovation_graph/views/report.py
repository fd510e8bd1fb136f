"""A report: what a run found, told in order on one page that stands alone, in English or Chinese.

Every number in it is computed from the folder of the run; what the folder does not hold is left out, and named at the
end. The page loads nothing from elsewhere, its only script sorts tables, and its style sheet makes a good document of
it when a browser prints it (to PDF, too).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from innovation_graph._files import new_file
from innovation_graph.errors import RecipeError
from innovation_graph.views._page import page, source
from innovation_graph.views._report_blocks import Block, Chapter, heading, points
from innovation_graph.views._report_change import change as change_chapter
from innovation_graph.views._report_change import over_time
from innovation_graph.views._report_input import read_change, read_rated, read_run
from innovation_graph.views._report_method import methods, missing, provenance
from innovation_graph.views._report_networks import data, networks
from innovation_graph.views._report_outcomes import scores as scores_chapter
from innovation_graph.views._report_outcomes import validation, whatif
from innovation_graph.views._report_partners import openness, sino_us
from innovation_graph.views._report_pictures import Pictures
from innovation_graph.views._report_places import communities, positions
from innovation_graph.views._report_words import LANGUAGES, Words

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["LANGUAGES", "write"]


def write(
    folder: Path | str,
    path: Path | str,
    *,
    lang: str = "en",
    scores: Path | str | None = None,
    intervals: Sequence[Path | str] = (),
    change: Path | str | None = None,
    figures: bool = True,
) -> None:
    """Write the report of a folder of results.

    The chapters: data and what was lost, networks, positions with intervals, communities, openness, ties between China
    and the United States, change, scores, scenarios, published statements, methods, provenance, and what is
    missing. Synthetic data are named as such at the head of every chapter and in the caption of every table and figure.

    Change is told of networks of the run that differ in their years only, and of a folder of change. How stable
    communities are is computed here (50 runs, seed of the partition), in networks of up to 2,000 places.

    Parameters
    ----------
    folder : str or Path
        What `pipeline.run` wrote.
    path : str or Path
        The HTML file, outside the folder. Links to the maps of the run are relative to it.
    lang : {"en", "zh"}
        Language of the text. Names of places are in it where they are known; findings of `validation` are English.
    scores : str or Path, optional
        What `Scores.write` wrote.
    intervals : sequence of str or Path
        Intervals of these scores, one folder a group of places that is scored apart.
    change : str or Path, optional
        Tables that `innovation-graph change` wrote.
    figures : bool
        Whether to draw maps and diagrams. They make up most of the file: one or two megabytes each.

    Raises
    ------
    FormatError
        If a folder is not what it should be.
    RecipeError
        If intervals come without scores, or the page would lie in a folder that it is made from.
    UnknownNameError
        If there is no such language.

    Notes
    -----
    The same input gives the same bytes, with the same fonts and libraries where figures are drawn.
    """
    path = Path(path)
    say = Words(lang)
    if intervals and scores is None:
        raise RecipeError("intervals of scores need the scores they belong to")
    for one in (folder, scores, change, *intervals):
        if one is not None and path.resolve().is_relative_to(Path(one).resolve()):
            raise RecipeError(f"{path} lies inside {one}, which it is made from; write the report elsewhere")
    run = read_run(folder)
    rated = None if scores is None else read_rated(scores, intervals)
    changed = [*over_time(run), *([] if change is None else [read_change(change)])]
    pictures = Pictures(say, wanted=figures)
    told = [
        data(run, say),
        networks(run, say, pictures, path.resolve()),
        positions(run, say, pictures),
        communities(run, say, pictures),
        openness(run, say, pictures),
        sino_us(run, say, pictures),
        change_chapter(changed, run, say, pictures),
        None if rated is None else scores_chapter(rated, say, pictures),
        whatif(run, say),
        validation(run, say),
        methods(run, rated, changed, say),
        provenance(run, rated, say),
        missing(run, rated, changed, figures, say),
    ]
    chapters = [chapter for chapter in told if chapter is not None]
    synthetic = any(chapter.synthetic for chapter in chapters)
    summary = Chapter("brief", say("brief.title"), _brief(chapters), synthetic)
    text = page(
        "report.html",
        scripts=[source("report.js")],
        style=source("report.css"),
        lang="zh-CN" if lang == "zh" else "en",
        say=say,
        title=run.summary["title"],
        chapters=[summary, *chapters],
        synthetic=synthetic,
        sources=sorted({str(part.summary.get("source", "?")) for part in run.parts}),
    )
    with new_file(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def _brief(chapters: Sequence[Chapter]) -> list[Block]:
    """Gather what all chapters say in brief, by what it is about."""
    told: dict[Markup, list[Markup]] = {}
    for chapter in chapters:
        for about, sentence in chapter.brief:
            told.setdefault(about, []).append(sentence)
    return [block for about, sentences in told.items() for block in (heading(about), points(sentences))]
