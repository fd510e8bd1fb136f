"""Colours, fonts and settings of matplotlib, and how text is broken into lines."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from innovation_graph.views._palette import COMMUNITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ALARM",
    "GRID",
    "INK",
    "LAND",
    "MUTED",
    "SEA",
    "has_chinese",
    "plain_minor",
    "restyle",
    "settings",
    "tint",
    "wrapped",
]

INK, MUTED, GRID, LAND, SEA, ALARM = "#1c2430", "#5b6673", "#e3e7ec", "#e2e7ec", "#f6f8fa", "#c2330b"

_LATIN = ("Source Sans 3", "Inter", "Helvetica Neue", "Helvetica", "Arial", "Liberation Sans")
_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Heiti SC",
    "Droid Sans Fallback",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "SimSun",
    "Arial Unicode MS",
)

_NOT_OURS = (
    "backend",
    "interactive",
    "toolbar",
    "webagg",
    "tk",
    "docstring",
    "date.epoch",
    "timezone",
    "figure.hooks",
    "savefig.directory",
    "macosx",
    "keymap",
    "animation",
    "text.latex",
    "pgf",
)

_NO_BEGINNING = "\uff1b\u3002\uff0c\uff1a\uff09\u3001"


def settings(points: float) -> Any:
    import matplotlib as mpl  # noqa: PLC0415 - loaded when a figure is asked for
    from cycler import cycler  # noqa: PLC0415

    scale = points / 8
    fonts = [*_installed(_LATIN)[:1], *_installed(_CHINESE)[:1], "DejaVu Sans"]
    return {
        **{name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith(_NOT_OURS)},
        "font.family": fonts,
        "font.size": points,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.labelsize": points,
        "axes.edgecolor": "#9aa3ad",
        "axes.linewidth": 0.6 * scale,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=COMMUNITIES),
        "axes.unicode_minus": False,
        # A dollar sign in a name begins no formula.
        "text.parse_math": False,
        "grid.color": GRID,
        "grid.linewidth": 0.6 * scale,
        "xtick.color": "#9aa3ad",
        "ytick.color": "#9aa3ad",
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": 0.9 * points,
        "ytick.labelsize": 0.9 * points,
        "xtick.major.size": 2.5 * scale,
        "ytick.major.size": 2.5 * scale,
        "xtick.minor.size": 1.5 * scale,
        "ytick.minor.size": 1.5 * scale,
        "xtick.major.width": 0.6 * scale,
        "ytick.major.width": 0.6 * scale,
        "legend.frameon": False,
        "legend.fontsize": 0.9 * points,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        # Outlines look the same everywhere; type 3 embeds only the letters used, also of large Chinese fonts.
        "svg.fonttype": "path",
        "pdf.fonttype": 3,
    }


def restyle(ax: "Axes", points: float) -> None:
    """Give axes that somebody else made our fonts and lines."""
    import matplotlib as mpl  # noqa: PLC0415 - loaded when a figure is asked for

    ours, scale = mpl.rcParams, points / 8
    for axis in ("x", "y"):
        ax.tick_params(
            axis=axis,
            which="both",
            color="#9aa3ad",
            labelcolor=INK,
            labelsize=0.9 * points,
            width=0.6 * scale,
            grid_color=GRID,
            grid_linewidth=0.6 * scale,
            labelfontfamily=ours["font.family"],
        )
    for label in (*ax.xaxis.get_ticklabels(which="both"), *ax.yaxis.get_ticklabels(which="both")):
        label.set_parse_math(False)
    for text in (ax.xaxis.label, ax.yaxis.label, ax.title, *_side_titles(ax)):
        text.set_fontfamily(ours["font.family"])
        text.set_fontsize(points)
        text.set_parse_math(False)
    for side, spine in ax.spines.items():
        spine.set_color("#9aa3ad")
        spine.set_linewidth(0.6 * scale)
        if side in ("top", "right"):
            spine.set_visible(False)
    ax.set_axisbelow(True)


def plain_minor(axis: Any) -> None:
    """Label the minor ticks of a logarithmic axis, where it is so short that it needs them, without formulas."""
    from matplotlib.ticker import LogFormatter  # noqa: PLC0415 - loaded when a figure is asked for

    axis.set_minor_formatter(LogFormatter())


def _side_titles(ax: Any) -> list[Any]:
    return [ax._left_title, ax._right_title]  # noqa: SLF001 - there is no other door


def tint(shade: str, strength: float) -> str:
    """Mix a colour with white: 1 is the colour, 0 is white."""
    parts = (int(shade[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02x}" for part in parts)


def has_chinese() -> bool:
    """Tell whether a font with Chinese characters is installed."""
    return bool(_installed(_CHINESE))


def wrapped(text: str, inches: float, points: float, *, bold: bool = False) -> str:
    """Break a text into lines: at blanks, and between Chinese characters."""
    room = inches * 72 / (1.07 * points * (1.1 if bold else 1.0) * (1.0 if _installed(_LATIN) else 1.14))
    lines, used = [""], 0.0
    for piece in re.findall(r"[^\s\u2e80-\uffff]+\s*|[\u2e80-\uffff]\s*|\s+", text):
        wide = sum(map(_width, piece.rstrip()))
        # Chinese marks of punctuation do not begin a line.
        if used + wide > room and lines[-1] and piece[0] not in _NO_BEGINNING:
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += wide + 0.28 * (len(piece) - len(piece.rstrip()))
    return "\n".join(line.rstrip() for line in lines)


def _width(letter: str) -> float:
    """Return about how wide a letter is, in its height; DejaVu is wider than the others."""
    if letter >= "\u2e80":
        return 1.02
    if letter in "ijlftr.,;:'|!()-":
        return 0.31
    return 0.72 if letter.isupper() or letter in "mw%" else 0.54


def _installed(names: Iterable[str]) -> list[str]:
    from matplotlib import font_manager  # noqa: PLC0415 - loaded when a figure is asked for

    there = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in names if name in there]
