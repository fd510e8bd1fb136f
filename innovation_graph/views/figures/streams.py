"""The alluvial diagram: communities as blocks at each time, places as streams between them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import folded, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["alluvial"]

_WIDTH = 0.16


def alluvial(
    table: pd.DataFrame,
    *,
    by: Literal["places", "strength"] = "places",
    names: Mapping[int, str] | None = None,
    smallest: int = 1,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw how places pass between communities from time to time.

    The height of a block is the number of its places (or their strength), a stream has the colour of the community
    that it comes from. Places that appear or vanish have no stream: the block is then higher than its streams.

    Parameters
    ----------
    table : pandas.DataFrame
        What `flows.flows` gave: `time_from`, `time_to`, `community_from`, `community_to`, `places`, and
        `strength_from`, `strength_to` to draw strengths. Communities must have aligned numbers (`flows.align`).
    by : {"places", "strength"}
        What heights mean.
    names : mapping of int to str, optional
        What communities are called; default: their numbers.
    smallest : int
        Communities that never have so many places are taken together as "others".
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one rectangle a community and time (gid "block") and one patch a flow (gid "stream").

    Raises
    ------
    FormatError
        If a column is missing, or there are no flows.
    UnknownNameError
        If `by` is something else.
    """
    if by not in ("places", "strength"):
        raise UnknownNameError("height", by, ("places", "strength"))
    sides = ["places", "places"] if by == "places" else ["strength_from", "strength_to"]
    for name in ("time_from", "time_to", "community_from", "community_to", *sides):
        if name not in table:
            raise FormatError("table of flows", expected=f"a column {name}", got=", ".join(map(str, table.columns)))
    if table.empty:
        raise FormatError("table of flows", expected="flows between two times or more", got="none")
    times = [str(time) for time in dict.fromkeys([*table["time_from"], *table["time_to"]])]
    flow = _flows(table, sides, smallest)
    heights = _heights(flow, times)
    totals = {time: sum(part.values()) for time, part in heights.items()}
    gap = 0.022 * max(totals.values())
    order = sorted({number for part in heights.values() for number in part}, key=lambda number: (number == 0, number))
    shade = {number: style.colour(row) if number else style.OTHER for row, number in enumerate(order)}
    bottom = _bottoms(heights, order, gap)
    with style.sheet(0.58, **look) as sheet:
        ax = sheet.ax
        _streams(ax, flow, times, bottom, shade, order)
        _blocks(ax, heights, times, bottom, shade, sheet)
        called = {number: (names or {}).get(number, f"{sheet.say('community')} {number}") for number in order}
        called[0] = sheet.say("other")
        _names(ax, heights, times, bottom, called, shade, sheet)
        every = max(1, int(np.ceil(len(times) / 12)))
        chosen = list(range(len(times)))[::-1][::every][::-1]
        ax.set_xticks(chosen, [times[at] for at in chosen])
        ax.tick_params(axis="x", length=0)
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.set_xlim(-_WIDTH / 2 - 0.02, len(times) - 1 + _WIDTH / 2 + 0.02)
        highest = max(bottom[time][number] + heights[time][number] for time in times for number in heights[time])
        ax.set_ylim(-0.01 * highest, 1.01 * highest)
        what = sheet.say("height_note", what=sheet.say(by))
        sheet.finish(sheet.say("alluvial"), look.get("provenance"), asked=look.get("title"), details=[what])
    return ax


def _flows(table: pd.DataFrame, sides: list[str], smallest: int) -> pd.DataFrame:
    """Return flows with plain columns; community 0 are the small ones, -1 stands for nowhere."""
    flow = pd.DataFrame(
        {
            "early": table["time_from"].astype(str).to_numpy(),
            "late": table["time_to"].astype(str).to_numpy(),
            "a": table["community_from"].astype("Float64").fillna(-1).astype("int64").to_numpy(),
            "b": table["community_to"].astype("Float64").fillna(-1).astype("int64").to_numpy(),
            "places": table["places"].to_numpy(),
            "out": table[sides[0]].to_numpy(dtype=np.float64),
            "in": table[sides[1]].to_numpy(dtype=np.float64),
        }
    )
    sizes = pd.concat(
        [
            flow.groupby(["early", "a"])["places"].sum().rename_axis(["time", "community"]),
            flow.groupby(["late", "b"])["places"].sum().rename_axis(["time", "community"]),
        ]
    )
    most = sizes.groupby("community").max()
    small = most.index[(most < smallest) & (most.index > 0)]
    for end in ("a", "b"):
        flow[end] = flow[end].where(~flow[end].isin(small), 0)
    return flow.groupby(["early", "late", "a", "b"], sort=False, as_index=False)[["places", "out", "in"]].sum()


def _heights(flow: pd.DataFrame, times: list[str]) -> dict[str, dict[int, float]]:
    heights: dict[str, dict[int, float]] = {}
    for time in times:
        before, after = flow[flow["late"] == time], flow[flow["early"] == time]
        part = after.groupby("a")["out"].sum() if len(after) else before.groupby("b")["in"].sum()
        heights[time] = {
            number: value for number, value in zip(part.index.tolist(), part.tolist(), strict=True) if number >= 0
        }
    return heights


def _bottoms(heights: dict[str, dict[int, float]], order: list[int], gap: float) -> dict[str, dict[int, float]]:
    """Stack the blocks of each time, the first community on top, centred on one line."""
    tallest = max(sum(part.values()) + gap * (len(part) - 1) for part in heights.values())
    bottoms: dict[str, dict[int, float]] = {}
    for time, part in heights.items():
        at = (tallest + sum(part.values()) + gap * (len(part) - 1)) / 2
        bottoms[time] = {}
        for number in order:
            if number in part:
                at -= part[number]
                bottoms[time][number] = at
                at -= gap
    return bottoms


def _streams(  # noqa: PLR0917 - what the streams run between
    ax: "Axes",
    flow: pd.DataFrame,
    times: list[str],
    bottom: dict[str, dict[int, float]],
    shade: dict[int, str],
    order: list[int],
) -> None:
    from matplotlib.patches import PathPatch  # noqa: PLC0415 - loaded when a figure is asked for
    from matplotlib.path import Path  # noqa: PLC0415

    place = {number: row for row, number in enumerate(order)}
    for at, time in enumerate(times[:-1]):
        part = flow[(flow["early"] == time) & (flow["a"] >= 0) & (flow["b"] >= 0)]
        rows: list[dict[str, Any]] = [
            {str(key): value for key, value in row.items()} for row in part.to_dict("records")
        ]
        left, right = dict(bottom[time]), dict(bottom[times[at + 1]])
        # From below: ends of streams lie in the order of their other ends, so that they do not cross inside a block.
        starts: dict[tuple[int, int], float] = {}
        for row in sorted(rows, key=lambda row: (-place[row["a"]], -place[row["b"]])):
            starts[row["a"], row["b"]] = left[row["a"]]
            left[row["a"]] += row["out"]
        for row in sorted(rows, key=lambda row: (-place[row["b"]], -place[row["a"]])):
            first = starts[row["a"], row["b"]]
            second = right[row["b"]]
            right[row["b"]] += row["in"]
            x0, x1 = at + _WIDTH / 2, at + 1 - _WIDTH / 2
            middle = (x0 + x1) / 2
            points = [
                (x0, first),
                (middle, first),
                (middle, second),
                (x1, second),
                (x1, second + row["in"]),
                (middle, second + row["in"]),
                (middle, first + row["out"]),
                (x0, first + row["out"]),
                (x0, first),
            ]
            codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
            stays = row["a"] == row["b"]
            ax.add_patch(
                PathPatch(
                    Path(points, codes),
                    facecolor=shade[row["a"]],
                    alpha=0.28 if stays else 0.5,
                    linewidth=0,
                    zorder=1 if stays else 2,
                    gid="stream",
                )
            )


def _blocks(  # noqa: PLR0917 - where the blocks stand
    ax: "Axes",
    heights: dict[str, dict[int, float]],
    times: list[str],
    bottom: dict[str, dict[int, float]],
    shade: dict[int, str],
    sheet: style.Sheet,
) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - loaded when a figure is asked for

    tallest = max(sum(part.values()) for part in heights.values())
    # Points that a block is wide, with about a quarter of the page for the names.
    room = _WIDTH * 0.75 * sheet.width * 72 / max(1, len(times) - 1 + _WIDTH)
    for at, time in enumerate(times):
        for number, height in heights[time].items():
            low = bottom[time][number]
            box: dict[str, Any] = {"facecolor": shade[number], "linewidth": 0, "zorder": 3, "gid": "block"}
            ax.add_patch(Rectangle((at - _WIDTH / 2, low), _WIDTH, height, **box))
            number_text = f"{height:,.0f}"
            if height > 0.045 * tallest and 0.6 * sheet.points(6.0) * len(number_text) < room:
                ax.text(
                    at,
                    low + height / 2,
                    number_text,
                    ha="center",
                    va="center",
                    color="white",
                    weight="bold",
                    size=sheet.points(6.0),
                    zorder=4,
                    gid="number",
                )


def _names(  # noqa: PLR0917 - where the names stand
    ax: "Axes",
    heights: dict[str, dict[int, float]],
    times: list[str],
    bottom: dict[str, dict[int, float]],
    called: dict[int, str],
    shade: dict[int, str],
    sheet: style.Sheet,
) -> None:
    room = 0.038 * max(bottom[time][number] + heights[time][number] for time in times for number in heights[time])
    for time, x, side in ((times[0], 0.0, -1), (times[-1], 1.0, 1)):
        there = list(heights[time])
        middles = spread([bottom[time][number] + heights[time][number] / 2 for number in there], room)
        for number, y in zip(there, middles, strict=True):
            ax.annotate(
                folded(called[number], 24),
                (x, y),
                (side * sheet.points(3), 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                va="center",
                size=sheet.points(7.0),
                color=shade[number],
                annotation_clip=False,
                gid="name",
            )
