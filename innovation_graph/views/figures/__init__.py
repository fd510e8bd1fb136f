"""Figures: networks, ranks and indices as PNG, SVG or PDF, each a function that takes data and returns axes.

`FIGURES` lists them all; `draw` calls one by its name; `save` writes what it returned. Matplotlib is loaded when the
first figure is drawn.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from innovation_graph.errors import RecipeError, UnknownNameError
from innovation_graph.views.figures.bars import sensitivity, waterfall
from innovation_graph.views.figures.continents import quartiles
from innovation_graph.views.figures.development import dendrogram, ternary
from innovation_graph.views.figures.growth import growth_bubble
from innovation_graph.views.figures.heat import matrix
from innovation_graph.views.figures.intervals import rank_intervals
from innovation_graph.views.figures.radar import profile
from innovation_graph.views.figures.ribbons import chord
from innovation_graph.views.figures.spreads import distribution, rich_club
from innovation_graph.views.figures.streams import alluvial
from innovation_graph.views.figures.style import FORMATS, SHORT_NAMES, SIZES, Look, save
from innovation_graph.views.figures.world import network_map
from innovation_graph.views.figures.years import bump, lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

__all__ = [
    "FIGURES",
    "FORMATS",
    "SHORT_NAMES",
    "SIZES",
    "Drawing",
    "Look",
    "alluvial",
    "bump",
    "chord",
    "dendrogram",
    "distribution",
    "draw",
    "growth_bubble",
    "lines",
    "matrix",
    "network_map",
    "profile",
    "quartiles",
    "rank_intervals",
    "rich_club",
    "save",
    "sensitivity",
    "ternary",
    "waterfall",
]


@dataclass(frozen=True)
class Drawing:
    """A kind of figure.

    Parameters
    ----------
    function : callable
        Draws it; takes the inputs, options and what `Look` lists by keyword, and returns axes.
    needs : tuple of str
        Names of the inputs that it cannot do without.
    tells : str
        What it shows.
    """

    function: "Callable[..., Axes]"
    needs: tuple[str, ...]
    tells: str


FIGURES: dict[str, Drawing] = {
    "map": Drawing(network_map, ("network",), "places on a world map, or two blocs over an ocean"),
    "chord": Drawing(chord, ("network",), "ties between countries, continents or communities"),
    "matrix": Drawing(matrix, ("network",), "who works with whom, ordered by community"),
    "distribution": Drawing(distribution, ("network",), "how unequal degrees and strengths are"),
    "intervals": Drawing(rank_intervals, ("uncertainty",), "ranks or values with error bars, tiers shaded"),
    "quartiles": Drawing(quartiles, ("table",), "where the places of each continent stand in a ranking"),
    "profile": Drawing(profile, ("table", "place"), "a place against its peers"),
    "dendrogram": Drawing(dendrogram, ("modes",), "development modes as a tree"),
    "ternary": Drawing(ternary, ("values",), "the balance of three dimensions"),
    "sensitivity": Drawing(sensitivity, ("table",), "which uncertain choice an index hangs on"),
    "waterfall": Drawing(waterfall, ("table", "first", "second"), "why one place stands above another"),
    "bubble": Drawing(growth_bubble, ("table",), "international co-publication: growth, share, number"),
    "lines": Drawing(lines, ("table",), "values over the years"),
    "bump": Drawing(bump, ("table",), "ranks over the years"),
    "alluvial": Drawing(alluvial, ("table",), "communities over time"),
    "rich-club": Drawing(rich_club, ("table",), "whether the richest work with one another"),
}
"""All figures by name."""


def draw(name: str, **inputs: Any) -> "Axes":
    """Draw a figure by its name.

    Parameters
    ----------
    name : str
        A name of `FIGURES`.
    **inputs : object
        Inputs and options of its function.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `save` writes the figure around them.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    RecipeError
        If it lacks an input.

    Examples
    --------
    >>> import pandas as pd
    >>> ax = draw("lines", table=pd.DataFrame({"ties": [3, 5]}, index=["2022", "2023"]))
    >>> ax.lines[0].get_ydata().tolist()
    [3.0, 5.0]
    """
    if name not in FIGURES:
        raise UnknownNameError("figure", name, FIGURES)
    chosen = FIGURES[name]
    lacking = [need for need in chosen.needs if inputs.get(need) is None]
    if lacking:
        raise RecipeError(f"figure {name} needs {', '.join(chosen.needs)}; there is no {', '.join(lacking)}")
    return chosen.function(**inputs)
