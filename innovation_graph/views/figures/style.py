"""The look of all figures: sizes, colours, fonts, names, the note line, and files with equal bytes.

A figure is drawn on a `Sheet`: its own page with a title above and a note line below, or axes that the caller gives.
Fonts are named one by one, so that a page does not change with anyone's settings of matplotlib; of each list only
those that are installed are used, and DejaVu Sans, which matplotlib brings along, comes last. The same input gives the
same bytes with the same fonts and the same version of matplotlib: files carry no date, and ids in SVG are salted
with a constant.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from innovation_graph._files import new_file
from innovation_graph.errors import FormatError, RecipeError, UnknownNameError
from innovation_graph.views._palette import COMMUNITIES, OTHER, colour
from innovation_graph.views._short_names import SHORT_NAMES
from innovation_graph.views.figures._names import country_names, names_of
from innovation_graph.views.figures._settings import (
    ALARM,
    GRID,
    INK,
    LAND,
    MUTED,
    SEA,
    has_chinese,
    plain_minor,
    restyle,
    settings,
    tint,
    wrapped,
)
from innovation_graph.views.figures._words import Lang, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COMMUNITIES",
    "FORMATS",
    "GRID",
    "INK",
    "LAND",
    "MUTED",
    "OTHER",
    "SEA",
    "SHORT_NAMES",
    "SIZES",
    "Look",
    "Sheet",
    "Size",
    "colour",
    "country_names",
    "has_chinese",
    "names_of",
    "note",
    "origin",
    "plain_minor",
    "save",
    "sheet",
    "tint",
    "word",
]

Size = Literal["column", "page", "slide"]

SIZES: dict[str, tuple[float, float]] = {"column": (3.5, 6.5), "page": (7.2, 8.0), "slide": (13.33, 15.0)}
"""Width in inches and size of the text in points: one column of a journal, two columns, the width of a slide."""

FORMATS: tuple[str, ...] = (".png", ".svg", ".pdf")
"""Endings of the files that `save` writes."""

_TOLD = ("years", "kind", "counting", "types", "fields", "minimum", "min_actors", "max_actors")


class Look(TypedDict, total=False):
    """What all figures take.

    `ax`: axes to draw on (default: a page of its own); `lang`: "en" or "zh"; `size`: a name of `SIZES`;
    `title`: another title, "" for none; `provenance`: source, years, kind, counting, synthetic, for the note line;
    `short`: whether long names are cut (default), or a mapping of ids or names to short names.
    """

    ax: "Axes | None"
    lang: Lang
    size: Size
    title: str | None
    provenance: Mapping[str, Any] | None
    short: bool | Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """Axes to draw on, and what is known of the page around them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    lang : {"en", "zh"}
        Language that can be drawn.
    scale : float
        Size of everything, 1 on a page of two columns.
    own : bool
        Whether the page is the figure's own.
    width : float
        Inches.
    short : bool or mapping of str to str
        As of `Look`.
    """

    ax: "Axes"
    lang: Lang
    scale: float
    own: bool
    width: float
    short: bool | Mapping[str, str] = True

    def say(self, name: str, **fields: object) -> str:
        """Return a word in the language of the sheet."""
        return word(name, self.lang, **fields)

    def points(self, size: float) -> float:
        """Return a size of text, line or marker in points, given the one on a page of two columns."""
        return size * self.scale

    @property
    def figure(self) -> "Figure":
        """The figure around the axes."""
        figure = self.ax.get_figure(root=True)
        if figure is None:
            raise RecipeError("the axes stand in no figure")
        return figure

    def settle(self) -> None:
        """Work out the layout, so that positions on the page can be asked for."""
        self.figure.draw_without_rendering()

    def finish(
        self,
        title: str,
        provenance: Mapping[str, Any] | None,
        *,
        asked: str | None = None,
        details: Iterable[str] = (),
    ) -> None:
        """Write the title, the note line and, if the data are synthetic, the mark.

        Parameters
        ----------
        title : str
            The usual title.
        provenance : mapping
            Where the data come from.
        asked : str, optional
            The title that the caller wants instead.
        details : iterable of str
            What else the note line says.
        """
        heading = title if asked is None else asked
        line = note(provenance, self.lang, details)
        mark = self.say("synthetic") if (provenance or {}).get("synthetic") else ""
        (self._page if self.own else self._beside)(heading, line, mark)

    def _page(self, heading: str, line: str, mark: str) -> None:
        figure = self.figure
        wide, tall = figure.get_size_inches()
        big, small, loud = self.points(10.5), self.points(6.2), self.points(13)
        # The mark stands at the right of the title; the title makes room for it.
        aside = (len(mark) * (0.72 if mark.isascii() else 1.05) * loud + 14) / 72 if mark else 0.0
        heading = wrapped(heading, wide - 0.2 - aside, big, bold=True)
        line = wrapped(line, wide - 0.2, small)
        edge, at = 0.08 * self.scale / wide, tall - 0.07 * self.scale
        look: dict[str, Any] = {"in_layout": False}
        if mark:
            figure.text(
                1 - edge,
                at / tall,
                mark,
                size=loud,
                color=ALARM,
                weight="bold",
                va="top",
                ha="right",
                gid="synthetic",
                **look,
            )
            at -= 0 if heading else 1.4 * loud / 72
        if heading:
            figure.text(edge, at / tall, heading, size=big, weight="bold", va="top", ha="left", gid="title", **look)
            lines = heading.count("\n") + 1
            at -= max((1.25 * lines + 0.35) * big, 1.3 * loud if mark else 0) / 72
        foot = (1.3 * (line.count("\n") + 1) + 0.9) * small / 72
        figure.text(
            edge,
            0.45 * small / 72 / tall,
            line,
            size=small,
            color=MUTED,
            va="bottom",
            linespacing=1.25,
            gid="note",
            **look,
        )
        engine: Any = figure.get_layout_engine()
        engine.set(rect=(0, foot / tall, 1, (at - foot) / tall))
        self.settle()

    def _beside(self, heading: str, line: str, mark: str) -> None:
        ax, small = self.ax, self.points(6.2)
        if heading:
            aside = (len(mark) * 0.75 * 11 + 8) * self.scale / 72 if mark else 0.0
            heading = wrapped(heading, ax.get_window_extent().width / ax.figure.dpi - aside, self.points(9), bold=True)
            ax.set_title(heading, loc="left", size=self.points(9), weight="bold", gid="title")
        self.settle()
        frame, box = ax.get_window_extent(), ax.get_tightbbox()
        below = (frame.y0 - (box.y0 if box is not None else frame.y0)) * 72 / ax.figure.dpi
        line = wrapped(line, frame.width / ax.figure.dpi, small)
        where: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
        ax.annotate(
            line, (0, 0), (0, -below - 0.5 * small), size=small, color=MUTED, va="top", ha="left", gid="note", **where
        )
        if mark:
            ax.annotate(
                mark,
                (1, 1),
                (0, self.points(5)),
                size=self.points(11),
                color=ALARM,
                weight="bold",
                va="bottom",
                ha="right",
                gid="synthetic",
                zorder=20,
                **where,
            )


@contextmanager
def sheet(height: float, *, rows: bool = False, **look: Unpack[Look]) -> Iterator[Sheet]:
    """Yield axes to draw on, in our style, whatever the settings of matplotlib are.

    Parameters
    ----------
    height : float
        Height of a page of two columns in widths; others follow.
    rows : bool
        Whether the height is needed for rows of text, and so follows the size of the text, not the width.
    **look : object
        See `Look`.

    Yields
    ------
    Sheet
        With its own page, or with the axes that were given.

    Raises
    ------
    UnknownNameError
        If there is no such size or language.
    """
    import matplotlib as mpl  # noqa: PLC0415 - loaded when a figure is asked for
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    size = look.get("size", "page")
    if size not in SIZES:
        raise UnknownNameError("size", size, SIZES)
    wide, points = SIZES[size]
    lang = _drawable(look.get("lang", "en"))
    ax = look.get("ax")
    short = look.get("short", True)
    with mpl.rc_context(settings(points)):
        if ax is not None:
            width = ax.get_window_extent().width / ax.figure.dpi
            restyle(ax, points)
            yield Sheet(ax, lang, points / 8, own=False, width=width, short=short)
            return
        # Title and note line take another part of a narrow page than of a wide one.
        page, scale = SIZES["page"][0], points / 8
        tall = page * height * scale if rows else wide * height + 0.6 * (scale - wide / page)
        figure = Figure(figsize=(wide, round(tall, 3)), layout="constrained")
        FigureCanvasAgg(figure)
        pads = 0.06 * points / 8
        engine: Any = figure.get_layout_engine()
        engine.set(w_pad=pads, h_pad=pads)
        yield Sheet(figure.add_subplot(), lang, points / 8, own=True, width=wide, short=short)


def save(figure: "Figure | Axes", path: Path | str, *, dpi: int = 200) -> None:
    """Write a figure as PNG, SVG or PDF; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib Figure or Axes
        What a function of this package returned, or the figure around it.
    path : str or Path
        Its ending says which format. The file appears only when it is complete.
    dpi : int
        Resolution of PNG.

    Raises
    ------
    FormatError
        If the ending is none of `FORMATS`.
    """
    import matplotlib as mpl  # noqa: PLC0415 - loaded when a figure is asked for

    path = Path(path)
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise FormatError(path, expected=f"a name ending in {', '.join(FORMATS)}", got=ending or "none")
    whole: Any = getattr(figure, "figure", None) or figure
    texts = {
        text.get_gid(): text.get_text()
        for text in whole.findobj(lambda artist: artist.get_gid() is not None)
        if hasattr(text, "get_text")
    }
    title = " ".join(filter(None, (texts.get("title"), texts.get("synthetic")))).replace("\n", " ")
    metadata: dict[str, dict[str, Any]] = {
        ".png": {"Software": "innovation-graph", "Title": title},
        ".svg": {"Creator": "innovation-graph", "Title": title, "Date": None},
        ".pdf": {"Creator": "innovation-graph", "Title": title, "Producer": None, "CreationDate": None},
    }
    known = {name: value for name, value in metadata[ending].items() if value != ""}
    with mpl.rc_context({**settings(8), "svg.hashsalt": "innovation-graph"}), new_file(path) as aside:
        whole.savefig(aside, format=ending[1:], dpi=dpi, metadata=known, facecolor="white")


def origin(asked: Mapping[str, Any] | None, own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the note line tells of: what the caller says, else the data; synthetic data stay synthetic.

    Examples
    --------
    >>> origin({"source": "mine"}, {"source": "made up", "synthetic": True})
    {'source': 'mine', 'synthetic': True}
    """
    return {**asked, "synthetic": bool(asked.get("synthetic") or own.get("synthetic"))} if asked else own


def note(provenance: Mapping[str, Any] | None, lang: Lang = "en", details: Iterable[str] = ()) -> str:
    """Return the note line: source, years, counting rule, limits, and whether the data are synthetic.

    Parameters
    ----------
    provenance : mapping, optional
        As of a network.
    lang : {"en", "zh"}
        Language.
    details : iterable of str
        What else to say.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> note({"source": "OpenAlex", "years": [2019, 2023], "counting": "whole"})
    'Source: OpenAlex; years 2019-2023; counting whole.'
    """
    known = dict(provenance or {})
    between, after, colon, end = (word(name, lang) for name in ("between", "after", "colon", "end"))
    parts = [word("source", lang) + colon + str(known.get("source") or word("no_source", lang))]
    for key in _TOLD:
        value = known.get(key)
        if value in (None, "", [], ()):
            continue
        if key == "kind":
            parts.append(word(str(value), lang))
        else:
            parts.append(f"{word(key, lang)}{between}{_plain(key, value, lang)}")
    if not known.get("years") and known.get("time"):
        parts.append(f"{word('time', lang)}{between}{known['time']}")
    parts += [detail for detail in details if detail]
    if known.get("synthetic"):
        parts.append(word("synthetic", lang))
    return after.join(parts) + end


def _plain(key: str, value: Any, lang: Lang) -> str:
    if key == "years" and isinstance(value, Sequence) and not isinstance(value, str):
        first, last = value[0], value[-1]
        return f"{first}" if first == last else f"{first}-{last}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(word(str(part), lang) for part in value)
    return word(value, lang) if isinstance(value, str) else f"{value:,}"


def _drawable(lang: Lang) -> Lang:
    word("rank", lang)  # refuses languages that do not exist
    if lang == "zh" and not has_chinese():
        warnings.warn(
            "no font with Chinese characters is installed, so the figure is in English; install one such as "
            "Noto Sans CJK (Debian, Ubuntu: apt install fonts-noto-cjk; Fedora: dnf install google-noto-sans-cjk-fonts)"
            " or WenQuanYi (apt install fonts-wqy-microhei), then delete matplotlib's font cache "
            "(python -c 'import matplotlib; print(matplotlib.get_cachedir())')",
            UserWarning,
            stacklevel=4,
        )
        return "en"
    return lang
