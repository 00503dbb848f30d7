"""The single events behind a security KPI's value: their counts equal its numerator and denominator exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from kpi_catalog.period import Period
from qyran.roles import SYSTEM, Actor
from service.store.database import Store

Kind = Literal["case", "alert", "call", "notification", "object", "camera", "survey"]
Counts = Literal["numerator", "denominator", "both", "excluded"]


@dataclass(frozen=True, slots=True)
class Event:
    """One record behind a value.

    Attributes:
        kind, id: which record.
        at: the moment by which it belongs to the period.
        counted: what it counts in.
        value: of a mean its summand (9.4, 9.8, 10.1: minutes; 9.7: hours analysed; 10.7: sum of scores; 9.1: km);
            None where it counts as one.
        base: of 9.7 hours of video received, of 10.7 answers: what it adds to the denominator; else None.
        reason: a code: why it counts so, or not.
    """

    kind: Kind
    id: str
    at: datetime
    counted: Counts
    value: float | None
    reason: str
    base: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events in order of their moments.

    Attributes:
        after: the cursor of the next page; None at the end.
        totals: on the first page, how many events there are in all by `counted` and by reason, as the tally has them.
    """

    events: tuple[Event, ...]
    after: str | None
    totals: Mapping[str, int] = field(default_factory=dict)


def events_of(
    store: Store, kpi_id: str, period: Period, *, actor: Actor = SYSTEM, after: str | None = None, limit: int = 200
) -> Page:
    """A page of the events behind a KPI's value.

    Args:
        store: the store.
        kpi_id: one of the 16, e.g. "9.8".
        period: of the value.
        actor: who asks.
        after: `Page.after` of the page before; None begins.
        limit: events on the page, 1 to 1000.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: the cursor is none of ours.
        NotFound: there is no such security KPI.
    """
    raise NotImplementedError
