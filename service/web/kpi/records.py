"""Where a single record opens, for whom it may."""

from __future__ import annotations

from service.access import ALERT_READERS, CASE_READERS
from service.web.kpi.asked import Asked


def record_path(asked: Asked, kind: str, record: str) -> str | None:
    """The page of a case or an alert; None for a reader whose roles do not open it."""
    actor = asked.visit.actor
    if kind == "case" and actor.acts_as(CASE_READERS) is not None:
        return f"/cases/{record}"
    if kind == "alert" and actor.acts_as(ALERT_READERS) is not None:
        return f"/alarms/{record}"
    return None
