"""A scale parted into segments, with a mark on it: where a score lies among the grades."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from service.charts.svg import FONT, INK, chart, label, tag, words
from service.charts.trend import TEXT_W, Line

SHADES: Final = ("#f3d4d5", "#f8e3bd", "#e3e8ee", "#cfe3f1", "#cfead9")
"""From the lowest grade to the highest."""
HEIGHT: Final = 74.0
TOP: Final = 26.0
BAR: Final = 24.0
EDGE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the scale with its name."""

    low: float
    high: float
    name: str


def scale(
    key: str,
    title: str,
    description: str,
    parts: Sequence[Segment],
    *,
    mark: Line | None,
    say: Callable[[float], str],
    width: float = 720.0,
) -> str:
    """The scale from the first part's beginning to the last one's end."""
    low, high = parts[0].low, parts[-1].high

    def at(value: float) -> float:
        return EDGE + (width - 2 * EDGE) * (value - low) / (high - low)

    drawn = []
    for place, one in enumerate(parts):
        x, end = at(one.low), at(one.high)
        drawn.append(
            tag("rect", x=x, y=TOP, width=end - x - 1, height=BAR, fill=SHADES[place % len(SHADES)],
                class_=f"grade grade-{place}")
        )  # fmt: skip
        if len(one.name) * TEXT_W < end - x - 6:
            drawn.append(label(one.name, (x + end) / 2, TOP + 16, anchor="middle", class_="number"))
        drawn.append(label(say(one.low), x, TOP + BAR + 15, anchor="start" if place == 0 else "middle"))
    drawn.append(label(say(high), at(high), TOP + BAR + 15, anchor="end"))
    if mark is not None:
        x = at(mark.value)
        drawn.append(tag("path", d=f"M {x:.1f} {TOP:.1f} l -6 -9 h 12 z", fill=INK, class_="pointer"))
        drawn.append(
            tag("text", words(mark.label), x=x, y=TOP - 12, text_anchor="middle" if 30 < x < width - 30 else "end",
                font_size=13, font_weight="bold", fill=INK, font_family=FONT, class_="number")
        )  # fmt: skip
    return chart(width, HEIGHT, key, title, description, drawn)
