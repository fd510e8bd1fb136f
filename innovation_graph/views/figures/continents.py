"""Where the places of each continent stand in a ranking."""

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import FormatError
from innovation_graph.views.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["quartiles"]


def quartiles(table: pd.DataFrame, *, rank: str = "rank", by: str = "continent", **look: Unpack[style.Look]) -> "Axes":
    """Draw the rank of every place as a dot in the row of its group, over the four quarters of the ranking.

    The bar goes from the lower to the upper quartile of the ranks of the group, its stroke is the median; the number
    in each quarter tells how many places of the group are there.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a place, with its rank (1 is the best) and its group. Places that lack one of the two are left out;
        quarters are those of the places that remain, by the largest rank or their number, whichever is larger.
    rank, by : str
        Columns.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With the dots of each group (gid "places"), the largest group on top.

    Raises
    ------
    FormatError
        If there is no such column, or no place has both.
    """
    for name in (rank, by):
        if name not in table:
            raise FormatError("table of ranks", expected=f"a column {name}", got=", ".join(map(str, table.columns)))
    known = table[[rank, by]].dropna()
    if known.empty:
        raise FormatError("table of ranks", expected="places with a rank and a group", got="none")
    n = int(max(len(known), known[rank].max()))
    groups = known[by].value_counts(sort=False).sort_values(ascending=False, kind="stable").index
    with style.sheet(0.11 + 0.075 * len(groups), rows=True, **look) as sheet:
        ax = sheet.ax
        for quarter in range(4):
            span = (quarter * n / 4 + 0.5, (quarter + 1) * n / 4 + 0.5)
            ax.axvspan(*span, color=style.tint("#235e91", (0.16, 0.11, 0.07, 0.03)[quarter]), linewidth=0, zorder=0)
            ax.text(
                sum(span) / 2,
                -0.62,
                sheet.say("quarter", n=quarter + 1),
                ha="center",
                va="bottom",
                size=sheet.points(6.5),
                color=style.MUTED,
            )
        for row, group in enumerate(groups):
            _group(ax, row, known.loc[known[by] == group, rank].to_numpy(dtype=np.float64), n, sheet)
        names = style.country_names(map(str, groups), lang=sheet.lang)
        counts = known[by].value_counts()
        ax.set_yticks(
            range(len(groups)), [f"{name} ({counts[group]})" for name, group in zip(names, groups, strict=True)]
        )
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(groups) - 0.45, -0.6)
        ax.set_xlim(0.5, n + 0.5)
        ax.set_xticks(sorted({1, *(round(part * n / 4) for part in (1, 2, 3, 4))}))
        ax.set_xlabel(sheet.say("rank"))
        ax.spines["left"].set_visible(False)
        plural = {"country": "countries", "continent": "continents"}.get(by, "group")
        left_out = len(table) - len(known)
        details = [sheet.say("shown_of", shown=len(known), all=len(table))] if left_out else []
        sheet.finish(
            sheet.say("quartiles", groups=sheet.say(plural)),
            look.get("provenance"),
            asked=look.get("title"),
            details=details,
        )
    return ax


def _group(ax: "Axes", row: int, ranks: NDArray[np.float64], n: int, sheet: style.Sheet) -> None:
    ranks = np.sort(ranks)
    shade = style.colour(row)
    low, median, high = np.quantile(ranks, [0.25, 0.5, 0.75])
    ax.barh(row + 0.06, high - low, left=low, height=0.5, color=shade, alpha=0.22, linewidth=0, zorder=1, gid="box")
    ax.plot([median] * 2, [row - 0.19, row + 0.31], color=shade, linewidth=sheet.points(1.6), zorder=2, gid="median")
    ax.scatter(
        ranks,
        row + 0.06 + _swarm(ranks, n),
        s=sheet.points(3.4) ** 2,
        color=shade,
        edgecolors="white",
        linewidths=sheet.points(0.35),
        zorder=3,
        gid="places",
    )
    for quarter in range(4):
        inside = int(((ranks > quarter * n / 4) & (ranks <= (quarter + 1) * n / 4)).sum())
        if inside:
            ax.text(
                (quarter + 0.5) * n / 4 + 0.5,
                row - 0.26,
                f"{inside}",
                ha="center",
                va="center",
                weight="bold",
                size=sheet.points(7.0),
                color=shade,
                gid="count",
            )


def _swarm(ranks: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Move dots that would cover each other up and down by turns."""
    offset = np.zeros(len(ranks))
    near = n / 110
    run = 0
    for at in range(1, len(ranks)):
        run = run + 1 if ranks[at] - ranks[at - 1] < near else 0
        offset[at] = (0.0, 0.13, -0.13)[run % 3]
    return offset
