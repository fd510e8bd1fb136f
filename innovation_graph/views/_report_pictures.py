"""The figures of a report, as pictures that stand inside the page.

A figure is an SVG of its own, held in the address of an image: its ids do not meet those of other figures, and nothing
in it can run.
"""

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from innovation_graph.errors import NetworkError
from innovation_graph.network import Network
from innovation_graph.views._report_blocks import Block, picture
from innovation_graph.views._report_input import Part
from innovation_graph.views._report_words import Words, plain

__all__ = ["Pictures"]

_MATRIX = 40
_NUMBER = re.compile(r"\d+\.\d{3,}")
_INTERVALS = 25


class Pictures:
    """Draws figures, or none of them.

    Parameters
    ----------
    say : Words
        Gives the language.
    wanted : bool
        False: every figure is None.
    """

    def __init__(self, say: Words, *, wanted: bool) -> None:
        self._lang = say.lang
        self.wanted = wanted

    def map(self, part: Part, caption: object) -> Block | None:
        """Draw the places on a map of the world, in the colours of their communities."""
        if not _has_coordinates(part.network):
            return None
        return self._picture("map", part, caption, color_by=part.partition)

    def blocs(self, part: Part, caption: object, a: str, b: str) -> Block | None:
        """Draw two countries face to face."""
        if not _has_coordinates(part.network):
            return None
        return self._picture("map", part, caption, blocs=(a, b))

    def chord(self, part: Part, caption: object) -> Block | None:
        """Draw the ties between countries as ribbons."""
        return self._picture("chord", part, caption)

    def matrix(self, part: Part, caption: object) -> Block | None:
        """Draw who works with whom, ordered by community."""
        return self._picture("matrix", part, caption, by=part.partition, top=_MATRIX)

    def intervals(
        self, table: pd.DataFrame, names: pd.DataFrame, caption: object, provenance: Mapping[str, Any]
    ) -> Block | None:
        """Draw ranks with their intervals."""
        look = {"uncertainty": table, "places": _drawable(names), "top": _INTERVALS, "provenance": provenance}
        return self._drawn("intervals", caption, bool(provenance.get("synthetic")), **look)

    def lines(self, table: pd.DataFrame, caption: object, provenance: Mapping[str, Any]) -> Block | None:
        """Draw values over time."""
        look = {"table": table, "columns": list(table.columns), "provenance": provenance}
        return self._drawn("lines", caption, bool(provenance.get("synthetic")), **look)

    def _picture(self, name: str, part: Part, caption: object, **inputs: Any) -> Block | None:
        network = part.network.with_places(_drawable(part.network.places))
        return self._drawn(name, caption, network.synthetic, network=network, **inputs)

    def _drawn(self, name: str, caption: object, synthetic: bool, **inputs: Any) -> Block | None:
        if not self.wanted:
            return None
        from innovation_graph.views import figures  # noqa: PLC0415 - matplotlib is loaded when a figure is drawn

        look: dict[str, Any] = {"lang": self._lang, "title": ""}
        try:
            drawn = figures.draw(name, **inputs, **look)
        except NetworkError:  # nothing to draw: no tie between two groups, no link at all
            return None
        return picture(_address(lambda path: figures.save(drawn, path)), caption, synthetic=synthetic)


def _has_coordinates(network: Network) -> bool:
    places = network.places
    return bool(network.n_links and places["lat"].notna().any() and places["lon"].notna().any())


def _drawable(places: pd.DataFrame) -> pd.DataFrame:
    """Return a place table whose names hold only what can be drawn."""
    names = [name for name in ("name_en", "name_zh") if name in places]
    return places.assign(**{name: places[name].map(plain, na_action="ignore") for name in names})


def _address(save: Callable[[Path], None]) -> str:
    """Return an SVG as an address: without its head and comments, and with coordinates to a hundredth of a point."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.svg"
        save(path)
        text = path.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' d="[^"]*"', lambda path: _NUMBER.sub(_shorter, path[0]), text)
    text = re.sub(r"\s+", " ", text).replace("> <", "><")
    return "data:image/svg+xml," + quote(text, safe=" !$&'()*+,-./:;=?@_~|{}[]^")


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
