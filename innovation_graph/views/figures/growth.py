"""International co-publication: who grows, and how much of the work is international."""

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError
from innovation_graph.views.figures import style
from innovation_graph.views.figures._labels import put_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["growth_bubble"]

_WORLD = "(world)"
_LARGEST = 15.0
_KEYS = 9


def growth_bubble(
    table: pd.DataFrame,
    *,
    places: pd.DataFrame | None = None,
    by: str = "continent",
    top: int = 60,
    **look: Unpack[style.Look],
) -> "Axes":
    """Draw places by growth (x) and share (y) of their international papers; the area is the number.

    Dashed lines stand at the values of the world where the table has them, else at the means of the places drawn.

    Parameters
    ----------
    table : pandas.DataFrame
        What `copublication.growth` gave: `place`, `international_growth` (0.1 is ten percent a year), `share_last`,
        `international_last`, `first_year`, `last_year`. Rows without growth or share are left out; of a table with
        fields take one field first.
    places : pandas.DataFrame, optional
        Place table with names and the column `by`.
    by : str
        Column that gives the colours; without it all are of one colour.
    top : int
        The places with the largest numbers.
    **look : object
        See `style.Look`.

    Returns
    -------
    matplotlib.axes.Axes
        With one bubble a place (gid "places").

    Raises
    ------
    FormatError
        If a column is missing, a place occurs twice, or nothing is left to draw.
    """
    for name in ("place", "international_growth", "share_last", "international_last"):
        if name not in table:
            raise FormatError("table of growth", expected=f"a column {name}", got=", ".join(map(str, table.columns)))
    if table["place"].duplicated().any():
        twice = table.loc[table["place"].duplicated(), "place"].iloc[0]
        raise FormatError(
            "table of growth", expected="one row a place", got=f"several of {twice}", hint="Choose one field."
        )
    values = table.set_index("place")[["international_growth", "share_last", "international_last"]].astype("float64")
    world = values.loc[_WORLD] if _WORLD in values.index else None
    known = values.drop(index=_WORLD, errors="ignore").dropna()
    known = known[known["international_last"] > 0].sort_values("international_last", ascending=False, kind="stable")
    if known.empty:
        raise FormatError("table of growth", expected="places with growth and share", got="none")
    shown = known.head(top)
    x, y, number = (shown[name].to_numpy(dtype=np.float64) for name in shown.columns)
    groups, group_names = _groups(shown.index, places, by)
    with style.sheet(0.68, **look) as sheet:
        ax = sheet.ax
        radius = sheet.points(_LARGEST) * np.sqrt(number / number.max())
        shades = [style.colour(group) if group >= 0 else style.OTHER for group in groups.tolist()]
        ax.scatter(
            x,
            y,
            s=(2 * radius) ** 2,
            c=shades,
            alpha=0.72,
            edgecolors="white",
            linewidths=sheet.points(0.5),
            zorder=3,
            gid="places",
        )
        at = (x.mean(), y.mean()) if world is None else tuple(world.iloc[:2])
        ax.margins(0.09, 0.11)
        ax.autoscale_view()
        _cross(ax, at, sheet.say("mean" if world is None else "world"), sheet)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
        years = _years(table)
        ax.set_xlabel(f"{sheet.say('growth_axis')}{years}")
        ax.set_ylabel(sheet.say("share_axis"))
        ax.grid(visible=True)
        for row, group in enumerate(style.country_names(group_names, lang=sheet.lang)):
            ax.text(
                1.0,
                0.995 - 0.043 * row,
                group,
                color=style.colour(row),
                ha="right",
                va="top",
                weight="bold",
                size=sheet.points(7.0),
                transform=ax.transAxes,
                gid="key",
                zorder=6,
            )
        total = len(known)
        details = [
            sheet.say("size_key", what=sheet.say("papers_axis")),
            sheet.say("shown_of", shown=len(shown), all=total) if len(shown) < total else "",
        ]
        sheet.finish(sheet.say("bubble"), look.get("provenance"), asked=look.get("title"), details=details)
        names = style.names_of(shown.index, places, lang=sheet.lang, short=sheet.short)
        sizes = sheet.scale * np.clip(5.0 + 3.5 * np.sqrt(number / number.max()), 5.2, 8.0)
        put_names(
            ax, np.column_stack([x, y]), names.tolist(), radius, sizes, rings=3, inside=True, halo=sheet.points(1.3)
        )
    return ax


def _groups(
    ids: "pd.Index[str]", places: pd.DataFrame | None, by: str
) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", list[str]]:
    if places is None or by not in places:
        return np.zeros(len(ids), dtype=np.int64), []
    labels = places[by].reindex(ids)
    # Only groups that the key names have a colour.
    names = labels.value_counts(sort=False).sort_values(ascending=False, kind="stable").index[:_KEYS]
    kept = {name: row for row, name in enumerate(names)}
    return np.array([kept.get(label, -1) for label in labels], dtype=np.int64), [str(name) for name in names]


def _cross(ax: "Axes", at: tuple[float, ...], text: str, sheet: style.Sheet) -> None:
    look: dict[str, Any] = {"color": style.MUTED, "linewidth": sheet.points(0.7), "linestyle": (0, (4, 3)), "zorder": 1}
    small: dict[str, Any] = {"size": sheet.points(6.2), "color": style.MUTED}
    if np.isfinite(at[0]):
        ax.axvline(at[0], **look)
        ax.annotate(
            f"{text} {at[0]:.1%}",
            (at[0], 0),
            (2, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            **small,
        )
    if np.isfinite(at[1]):
        ax.axhline(at[1], **look)
        ax.annotate(
            f"{text} {at[1]:.1%}",
            (0, at[1]),
            (3, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            **small,
        )


def _years(table: pd.DataFrame) -> str:
    if "first_year" not in table or "last_year" not in table or table.empty:
        return ""
    return f" {table['first_year'].iloc[0]}-{table['last_year'].iloc[0]}"
