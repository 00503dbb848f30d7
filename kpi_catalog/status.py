"""What can be said about one KPI: whether it has a value, and if not, why."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The state of a KPI for one city and one period."""

    COMPUTED = "computed"
    PRELIMINARY = "preliminary"  # by its definition, but over data that are still coming in
    PARTIAL = "partial"  # a labelled part of what the definition asks for; shown, never scored
    NO_DATA = "no_data"  # an input is missing; the value names it
    NOT_CONFIGURED = "not_configured"  # a parameter that the order leaves to somebody else is not set
    TARGET_NOT_NUMERIC = "target_not_numeric"  # the order gives words instead of a number
    NOT_APPLICABLE = "not_applicable"  # not foreseen for this category of city
    NOT_YET_DUE = "not_yet_due"  # the stage of introduction of its initiative has not begun


SCORED = frozenset({Status.COMPUTED, Status.PRELIMINARY})
"""States whose score enters a sphere."""

OUTSIDE = frozenset({Status.NOT_APPLICABLE, Status.NOT_YET_DUE})
"""States whose points do not count among the points that apply."""
