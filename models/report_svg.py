"""Curves as SVG, drawn without any library."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH: Final = 640
HEIGHT: Final = 380
LEFT: Final = 52
TOP: Final = 12
PLOT: Final = (400, 320)
"""Width and height of the field, pixels; the rest is for labels."""
COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#888800",
)  # fmt: skip
"""Told apart also by the colour-blind (Okabe and Ito)."""
DASHES: Final = ("", "6 3")


def chart(curve: Mapping[str, Any]) -> str:
    """Lines of points between 0 and 1: ``title``, ``x``, ``y`` and ``lines`` by name."""
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [f'<svg {size} role="img" aria-label="{escape(curve["title"])}">', *_field(curve["x"], curve["y"])]
    for number, (name, points) in enumerate(curve["lines"].items()):
        colour = COLOURS[number % len(COLOURS)]
        dash = DASHES[number // len(COLOURS) % len(DASHES)]
        path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in _steps(points))
        style = f'fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{path}" {style}/>')
        row = TOP + 12 + 17 * number
        at = LEFT + PLOT[0] + 10
        parts.append(f'<line x1="{at}" x2="{at + 18}" y1="{row - 4}" y2="{row - 4}" {style}/>')
        parts.append(f'<text x="{at + 23}" y="{row}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"])


def _field(x_name: str, y_name: str) -> list[str]:
    parts = []
    for tenth in range(0, 11, 2):
        value = tenth / 10
        x, y = _x(value), _y(value)
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{_y(0)}" y2="{_y(1)}"/>')
        parts.append(f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{x}" y="{_y(0) + 16}" text-anchor="middle">{value:.1f}</text>')
        parts.append(f'<text x="{_x(0) - 7}" y="{y + 4}" text-anchor="end">{value:.1f}</text>')
    middle_x, middle_y = _x(0.5), _y(0.5)
    parts.append(f'<text x="{middle_x}" y="{_y(0) + 34}" text-anchor="middle">{escape(x_name)}</text>')
    turned = f'transform="rotate(-90 14 {middle_y})"'
    parts.append(f'<text x="14" y="{middle_y}" text-anchor="middle" {turned}>{escape(y_name)}</text>')
    return parts


def _steps(points: Sequence[Sequence[float]]) -> Sequence[Sequence[float]]:
    """From recall 0 on, at the first point's height."""
    return [(0.0, points[0][1]), *points] if points else []


def _x(value: float) -> float:
    return LEFT + PLOT[0] * value


def _y(value: float) -> float:
    return TOP + PLOT[1] * (1 - value)
