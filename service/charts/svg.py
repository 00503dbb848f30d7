"""SVG elements as text: escaped, in a fixed order, numbers to a tenth of a pixel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape, quoteattr

NAMESPACE: Final = "http://www.w3.org/2000/svg"
FONT: Final = "Libertinus Serif"
"""The font of the PDFs, which typst carries; a page's style sheet puts its own in its place."""

INK: Final = "#12202c"
SOFT: Final = "#475664"
GRID: Final = "#d5dce3"
SERIES: Final = "#0a5a8c"
TARGET: Final = "#a3161d"
GOOD: Final = "#17663a"
WARN: Final = "#7a4a00"
BACK: Final = "#e4e9ee"
"""The light theme's colours (static/app.css)."""


def tag(name: str, *children: str, **attributes: float | str | None) -> str:
    """An element; an attribute of None is left out, ``_`` in a name becomes ``-``, ``class_`` becomes ``class``."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(number(value) if not isinstance(value, str) else value)}"
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def number(value: float) -> str:
    """A coordinate without needless decimals."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def words(text: str) -> str:
    """Text inside an element; signs that XML cannot carry are left out."""
    return escape("".join(one for one in text if one.isprintable()))


def label(text: str, x: float, y: float, *, anchor: str = "start", class_: str = "tick", size: float = 11) -> str:
    """A line of text."""
    return tag(
        "text", words(text), x=x, y=y, text_anchor=anchor, font_family=FONT, font_size=size, fill=SOFT, class_=class_
    )


def chart(
    width: float, height: float, key: str, title: str, description: str, parts: Iterable[str], *, class_: str = "plot"
) -> str:
    """A whole chart, named for those who hear it.

    Args:
        width: of its own measure; it scales with the page.
        height: the same.
        key: makes the ids of its title and description, once on a page.
        title: what it shows.
        description: what can be seen on it.
        parts: its elements.
        class_: for the style sheet.
    """
    return tag(
        "svg",
        tag("title", words(title), id=f"{key}-title"),
        tag("desc", words(description), id=f"{key}-desc"),
        *parts,
        xmlns=NAMESPACE,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        class_=class_,
    )
