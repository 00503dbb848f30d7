"""How one value went from period to period, with the target's line: a chart, and a sparkline for a table's cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from service.charts.svg import GRID, INK, SERIES, SOFT, TARGET, chart, label, tag, words
from service.charts.ticks import Axis, axis

SPARK: Final = (112.0, 28.0)
TEXT_W: Final = 6.2  # of a sign of 11 px, on average
DOT: Final = 3.5


@dataclass(frozen=True, slots=True)
class Point:
    """One period.

    Attributes:
        label: its short name.
        value: None where there is none: the line breaks there.
        firm: not preliminary, and of a period that is over; else its dot is hollow.
        low, high: bounds, where there are any.
    """

    label: str
    value: float | None
    firm: bool = True
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The target: where it lies and what stands beside it."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The room of a chart and its axis."""

    width: float
    height: float
    left: float
    scale: Axis
    top: float = 16.0
    right: float = 14.0
    bottom: float = 26.0

    def y(self, value: float) -> float:
        """Height of a value."""
        return self.scale.at(value, self.height - self.bottom, self.top)

    def x(self, place: int, count: int) -> float:
        """Middle of one of `count` places."""
        room = self.width - self.left - self.right
        return self.left + room * (place + 0.5) / count

    def grid(self, say: Callable[[float], str]) -> list[str]:
        """Lines across and their numbers."""
        parts = []
        for tick in self.scale.ticks:
            y = self.y(tick)
            parts.append(tag("line", x1=self.left, x2=self.width - self.right, y1=y, y2=y, stroke=GRID, class_="grid"))
            parts.append(label(say(tick), self.left - 6, y + 4, anchor="end"))
        return parts


def frame(
    width: float,
    height: float,
    values: Sequence[float],
    say: Callable[[float], str],
    top: float | None = None,
    head: float = 16.0,
    *,
    whole: bool = False,
) -> Frame:
    """A frame that holds the values, with room for its axis and `head` px above it; `whole` for counts."""
    scale = axis(values, top=top, whole=whole)
    left = max(len(say(tick)) for tick in scale.ticks) * TEXT_W + 14
    return Frame(width, height, left, scale, head)


def trend(
    key: str,
    title: str,
    description: str,
    points: Sequence[Point],
    *,
    say: Callable[[float], str],
    target: Line | None = None,
    size: tuple[float, float] = (720.0, 250.0),
    top: float | None = None,
) -> str:
    """A line over periods; the last point carries its number."""
    room = frame(*size, _all_values(points, target), say, top)
    parts = room.grid(say)
    count = len(points)
    every = max(1, -(-count * max((len(one.label) for one in points), default=1) * TEXT_W // (size[0] - room.left)))
    for place, one in enumerate(points):
        x = room.x(place, count)
        if (count - 1 - place) % every == 0:
            parts.append(label(one.label, x, room.height - 8, anchor="middle"))
        if one.low is not None and one.high is not None:
            parts.append(_whisker(x, room.y(one.low), room.y(one.high)))
    if target is not None:
        parts.append(_target(room, target))
    parts += _line(points, lambda place: room.x(place, count), room.y, DOT)
    last = next((place for place in range(count - 1, -1, -1) if points[place].value is not None), None)
    if last is not None:
        parts.append(_number(room, points[last], room.x(last, count), say))
    return chart(*size, key, title, description, parts)


def spark(key: str, title: str, description: str, points: Sequence[Point], target: Line | None = None) -> str:
    """A small line without an axis."""
    width, height = SPARK
    scale = axis(_all_values(points, target))
    count = max(1, len(points))
    parts = []
    if target is not None:
        y = scale.at(target.value, height - 3, 3)
        parts.append(tag("line", x1=0, x2=width, y1=y, y2=y, stroke=TARGET, stroke_dasharray="3 3", class_="target"))
    parts += _line(
        points,
        lambda place: 4 + (width - 8) * (place + 0.5) / count,
        lambda value: scale.at(value, height - 4, 4),
        1.8,
        only_last=True,
    )
    return chart(width, height, key, title, description, parts, class_="plot spark")


def _all_values(points: Sequence[Point], target: Line | None) -> list[float]:
    found = [value for one in points for value in (one.value, one.low, one.high) if value is not None]
    return [*found, target.value] if target is not None else found


def _whisker(x: float, low: float, high: float) -> str:
    return tag(
        "line", x1=x, x2=x, y1=low, y2=high, stroke=SERIES, stroke_width=6, stroke_opacity="0.22", class_="range"
    )


def _target(room: Frame, target: Line) -> str:
    y = room.y(target.value)
    below = y < room.top + 14
    return tag(
        "g",
        tag(
            "line", x1=room.left, x2=room.width - room.right, y1=y, y2=y, stroke=TARGET, stroke_width=1.5,
            stroke_dasharray="6 4", class_="target",
        ),
        tag(
            "text", words(target.label), x=room.left + 4, y=y + 13 if below else y - 5, fill=TARGET, font_size=11,
            font_family="Libertinus Serif", class_="target-name",
        ),
    )  # fmt: skip


def _line(
    points: Sequence[Point],
    x: Callable[[int], float],
    y: Callable[[float], float],
    dot: float,
    *,
    only_last: bool = False,
) -> list[str]:
    parts = []
    for known, run in groupby(enumerate(points), key=lambda pair: pair[1].value is not None):
        if not known:
            continue
        places = [(x(place), y(one.value)) for place, one in run if one.value is not None]
        if len(places) > 1:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            parts.append(tag("polyline", points=path, fill="none", stroke=SERIES, stroke_width=2, class_="series"))
    shown = [(place, one) for place, one in enumerate(points) if one.value is not None]
    for place, one in shown[-1:] if only_last else shown:
        assert one.value is not None  # noqa: S101 - kept above
        parts.append(
            tag(
                "circle", cx=x(place), cy=y(one.value), r=dot, stroke=SERIES, stroke_width=1.6,
                fill=SERIES if one.firm else "#ffffff", class_="dot" if one.firm else "dot hollow",
            )
        )  # fmt: skip
    return parts


def _number(room: Frame, point: Point, x: float, say: Callable[[float], str]) -> str:
    value = point.value or 0.0
    y = room.y(value)
    return tag(
        "text", words(say(value)), x=min(x, room.width - room.right), y=y - 9 if y > room.top + 16 else y + 18,
        text_anchor="end" if x > room.width - 60 else "middle", font_size=12, font_weight="bold", fill=INK,
        stroke="#ffffff", stroke_width=4, stroke_linejoin="round", paint_order="stroke",
        font_family="Libertinus Serif", class_="number haloed",
    )  # fmt: skip


__all__ = ["SOFT", "Frame", "Line", "Point", "frame", "spark", "trend"]
