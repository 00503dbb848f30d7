"""Who looks at whose video: every look is opened for a span and a purpose, and logged before a picture is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import Actor, Role
from service import alerts
from service.access import log_access, require
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera
from service.store.video_tables import VideoLook
from service.video.rights import NEAR, OVERSEERS, VIEWERS, WATCHERS

PURPOSES: Final = ("incident_check", "service_request", "inquiry", "complaint", "technical", "audit")
"""What somebody looks for, where it is no alarm's own span."""
ALARM: Final = "alarm"
ARCHIVE: Final = "archive"
LIVE: Final = "live"
AROUND: Final = timedelta(minutes=10)
"""An alarm's own span reaches so far before its onset and after its last sight."""
LASTS: Final = timedelta(hours=8)
"""A look opens its span for a shift."""
MOST_SPAN: Final = timedelta(hours=24)
LEAST_NOTE, MOST_NOTE = 3, 500
AGAIN: Final = timedelta(minutes=10)
"""A live view that goes on is logged anew so often, not with every connection."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to look at.

    Attributes:
        start, end: the span.
        purpose, note: why; not asked for an alarm's own span.
        alert_id: the alarm whose span it is.
    """

    start: datetime
    end: datetime
    purpose: str = ""
    note: str = ""
    alert_id: str | None = None


def open_look(work: Work, camera: str, wanted: Wanted) -> VideoLook:
    """Open a span of a camera's video to the actor, and log it.

    Raises:
        AccessError: the role does not allow it, or the alarm is not his service's.
        NotFound: there is no such camera or alarm.
        InputError: the span or the purpose is none, or the span is not the alarm's own.
    """
    _known(work, camera)
    if not wanted.start < wanted.end <= wanted.start + MOST_SPAN:
        raise InputError("A look ends after it begins, and spans at most 24 hours.")
    if wanted.alert_id is not None:
        role = require(work.actor, VIEWERS | NEAR)
        _own_span(work, camera, wanted)
        purpose, note = ALARM, None
    else:
        role = require(work.actor, VIEWERS)
        purpose, note = wanted.purpose, wanted.note.strip()
        if purpose not in PURPOSES:
            raise InputError(f"The purpose of a look is one of {', '.join(PURPOSES)}.")
        if not LEAST_NOTE <= len(note) <= MOST_NOTE:
            raise InputError(f"Say what you look for, in {LEAST_NOTE} to {MOST_NOTE} characters.")
    return _logged(work, camera, role, VideoLook(
        id=str(uuid4()), at=work.now, actor=work.actor.id, role=role.value, camera_id=camera, kind=ARCHIVE,
        start=wanted.start, end=wanted.end, alert_id=wanted.alert_id, purpose=purpose, note=note,
        until=work.now + LASTS,
    ))  # fmt: skip


def alarm_span(work: Work, alert_id: str, camera: str) -> tuple[datetime, datetime]:
    """An alarm's own span of a camera's video.

    Raises:
        NotFound: there is no such alarm.
        AccessError: the actor may not see it.
        InputError: the camera did not see it.
    """
    require(work.actor, VIEWERS | NEAR)
    row = load(work, Alert, alert_id, lock=False)
    _sees_alert(work, row)
    reported = select(Alert.camera_id).where(Alert.merged_into == row.id)
    known = camera == row.camera_id or f"camera:{camera}" in row.sources
    if not known and camera not in set(work.session.scalars(reported)):
        raise InputError("This camera did not see the alarm.")
    start = min(row.t_onset or row.t_detect, row.t_detect) - AROUND
    return start, max(row.last_seen or row.t_detect, row.t_detect) + AROUND


def check_look(work: Work, look_id: str, camera: str, start: datetime, end: datetime) -> VideoLook:
    """The look that opens a span to the actor.

    Raises:
        AccessError: there is none of his that is open, or the span is outside of it.
    """
    found = work.session.get(VideoLook, look_id)
    own = found is not None and (found.actor, found.camera_id, found.kind) == (work.actor.id, camera, ARCHIVE)
    if found is None or not own or found.until <= work.now:
        raise AccessError("Say first what you look at this video for; the look has ended or is not yours.")
    if end <= found.start or start >= found.end:
        raise AccessError("This moment lies outside of the span that the look was opened for.")
    return found


def may_watch(work: Work, camera: str) -> Role:
    """The role in which the actor watches a camera live.

    Raises:
        AccessError: he may not; a dispatcher watches the cameras of his own open alerts.
        NotFound: there is no such camera.
    """
    role = require(work.actor, WATCHERS | NEAR)
    _known(work, camera)
    if role is Role.SERVICE_DISPATCHER and not alerts.listing(work, camera=camera, open_only=True, limit=1).items:
        raise AccessError("A dispatcher watches the cameras of the open alerts sent to his own service.")
    return role


def log_live(work: Work, camera: str) -> None:
    """Log that the actor watches a camera live; a view that goes on is one entry in `AGAIN`.

    Raises:
        AccessError, NotFound: as `may_watch`.
    """
    role = may_watch(work, camera)
    recent = select(VideoLook).where(
        VideoLook.camera_id == camera, VideoLook.actor == work.actor.id, VideoLook.kind == LIVE,
        VideoLook.at > work.now - AGAIN,
    )  # fmt: skip
    held = work.session.scalars(recent.limit(1)).first()
    if held is not None:
        held.end = work.now
        return
    _logged(work, camera, role, VideoLook(
        id=str(uuid4()), at=work.now, actor=work.actor.id, role=role.value, camera_id=camera, kind=LIVE,
        start=work.now, end=work.now, alert_id=None, purpose="live", note=None, until=work.now,
    ))  # fmt: skip


def may_oversee(work: Work, camera: str) -> None:
    """See when there is video of a camera, and no picture of it.

    Raises:
        AccessError: the actor may not; a dispatcher sees the cameras of alerts sent to his service.
        NotFound: there is no such camera.
    """
    role = require(work.actor, OVERSEERS)
    _known(work, camera)
    if role is Role.SERVICE_DISPATCHER and not alerts.listing(work, camera=camera, open_only=False, limit=1).items:
        raise AccessError("A dispatcher sees the video of alerts sent to his own service.")


def looks_of(work: Work, camera: str, limit: int = 50) -> tuple[VideoLook, ...]:
    """The newest looks at a camera's video; an auditor sees all, others their own."""
    role = require(work.actor, VIEWERS | NEAR)
    query = select(VideoLook).where(VideoLook.camera_id == camera)
    if role is not Role.AUDITOR:
        query = query.where(VideoLook.actor == work.actor.id)
    return tuple(work.session.scalars(query.order_by(VideoLook.at.desc()).limit(limit)))


def acts_near_only(actor: Actor) -> bool:
    """Whether an actor sees video only around his own alerts."""
    return actor.acts_as(VIEWERS) is None


def _own_span(work: Work, camera: str, wanted: Wanted) -> None:
    assert wanted.alert_id is not None  # noqa: S101 - asked by `open_look`
    start, end = alarm_span(work, wanted.alert_id, camera)
    if wanted.start < start or wanted.end > end:
        raise InputError("The span reaches beyond the alarm's own; give a purpose instead.")


def _sees_alert(work: Work, row: Alert) -> None:
    if acts_near_only(work.actor):
        alerts.alert_detail(work, row)  # refuses what was not sent to his service


def _known(work: Work, camera: str) -> None:
    if work.session.get(Camera, camera) is None:
        raise NotFound(f"There is no camera {camera}.")


def _logged(work: Work, camera: str, role: Role, look: VideoLook) -> VideoLook:
    work.session.add(look)
    log_access(work, role, f"video_{look.kind}", camera, reason=look.purpose)
    work.session.flush()
    return look
