"""Scenes for tests: a calibrated camera with a line, two zones and a signal head."""

from __future__ import annotations

from typing import Any

SURVEY: list[dict[str, Any]] = [
    {"picture": [0.1, 0.9], "ground_m": [0.0, 0.0]},
    {"picture": [0.9, 0.9], "ground_m": [8.0, 0.0]},
    {"picture": [0.7, 0.4], "ground_m": [8.0, 40.0]},
    {"picture": [0.3, 0.4], "ground_m": [0.0, 40.0]},
]


def a_zone(ident: str = "crossing", kind: str = "crosswalk", **changes: Any) -> dict[str, Any]:
    points = [[0.1, 0.5], [0.4, 0.5], [0.4, 0.6], [0.1, 0.6]]
    return {"id": ident, "kind": kind, "points": points, **changes}


def a_line(ident: str = "count", kind: str = "control", **changes: Any) -> dict[str, Any]:
    return {"id": ident, "kind": kind, "points": [[0.1, 0.6], [0.9, 0.6]], **changes}


def a_signal(ident: str = "north", **changes: Any) -> dict[str, Any]:
    return {"id": ident, "box": [0.5, 0.1, 0.55, 0.25], **changes}
