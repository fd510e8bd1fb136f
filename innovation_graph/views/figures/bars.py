"""Bars of an index: what the result hangs on, and why one place stands above another."""

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import folded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["sensitivity", "waterfall"]

_UP, _DOWN = "#4477aa", "#ee6677"


def sensitivity(table: pd.DataFrame, *, output: str | None = None, **look: Unpack[style.Look]) -> "Axes":
    """Draw first-order and total indices of each uncertain choice, with their intervals, the largest total on top.

    Parameters
    ----------
    table : pandas.DataFrame
        What `index.variance.sobol` gave: `output`, `input`, `first`, `first_low`, `first_high`, `total`, `total_low`,
        `total_high`. Without the bounds no intervals are drawn.
    output : str, optional
        Which output; default: the first.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With two bars an input (gids "first" and "total").

    Raises
    ------
    FormatError
        If a column is missing.
    UnknownNameError
        If there is no such output.
    """
    for name in ("input", "first", "total"):
        if name not in table:
            raise FormatError("table of indices", expected=f"a column {name}", got=", ".join(map(str, table.columns)))
    if "output" in table:
        known = table["output"].unique()
        output = str(known[0]) if output is None else output
        if output not in known:
            raise UnknownNameError("output", output, known)
        table = table[table["output"] == output]
    rows = table.sort_values("total", ascending=False, kind="stable")
    n = len(rows)
    with style.sheet(0.17 + 0.058 * n, rows=True, **look) as sheet:
        ax = sheet.ax
        y = np.arange(n)
        for offset, kind, shade in (
            (-0.19, "first", style.colour(0)),
            (0.19, "total", style.tint(style.colour(0), 0.45)),
        ):
            values = rows[kind].to_numpy(dtype=np.float64)
            ax.barh(y + offset, values, height=0.36, color=shade, linewidth=0, gid=kind)
            if f"{kind}_low" in rows and f"{kind}_high" in rows:
                low, high = (rows[f"{kind}_{end}"].to_numpy(dtype=np.float64) for end in ("low", "high"))
                ax.hlines(y + offset, low, high, color=style.INK, linewidth=sheet.points(0.8), gid="interval")
        ax.set_yticks(y, [sheet.say(str(name)) for name in rows["input"]])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(n - 0.4, -0.6)
        ax.axvline(0, color="#9aa3ad", linewidth=sheet.points(0.6))
        ax.grid(axis="x")
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(sheet.say("share_variance"))
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
        # The key stands in the lowest rows, where bars are shortest.
        keys = (("first_order", style.colour(0)), ("total_effect", style.tint(style.colour(0), 0.7)))
        for row, (name, shade) in enumerate(reversed(keys)):
            ax.annotate(
                sheet.say(name),
                (1, 0),
                (0, sheet.points(4 + 10 * row)),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="right",
                color=shade,
                weight="bold",
                size=sheet.points(7.5),
                gid="key",
            )
        title = sheet.say("sensitivity")
        if output is not None:
            title = f"{title}: {sheet.say(output)}"
        sheet.finish(title, look.get("provenance"), asked=look.get("title"))
    return ax


def waterfall(
    table: pd.DataFrame,
    first: str,
    second: str,
    *,
    start: float | None = None,
    top: int = 12,
    places: pd.DataFrame | None = None,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw the way from the score of one place to that of another, indicator by indicator.

    The bars of indicators go from what speaks most for the first place to what speaks most against it; the ones that
    matter least are taken together.

    Parameters
    ----------
    table : pandas.DataFrame
        What `index.explain.why` gave: `name` and `contribution`, whose sum is the score of the first place less that
        of the second.
    first, second : str
        Ids or names of the two places.
    start : float, optional
        Score of the second place; without it the way starts at 0 and ends at the difference.
    top : int
        At most so many indicators of their own.
    places : pandas.DataFrame, optional
        Place table with names.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one bar an indicator (gid "step") and, if `start` is given, two of the places (gid "score").

    Raises
    ------
    FormatError
        If a column is missing.
    """
    for name in ("name", "contribution"):
        if name not in table:
            raise FormatError(
                "table of contributions", expected=f"a column {name}", got=", ".join(map(str, table.columns))
            )
    steps = table[["name", "contribution"]].dropna().astype({"contribution": "float64"})
    size = steps["contribution"].abs()
    rest = steps[size.rank(ascending=False, method="first") > top]
    steps = steps.drop(index=rest.index) if len(rest) > 1 else steps
    rest = rest if len(rest) > 1 else rest.iloc[:0]
    steps = steps.sort_values("contribution", ascending=False, kind="stable")
    with style.sheet(0.17 + 0.0335 * (len(steps) + 3), rows=True, **look) as sheet:
        ax = sheet.ax
        names = style.names_of([first, second], places, lang=sheet.lang, short=sheet.short)
        labels, values = steps["name"].tolist(), steps["contribution"].tolist()
        if len(rest):
            labels.append(sheet.say("n_others", n=len(rest)))
            values.append(float(rest["contribution"].sum()))
        base = 0.0 if start is None else start
        ends = base + np.cumsum(values)
        starts = np.r_[base, ends[:-1]] if len(values) else np.empty(0)
        total = float(ends[-1]) if len(values) else base
        rows = np.arange(len(values)) + (start is not None)
        low, high = min(base, starts.min(initial=base), ends.min(initial=base)), max(base, ends.max(initial=base))
        span = high - low or 1.0
        left = 0.0 if start is None else low - 0.12 * span
        shades = [_UP if value >= 0 else _DOWN for value in values]
        ax.barh(rows, np.array(values), left=starts, height=0.66, color=shades, linewidth=0, gid="step")
        for row, value, a, b in zip(rows.tolist(), values, starts.tolist(), ends.tolist(), strict=True):
            ax.plot([b, b], [row - 0.33, row + 1.33], color="#9aa3ad", linewidth=sheet.points(0.5), zorder=0)
            ax.text(
                max(a, b) + 0.008 * span,
                row,
                f"{value:+,.2f}",
                va="center",
                size=sheet.points(6.6),
                color=_UP if value >= 0 else "#c2405a",
                gid="value",
            )
        ticks = labels
        if start is not None:
            ticks = [names[second], *labels, names[first]]
            at = np.array([0, len(values) + 1])
            scores = np.array([base, total])
            ax.barh(at, scores - left, left=left, height=0.66, color="#5b6673", linewidth=0, gid="score")
            for row, score in zip(at, scores, strict=True):
                ax.text(score + 0.008 * span, row, f"{score:,.2f}", va="center", weight="bold", size=sheet.points(7.0))
            ax.set_xlim(left, high + 0.1 * span)
        else:
            ax.axvline(0, color="#9aa3ad", linewidth=sheet.points(0.6))
            ax.margins(x=0.12)
        ax.set_yticks(range(len(ticks)), [_cut(text) for text in ticks], size=sheet.points(7.0))
        for text in ax.get_yticklabels():
            if start is not None and text.get_text() in (_cut(names[first]), _cut(names[second])):
                text.set_fontweight("bold")
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(ticks) - 0.4, -0.6)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x")
        ax.set_xlabel(sheet.say("score"))
        title = sheet.say("waterfall" if total >= base else "waterfall_below", first=names[first], second=names[second])
        cut = sheet.say("axis_note") if start is not None else ""
        sheet.finish(title, look.get("provenance"), asked=look.get("title"), details=[cut])
    return ax


def _cut(text: str, most: int = 70) -> str:
    return folded(text if len(text) <= most else f"{text[: most - 3].rstrip()}...", 38)
