"""The fire service's journal within a period (KPIs 10.1, 10.2, 10.5)."""

from __future__ import annotations

from datetime import datetime

from kpi_catalog.happened import Called, Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.value import InputUsed


def counting(span: Happened) -> list[Called]:
    """Calls received in the span, drills, tests and duplicates left out."""
    return [one for one in span.calls if one.call.counts]


def covered(facts: CityFacts, period: Period, since: datetime | None = None) -> bool:
    """Whether the journal was taken over for the whole period so far (and back to `since`)."""
    if facts.fire_calls is None:
        return False
    imported = facts.fire_calls.imported
    return imported.covers_from <= (since or period.start) and imported.covers_until >= period.close(facts.as_of)


def log_input(facts: CityFacts) -> tuple[InputUsed, ...]:
    """The journal as an input of a value."""
    if facts.fire_calls is None:
        return ()
    imported = facts.fire_calls.imported
    return (InputUsed("fire_call_log", None, imported.covers_until.date(), imported.source),)
