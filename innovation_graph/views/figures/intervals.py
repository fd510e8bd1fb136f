"""Estimates with their intervals: which differences between places are more than chance."""

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Unpack

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from innovation_graph.uncertainty import Uncertainty

__all__ = ["rank_intervals"]


def rank_intervals(
    uncertainty: "Uncertainty | pd.DataFrame",
    *,
    measure: str | None = None,
    of: Literal["rank", "value"] = "rank",
    top: int = 40,
    level: float = 0.95,
    places: pd.DataFrame | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw ranks (or values) with their intervals, the first place on top, and tiers as shaded bands.

    Places of one tier cannot be told from its leader; see `Uncertainty.tiers`.

    Parameters
    ----------
    uncertainty : Uncertainty or pandas.DataFrame
        What `uncertainty.bootstrap` gave, or a table indexed by place id (or with a column `place_id`) with `rank`,
        `rank_low`, `rank_high`; for values `estimate`, `low`, `high`, or `score`, `score_low`, `score_high` as
        `sensitivity.MonteCarlo.summary` names them; and, if there are tiers, `tier`.
    measure : str, optional
        Which one; default: the first. Of a table: its rows with this value in a column `measure`.
    of : {"rank", "value"}
        What to draw.
    top : int
        Number of places.
    level : float
        Probability of the interval; of a table, what its intervals have.
    places : pandas.DataFrame, optional
        Place table with names.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With the estimates as points (gid "estimates") and the intervals as lines (gid "intervals").

    Raises
    ------
    UnknownNameError
        If there is no such measure, or `of` is something else.
    FormatError
        If the table lacks a column.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - loaded when a figure is asked for

    if of not in ("rank", "value"):
        raise UnknownNameError("kind of intervals", of, ("rank", "value"))
    table, measure, names, provenance = _table(uncertainty, measure, level)
    table = table.sort_values("rank", kind="stable").head(top)
    columns = _columns(table, of)
    values, low, high = (table[name].to_numpy(dtype=np.float64) for name in columns)
    n = len(table)
    rows = np.arange(n)
    with style.sheet(0.09 + 0.0235 * n, rows=True, **look) as sheet:
        ax = sheet.ax
        if "tier" in table:
            _bands(ax, table["tier"].to_numpy(), sheet)
        shade = style.colour(0)
        ax.hlines(rows, low, high, colors=shade, linewidth=sheet.points(1.9), alpha=0.45, gid="intervals")
        ax.scatter(values, rows, s=sheet.points(4.2) ** 2, c=shade, zorder=3, linewidths=0, gid="estimates")
        known = pd.DataFrame({"name_en": names}) if places is None and names is not None else places
        labels = style.names_of(table.index, known, lang=sheet.lang, short=sheet.short)
        ranks = table["rank"].to_numpy()
        texts = [f"{name}  {rank:g}" for name, rank in zip(labels, ranks, strict=True)]
        ax.set_yticks(rows, texts, size=sheet.points(7.0))
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(n - 0.4, -0.6)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x")
        called = sheet.say(measure)
        ax.set_xlabel(sheet.say("rank") if of == "rank" else called)
        if of == "rank":
            ax.set_xlim(max(0.0, low.min() - 1), high.max() + 1)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        plain = "" if level else "_plain"
        title = sheet.say(f"intervals_{of}{plain}", measure=called, level=f"{level * 100:g}")
        total = len(names) if names is not None else n
        shown = sheet.say("shown_of", shown=n, all=total) if n < total else ""
        title = title[:1].upper() + title[1:]
        sheet.finish(title, style.origin(look.get("provenance"), provenance), asked=look.get("title"), details=[shown])
    return ax


def _table(
    given: "Uncertainty | pd.DataFrame", measure: str | None, level: float
) -> tuple[pd.DataFrame, str, pd.Series | None, dict[str, object]]:
    if not isinstance(given, pd.DataFrame):
        measure = given.measures[0] if measure is None else measure
        table = given.summary(measure, level).join(given.tiers(measure)[["tier"]])
        return table, measure, given.names, {"counting": given.counting, **given.provenance}
    table = given
    if "measure" in table:
        known = table["measure"].unique()
        measure = str(known[0]) if measure is None else measure
        if measure not in known:
            raise UnknownNameError("measure", measure, known)
        table = table[table["measure"] == measure]
    if "place_id" in table:
        table = table.set_index("place_id")
    for name in ("rank", "rank_low", "rank_high"):
        if name not in table:
            raise FormatError("table of intervals", expected=f"a column {name}", got=", ".join(map(str, table.columns)))
    names = table["name"] if "name" in table else table.get("name_en")
    return table, measure or "score", names, {}


def _columns(table: pd.DataFrame, of: str) -> tuple[str, str, str]:
    if of == "rank":
        return "rank", "rank_low", "rank_high"
    for columns in (("estimate", "low", "high"), ("score", "score_low", "score_high")):
        if all(name in table for name in columns):
            return columns
    raise FormatError("table of intervals", expected="estimate, low, high", got=", ".join(map(str, table.columns)))


def _bands(ax: "Axes", tiers: "np.ndarray[tuple[int], np.dtype[np.int64]]", sheet: style.Sheet) -> None:
    edges = np.r_[0, np.flatnonzero(np.diff(tiers)) + 1, len(tiers)]
    for first, last in pairwise(edges.tolist()):
        number = int(tiers[first])
        if number % 2:
            ax.axhspan(first - 0.5, last - 0.5, color="#f1f4f7", zorder=0, linewidth=0, gid="tier")
        ax.annotate(
            sheet.say("tier", n=number),
            (1, first),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            ha="left",
            size=sheet.points(6.5),
            color=style.MUTED,
            annotation_clip=False,
        )
