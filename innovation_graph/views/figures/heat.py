"""The matrix: who works with whom, communities along the diagonal."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.views.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from innovation_graph.network import Network
    from innovation_graph.partition import Partition

__all__ = ["matrix"]


def matrix(
    network: "Network",
    *,
    by: "str | pd.Series | Partition" = "community",
    top: int = 60,
    seed: int = 0,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw link weights as a heat map, places ordered by group and inside it by strength.

    Colours are on a logarithmic scale; white is no link, and so is the diagonal.

    Parameters
    ----------
    network : Network
        Any network.
    by : str, pandas.Series or Partition
        "community" (Leiden), a column of the place table, groups by place id, or a partition. The group of the
        strongest place comes first, places without a group last.
    top : int
        The strongest places. Names are left out where a row is lower than three points.
    seed : int
        Of the communities.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one image (gid "cells"), whose array holds the weights.

    Raises
    ------
    NetworkError
        If there is no link.
    UnknownNameError
        If there is no such column.
    """
    from matplotlib.colors import LinearSegmentedColormap, LogNorm  # noqa: PLC0415 - loaded when a figure is asked for

    if not network.n_links:
        raise NetworkError("a matrix needs links, this network has none")
    labels = _labels(network, by, seed)
    order, groups = _order(network, labels, top)
    weights = network.adjacency[order][:, order].toarray()
    cells = np.ma.masked_equal(weights, 0.0)
    n = len(order)
    with style.sheet(0.93, **look) as sheet:
        ax = sheet.ax
        shades = LinearSegmentedColormap.from_list("weights", ["#e8eff6", "#a8c6de", "#5b93bd", "#235e91", "#0b2c52"])
        low, high = float(cells.min()), float(cells.max())
        norm = LogNorm(low, high if high > low else low * 1.0001 + 1e-12)
        image = ax.imshow(cells, cmap=shades, norm=norm, aspect="equal", interpolation="none", gid="cells")
        names = style.names_of(network.ids[order], network.places, lang=sheet.lang, short=sheet.short)
        height = sheet.width * 0.72 * 72 / n
        size = min(sheet.points(6.5), 0.86 * height)
        if size >= 2.6:
            ax.set_yticks(range(n), names, size=size)
            ax.set_xticks(range(n), names, size=size, rotation=90)
        else:
            ax.set_xticks([])
            ax.set_yticks([])
        ax.tick_params(length=0, pad=sheet.points(6.0))
        for spine in ax.spines.values():
            spine.set_visible(False)
        _frames(ax, groups, sheet, height)
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.35, aspect=18, pad=0.015, anchor=(0.0, 1.0))
        bar.outline.set_visible(False)
        bar.set_label(sheet.say("link_weight"), size=sheet.points(6.5))
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
        style.plain_minor(bar.ax.yaxis)
        bar.ax.tick_params(labelsize=sheet.points(6.0))
        shown = sheet.say("shown_of", shown=n, all=network.n_places) if n < network.n_places else ""
        sheet.finish(
            sheet.say("matrix"),
            style.origin(look.get("provenance"), network.provenance),
            asked=look.get("title"),
            details=[shown],
        )
    return ax


def _labels(network: "Network", by: "str | pd.Series | Partition", seed: int) -> pd.Series:
    if isinstance(by, str):
        if by == "community":
            from innovation_graph import communities  # noqa: PLC0415 - loaded when needed

            return communities.leiden(network, seed=seed).labels
        if by not in network.places:
            raise UnknownNameError("column of the place table", by, ("community", *network.places.columns))
        return network.places[by]
    return (by if isinstance(by, pd.Series) else by.labels).reindex(network.ids)


def _order(network: "Network", labels: pd.Series, top: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the rows to draw and, for each, the number of its group in the order of the drawing; -1 for none."""
    strength = network.adjacency.sum(axis=1)
    strongest = np.argsort(-strength, kind="stable")[:top]
    codes, _ = pd.factorize(labels.iloc[strongest])  # numbered by the strongest place
    last = np.where(codes < 0, codes.max(initial=0) + 1, codes)
    rows = np.lexsort((np.arange(len(strongest)), last))
    return strongest[rows], codes[rows].astype(np.int64)


def _frames(ax: "Axes", groups: NDArray[np.int64], sheet: style.Sheet, height: float) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - loaded when a figure is asked for

    n = len(groups)
    gap, thick = sheet.points(1.2) / height, sheet.points(2.8) / height
    edges = np.r_[0, np.flatnonzero(np.diff(groups)) + 1, n]
    for first, last in pairwise(edges.tolist()):
        group = int(groups[first])
        shade = style.colour(group) if group >= 0 else style.OTHER
        span = float(last - first)
        box: dict[str, Any] = {"linewidth": sheet.points(0.9), "edgecolor": shade, "facecolor": "none", "zorder": 4}
        ax.add_patch(Rectangle((first - 0.5, first - 0.5), span, span, gid="group", **box))
        strip: dict[str, Any] = {"facecolor": shade, "linewidth": 0, "clip_on": False}
        ax.add_patch(Rectangle((-0.5 - gap - thick, first - 0.5), thick, span, **strip))
        ax.add_patch(Rectangle((first - 0.5, n - 0.5 + gap), span, thick, **strip))
