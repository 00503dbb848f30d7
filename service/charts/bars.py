"""Bars: how often a time took so long, and shares with the interval they may lie in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from service.charts.svg import BACK, GRID, INK, SERIES, SOFT, TARGET, chart, label, tag, words
from service.charts.ticks import axis
from service.charts.trend import TEXT_W, Line, frame

ROW: Final = 26.0
MARK: Final = 14.0
"""Height of the name of a mark."""
SIGNS: Final = 26
"""Signs of a row's name that a wide chart has room for."""


@dataclass(frozen=True, slots=True)
class Bin:
    """How many values lay from `low` up to `high`; None as its end means without one."""

    low: float
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with the interval it may lie in, in the unit of the axis."""

    label: str
    value: float
    low: float
    high: float
    note: str = ""


def histogram(
    key: str,
    title: str,
    description: str,
    bins: Sequence[Bin],
    *,
    say: Callable[[float], str],
    marks: Sequence[Line] = (),
    target: Line | None = None,
    size: tuple[float, float] = (720.0, 250.0),
) -> str:
    """Columns of counts; marks (median, p90) and the target stand where their values fall, named above the columns."""
    named = [*((mark, False) for mark in marks), *([(target, True)] if target else [])]
    room = frame(*size, [float(one.count) for one in bins] or [1.0], say, head=12 + MARK * len(named), whole=True)
    parts = room.grid(say)
    count = max(1, len(bins))
    width = (room.width - room.left - room.right) / count
    base = room.height - room.bottom
    longest = max((len(say(one.low)) for one in bins), default=1) + 1
    every = max(1, math.ceil(longest * TEXT_W / width))
    for place, one in enumerate(bins):
        x, y = room.left + width * place, room.y(float(one.count))
        parts.append(
            tag("rect", x=x + 1, y=y, width=max(1.0, width - 2), height=base - y, fill=SERIES, class_="column")
        )
        if place % every == 0:
            parts.append(label(say(one.low), x, base + 15, anchor="middle"))
    if bins and (count % every == 0 or every == 1):
        last = bins[-1].high
        edge = room.left + width * count
        parts.append(label("∞" if last is None else say(last), edge, base + 15, anchor="middle"))
    for place, (mark, wished) in enumerate(named):
        x = room.left + width * _where(bins, mark.value)
        y = 10 + MARK * place
        colour = TARGET if wished else INK
        parts.append(
            tag("line", x1=x, x2=x, y1=y - 8, y2=base, stroke=colour, stroke_width=1.5,
                stroke_dasharray="4 3", class_="target" if wished else "mark")
        )  # fmt: skip
        parts.append(
            tag("text", words(mark.label), x=x + 5 if x < room.width * 0.6 else x - 5, y=y, font_size=11, fill=colour,
                font_family="Libertinus Serif", class_="target-name" if wished else "number",
                text_anchor="start" if x < room.width * 0.6 else "end")
        )  # fmt: skip
    return chart(*size, key, title, description, parts)


def intervals(
    key: str,
    title: str,
    description: str,
    rows: Sequence[Interval],
    *,
    say: Callable[[float], str],
    target: Line | None = None,
    width: float = 720.0,
    top: float | None = None,
) -> str:
    """A row each: a dot at the share and a line over its interval."""
    values = [one.high for one in rows] + ([target.value] if target else [])
    scale = axis(values or [1.0], top=top)
    left = min(SIGNS, max((len(one.label) for one in rows), default=4)) * TEXT_W + 14
    left = min(left, width * 0.42)
    right, head = 70.0, 18.0
    height = head + ROW * max(1, len(rows)) + 22
    end = width - right

    def at(value: float) -> float:
        return scale.at(value, left, end)

    parts = []
    for tick in scale.ticks:
        parts.append(tag("line", x1=at(tick), x2=at(tick), y1=head, y2=height - 22, stroke=GRID, class_="grid"))
        parts.append(label(say(tick), at(tick), height - 7, anchor="middle"))
    for place, one in enumerate(rows):
        y = head + ROW * (place + 0.5)
        room = int((left - 14) / TEXT_W)
        name = one.label if len(one.label) <= room else f"{one.label[: max(1, room - 1)]}…"
        parts.append(label(name, left - 8, y + 4, anchor="end"))
        parts.append(
            tag("line", x1=at(one.low), x2=at(one.high), y1=y, y2=y, stroke=SERIES, stroke_width=5,
                stroke_opacity="0.35", stroke_linecap="round", class_="range")
        )  # fmt: skip
        parts.append(tag("circle", cx=at(one.value), cy=y, r=4.5, fill=SERIES, class_="dot"))
        parts.append(
            tag("text", words(one.note or say(one.value)), x=width - 4, y=y + 4, text_anchor="end", font_size=11.5,
                font_weight="bold", fill=INK, font_family="Libertinus Serif", class_="number")
        )  # fmt: skip
    if target is not None:
        x = at(target.value)
        parts.append(
            tag("line", x1=x, x2=x, y1=head, y2=height - 22, stroke=TARGET, stroke_width=1.5, stroke_dasharray="6 4",
                class_="target")
        )  # fmt: skip
        parts.append(
            tag("text", words(target.label), x=x, y=head - 5, font_size=11, fill=TARGET, class_="target-name",
                text_anchor="start" if x < width / 2 else "end", font_family="Libertinus Serif")
        )  # fmt: skip
    return chart(width, height, key, title, description, parts)


def meter(key: str, title: str, description: str, share: float, width: float = 200.0) -> str:
    """A share of a whole, 0 to 1, as one bar."""
    full = width * min(1.0, max(0.0, share))
    parts = [
        tag("rect", width=width, height=10, rx=3, fill=BACK, class_="bar-back"),
        tag("rect", width=full, height=10, rx=3, fill=SERIES, class_="bar-part") if full else "",
    ]
    return chart(width, 10, key, title, description, parts, class_="plot meter")


def _where(bins: Sequence[Bin], value: float) -> float:
    """The place of a value among the columns, in columns."""
    for place, one in enumerate(bins):
        if one.high is None or value < one.high:
            width = (one.high - one.low) if one.high is not None else 0.0
            return place + (min(1.0, (value - one.low) / width) if width else 0.5)
    return float(len(bins))


__all__ = ["SOFT", "Bin", "Interval", "histogram", "intervals", "meter"]
