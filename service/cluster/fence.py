"""The fence before the store: what a machine saw while it was not the camera's only writer is not taken.

An event names the epoch it was seen under. What was seen before that term ended is taken however late it comes; what
was seen from then on is the next holder's to tell. An event without an epoch comes from a single machine without
leases, or from no camera at all (a record of a device, an answer of a register); what a machine saw of a camera without
a lease while another holds it is not taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from qyran.errors import QyranError
from service.event import Event
from service.store.bulk import among
from service.store.database import Work
from service.store.lease_tables import CameraLease, LeaseRefusal

EARLY_S: Final = 2.0
"""Seconds by which what a holder tells may lie before its term: how well two clocks are known to each other."""
OF_CAMERAS: Final = frozenset({"passage", "incident", "fire_alert", "stream", "evidence", "held_back"})
"""What only a camera's process tells; a violation also comes from devices and registers."""
REASONS: Final = {
    "lease_lost": "another machine watched the camera by then",
    "lease_early": "its machine did not hold the camera yet",
    "lease_unknown": "the store knows no such lease",
    "lease_absent": "the camera is held by a lease, and the event names none",
}


class Fenced(QyranError):
    """An event that does not count: its machine was not the camera's writer when it saw it.

    Attributes:
        reason: a key of `REASONS`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}: {REASONS[reason]}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Term:
    """One holder's time with a camera, by the store's clock.

    Attributes:
        since, ended: from when until when what it saw counts.
        ahead_s: how far its clock was ahead.
    """

    since: datetime
    ended: datetime | None
    ahead_s: float


@dataclass(frozen=True, slots=True)
class Fence:
    """The terms that some events name.

    Attributes:
        terms: by camera and epoch.
        led: cameras that are held by a lease now, and since when.
    """

    terms: dict[tuple[str, int], Term]
    led: dict[str, datetime]

    @staticmethod
    def of(work: Work, events: Iterable[Event]) -> Fence:
        """Look up what these events name; one query, none where no machine ever held a camera by a lease."""
        asked = [(event.camera, event.epoch) for event in events]
        epochs = {epoch for _, epoch in asked if epoch is not None}
        query = select(CameraLease).where(among(work.session, CameraLease.camera_id, {camera for camera, _ in asked}))
        rows = list(work.session.scalars(query.where(CameraLease.ended.is_(None) | CameraLease.epoch.in_(epochs))))
        terms = {(row.camera_id, row.epoch): Term(row.since, row.ended, row.ahead_s) for row in rows}
        return Fence(terms, {row.camera_id: row.since for row in rows if row.ended is None and not row.released})

    def passed(self, event: Event) -> Event:
        """The event as it counts: whole, or a stretch of analysis as far as it lies in its machine's term.

        Raises:
            Fenced: it does not count.
        """
        if event.epoch is None:
            since = self.led.get(event.camera)
            if event.type in OF_CAMERAS and since is not None and (event.seen or event.time) >= since:
                raise Fenced("lease_absent")
            return event
        term = self.terms.get((event.camera, event.epoch))
        if term is None:
            raise Fenced("lease_unknown")
        seen = (event.seen or event.time) - timedelta(seconds=term.ahead_s)
        if seen < term.since - timedelta(seconds=EARLY_S):
            raise Fenced("lease_early")
        if term.ended is None or seen < term.ended:
            return event
        return _cut(event, (seen - term.ended).total_seconds())


def count_refusal(work: Work, event: Event, reason: str) -> None:
    """Count an event that was refused; people see the number with the camera's machines."""
    key = (event.camera, event.epoch or 0, reason)
    row = work.session.get(LeaseRefusal, key, with_for_update=True)
    if row is None:
        row = LeaseRefusal(camera_id=key[0], epoch=key[1], reason=reason, events=0, last_at=work.now)
        work.session.add(row)
    row.events, row.last_at = row.events + 1, work.now


def _cut(event: Event, late_s: float) -> Event:
    """What is left of a stretch of analysis before its machine lost the camera."""
    if event.kind == "analysed" and event.onset_s is not None and event.video_s - event.onset_s > late_s:
        end = {"time": event.time - timedelta(seconds=late_s), "video_s": event.video_s - late_s}
        return event.model_copy(update=end)
    raise Fenced("lease_lost")
