"""Locks on video: what holds a span of a camera against every retention, and by whom, why, since when.

A person's lock stands until it is released or its term is over. An alarm and a case hold their camera's span around
them by themselves, while they are open and for a term after that; so does a lock on their evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from incidents.alert import OPEN as OPEN_ALERTS
from incidents.alert import AlertState
from qyran.errors import InputError, NotFound, TransitionError
from service.access import log_access, require
from service.evidence_locks import ENDED, standing
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera, ViolationCase
from service.store.video_tables import VideoLock
from service.video.archive import locks_between
from service.video.rights import LOCKERS, NEAR, OVERSEERS
from vision.segments import Segment

REASONS: Final = (
    "alarm",
    "legal_hold",
    "court",
    "prosecutor",
    "police_request",
    "internal_inquiry",
    "complaint",
    "other",
)
MOST_NOTE: Final = 2000
MOST_SPAN: Final = timedelta(days=7)
WIDE: Final = timedelta(days=2)
"""How long before a segment an alarm or a case may have begun that still lasted then."""
UNHELD: Final = frozenset({AlertState.SUPPRESSED, AlertState.TEST})
"""Alerts that nobody was told of hold nothing."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span that something holds: `locked`, `alarm` or `case`."""

    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True)
class NewLock:
    """What shall be locked, and why."""

    start: datetime
    end: datetime
    reason: str
    note: str
    until: datetime | None = None
    record: str | None = None


def lock(work: Work, camera: str, wanted: NewLock) -> VideoLock:
    """Lock a span of a camera's video; several locks may stand on one span.

    Raises:
        AccessError: the actor locks nothing.
        NotFound: there is no such camera.
        InputError: the span or the reason is none, the note is empty, or the lock would be over already.
    """
    role = require(work.actor, LOCKERS)
    if work.session.get(Camera, camera) is None:
        raise NotFound(f"There is no camera {camera}.")
    words = wanted.note.strip()
    if not wanted.start < wanted.end <= wanted.start + MOST_SPAN:
        raise InputError(f"A lock ends after it begins, and spans at most {MOST_SPAN.days} days.")
    if wanted.reason not in REASONS:
        raise InputError(f"The reason of a lock is one of {', '.join(REASONS)}.")
    if not words or len(words) > MOST_NOTE:
        raise InputError(f"Say what the lock rests on, in at most {MOST_NOTE} characters.")
    if wanted.until is not None and wanted.until <= work.now:
        raise InputError("The lock would have ended already; give a later moment.")
    made = VideoLock(
        id=str(uuid4()), camera_id=camera, start=wanted.start, end=wanted.end, reason=wanted.reason, note=words,
        record=wanted.record, set_by=work.actor.id, set_at=work.now, until=wanted.until,
    )  # fmt: skip
    work.session.add(made)
    log_access(work, role, "video_locked", camera)
    work.session.flush()
    return made


def release(work: Work, lock_id: str, note: str) -> VideoLock:
    """End a lock, saying why.

    Raises:
        AccessError: the actor locks nothing.
        NotFound: there is no such lock.
        TransitionError: it has ended.
        InputError: the note is empty or too long.
    """
    role = require(work.actor, LOCKERS)
    held = work.session.get(VideoLock, lock_id, with_for_update=True)
    if held is None:
        raise NotFound(f"There is no lock {lock_id}.")
    if held.released_at is not None or (held.until is not None and held.until <= work.now):
        raise TransitionError("This lock has ended.")
    if not note.strip() or len(note) > MOST_NOTE:
        raise InputError(f"Say why the lock ends, in at most {MOST_NOTE} characters.")
    held.released_by, held.released_at, held.release_note = work.actor.id, work.now, note.strip()
    log_access(work, role, "video_released", held.camera_id)
    return held


def locks_of(work: Work, camera: str, limit: int = 100) -> tuple[VideoLock, ...]:
    """A camera's locks, the newest first, ended ones too.

    Raises:
        AccessError: the actor sees no locks.
    """
    require(work.actor, OVERSEERS - NEAR)
    query = select(VideoLock).where(VideoLock.camera_id == camera)
    return tuple(work.session.scalars(query.order_by(VideoLock.set_at.desc(), VideoLock.id).limit(limit)))


def held(work: Work, camera: str, found: Sequence[Segment]) -> dict[Segment, str]:
    """Which of these segments of one camera something holds, and what."""
    if not found:
        return {}
    spans = holding(work, camera, min(one.start for one in found), max(one.end for one in found))
    return {one: why for one in found if (why := _why(spans, one)) is not None}


def holding(work: Work, camera: str, start: datetime, end: datetime) -> list[Span]:
    """The spans that something holds and that reach into this one."""
    spans = [Span(one.start, one.end, "locked") for one in locks_between(work, camera, start, end)]
    spans += _of_alerts(work, camera, start, end)
    spans += _of_cases(work, camera, start, end)
    return [one for one in spans if one.start < end and one.end > start]


def _of_alerts(work: Work, camera: str, start: datetime, end: datetime) -> Iterable[Span]:
    query = select(Alert).where(
        Alert.camera_id == camera, Alert.t_detect > start - WIDE, Alert.t_detect < end + WIDE,
        Alert.state.not_in(UNHELD),
    )  # fmt: skip
    rows = list(work.session.scalars(query))
    joined = {row.merged_into for row in rows if row.merged_into is not None}
    into = {row.id: row for row in work.session.scalars(select(Alert).where(Alert.id.in_(joined)))}
    locked = _locked(work, [row.id for row in rows] + list(joined))
    for row in rows:
        chief = into.get(row.merged_into or "", row)
        kept = chief.state in OPEN_ALERTS or _lately(work, chief.t_closed or chief.changed_at)
        if kept or row.id in locked or chief.id in locked:
            yield _span(work, row.t_onset, row.t_detect, row.last_seen, "alarm")


def _of_cases(work: Work, camera: str, start: datetime, end: datetime) -> Iterable[Span]:
    query = select(ViolationCase).where(
        ViolationCase.camera_id == camera, ViolationCase.t_detect > start - WIDE, ViolationCase.t_detect < end + WIDE
    )
    rows = list(work.session.scalars(query))
    locked = _locked(work, [row.id for row in rows])
    for row in rows:
        if row.state not in ENDED or row.id in locked or _lately(work, row.changed_at):
            yield _span(work, row.t_onset, row.t_detect, None, "case")


def _span(work: Work, onset: datetime | None, detect: datetime, last: datetime | None, why: str) -> Span:
    around = timedelta(seconds=work.store.settings.video_around_s)
    return Span(min(onset or detect, detect) - around, max(last or detect, detect) + around, why)


def _lately(work: Work, ended: datetime | None) -> bool:
    """Whether something ended within the term after which its video goes."""
    return ended is not None and ended > work.now - timedelta(days=work.store.settings.video_alarm_days)


def _locked(work: Work, records: Sequence[str]) -> set[str]:
    """Which records a lock on their evidence holds."""
    if not records:
        return set()
    found = work.session.scalars(standing(work))
    return set(records) & set(found)


def _why(spans: Sequence[Span], one: Segment) -> str | None:
    return next((span.why for span in spans if span.start < one.end and span.end > one.start), None)
