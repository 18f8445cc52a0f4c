"""What all figures share: colours, type, and the way to an inline SVG.

The colours are of Okabe & Ito (2008), told apart by colour-blind readers; the two
arms differ in shape or dash as well. Text stays text, in the page's own font.
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.report.text import short

INK = "#22303c"
FAINT = "#8a949c"
GRID = "#e4e7e9"
CANDIDATE = "#0072b2"
BASELINE = "#d55e00"
TRIVIAL = "#7c8790"
GOOD = "#00795a"
BAD = "#b3330b"

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a category may be called $x$
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
_BEFORE_SVG = re.compile(r"^.*?(?=<svg)", re.DOTALL)
# Metadata name the version of matplotlib; the style is a rule for the whole page.
_NOISE = re.compile(
    r"<metadata>.*?</metadata>|<style .*?</style>| transform=\"rotate\(-0 [^\"]*\"",
    re.DOTALL,
)
_GROUP_ID = re.compile(r"<g id=\"[^\"]*\"")
_SIZE = re.compile(r"<svg [^>]*?width=\"([\d.]+)pt\" height=\"([\d.]+)pt\"[^>]*>")
_FONT = re.compile(r"'DejaVu Sans'(?:, [^;\"]*)?sans-serif|'DejaVu Sans'")


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the house style, whatever matplotlibrc lies about on this machine."""
    with mpl.rc_context(), warnings.catch_warnings():
        # Letters that DejaVu lacks are drawn by the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def canvas(
    width: float, height: float, margins: tuple[float, float, float, float]
) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes. All in inches; margins left, bottom,
    right, top: fixed, because measuring text would double the time of drawing."""
    figure = Figure(figsize=(width, height))
    left, bottom, right, top = margins
    box = (
        left / width,
        bottom / height,
        (width - left - right) / width,
        (height - bottom - top) / height,
    )
    return figure, figure.add_axes(box)


def svg(figure: Figure, label: str) -> str:
    """Return the figure as inline SVG, the same bytes for the same drawing.

    `label` is read aloud by screen readers and keeps the ids of one figure apart from
    those of the others on the page.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": label}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = _NOISE.sub("", _BEFORE_SVG.sub("", buffer.getvalue(), count=1))
    text = _FONT.sub("var(--font)", _GROUP_ID.sub("<g", text))
    size = _SIZE.search(text)
    if size is None:
        raise RuntimeError("matplotlib changed the head of its SVG files")
    width, height = size.groups()
    name = html.escape(short(label, 120), quote=True)
    head = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{name}">'
    return head + text[size.end() :]
