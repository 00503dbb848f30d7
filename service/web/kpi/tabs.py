"""The pages of the evaluator's console side by side."""

from __future__ import annotations

from typing import Final

from service.web.kpi.asked import Asked, Choice

TABS: Final = (
    ("sphere", "/kpi"),
    ("city", "/kpi/city"),
    ("false", "/kpi/false-alarms"),
    ("raise", "/kpi/raise"),
    ("publications", "/kpi/publications"),
    ("catalogue", "/kpi/catalogue"),
    ("public", "/public"),
)
WITHOUT_PERIOD: Final = frozenset({"public", "publications"})


def tabs(asked: Asked, current: str) -> tuple[Choice, ...]:
    """The tabs, with the period kept."""
    return tuple(
        Choice(
            asked.w.t(f"kpi_console.tab_{name}"), path if name in WITHOUT_PERIOD else asked.link(path), name == current
        )
        for name, path in TABS
    )
