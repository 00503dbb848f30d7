"""A rule's trace in words, as a package keeps it: so that a court reads what the officer read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.i18n import LANGUAGES, trace_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.finding import FindingType, Reason

ROOMS: Final = ("violations", "incidents", "fire_alerts", "vision")
FIRST: Final = {"violation": "violations", "incident": "incidents", "fire_alert": "fire_alerts"}
"""Whose words go first."""


def in_words(kind: FindingType | str, trace: Sequence[Reason]) -> dict[str, tuple[str, ...]]:
    """A sentence a step, by language.

    Args:
        kind: type of the finding, whose room's words go first.
        trace: its steps.
    """
    rooms = (FIRST[str(kind)], *ROOMS)
    return {lang: tuple(trace_words(lang, rooms, step.code, dict(step.values)) for step in trace) for lang in LANGUAGES}
