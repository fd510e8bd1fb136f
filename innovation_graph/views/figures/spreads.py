"""How unequal a network is: the distribution of degrees and strengths, and its rich club."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from innovation_graph.network import Network

__all__ = ["distribution", "rich_club"]


def distribution(
    network: "Network", *, measures: Sequence[str] = ("degree", "strength"), **look: Unpack[style.Look]
) -> "Axes":
    """Draw the share of places with at least so much, on logarithmic axes.

    A straight line would be a power law, a bend downwards a thinner tail. The cumulative form needs no bins. The
    largest three places of the last measure are named.

    Parameters
    ----------
    network : Network
        Any network.
    measures : sequence of str
        Names in `centrality.MEASURES`. Places with 0 count in the share and are not drawn.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one line of points a measure, gid its name.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    """
    from innovation_graph import centrality  # noqa: PLC0415 - loaded when needed

    for name in measures:
        if name not in centrality.MEASURES:
            raise UnknownNameError("measure", name, centrality.MEASURES)
    table = centrality.table(network, list(measures))
    with style.sheet(0.6, **look) as sheet:
        ax = sheet.ax
        n = len(table)
        for row, name in enumerate(measures):
            values = np.sort(table[name].to_numpy(dtype=np.float64))
            share = 1 - np.searchsorted(values, values, side="left") / n
            seen = values > 0
            shade = style.colour(row)
            ax.plot(
                values[seen],
                share[seen],
                linestyle="",
                marker="o",
                markersize=sheet.points(3.6),
                color=shade,
                markeredgewidth=0,
                alpha=0.75,
                gid=name,
            )
            if seen.any():
                at = int(np.argmax(share <= 0.5)) if (share <= 0.5).any() else len(values) - 1
                ax.annotate(
                    sheet.say(name),
                    (values[at], share[at]),
                    (sheet.points(8), sheet.points(5)),
                    textcoords="offset points",
                    color=shade,
                    weight="bold",
                    size=sheet.points(8.0),
                    gid="key",
                )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        for axis in (ax.xaxis, ax.yaxis):
            style.plain_minor(axis)
        ax.grid(visible=True, which="major")
        ax.set_xlabel(sheet.say("value"))
        ax.set_ylabel(sheet.say("at_least"))
        _leaders(ax, network, table[measures[-1]], sheet)
        called = sheet.say("and").join(sheet.say(name) for name in measures)
        zeros = int((table == 0).all(axis=1).sum())
        details = [sheet.say("isolates_note", n=zeros)] if zeros else []
        sheet.finish(
            sheet.say("distribution", measures=called),
            style.origin(look.get("provenance"), network.provenance),
            asked=look.get("title"),
            details=details,
        )
    return ax


def rich_club(table: pd.DataFrame, *, weighted: bool = False, **look: Unpack[style.Look]) -> "Axes":
    """Draw how much more the richest places work with one another than chance would have it.

    Parameters
    ----------
    table : pandas.DataFrame
        What `topology.rich_club` gave: `richness` (or the index), `ratio`, `reference`, `low`, `high`, `places`.
    weighted : bool
        Whether richness is strength, for the label.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With the line of ratios (gid "ratio") and the band of random networks (gid "chance").

    Raises
    ------
    FormatError
        If a column is missing.
    """
    table = table if "richness" in table else table.rename_axis("richness").reset_index()
    for name in ("richness", "ratio", "reference", "low", "high", "places"):
        if name not in table:
            raise FormatError("table of clubs", expected=f"a column {name}", got=", ".join(map(str, table.columns)))
    known = table[table["ratio"].notna()].sort_values("richness", kind="stable")
    x, ratio = (known[name].to_numpy(dtype=np.float64) for name in ("richness", "ratio"))
    reference = known["reference"].to_numpy(dtype=np.float64)
    low, high = (known[name].to_numpy(dtype=np.float64) / reference for name in ("low", "high"))
    with style.sheet(0.58, **look) as sheet:
        ax = sheet.ax
        ax.fill_between(x, low, high, color=style.OTHER, alpha=0.3, linewidth=0, gid="chance")
        ax.axhline(1, color=style.MUTED, linewidth=sheet.points(0.8), linestyle=(0, (4, 3)))
        ax.plot(x, ratio, color=style.colour(0), linewidth=sheet.points(1.8), gid="ratio")
        ax.set_xlabel(sheet.say("club_weighted" if weighted else "club"))
        ax.set_ylabel(sheet.say("club_ratio"))
        ax.grid(axis="y")
        ax.margins(x=0.02)
        ax.annotate(
            sheet.say("by_chance"),
            (0.01, 1),
            (0, -sheet.points(10)),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=style.MUTED,
            size=sheet.points(7.0),
        )
        if len(known):
            for at in np.unique(np.linspace(0, len(known) - 1, 7).astype(int)):
                ax.annotate(
                    f"{int(known['places'].iloc[at])}",
                    (x[at], ratio[at]),
                    (0, sheet.points(5)),
                    ha="center",
                    textcoords="offset points",
                    size=sheet.points(6.2),
                    color=style.colour(0),
                    gid="places",
                )
        what = sheet.say("club_note")
        sheet.finish(sheet.say("rich_club"), look.get("provenance"), asked=look.get("title"), details=[what])
    return ax


def _leaders(ax: "Axes", network: "Network", values: pd.Series, sheet: style.Sheet) -> None:
    top = values.sort_values(ascending=False, kind="stable").head(3)
    names = style.names_of(top.index, network.places, lang=sheet.lang, short=sheet.short)
    for place, value in top.items():
        if value > 0:
            share = float((values >= value).mean())
            ax.annotate(
                names[str(place)],
                (value, share),
                (-sheet.points(5), 0),
                textcoords="offset points",
                ha="right",
                va="center",
                size=sheet.points(6.5),
                gid="name",
            )
