"""What a stricter threshold does: two falling staircases over the score, and a line where one is proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from service.charts.svg import GRID, INK, SERIES, TARGET, chart, label, tag, words

ROOM: Final = (44.0, 12.0, 24.0, 12.0)
"""Left, right, bottom and top of the drawing, pixels."""
QUARTERS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Stair:
    """What is left from each threshold on, 0 to 1 of all; thresholds grow."""

    name: str
    points: Sequence[tuple[float, float]]


def stairs(
    key: str,
    title: str,
    description: str,
    kept: tuple[Stair, Stair],
    *,
    say: Callable[[float], str],
    mark: tuple[float, str] | None = None,
    size: tuple[float, float] = (420.0, 170.0),
) -> str:
    """False and true alerts left (the first and the second staircase) over the threshold."""
    width, height = size
    left, right, bottom, top = ROOM
    scores = [score for stair in kept for score, _ in stair.points]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    span = (high - low) or 1.0

    def x(score: float) -> float:
        return left + (width - left - right) * (score - low) / span

    def y(share: float) -> float:
        return height - bottom - (height - bottom - top) * share

    parts = []
    for share in QUARTERS:
        parts.append(tag("line", x1=left, x2=width - right, y1=y(share), y2=y(share), stroke=GRID, class_="grid"))
        parts.append(label(f"{100 * share:.0f} %", left - 5, y(share) + 4, anchor="end"))
    parts += [label(say(score), x(score), height - 7, anchor="middle") for score in (low, high)]
    for stair, colour, name in zip(kept, (TARGET, SERIES), ("stair-false", "stair-true"), strict=True):
        steps, last = [], low
        for score, share in stair.points:  # what is left holds from above the score before up to this one
            steps += [(x(last), y(share)), (x(score), y(share))]
            last = score
        points = " ".join(f"{one:.1f},{other:.1f}" for one, other in steps)
        parts.append(tag("polyline", points=points, fill="none", stroke=colour, stroke_width=2.5, class_=name))
    if mark is not None:
        at, said = mark
        near = at < low + span * 0.6
        parts.append(
            tag("line", x1=x(at), x2=x(at), y1=top, y2=height - bottom, stroke=INK, stroke_width=1.5,
                stroke_dasharray="5 4", class_="mark")
        )  # fmt: skip
        parts.append(
            tag("text", words(said), x=x(at) + (5 if near else -5), y=top + 10, font_size=11, fill=INK,
                text_anchor="start" if near else "end", font_family="Libertinus Serif", class_="number")
        )  # fmt: skip
    return chart(width, height, key, title, description, parts)
