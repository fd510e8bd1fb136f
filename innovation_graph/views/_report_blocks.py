"""The building blocks of a report: chapters made of headings, texts, tables and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

__all__ = ["Bar", "Block", "Cell", "Chapter", "Column", "Table", "heading", "note", "picture", "points", "text"]


@dataclass(frozen=True)
class Bar:
    """A small drawing in a cell, in percent of its width: a filled bar up to `point`, or an interval around it."""

    point: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def scaled(cls, value: float, most: float) -> "Bar":
        """Return a bar from 0 on, for values up to `most`."""
        return cls(_percent(value, 0.0, most))

    @classmethod
    def interval(cls, point: float, low: float, high: float, *, span: tuple[float, float]) -> "Bar":
        """Return an interval, for values within `span`."""
        return cls(_percent(point, *span), _percent(low, *span), _percent(high, *span))


def _percent(value: float, least: float, most: float) -> float:
    return round(min(max(100 * (value - least) / (most - least), 0.0), 100.0), 2) if most > least else 0.0


@dataclass(frozen=True)
class Cell:
    """What a cell shows, and the number it is sorted by."""

    text: object
    sort: float | None = None
    bar: Bar | None = None


@dataclass(frozen=True)
class Column:
    """Heading of a column; numbers stand at the right."""

    label: object
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table; captions say whether its data are synthetic."""

    caption: object
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    synthetic: bool = False
    note: object = ""
    kind: str = "table"


@dataclass(frozen=True)
class Block:
    """Anything else: its kind, and what it shows."""

    kind: str
    text: object = ""
    items: Sequence[object] = ()
    source: str = ""
    synthetic: bool = False


@dataclass(frozen=True)
class Chapter:
    """A chapter; `brief` is what the summary at the top says of it: about what, and a sentence."""

    key: str
    title: object
    blocks: Sequence[Block | Table]
    synthetic: bool
    brief: Sequence[tuple[Markup, Markup]] = field(default=())


def heading(words: object) -> Block:
    """Return a heading inside a chapter."""
    return Block("heading", words)


def text(words: object) -> Block:
    """Return a paragraph."""
    return Block("text", words)


def note(words: object) -> Block:
    """Return a paragraph in small print: how something is to be read."""
    return Block("note", words)


def points(items: Sequence[object]) -> Block:
    """Return a list."""
    return Block("points", items=items)


def picture(source: str, caption: object, *, synthetic: bool) -> Block:
    """Return a figure."""
    return Block("picture", caption, source=source, synthetic=synthetic)
